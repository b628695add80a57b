"""A defect: whoever comes second is told that the report is theirs, too."""

from typing import Any

import cli
from tests.faults.arming import Fault

if __name__ == "__main__":
    from dispatch import reports

    tell = reports._tell_the_winner

    def untold(*given: Any) -> None:
        if not Fault("doubled_acknowledgement").fire():
            tell(*given)

    reports._tell_the_winner = untold  # type: ignore[assignment]  # the fault
    cli.main()
