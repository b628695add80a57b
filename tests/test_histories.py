"""Drills on real processes, with the checker of histories: nothing is broken, and a planted defect is found."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.faults.arming import Fault
from tests.history.drill import drill
from tests.places import Place
from tests.stack import Stack
from tests.truth import assert_whole

pytestmark = pytest.mark.anyio

DESKS = 3


async def test_of_a_drill_through_killed_processes_everything_is_stored_shown_and_received_once(
    whole: Stack, places_left: Iterator[Place]
) -> None:
    """I1 to I5, I7, I8: a citizen and a console process die by SIGKILL amid it and come again."""
    desks = [next(places_left) for _ in range(DESKS)]
    async with drill(whole, desks, whole.citizens, whole.consoles) as people:
        running = asyncio.create_task(people.run(count=8, every_s=0.5))
        for app in (whole.citizens[0], whole.consoles[0]):
            await asyncio.sleep(1)
            app.kill()
            app.launch()
            await asyncio.to_thread(app.wait)
        await running
        assert len(people.filed) == DESKS * 2 * 8
        await people.kept()
    assert_whole(whole.database, *(desk.desk for desk in desks))


@pytest.mark.parametrize("kind", ["sqlite"], scope="session")  # it is the checker that is tested
@pytest.mark.parametrize(
    ("defect", "process", "invariant"),
    [
        ("lost_after_answer", "citizen", "I1"),
        ("dropped_event", "console", "I2"),
        ("doubled_acknowledgement", "console", "I3"),
        ("early_received", "citizen", "I4"),
    ],
)
async def test_a_planted_defect_is_found_and_named(
    whole: Stack, place: Place, defect: str, process: str, invariant: str
) -> None:
    with whole.another(process, f"tests.faults.{defect}") as defective:
        citizens = [defective] if process == "citizen" else whole.citizens
        consoles = [defective] if process == "console" else whole.consoles
        async with drill(whole, [place], citizens, consoles) as people:
            await people.run(count=1, every_s=0.1)
            await people.kept()  # as long as it is not armed
            fault = Fault(defect, whole.home)
            fault.arm()
            await people.run(count=4, every_s=0.2)
            assert fault.fired
            # Who was told something wrong may hear of it a moment after it was said.
            for _ in range(10):
                if (found := await people.verdict(within_s=3)) is not None:
                    break
            assert found is not None
            assert found.invariant == invariant, found
            fault.end()
