"""Asks whether something is known against what the locks install. What could not be asked is never called clean."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import Any

import environment
import sbom
from place import ROOT, say

CLEAN, FOUND, NOT_ASKED = 0, 1, 3
PATIENCE_S = 300


@dataclass(frozen=True)
class Answer:
    """What one tool said: how many packages were looked up, what is known against them, why it did not look."""

    asked: int
    known: tuple[str, ...] = ()
    why: str = ""


def audit() -> int:
    """Writes the bill and asks; the exit status: 0 nothing is known, 1 something is, 3 there was nobody to ask."""
    path = sbom.write()
    components = json.loads(path.read_text(encoding="utf-8"))["components"]
    print(f"{path.relative_to(ROOT)}: {len(components)} packages")
    answers = {"pip-audit": of_python(), "npm audit": of_npm()}
    for tool, answer in answers.items():
        say(tool)
        if answer.why:
            print(f"no advisory source was reachable: {answer.why}. Nothing was checked.")
        else:
            print(
                f"{answer.asked} packages looked up, {len(answer.known)} advisories",
                *answer.known,
                sep="\n  ",
            )
    if any(answer.known for answer in answers.values()):
        return FOUND
    return NOT_ASKED if any(answer.why for answer in answers.values()) else CLEAN


def of_python() -> Answer:
    """What pip-audit says of what runs. It is no dependency of ours: whoever wants to know installs it."""
    installed = environment.tool("pip-audit")
    tool = installed if os.path.exists(installed) else shutil.which("pip-audit")
    if tool is None:
        return Answer(0, why="pip-audit is not installed")
    options = [
        "--strict",
        "--require-hashes",
        "--disable-pip",
        "--format",
        "json",
        "--progress-spinner",
        "off",
    ]
    return python_answer(_said([tool, *options, "-r", str(sbom.LOCKS / "run.txt")]))


def of_npm() -> Answer:
    """What npm says of what the pages load and what builds them."""
    npm = shutil.which("npm")
    if npm is None:
        return Answer(0, why="npm is not installed")
    return npm_answer(_said([npm, "audit", "--json", "--package-lock-only"]))


def python_answer(said: Any) -> Answer:
    """Of pip-audit's JSON. A package that it skipped was not looked up, whatever its last line says."""
    packages = said.get("dependencies") if isinstance(said, dict) else None
    if not packages:
        return Answer(0, why="pip-audit had no answer")
    skipped = [one["name"] for one in packages if "skip_reason" in one]
    if skipped:
        return Answer(0, why=f"pip-audit skipped {len(skipped)} of {len(packages)} packages")
    known = [
        f"{one['name']} {one['version']}: {bad['id']}" for one in packages for bad in one.get("vulns", [])
    ]
    return Answer(len(packages), tuple(sorted(known)))


def npm_answer(said: Any) -> Answer:
    """Of npm's JSON, which is an error's where nobody answered."""
    if not isinstance(said, dict) or "vulnerabilities" not in said or "metadata" not in said:
        return Answer(0, why="npm audit had no answer")
    known = [f"{name}: {one.get('severity')}" for name, one in said["vulnerabilities"].items()]
    return Answer(int(said["metadata"]["dependencies"]["total"]), tuple(sorted(known)))


def _said(command: list[str]) -> Any:
    """The JSON that a command printed; None for none."""
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        return json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
