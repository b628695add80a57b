"""Makes the pictures of the dispatcher's side anew, and the tables of them at the end of `docs/console.md`.

    python -m tests.pictures_of_desk [name …]

As `tests.pictures_of_reporter` does for the phone: every state of the console, in Chinese and in English.
"""

import asyncio
import sys
import tempfile
from itertools import groupby
from pathlib import Path

from dispatch.settings import CHECKOUT
from tests.pictures_of_reporter import photograph_all, row
from tests.servers import valkey
from tests.stack import stack
from tests.states import STATES, State

PAGE = CHECKOUT / "docs" / "console.md"
PICTURES = CHECKOUT / "docs" / "pictures" / "desk"
# What stands before it in the page is written by hand.
HEADING = "## In pictures\n"
INTRODUCTION = """
At 1366 × 768, the smallest screen that is promised; made anew by `python -m tests.pictures_of_desk`.
"""


def states() -> list[State]:
    """The console's states, group by group, each group where it came first."""
    found = [state for state in STATES if state.app == "console"]
    groups = list(dict.fromkeys(state.group for state in found))
    return sorted(found, key=lambda state: groups.index(state.group))


def tables() -> str:
    """The pictures, a table a group."""
    lines = []
    for group, members in groupby(states(), key=lambda state: state.group):
        lines += [f"### {group}\n", "| | 中文 | English |", "|---|---|---|"]
        lines += [row(state, PICTURES.name, width=480) for state in members]
        lines.append("")
    return "\n".join(lines)


def main(names: list[str]) -> int:
    """The exit status: 1 when a state could not be reached."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    wanted = [state for state in states() if not names or state.name in names]
    with valkey() as server, tempfile.TemporaryDirectory() as folder, stack(Path(folder), server) as running:
        missed = asyncio.run(photograph_all(running, wanted, PICTURES))
    written = PAGE.read_text(encoding="utf-8").partition(HEADING)[0].rstrip("\n")
    PAGE.write_text(f"{written}\n\n{HEADING}{INTRODUCTION}\n{tables()}", encoding="utf-8")
    print("\n".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
