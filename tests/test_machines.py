"""Whatever is done in whatever order, the database says what a small model says, and its logs are whole."""

import pytest

from tests.machines import Machine, run
from tests.machines.escalation import Escalation
from tests.machines.life import ReportLife
from tests.machines.screens import LifeOnScreens, TransfersOnScreens
from tests.machines.sessions import Sessions
from tests.machines.transfer import Transfers


@pytest.mark.timeout(0)  # as long as the profile lets them
@pytest.mark.parametrize("kind", ["sqlite"], indirect=False)
@pytest.mark.parametrize(
    "machine", [ReportLife, Transfers, Escalation, Sessions, LifeOnScreens, TransfersOnScreens]
)
def test_what_happens_is_what_the_model_says(machine: type[Machine], kind: str, prepared: str) -> None:
    assert kind == "sqlite"
    run(machine, prepared)
