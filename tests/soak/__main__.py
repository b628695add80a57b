"""People file and accept on real processes while one fault follows the other; everything that anybody sees is written
down and held against the database.

Prints what was injected, what was filed, what was lost, doubled, misordered or falsely received, and for each fault
the longest gap: from its end until what is filed afterwards is stored and on all screens of its desk. Ends with 1
when anything was broken. Everything runs on loopback, in a temporary folder.
"""

import sys
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import pytest
import typer

from dispatch.settings import CHECKOUT
from tests.soak.faults import faults
from tests.soak.people import DISPATCHERS
from tests.soak.run import Effort, soak
from tests.soak.table import lines

KEPT = CHECKOUT / "var" / "soak"

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command(help=__doc__)
def main(
    minutes: Annotated[float, typer.Option(min=0.1, max=24 * 60, help="How long people file.")] = 60,
    rate: Annotated[float, typer.Option(min=0.1, max=500, help="Reports a second.")] = 50,
    desks: Annotated[int, typer.Option(min=1, max=12)] = 10,
    consoles: Annotated[
        int, typer.Option(min=1, max=36, help=f"Open consoles, {DISPATCHERS} a desk at most.")
    ] = 30,
    database: Annotated[Literal["sqlite", "postgresql"], typer.Option()] = "sqlite",
    seed: Annotated[int, typer.Option(help="Of the order of faults and of everybody's chance.")] = 110,
    only: Annotated[str, typer.Option(help="Some of the faults, by names with commas between.")] = "",
    names: Annotated[bool, typer.Option("--list", help="Name the faults, and do nothing.")] = False,
) -> None:
    known = faults(database == "postgresql")
    if names:
        print(*known, sep="\n")
        return
    chosen = tuple(name.strip() for name in only.split(",") if name.strip())
    if unknown := set(chosen) - known.keys():
        raise typer.BadParameter(f"no such fault: {', '.join(sorted(unknown))}", param_hint="--only")
    if consoles > DISPATCHERS * desks or consoles < desks:
        raise typer.BadParameter(f"from one to {DISPATCHERS} consoles a desk", param_hint="--consoles")
    effort = Effort(minutes, rate, desks, consoles, database == "postgresql", seed, chosen)
    KEPT.mkdir(parents=True, exist_ok=True)
    # Beside the installation's own database: a temporary folder may be in memory, where nothing is ever synced.
    with tempfile.TemporaryDirectory(prefix="run-", dir=KEPT) as folder:
        try:
            result = soak(effort, Path(folder), lambda line: print(line, flush=True))
        except pytest.skip.Exception as missing:
            print(f"not tested on this machine: {missing}")
            sys.exit(1)
        except pytest.fail.Exception as failed:
            print(f"failed: {failed}")
            sys.exit(1)
    print("", *lines(effort, result), sep="\n")
    sys.exit(0 if result.held else 1)


if __name__ == "__main__":
    app()
