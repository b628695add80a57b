"""SIGKILL when it is committed, and neither has the bell been rung nor anybody been answered."""

import cli
from tests.faults.arming import Fault, die
from tests.faults.commits import around_commits


def _after() -> None:
    if Fault("killed_before_ring").fire():
        die()


if __name__ == "__main__":
    around_commits(after=_after)
    cli.main()
