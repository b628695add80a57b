"""`scripts/bench`: measures, prints, and writes var/bench/<time>.json."""

import os
import shutil
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer

from bench.effort import FULL, QUICK, TINY, Effort
from bench.machine import described, sync_ms
from bench.plots import draw
from bench.record import Record
from bench.runs import NAMED, RUNS, measure
from bench.table import fill, lines, markdown, write
from dispatch.settings import CHECKOUT

KEPT = CHECKOUT / "var" / "bench"
QUIET = 0.1

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help=__doc__)
def main(
    quick: Annotated[bool, typer.Option(help="Less of everything, and two rounds.")] = False,
    tiny: Annotated[bool, typer.Option(hidden=True)] = False,
    only: Annotated[
        str, typer.Option(help=f"Some of the runs, such as a,c; of {','.join((*RUNS, *NAMED))}.")
    ] = "",
    rounds: Annotated[int, typer.Option(min=0, max=99, help="Rounds of each run; 0: as many as usual.")] = 0,
    postgres: Annotated[bool, typer.Option(help="Run c on PostgreSQL too.")] = True,
    out: Annotated[Path | None, typer.Option(help="Where the JSON goes.")] = None,
    page: Annotated[Path | None, typer.Option(help="A page whose figures are replaced by these.")] = None,
) -> None:
    chosen = [name.strip() for name in only.split(",") if name.strip()] or list(RUNS)
    if unknown := set(chosen) - {*RUNS, *NAMED}:
        raise typer.BadParameter(f"no such run: {', '.join(sorted(unknown))}", param_hint="--only")
    effort = TINY if tiny else QUICK if quick else FULL
    effort = replace(effort, rounds=rounds) if rounds else effort
    sys.exit(_bench(effort, chosen, postgres=postgres, out=out, page=page))


def _bench(effort: Effort, chosen: list[str], *, postgres: bool, out: Path | None, page: Path | None) -> int:
    at = datetime.now(UTC)
    path = out or KEPT / f"{at:%Y%m%dT%H%M%SZ}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside the installation's own database: a temporary folder may be in memory, where nothing is ever synced.
    folder = Path(tempfile.mkdtemp(prefix="run-", dir=path.parent))
    record = Record()
    try:
        about = described() | {"at": at.isoformat(), "effort": effort, "sync_ms": sync_ms(folder)}
        print(_machine(about), flush=True)
        measure(chosen, effort, folder, record, on_postgres=postgres, say=_progress)
    except pytest.fail.Exception as failed:
        record.problems.append(str(failed))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    others = record.elsewhere
    about |= {"load_after": os.getloadavg(), "elsewhere": others}
    print(*lines(record), sep="\n")
    if others > QUIET:
        print(f"\nNOT ALONE: others used {others:.0%} of the machine; trust ratios more than figures")
    write(record, about, path)
    drawn = draw(record.figures, (page or path).with_suffix(""))
    if page is not None:
        fill(
            page,
            [
                _machine(about),
                f"{at:%Y-%m-%d}, others used {others:.0%} of the machine.",
                *markdown(record),
                *(f"\n![{plot.stem.replace('-', ' ')}]({page.stem}/{plot.name})" for plot in drawn),
            ],
        )
    print(f"\n{path}")
    return 1 if record.problems else 0


def _progress(run: str) -> None:
    if sys.stdout.isatty():
        print(f"… {run}", flush=True)


def _machine(about: dict[str, Any]) -> str:
    return (
        f"{about['processor']} · {about['cores']} cores · {about['system']} · Python {about['python']} · "
        f"SQLite {about['sqlite']} · a sync {about['sync_ms']:.2f} ms · load before {about['load_before'][0]:.2f}"
    )


if __name__ == "__main__":
    app()
