"""What `scripts/run`, `scripts/test`, `scripts/check`, `scripts/bench` and `scripts/fuzz` do, step by step. Standard
library alone: it runs before anything is installed, by any Python from 3.11 on."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence

import environment
import frontend
import machine
from place import ROOT, Missing, one_at_a_time, say

PACKAGES = (
    "api",
    "commands",
    "console",
    "dispatch",
    "processes",
    "realtime",
    "web",
    "asgi.py",
    "cli.py",
    "ground.py",
    "worker.py",
)
ALSO_TYPED = ("bench", "fuzz", "scripts", "tests")


def main(arguments: Sequence[str]) -> int:
    """`run`, `test …`, `check …`, `bench …` or `fuzz …`. The answer is the exit status."""
    for name in ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"):
        os.environ.pop(name, None)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal may know no Chinese
    task, rest = arguments[0], list(arguments[1:])
    try:
        return {"run": _run, "test": _test, "check": _check, "bench": _bench, "fuzz": _fuzz}[task](rest)
    except Missing as missing:
        print(f"desk110: {missing}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130


def _run(arguments: list[str]) -> int:
    with one_at_a_time():
        environment.ensure("run")
        frontend.ensure("run")
    command = environment.tool("desk110")
    sys.stdout.flush()
    os.execv(command, [command, "up", *arguments])  # noqa: S606 - signals go straight to it


def _check(arguments: list[str]) -> int:
    with one_at_a_time():
        environment.ensure("test")
        frontend.ensure("test")
    return 1 if _checks(fix="--fix" in arguments) else 0


def _bench(arguments: list[str]) -> int:
    with one_at_a_time():
        environment.ensure("test")
        environment.ensure_boundaries()
        machine.ensure_server()
    return subprocess.call([environment.tool("python"), "-m", "bench", *arguments], cwd=ROOT)


def _fuzz(arguments: list[str]) -> int:
    with one_at_a_time():
        environment.ensure("test")
    return subprocess.call([environment.tool("python"), "-m", "fuzz", *arguments], cwd=ROOT)


def _test(arguments: list[str]) -> int:
    with one_at_a_time():
        environment.ensure("test")
        frontend.ensure("test")
        environment.ensure_boundaries()
        missing = machine.ensure_what_tests_need()
    failed = [] if arguments else _checks(fix=False)
    failed += [name for name, selection in _rounds(arguments) if not _pytest(selection)]
    if failed and not arguments:
        failed += _failed_tests()
    return _verdict(failed, missing)


def _rounds(arguments: list[str]) -> list[tuple[str, list[str]]]:
    """What pytest is called with: first what measures time, alone, then what can run side by side."""
    if arguments:
        return [("tests", arguments)]
    return [("tests alone", ["-m", "alone"]), ("tests", ["-n", "3", "--dist", "loadfile", "-m", "not alone"])]


def _pytest(selection: list[str]) -> bool:
    say(f"pytest {' '.join(selection)}")
    sys.stdout.flush()
    nothing_selected = 5
    status = subprocess.call([environment.tool("pytest"), *selection], cwd=ROOT)
    return status == 0 or (status == nothing_selected and "alone" in selection)


def _verdict(failed: list[str], missing: list[str]) -> int:
    """Prints what failed and what could not be tested here, last; in CI that is a failure."""
    for thing in missing:
        print(f"not tested on this machine: {thing}")
    if failed:
        print("failed:", *failed, sep="\n  ")
    return 1 if failed or (missing and os.environ.get("CI") == "true") else 0


def _failed_tests() -> list[str]:
    """The names of the tests that failed last, as pytest keeps them: a long run ends with a page of each."""
    try:
        kept = json.loads((ROOT / ".pytest_cache/v/cache/lastfailed").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return sorted(kept)


def _checks(*, fix: bool) -> list[str]:
    """Each check by its name; all run, and the answer is which failed."""
    here = [name for name in PACKAGES if (ROOT / name).exists()]
    typed = here + [name for name in ALSO_TYPED if any((ROOT / name).glob("*.py"))]
    mend = ["--fix"] if fix else []
    checks = [
        ("ruff check", [environment.tool("ruff"), "check", *mend, "."]),
        ("ruff format", [environment.tool("ruff"), "format", *([] if fix else ["--check"]), "."]),
        ("mypy", [environment.tool("mypy"), *typed]),
        ("lint-imports", [environment.tool("lint-imports"), "--no-logo"]),
        (
            "eslint",
            [*frontend.tool("eslint", "bin/eslint.js"), *mend, "static", "miniprogram", "tests/miniprogram"],
        ),
        ("tsc", [*frontend.tool("typescript", "bin/tsc"), "-p", "miniprogram"]),
        (
            "miniprogram",
            [
                environment.tool("python"),
                "scripts/miniprogram.py",
                "--server",
                "https://110.example.cn",
                "--out",
                "var/miniprogram",
            ],
        ),
        ("stylelint", [*frontend.tool("stylelint", "bin/stylelint.mjs"), *mend, "static/**/*.css"]),
    ]
    failed = []
    for name, command in checks:
        say(name)
        sys.stdout.flush()
        if subprocess.call(command, cwd=ROOT):
            failed.append(name)
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
