"""What tests do with units through a console, over real connections."""

from typing import Any
from uuid import UUID

import httpx2

from dispatch import reading, units
from dispatch.database import Database
from dispatch.states import SendingState
from dispatch.units import Unit
from tests.people import Dispatcher
from tests.stack import DESK


def units_at(database: Database, desk: str = DESK) -> list[Unit]:
    """The desk's units, by call sign."""
    with database.read() as session:
        return list(units.at_desk(session, desk))


def sendings_of(database: Database, report: str) -> tuple[SendingState, ...]:
    """What was sent to a report, in order."""
    with database.read() as session:
        found = reading.state(session, UUID(report))
    assert found is not None
    return found.sendings


async def act(dispatcher: Dispatcher, report: str, route: str, **form: Any) -> httpx2.Response:
    """An act with units of a report."""
    return await dispatcher.http.post(
        f"/console/reports/{report}/{route}", headers={"x-csrf-token": dispatcher.csrf}, data=form
    )


async def send(dispatcher: Dispatcher, report: str, *wanted: Unit) -> httpx2.Response:
    """Send units to a report."""
    return await act(dispatcher, report, "sendings", units=" ".join(str(unit.id) for unit in wanted))


async def to_the_scene(dispatcher: Dispatcher, database: Database, report: str) -> None:
    """Everybody who is on the way has arrived."""
    for sending in sendings_of(database, report):
        assert (await act(dispatcher, report, "arrivals", sending=sending.id)).status_code == 200


async def all_clear(dispatcher: Dispatcher, database: Database, report: str) -> None:
    """Everybody is done there."""
    out = " ".join(str(one.id) for one in sendings_of(database, report) if one.cleared_at is None)
    assert (await act(dispatcher, report, "clearings", sendings=out, reason="已调解")).status_code == 200
