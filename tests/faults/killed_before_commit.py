"""SIGKILL when all is written and nothing committed."""

import cli
from tests.faults.arming import Fault, die
from tests.faults.commits import around_commits


def _before() -> None:
    if Fault("killed_before_commit").fire():
        die()


if __name__ == "__main__":
    around_commits(before=_before)
    cli.main()
