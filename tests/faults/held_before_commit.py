"""A commit that does not come until the test lets it: all is written, nothing committed."""

import cli
from tests.faults.arming import Fault
from tests.faults.commits import around_commits


def _before() -> None:
    fault = Fault("held_before_commit")
    if fault.fire():
        fault.hold()


if __name__ == "__main__":
    around_commits(before=_before)
    cli.main()
