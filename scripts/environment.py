"""The folder `.venv`: made once, filled from the locks, touched again only when a lock has changed."""

import json
import subprocess
import sys
from pathlib import Path

from place import ROOT, Missing, digest, run_showing, say

VENV = ROOT / ".venv"
STAMP = VENV / "desk110.json"
LOCKS = ROOT / "locks"
# What one lock holds, another holds too: who has installed the one need not install the other.
WITHIN = {"run": ("run",), "test": ("run", "test")}
BY_HASH = ("--require-hashes", "--no-input", "--disable-pip-version-check", "--progress-bar", "off")


def tool(name: str) -> str:
    """The path of a command of the environment."""
    return str(VENV / "bin" / name)


def ensure(lock: str) -> None:
    """Brings the environment to `locks/<lock>.txt` and the project into it. Raises `Missing`."""
    stamp = _stamp()
    if not _usable(stamp):
        _make()
        stamp = {}
    wanted = digest(LOCKS / f"{lock}.txt")
    if stamp.get(lock) != wanted:
        install(lock)
        stamp.update({name: digest(LOCKS / f"{name}.txt") for name in WITHIN[lock]})
    project = digest(ROOT / "pyproject.toml")
    if stamp.get("project") != project:
        # setuptools comes from the lock, so nothing is fetched for this.
        options = [
            "--no-deps",
            "--no-build-isolation",
            "--ignore-requires-python",
            "--quiet",
            "--editable",
            ".",
        ]
        run_showing([tool("python"), "-m", "pip", "install", *options], lambda _: None)
        stamp["project"] = project
    stamp |= {"path": str(VENV), "python": _version(sys.executable)}
    STAMP.write_text(json.dumps(stamp, indent=1), encoding="utf-8")


def install(lock: str) -> None:
    """Installs `locks/<lock>.txt`, every file by its hash."""
    path = LOCKS / f"{lock}.txt"
    total = sum("==" in line for line in path.read_text(encoding="utf-8").splitlines())
    say(f"安装 Python 库 · installing {total} Python packages ({path.relative_to(ROOT)})")
    seen = 0

    def progress(line: str) -> str | None:
        nonlocal seen
        if line.startswith("Installing"):
            return "写入 · unpacking"
        if line.startswith("Collecting"):
            seen += 1
            return f"{seen}/{total} {line.split()[1]}"
        return None

    run_showing([tool("python"), "-m", "pip", "install", *BY_HASH, "-r", str(path)], progress)


def ensure_boundaries() -> None:
    """Builds the boundaries where `scripts/run` keeps them too; tests copy the file into their own homes."""
    build = "import pathlib, sys; from dispatch import boundaries as b; b.ensure(pathlib.Path(sys.argv[1]), print)"
    path = ROOT / "var" / "boundaries.npz"
    say("边界 · boundaries")
    run_showing([tool("python"), "-c", build, str(path)], str.rstrip)


def _make() -> None:
    if VENV.is_symlink():  # what it leads to is another checkout's: it would be emptied before this failed
        raise Missing(f".venv is a link to {VENV.resolve()}; nothing is made there. Remove the link first.")
    version = _version(sys.executable)
    say(f"建立环境 · making .venv (Python {version})")
    if sys.version_info >= (3, 14):
        say("desk110 is tested with Python 3.11, 3.12 and 3.13; this one is newer")
    try:
        run_showing([sys.executable, "-m", "venv", "--clear", str(VENV)], lambda _: None)
    except Missing as missing:
        raise Missing(f"{missing}\nOn Debian this is missing: apt-get install python3-venv") from None


def _usable(stamp: dict[str, str]) -> bool:
    """Whether the environment stands where it was made, with a Python that still runs."""
    return (
        stamp.get("path") == str(VENV)
        and bool(stamp.get("python"))
        and _version(tool("python")) == stamp["python"]
    )


def _version(python: str) -> str:
    """`3.11.7`, or nothing when it does not run (its system was upgraded under it)."""
    show = "import platform; print(platform.python_version())"
    try:
        return subprocess.run([python, "-c", show], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def _stamp() -> dict[str, str]:
    try:
        found = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def site_packages() -> Path:
    """Where the environment keeps what is installed."""
    return next((VENV / "lib").glob("python3.*")) / "site-packages"
