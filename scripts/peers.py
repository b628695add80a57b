"""The environments of the peers that `scripts/bench --only peers` measures beside ours: apart from everything else."""

import json
import os
import shutil
import sys

import environment
import frontend
from place import ROOT, digest, run_showing, say

HOME = ROOT / "var" / "peers"
SOURCES = ROOT / "bench" / "peers"
LOCK = ROOT / "locks" / "peers.txt"
STAMP = HOME / "installed.json"


def ensure() -> None:
    """Both, as their locks have them. Raises `Missing`."""
    os.environ["DESK110_BENCH_NODE"] = frontend.node("test")
    wanted = {
        "python": digest(LOCK),
        "node": digest(*(SOURCES / name for name in ("package-lock.json", "socketio_node.mjs"))),
        "path": str(HOME),
    }
    if STAMP.exists() and json.loads(STAMP.read_text(encoding="utf-8")) == wanted:
        return
    say("安装对照的程序 · installing what is measured beside ours (locks/peers.txt, npm)")
    shutil.rmtree(HOME, ignore_errors=True)
    (HOME / "node").mkdir(parents=True)
    run_showing([sys.executable, "-m", "venv", str(HOME / "venv")], lambda _: None)
    pip = [str(HOME / "venv" / "bin" / "python"), "-m", "pip", "install", *environment.BY_HASH]
    run_showing([*pip, "-r", str(LOCK)], lambda _: None)
    for name in ("package.json", "package-lock.json", "socketio_node.mjs"):
        shutil.copyfile(SOURCES / name, HOME / "node" / name)
    npm, path = frontend.npm("test")
    run_showing([*npm, "ci", *frontend.QUIETLY], lambda _: None, {"PATH": path}, HOME / "node")
    STAMP.write_text(json.dumps(wanted), encoding="utf-8")
