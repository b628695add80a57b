"""What others wrote and we install: every file by its hash, all of it on the bill of materials, and no clean bill of
health from somebody who was not asked."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from typing import Any

import pytest

from dispatch.settings import CHECKOUT

sys.path.append(str(CHECKOUT / "scripts"))
import advisories
import sbom

LOCKS = sorted((CHECKOUT / "locks").glob("*.txt"))
# By the lock, in pip's own words: a requirement and its hashes on one line.
LINE = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)(.*)$")


@pytest.fixture(scope="module")
def bill() -> dict[str, Any]:
    return sbom.bill()


def locked(path: Any) -> dict[tuple[str, str], set[str]]:
    """The packages of a lock, each with its hashes."""
    lines = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    found = [match for line in lines if (match := LINE.match(line))]
    return {(match[1], match[2]): set(re.findall(r"sha256:([0-9a-f]{64})", match[3])) for match in found}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_a_package_that_was_changed_on_its_way_is_not_installed(path: Any) -> None:
    """pip refuses whatever has none of the hashes; so each package has some, and nothing is taken but by name."""
    for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if line and not line.startswith("#"):
            assert LINE.match(line), line[:80]
            assert "--hash=sha256:" in line, line[:80]
    installing = (CHECKOUT / "scripts" / "environment.py").read_text(encoding="utf-8")
    assert "--require-hashes" in installing


def test_a_page_part_that_was_changed_on_its_way_is_not_installed() -> None:
    packages = json.loads((CHECKOUT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for name, package in packages.items():
        if name and not package.get("link"):
            assert package.get("integrity", "").startswith("sha512-"), name
            assert "resolved" not in package, f"{name}: the lock names a registry"


def test_the_bill_holds_every_locked_package_with_the_same_hashes(bill: dict[str, Any]) -> None:
    by_name = {(one["name"], one["version"]): one for one in bill["components"]}
    wanted: dict[tuple[str, str], set[str]] = {}
    for path in LOCKS:
        for package, hashes in locked(path).items():
            wanted.setdefault(package, set()).update(hashes)
    for package, hashes in wanted.items():
        held = {one["content"] for one in by_name[package]["hashes"]}
        assert hashes <= held, package
    packages = json.loads((CHECKOUT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    for path, package in packages.items():
        if not path or package.get("link"):
            continue
        name = package.get("name") or path.rpartition("node_modules/")[2]
        held = {one["content"] for one in by_name[name, package["version"]]["hashes"]}
        assert base64.b64decode(package["integrity"].partition("-")[2]).hex() in held
    assert len({one["bom-ref"] for one in bill["components"]}) == len(bill["components"])


def test_the_bill_is_cyclonedx_and_says_the_same_each_time(bill: dict[str, Any]) -> None:
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bill["serialNumber"])
    assert sbom.bill() == bill
    allowed = {"type", "bom-ref", "name", "version", "purl", "hashes", "licenses", "properties"}
    for one in bill["components"]:
        assert set(one) <= allowed
        assert one["type"] == "library"
        assert re.fullmatch(r"pkg:(pypi|npm)/[^@\s]+@[^@\s]+", one["purl"]), one["purl"]
        assert one["hashes"], one["purl"]
        for hashed in one["hashes"]:
            size = hashlib.new(hashed["alg"].lower().replace("-", "")).digest_size
            assert len(bytes.fromhex(hashed["content"])) == size
    text = json.dumps(bill)
    assert "://" not in text, "the bill names no registry"


LOOKED_UP = {"dependencies": [{"name": "x", "version": "1", "vulns": []}], "fixes": []}
KNOWN = {"dependencies": [{"name": "x", "version": "1", "vulns": [{"id": "PYSEC-1"}]}]}
SKIPPED = {"dependencies": [{"name": "x", "skip_reason": "could not be looked up"}]}


def test_what_was_not_looked_up_is_not_called_clean() -> None:
    assert advisories.python_answer(LOOKED_UP) == advisories.Answer(1)
    assert advisories.python_answer(KNOWN).known == ("x 1: PYSEC-1",)
    silences: list[Any] = [SKIPPED, {"dependencies": []}, {}, None, []]
    for silence in silences:
        assert advisories.python_answer(silence).why, silence
    found = {"vulnerabilities": {"y": {"severity": "high"}}, "metadata": {"dependencies": {"total": 9}}}
    assert advisories.npm_answer(found) == advisories.Answer(9, ("y: high",))
    silences = [{"error": {"code": "ENOTFOUND"}}, {"message": "request failed"}, None]
    for silence in silences:
        assert advisories.npm_answer(silence).why, silence


@pytest.mark.parametrize(
    ("python", "npm", "status", "words"),
    [
        (advisories.Answer(5), advisories.Answer(6), 0, "5 packages looked up, 0 advisories"),
        (advisories.Answer(5, ("x 1: PYSEC-1",)), advisories.Answer(0, why="silence"), 1, "PYSEC-1"),
        (advisories.Answer(5), advisories.Answer(0, why="silence"), 3, "no advisory source was reachable"),
    ],
)
def test_the_exit_status_says_what_was_found_and_whether_anybody_was_asked(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    python: advisories.Answer,
    npm: advisories.Answer,
    status: int,
    words: str,
) -> None:
    monkeypatch.setattr(advisories, "of_python", lambda: python)
    monkeypatch.setattr(advisories, "of_npm", lambda: npm)
    assert advisories.audit() == status
    assert words in capsys.readouterr().out


def test_the_command_says_what_it_does() -> None:
    script = (CHECKOUT / "scripts" / "audit").read_text(encoding="utf-8")
    assert 'house.py" audit' in script
    subprocess.run(["sh", "-n", str(CHECKOUT / "scripts" / "audit")], check=True)
