"""A session that has ended is ended everywhere: its sockets close with 4401 on any process, its requests get 401."""

import asyncio
import time

import pytest
from sqlalchemy import update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.models import TABLES
from dispatch.writer import Writer
from tests.people import Dispatcher, People, eventually
from tests.places import Place
from tests.promises import promised
from tests.stack import Stack

pytestmark = pytest.mark.anyio

SOON_S = 20
ENDED_EVERYWHERE_S = 5.0
SIGN_IN_AGAIN, NOT_ALLOWED = 4401, 4403


async def test_a_reporter_who_signs_out_is_signed_out_on_every_process(
    whole: Stack, place: Place, people: People
) -> None:
    phone = await people.reporter(whole.citizens[0], place.location)
    tablet = people.also(phone.at(whole.citizens[1]))
    stays = await people.reporter(whole.citizens[1], place.location)
    for device in (phone, tablet, stays):
        await device.listen()
    report = (await tablet.filed())["id"]
    ended = time.monotonic()
    assert (await phone.http.delete("/api/v1/sessions/current")).status_code == 204
    for device in (phone, tablet):
        await eventually(lambda at=device: at.closed_with == SIGN_IN_AGAIN, SOON_S, "its socket closes")
    promised("signed out, then every socket closed", time.monotonic() - ended, ENDED_EVERYWHERE_S)
    for device in (phone, tablet):
        assert (await device.http.get(f"/api/v1/reports/{report}")).status_code == 401
        again = people.also(device.at(device.app))
        await again.listen()
        assert again.closed_with == SIGN_IN_AGAIN
    assert stays.closed_with is None, "nobody else is let go"


async def test_a_dispatcher_who_signs_out_is_signed_out_on_every_process(
    whole: Stack, place: Place, people: People
) -> None:
    here = await people.dispatcher(whole.consoles[0], place.number())
    there = await _same_session(people, whole, here)
    stays = await people.dispatcher(whole.consoles[1], place.number("02"))
    ended = time.monotonic()
    answer = await here.http.post("/console/sign-out", headers={"x-csrf-token": here.csrf})
    assert answer.status_code == 303
    for console in (here, there):
        await eventually(lambda at=console: at.closed_with == SIGN_IN_AGAIN, SOON_S, "its socket closes")
    promised("signed out, then every socket closed", time.monotonic() - ended, ENDED_EVERYWHERE_S)
    assert (await there.http.get("/console")).status_code == 303
    assert (await there.accept("0" * 8)).status_code == 401
    assert stays.closed_with is None, "nobody else is let go"


async def test_a_disabled_account_is_out_and_a_moved_one_sees_the_old_desk_no_more(
    whole: Stack, place: Place, people: People
) -> None:
    disabled = await people.dispatcher(whole.consoles[0], place.number("01"))
    moved = await people.dispatcher(whole.consoles[1], place.number("02"))

    def change(session: Session) -> None:
        account = TABLES["dispatcher"]
        connection = session.connection()
        connection.execute(
            update(account).where(account.c.number == disabled.number).values(disabled_at=now())
        )
        connection.execute(update(account).where(account.c.number == moved.number).values(desk="330000"))

    writer = Writer(whole.database, lambda _events: None)
    writer.start()
    await writer.do(change)
    writer.stop()
    ended = time.monotonic()
    await eventually(lambda: disabled.closed_with == SIGN_IN_AGAIN, SOON_S, "disabled: sign in again")
    await eventually(lambda: moved.closed_with == NOT_ALLOWED, SOON_S, "moved: not allowed here any more")
    promised("disabled or moved, then the socket closed", time.monotonic() - ended, ENDED_EVERYWHERE_S)
    phone = await people.reporter(whole.citizens[0], place.location)
    report = (await phone.filed())["id"]
    assert (await disabled.accept(report)).status_code == 401
    assert (await moved.accept(report)).status_code == 404
    await asyncio.sleep(0.5)
    assert report not in disabled.cards
    assert report not in moved.cards


async def _same_session(people: People, whole: Stack, dispatcher: Dispatcher) -> Dispatcher:
    """The same session at the other process, as behind a proxy."""
    token = dispatcher.http.cookies["desk110_console"]
    other = people.also(await Dispatcher.on_duty(whole.consoles[1], dispatcher.number, token))
    await other.watch()
    return other
