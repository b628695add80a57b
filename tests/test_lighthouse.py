"""Lighthouse on the start page, as on a mid-range phone on slow 4G: performance, accessibility and good practice.

The network and the processor are simulated from what was observed, and a busy machine can only take from a score: so
the best of a few runs counts, and no more are made than it takes. Figures are printed.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from dispatch.settings import CHECKOUT
from tests.servers import chromium, needs
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.alone, pytest.mark.timeout(600)]

CLI = CHECKOUT / "node_modules" / "lighthouse" / "cli" / "index.js"
LEAST = {"performance": 95, "accessibility": 95, "best-practices": 95}
RUNS = 5
FIGURES = (
    "first-contentful-paint",
    "largest-contentful-paint",
    "total-blocking-time",
    "cumulative-layout-shift",
)


def run(url: str, into: Path) -> dict[str, object]:
    """Lighthouse's report on an address, under its mobile profile."""
    command = [
        needs("DESK110_TEST_NODE", "Node 20"),
        str(CLI),
        url,
        "--quiet",
        "--output=json",
        f"--output-path={into}",
    ]
    command += [
        "--only-categories=" + ",".join(LEAST),
        "--chrome-flags=--headless --no-sandbox --disable-gpu",
    ]
    environment = {**os.environ, "CHROME_PATH": chromium(), "CI": "true", "NO_UPDATE_NOTIFIER": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    report: dict[str, object] = json.loads(into.read_text(encoding="utf-8"))
    return report


def scores(report: dict[str, object]) -> dict[str, int]:
    """Each category's score out of 100."""
    categories: dict[str, dict[str, float]] = report["categories"]  # type: ignore[assignment]  # JSON
    return {name: round(categories[name]["score"] * 100) for name in LEAST}


def below(report: dict[str, object]) -> list[str]:
    """Which audits cost points."""
    audits: dict[str, dict[str, object]] = report["audits"]  # type: ignore[assignment]  # JSON
    return [
        f"{name}: {audit.get('displayValue', '')}"
        for name, audit in audits.items()
        if audit.get("score") == 0
    ]


def test_lighthouse_gives_the_start_page_95_and_more(
    stack: Stack, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    best = dict.fromkeys(LEAST, 0)
    reports: list[dict[str, object]] = []
    while not _enough(best) and len(reports) < RUNS:
        reports.append(run(f"{stack.citizens[0].url}/", tmp_path / f"{len(reports)}.json"))
        best = {name: max(score, best[name]) for name, score in scores(reports[-1]).items()}
    audits: dict[str, dict[str, object]] = reports[-1]["audits"]  # type: ignore[assignment]  # JSON
    with capsys.disabled():
        said = ", ".join(f"{name} {score:g}" for name, score in best.items())
        print(f"\nLighthouse, mobile, best of {len(reports)}: {said}")
        print(", ".join(f"{name} {audits[name].get('displayValue')}" for name in FIGURES))
        print("What costs points:", *below(reports[-1]), sep="\n  ")
    assert _enough(best), below(reports[-1])


def _enough(best: dict[str, int]) -> bool:
    return all(best[name] >= least for name, least in LEAST.items())
