"""When `scripts/test` runs all: a second run for what failed beside others, none for a broken promise."""

import subprocess
import sys
from pathlib import Path

import pytest

from dispatch.settings import CHECKOUT

PASSES = "def test_well(): pass\n"
FAILS = "def test_wrong(): assert False\n"
UNSTEADY = """
from pathlib import Path
def test_at_the_second_time():
    been = Path("been")
    if not been.exists():
        been.touch()
        raise AssertionError("not yet")
"""
BROKEN = """
from pathlib import Path
class PromiseBroken(AssertionError): pass
def test_nothing_is_lost():
    been = Path("been")
    if not been.exists():
        been.touch()
        raise PromiseBroken("I1: a report is lost")
"""
RUN = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import environment, rounds
rounds.ROOT = Path(sys.argv[2])
rounds.KEPT = rounds.ROOT / ".pytest_cache/v/cache/lastfailed"
rounds.ROUNDS = (("tests", ("-q",)),)
environment.tool = lambda name: str(Path(sys.executable).with_name(name))
print("verdict", rounds.run_all())
"""


def run(folder: Path, *files: str) -> str:
    """What all of these tests come to."""
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for number, file in enumerate(files):
        (folder / f"test_{number}.py").write_text(file, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(CHECKOUT / "scripts"), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_where_nothing_fails_nothing_runs_twice(tmp_path: Path) -> None:
    said = run(tmp_path, PASSES)
    assert "verdict []" in said
    assert "once more" not in said


def test_what_fails_once_is_named_and_passes(tmp_path: Path) -> None:
    said = run(tmp_path, PASSES, UNSTEADY)
    assert "once more, alone: 1" in said
    assert "unsteady" in said
    assert "test_1.py::test_at_the_second_time" in said
    assert "verdict []" in said


def test_what_fails_twice_has_failed(tmp_path: Path) -> None:
    said = run(tmp_path, FAILS, UNSTEADY)
    assert "verdict ['test_0.py::test_wrong']" in said


def test_a_broken_promise_has_no_second_run(tmp_path: Path) -> None:
    said = run(tmp_path, BROKEN, UNSTEADY)
    assert "once more" not in said
    assert "test_0::test_nothing_is_lost" in said.partition("verdict")[2]


@pytest.mark.parametrize("files", [[FAILS] * 21, ["import nothing_of_that_name\n"], ["def test_wrong(:\n"]])
def test_many_failures_and_files_that_do_not_load_fail(tmp_path: Path, files: list[str]) -> None:
    assert "verdict []" not in run(tmp_path, *files)
