"""Builds the WeChat mini program into a folder: `scripts/miniprogram --server https://110.example.cn`.

Standard library alone, like its neighbours. What the person reads comes out of the catalogue, `words/`.
"""

import argparse
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path

import frontend
from place import ROOT, Missing, one_at_a_time

SOURCE = ROOT / "miniprogram"
OUT = SOURCE / "dist"
# What other pages of the catalogue's area `citizen` say, and the mini program never does.
ELSEWHERE = frozenset(
    {"plain", "law", "privacy", "mydata", "consents", "paper", "receipt", "picker", "lost", "map"}
)
APPID = re.compile(r"wx[0-9a-f]{16}")


def build(
    out: Path, server: str, template: str = "", words: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, int]:
    """The mini program in `out`; gives what each package weighs, in bytes. Raises `Missing`."""
    given = {
        "out": str(out),
        "strings": words or catalogue(),
        "config": {"SERVER": server, "RECEIVED_TEMPLATE": template},
    }
    command = [frontend.node("test"), str(SOURCE / "build.mjs")]
    ran = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=False)
    if ran.returncode:
        raise Missing(f"The mini program could not be built: {ran.stderr.strip()[-1000:]}")
    return {name: int(size) for name, size in (line.split() for line in ran.stdout.splitlines())}


def catalogue(folder: Path = ROOT / "words") -> dict[str, dict[str, str]]:
    """Every language's strings as the mini program asks for them: `rung.saved`, `mini.notice`."""
    return {path.name: _strings(path) for path in sorted(folder.iterdir()) if path.is_dir()}


def _strings(language: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted((language / "citizen").glob("*.toml")):
        _flatten("", tomllib.loads(path.read_text(encoding="utf-8")), found)
    own = language / "miniprogram.toml"
    if own.exists():
        _flatten("mini.", tomllib.loads(own.read_text(encoding="utf-8")), found)
    return {key: text for key, text in found.items() if key.partition(".")[0] not in ELSEWHERE}


def _flatten(prefix: str, table: Mapping[str, object], into: dict[str, str]) -> None:
    for key, value in table.items():
        if isinstance(value, Mapping):
            _flatten(f"{prefix}{key}.", value, into)
        else:
            into[prefix + key] = str(value)


def main() -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="scripts/miniprogram", description=__doc__)
    parser.add_argument(
        "--server", required=True, help="the citizen app's origin, such as https://110.example.cn"
    )
    parser.add_argument("--template", default="", help="the subscription message that tells 已接收")
    parser.add_argument("--appid", default="", help="the mini program's AppID, for WeChat's developer tools")
    parser.add_argument("--out", type=Path, default=OUT)
    given = parser.parse_args()
    if not re.fullmatch(r"https://[a-z0-9.-]+(:\d+)?|http://127\.0\.0\.1:\d+", given.server):
        print(
            "desk110: --server must be an origin with https://, as registered with WeChat.", file=sys.stderr
        )
        return 1
    if given.appid and not APPID.fullmatch(given.appid):
        print("desk110: --appid is wx and 16 letters or digits.", file=sys.stderr)
        return 1
    try:
        with one_at_a_time():
            frontend.ensure("test")
        weights = build(given.out, given.server, given.template)
    except Missing as missing:
        print(f"desk110: {missing}", file=sys.stderr)
        return 1
    if given.appid:
        private = {"appid": given.appid, "projectname": "desk110"}
        (SOURCE / "project.private.config.json").write_text(json.dumps(private, indent=2), encoding="utf-8")
    for name, size in weights.items():
        print(f"{name}: {size / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
