"""Where the checkout is, how the scripts speak, and how two of them keep out of each other's way."""

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAST_LINES = 30


class Missing(Exception):
    """Something is not there and cannot be had; the message says what, and what to do."""


def say(line: str) -> None:
    """One step's name."""
    print(f"\033[1m{line}\033[0m" if sys.stdout.isatty() else line, flush=True)


def digest(*paths: Path) -> str:
    """SHA-256 of the files' bytes in hex, by which a step knows that it is done."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes() if path.exists() else b"-")
    return total.hexdigest()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Holds the checkout while it is set up; a second script waits."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("另一个脚本正在安装，等待 · another script is setting up here, waiting")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def run_showing(
    command: Sequence[str],
    progress: Callable[[str], str | None],
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
) -> None:
    """Runs a command that takes long. What `progress` makes of a line of its output is shown, on a terminal.

    Raises `Missing` with its last lines when it fails.
    """
    lines: list[str] = []
    wide = sys.stdout.isatty()
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env={**os.environ, **(environment or {})},
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line.rstrip())
            shown = progress(line)
            if shown and wide:
                print(f"\r\033[K  {shown[:76]}", end="", flush=True)
    if wide:
        print("\r\033[K", end="", flush=True)
    if process.returncode:
        end = "\n".join(lines[-LAST_LINES:])
        raise Missing(f"this failed with status {process.returncode}: {' '.join(command)}\n{end}")
