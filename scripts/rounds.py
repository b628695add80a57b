"""All tests, in rounds; and once more, alone, what failed in them.

Three tests at a time, with browsers, on two cores: what waits for a page or a process may wait in vain there. So what
failed is run again with nothing beside it. What fails again has failed; what then passes is named as unsteady, for
somebody to look into. Two things get no second run: a broken promise (`PromiseBroken`: a report lost, doubled, or
received too early is no matter of the machine), and a run in which more failed than bad luck explains.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import environment
from place import ROOT, say

# What measures time or fills both cores first, alone; then what can run side by side.
ROUNDS = (
    ("tests alone", ("-m", "alone")),
    ("tests", ("-n", "3", "--dist", "loadfile", "-m", "not alone")),
)
AT_MOST = 60  # a module whose processes did not start is all of its tests
FINAL = "PromiseBroken"
KEPT = ROOT / ".pytest_cache/v/cache/lastfailed"


def run_all() -> list[str]:
    """Every test; the answer is what failed, by name, empty when all is well."""
    KEPT.unlink(missing_ok=True)
    broken: list[str] = []
    failed = [name for name, selection in ROUNDS if not _round(name, selection, broken)]
    if not failed:
        return []
    first = _failed_tests()
    if broken or not 0 < len(first) <= AT_MOST:
        return [*failed, *broken, *first]
    say(f"once more, alone: {len(first)}")
    _pytest(["--last-failed", "--last-failed-no-failures", "none"])
    second = _failed_tests()
    if unsteady := sorted(set(first) - set(second)):
        print("unsteady (failed beside others, passed alone):", *unsteady, sep="\n  ")
    return second


def run_some(arguments: Sequence[str]) -> list[str]:
    """What was asked for, as it was asked for."""
    return [] if _pytest(arguments) == 0 else ["tests"]


def _round(name: str, selection: Sequence[str], broken: list[str]) -> bool:
    """Whether all of a round passed; adds to `broken` which promises did not hold."""
    told = ROOT / ".pytest_cache" / f"{name.replace(' ', '-')}.xml"
    told.unlink(missing_ok=True)
    nothing_selected = 5
    status = _pytest([*selection, f"--junitxml={told}"])
    broken += _promises_broken(told)
    return status == 0 or (status == nothing_selected and "alone" in selection)


def _pytest(selection: Sequence[str]) -> int:
    say(f"pytest {' '.join(selection)}")
    sys.stdout.flush()
    return subprocess.call([environment.tool("pytest"), *selection], cwd=ROOT)


def _promises_broken(told: Path) -> list[str]:
    """The tests of a round that found a promise broken."""
    try:
        cases = ElementTree.parse(told).iter("testcase")  # noqa: S314 - pytest wrote it a moment ago
    except (OSError, ElementTree.ParseError):
        return []
    return [
        f"{case.get('classname')}::{case.get('name')}"
        for case in cases
        if any(FINAL in failure.get("message", "") for failure in case.iter("failure"))
    ]


def _failed_tests() -> list[str]:
    """The names of the tests that failed last, as pytest keeps them."""
    try:
        kept = json.loads(KEPT.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return sorted(kept)
