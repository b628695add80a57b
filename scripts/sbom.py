"""The bill of materials: what the locks install, as CycloneDX 1.6 (ECMA-424), written from the locks alone.

The same locks make the same bytes: no time and no chance is in it.
"""

import base64
import json
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

import environment
from place import ROOT

LOCKS = ROOT / "locks"
BILL = ROOT / "var" / "sbom.cdx.json"

_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(\[[^\]]*\])?==(?P<version>[^\s;\\]+)")
_HASH = re.compile(r"--hash=(?P<alg>sha256):(?P<hex>[0-9a-f]{64})")
_ALGORITHMS = {"sha1": "SHA-1", "sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}


def write() -> Path:
    """Writes the bill; gives its path."""
    BILL.parent.mkdir(exist_ok=True)
    BILL.write_text(json.dumps(bill(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return BILL


def bill() -> dict[str, Any]:
    """The whole bill: each package of each lock once, with all hashes that a lock lets in."""
    components: dict[str, dict[str, Any]] = {}
    for lock, component in [*_python(), *_npm()]:
        known = components.setdefault(component["purl"], component)
        known["properties"].append({"name": "desk110:lock", "value": lock})
    found = [components[purl] for purl in sorted(components)]
    text = json.dumps(found, sort_keys=True)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, text)}",
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": "pre-build"}],
            "component": {"type": "application", "bom-ref": "desk110", "name": "desk110", "version": "0.1.0"},
        },
        "components": found,
        "dependencies": [
            {"ref": "desk110", "dependsOn": [component["bom-ref"] for component in found]},
        ],
    }


def _python() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted(LOCKS.glob("*.txt")):
        # One package with its hashes is one line to pip.
        for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
            if (pinned := _PINNED.match(line)) is None:
                continue
            name, version = pinned["name"], pinned["version"]
            hashes = [(found["alg"], found["hex"]) for found in _HASH.finditer(line)]
            # A plus in a version is %2B in a purl.
            purl = f"pkg:pypi/{re.sub(r'[-_.]+', '-', name).lower()}@{quote(version, safe='')}"
            yield f"locks/{path.name}", _component(name, version, purl, hashes, _license(name, version))


def _npm() -> Iterator[tuple[str, dict[str, Any]]]:
    packages = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for path, package in packages.items():
        if not path or package.get("link"):
            continue
        name = package.get("name") or path.rpartition("node_modules/")[2]
        hashes = [_subresource(one) for one in package.get("integrity", "").split()]
        scope, _, plain = name.rpartition("/")
        purl = f"pkg:npm/{quote(scope, safe='')}{'/' if scope else ''}{plain}@{quote(package['version'], safe='')}"
        yield (
            "package-lock.json",
            _component(name, package["version"], purl, hashes, package.get("license", "")),
        )


def _subresource(integrity: str) -> tuple[str, str]:
    algorithm, _, value = integrity.partition("-")
    return algorithm, base64.b64decode(value).hex()


def _component(
    name: str, version: str, purl: str, hashes: list[tuple[str, str]], license_: str
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "hashes": [{"alg": _ALGORITHMS[alg], "content": content} for alg, content in sorted(set(hashes))],
        "properties": [],
    }
    if license_:
        # An expression of SPDX is one where the package says so; a sentence of its own is a name.
        plain = re.fullmatch(r"[A-Za-z0-9.+-]+( (AND|OR|WITH) [A-Za-z0-9.+-]+)*", license_)
        found["licenses"] = [{"expression": license_} if plain else {"license": {"name": license_}}]
    return found


def _license(name: str, version: str) -> str:
    """What an installed package says of itself; nothing of one that is not installed here in this version."""
    here = [str(path) for path in environment.VENV.glob("lib/python*/site-packages")]
    of = next((one.metadata for one in metadata.distributions(name=name, path=here)), None)
    if of is None or "Version" not in of or of["Version"] != version:
        return ""
    if "License-Expression" in of:
        return of["License-Expression"]
    classified = [
        one.rpartition(" :: ")[2] for one in of.get_all("Classifier") or [] if one.startswith("License :: ")
    ]
    return ", ".join(classified)
