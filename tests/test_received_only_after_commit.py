"""I4: 已接收 is shown to nobody before its commit, however long that takes, and never when it does not come."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx2
import pytest

from tests.faults.arming import Fault
from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import Place
from tests.stack import App, Stack
from tests.truth import assert_whole, kinds_of

pytestmark = pytest.mark.anyio

SOON_S = 15
LONG_S = 2.0


@pytest.fixture
def slow(whole: Stack) -> Iterator[App]:
    """A console process whose next commit can be held up."""
    with whole.another("console", "tests.faults.held_before_commit") as app:
        yield app


@pytest.fixture
async def accepting(
    whole: Stack, place: Place, people: People, slow: App
) -> AsyncIterator[tuple[str, Reporter, Dispatcher, asyncio.Task[httpx2.Response], Fault]]:
    """A report whose acknowledgement is written and held up before its commit."""
    fault = Fault("held_before_commit", whole.home)
    dispatcher = await people.dispatcher(slow, place.number("01"))
    phone = await people.reporter(whole.citizens[0], place.location)
    await phone.listen()
    id_ = (await phone.filed())["id"]
    await eventually(lambda: id_ in dispatcher.cards, SOON_S, "the card is on the screen")
    fault.arm()
    answer = asyncio.create_task(dispatcher.accept(id_))
    await eventually(lambda: fault.fired, SOON_S, "the commit is held up")
    yield id_, phone, dispatcher, answer, fault
    fault.end()
    await asyncio.gather(answer, return_exceptions=True)


async def test_nobody_reads_it_as_received_before_the_commit_and_everybody_after(
    whole: Stack,
    place: Place,
    people: People,
    accepting: tuple[str, Reporter, Dispatcher, asyncio.Task[httpx2.Response], Fault],
) -> None:
    id_, phone, dispatcher, answer, fault = accepting
    colleague = await _colleague_without_writing(people, whole, place, dispatcher)
    tablet = people.also(phone.at(whole.citizens[1]))
    await tablet.listen()
    await asyncio.sleep(LONG_S)
    assert not answer.done()
    await _assert_filed_everywhere(id_, [phone, tablet], [dispatcher, colleague])
    assert kinds_of(whole.database, id_) == ["ReportFiled"]

    fault.end()
    assert (await answer).status_code == 200
    for device in (phone, tablet):
        await eventually(lambda at=device: at.status(id_) == "received", SOON_S, "已接收")
    for console in (dispatcher, colleague):
        await eventually(lambda at=console: at.status(id_) == "received", SOON_S, "the desk sees it taken")
    assert_whole(whole.database, place.desk)


async def test_an_acknowledgement_killed_before_its_commit_was_never_there_and_another_may_accept(
    whole: Stack,
    place: Place,
    people: People,
    slow: App,
    accepting: tuple[str, Reporter, Dispatcher, asyncio.Task[httpx2.Response], Fault],
) -> None:
    """I3, I8: of the first nothing is left, neither record nor event; the second is the one."""
    id_, phone, dispatcher, answer, fault = accepting
    tablet = people.also(phone.at(whole.citizens[1]))
    await tablet.listen()
    slow.kill()
    with pytest.raises(httpx2.TransportError):
        await answer
    fault.end()
    await eventually(lambda: dispatcher.closed_with is not None, SOON_S, "the page has lost its line")
    await asyncio.sleep(LONG_S)
    await _assert_filed_everywhere(id_, [phone, tablet], [dispatcher])
    assert kinds_of(whole.database, id_) == ["ReportFiled"]

    colleague = await people.dispatcher(whole.consoles[1], place.number("02"))
    assert (await colleague.accept(id_)).status_code == 200
    for device in (phone, tablet):
        await eventually(lambda at=device: at.status(id_) == "received", SOON_S, "已接收")
        assert device.reports[id_]["received"]["dispatcher_number"] == colleague.number
    assert_whole(whole.database, place.desk)


async def _colleague_without_writing(
    people: People, whole: Stack, place: Place, dispatcher: Dispatcher
) -> Dispatcher:
    """Somebody at another process, with the same session: to sign in would be to write, and that is held up."""
    token = dispatcher.http.cookies["desk110_console"]
    colleague = people.also(await Dispatcher.on_duty(whole.consoles[0], place.number("01"), token))
    await colleague.watch()
    return colleague


async def _assert_filed_everywhere(id_: str, devices: list[Reporter], consoles: list[Dispatcher]) -> None:
    for device in devices:
        assert device.status(id_) == "filed"
        frames = [frame["report"] for frame in device.frames if frame["type"] == "report"]
        assert all(report["status"] == "filed" and report["received"] is None for report in frames)
        asked = await device.report(id_)
        assert (asked["status"], asked["received"], asked["receipt"]) == ("filed", None, None)
    for console in consoles:
        assert console.status(id_) == "filed"
        assert console.history.count((id_, 2)) == 0
