"""`python -m fuzz [--target X] [--seconds N]`: feeds every target, or one, and says how often and what it found."""

import argparse
import logging
import random
import subprocess
import sys
import tempfile
import time
import traceback
from importlib.util import find_spec
from pathlib import Path

import structlog

from fuzz.mutator import mutations

INSIDE = "--inside" in sys.argv
if INSIDE:  # what is to be followed must be imported under its eyes; libraries are not: it would take minutes
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]  # where it is

    with atheris.instrument_imports(include=["api", "console", "dispatch", "web"]):
        from fuzz.targets import TARGETS, Target
else:
    from fuzz.targets import TARGETS, Target


def main() -> int:
    """The exit status: 1 when anything was found."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("--target", choices=sorted(TARGETS), help="this one alone")
    parser.add_argument("--seconds", type=float, default=20.0, help="for each target (20)")
    parser.add_argument("--seed", type=int, default=None, help="decides everything by chance")
    parser.add_argument("--portable", action="store_true", help="without atheris, though it is installed")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    logging.disable()  # what is refused is told by some
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    seed = asked.seed if asked.seed is not None else random.SystemRandom().getrandbits(32)
    names = [asked.target] if asked.target else sorted(TARGETS)
    guided = find_spec("atheris") is not None and not asked.portable
    if asked.inside:
        _with_atheris(TARGETS[names[0]], asked.seconds, seed)
    print(f"seed {seed}, {'atheris' if guided else 'the portable mutator'}")
    found = [name for name in names if not (_guided if guided else _fed)(TARGETS[name], asked.seconds, seed)]
    if found:
        print("findings:", *found, sep="\n  ")
    return 1 if found else 0


def _fed(target: Target, seconds: float, seed: int) -> bool:
    """Feeds it for so long; whether nothing was found."""
    count, began = 0, time.monotonic()
    for data in mutations(target.seeds, random.Random(seed)):
        if time.monotonic() - began > seconds:
            break
        count += 1
        try:
            target.run(data)
        except Exception:  # noqa: BLE001 - whatever a parser lets out is what is looked for
            print(f"{target.name}: after {count} runs, by {data!r}")
            traceback.print_exc()
            return False
    print(f"{target.name}: {count} runs in {time.monotonic() - began:.0f} s, nothing found", flush=True)
    return True


def _guided(target: Target, seconds: float, seed: int) -> bool:
    """The same with atheris, in a process of its own, since it ends the process that it runs in."""
    command = [sys.executable, "-m", "fuzz", "--inside", "--target", target.name]
    command += ["--seconds", str(seconds), "--seed", str(seed)]
    done = subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, timeout=seconds + 120
    )
    said = [line for line in done.stderr.splitlines() if line.startswith("stat::number_of_executed_units")]
    runs = said[0].split()[-1] if said else "?"
    if done.returncode:
        print(f"{target.name}: found something after {runs} runs", done.stdout, done.stderr[-6000:], sep="\n")
        return False
    print(f"{target.name}: {runs} runs in {seconds:.0f} s, nothing found", flush=True)
    return True


def _with_atheris(target: Target, seconds: float, seed: int) -> None:
    corpus = Path(tempfile.mkdtemp(prefix=f"fuzz-{target.name}-"))
    for number, data in enumerate(target.seeds):
        (corpus / f"seed{number}").write_bytes(data)
    # A found input is printed with the report; nothing is left in the checkout.
    options = [
        f"-max_total_time={int(seconds)}",
        f"-seed={seed % 2**31 or 1}",
        "-max_len=8192",
        "-rss_limit_mb=4096",
    ]
    options += ["-print_final_stats=1", f"-artifact_prefix={corpus}/", str(corpus)]
    atheris.Setup([sys.argv[0], *options], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main())
