"""What `scripts/run`, `test`, `check`, `bench`, `soak`, `fuzz` and `audit` do, step by step. Standard library alone:
it runs before anything is installed, by any Python from 3.11 on."""

import os
import subprocess
import sys
from collections.abc import Sequence

import advisories
import environment
import frontend
import machine
import peers
import rounds
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
    """`run`, `test …`, `check …`, `bench …`, `soak …`, `fuzz …` or `audit`. The answer is the exit status."""
    for name in ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX"):
        os.environ.pop(name, None)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal may know no Chinese
    task, rest = arguments[0], list(arguments[1:])
    try:
        return TASKS[task](rest)
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
        if any("peers" in argument for argument in arguments):
            peers.ensure()
    return subprocess.call([environment.tool("python"), "-m", "bench", *arguments], cwd=ROOT)


def _soak(arguments: list[str]) -> int:
    with one_at_a_time():
        environment.ensure("test")
        environment.ensure_boundaries()
        machine.ensure_server()
    return subprocess.call([environment.tool("python"), "-m", "tests.soak", *arguments], cwd=ROOT)


def _audit(_arguments: list[str]) -> int:
    return advisories.audit()


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
    if arguments:
        return _verdict(rounds.run_some(arguments), missing)
    return _verdict([*_checks(fix=False), *rounds.run_all()], missing)


def _verdict(failed: list[str], missing: list[str]) -> int:
    """Prints what failed and what could not be tested here, last; in CI that is a failure."""
    for thing in missing:
        print(f"not tested on this machine: {thing}")
    if failed:
        print("failed:", *failed, sep="\n  ")
    return 1 if failed or (missing and os.environ.get("CI") == "true") else 0


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
            [
                *frontend.tool("eslint", "bin/eslint.js"),
                *mend,
                "static",
                "miniprogram",
                "tests/miniprogram",
                "bench/peers",
            ],
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


TASKS = {
    "run": _run,
    "test": _test,
    "check": _check,
    "bench": _bench,
    "soak": _soak,
    "fuzz": _fuzz,
    "audit": _audit,
}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
