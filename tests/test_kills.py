"""Processes killed at the worst moments: what was promised holds, what was not is not half there.

I1 (201 means committed), I2 (every event reaches every screen), I7 (one key, one report), I8 (one transaction).
"""

import asyncio
import time
from signal import SIGTERM
from uuid import uuid4

import httpx2
import pytest

from tests.faults.arming import Fault
from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import Place
from tests.promises import promised
from tests.server import START_S, Server
from tests.stack import App, Stack
from tests.truth import assert_whole, filed_under, kinds_of

pytestmark = pytest.mark.anyio

SOON_S = 15
TEXT = "门口有人持刀"


async def test_a_report_committed_by_a_process_that_dies_before_ringing_is_on_every_screen(
    whole: Stack, place: Place, people: People
) -> None:
    """I2: nobody is told of it; the heads that every process asks for are enough. I7: the phone's retry finds it."""
    consoles = await _consoles(people, whole, place)
    with whole.another("citizen", "tests.faults.killed_before_ring") as doomed:
        phone = await people.reporter(doomed, place.location)
        key, began = await _filed_to_death(whole, phone, "killed_before_ring", doomed)
        for console in consoles:
            await eventually(lambda at=console: at.cards, SOON_S, "the report is on the screen")
        (id_,) = consoles[0].cards
        for console in consoles:
            promised("filed without a ring, then seen", console.first_seen[id_] - began, 1.5)
        await _retried(people, whole, place, phone, key, id_, 200)
        assert all(console.history == [(id_, 1)] for console in consoles), "once on every screen"


async def test_a_report_whose_process_dies_before_answering_is_found_by_the_retry(
    whole: Stack, place: Place, people: People
) -> None:
    """I7: the phone never had its 201 and asks again, at the other process: the same report, with 200."""
    consoles = await _consoles(people, whole, place)
    with whole.another("citizen", "tests.faults.killed_before_answer") as doomed:
        phone = await people.reporter(doomed, place.location)
        key, _ = await _filed_to_death(whole, phone, "killed_before_answer", doomed)
        for console in consoles:
            await eventually(lambda at=console: at.cards, SOON_S, "the report is on the screen")
        (id_,) = consoles[0].cards
        await _retried(people, whole, place, phone, key, id_, 200)
        assert all(console.history == [(id_, 1)] for console in consoles), "once on every screen"


async def test_of_a_report_whose_process_dies_before_the_commit_nothing_is_there(
    whole: Stack, place: Place, people: People
) -> None:
    """I8: neither report nor event nor number; the retry files it, as the first."""
    consoles = await _consoles(people, whole, place)
    with whole.another("citizen", "tests.faults.killed_before_commit") as doomed:
        phone = await people.reporter(doomed, place.location)
        key, _ = await _filed_to_death(whole, phone, "killed_before_commit", doomed)
        assert filed_under(whole.database, key) == 0
        assert_whole(whole.database, place.desk)
        retry = await people.also(phone.at(whole.citizens[1])).file(TEXT, key=key)
        assert retry.status_code == 201
        report = retry.json()
        assert report["number"].endswith("-000001")
        for console in consoles:
            await eventually(
                lambda at=console: report["id"] in at.cards, SOON_S, "the report is on the screen"
            )
            assert len(console.cards) == 1
        assert_whole(whole.database, place.desk)


async def test_reports_answered_with_201_outlive_a_kill_that_comes_at_any_moment(
    whole: Stack, place: Place, people: People
) -> None:
    """I1: whatever was answered 201 is there; whatever was not is there or not, but never twice."""
    consoles = await _consoles(people, whole, place)
    with whole.another("citizen") as doomed:
        phone = await people.reporter(doomed, place.location)
        keys = [str(uuid4()) for _ in range(200)]
        taken: list[str] = []

        async def file(key: str) -> None:
            answer = await phone.file(TEXT, key=key)
            assert answer.status_code == 201
            taken.append(key)

        filing = asyncio.gather(*(file(key) for key in keys), return_exceptions=True)
        await eventually(lambda: len(taken) >= 40, SOON_S, "some are answered")
        doomed.kill()
        await filing
        assert len(taken) < len(keys), "the kill came amid the filing"
        assert all(filed_under(whole.database, key) == 1 for key in taken)
        elsewhere = people.also(phone.at(whole.citizens[0]))
        for key in keys:
            assert (await elsewhere.file(TEXT, key=key)).status_code in (
                {200} if key in taken else {200, 201}
            )
        assert all(filed_under(whole.database, key) == 1 for key in keys)
        await _all_seen_once(whole, place, consoles, len(keys))


async def test_a_page_whose_console_process_is_killed_goes_on_at_the_other_with_its_cursor(
    whole: Stack, place: Place, people: People
) -> None:
    """I2: nothing missing, nothing twice, in order; there and back again."""
    page, bystander = await _consoles(people, whole, place)
    phone = await people.reporter(whole.citizens[0], place.location)
    await phone.listen()
    filed = [(await phone.filed(f"{n}"))["id"] for n in range(3)]
    await eventually(lambda: page.order == filed, SOON_S, "the first are on the screen")
    await eventually(lambda: phone.screens(filed[0]) == 2, SOON_S, "two screens show it")

    whole.consoles[0].kill()
    await eventually(lambda: page.closed_with is not None, SOON_S, "the line is lost")
    filed += [(await phone.filed(f"{n}"))["id"] for n in range(3, 6)]
    assert (await bystander.accept(filed[0])).status_code == 200
    await page.move(whole.consoles[1])
    await page.watch()
    await eventually(lambda: page.order == filed, SOON_S, "what it missed has come")
    assert page.status(filed[0]) == "received"
    filed.append((await phone.filed("6"))["id"])
    await eventually(lambda: page.order == filed, SOON_S, "and what comes comes")

    await _revived(whole.consoles[0])
    await page.hang_up()
    filed.append((await phone.filed("7"))["id"])
    await page.move(whole.consoles[0])
    await page.watch()
    filed.append((await phone.filed("8"))["id"])
    for console in (page, bystander):
        await eventually(lambda at=console: at.order == filed, SOON_S, "all are on the screen")
        expected = sorted([(id_, 1) for id_ in filed] + [(filed[0], 2)])
        assert sorted(console.history) == expected, "each state once"
        assert console.seqs == sorted(console.seqs), "the cursor only goes on"
    assert_whole(whole.database, place.desk)


async def test_a_process_told_to_stop_lets_everybody_go_to_another_and_ends(
    whole: Stack, place: Place, people: People
) -> None:
    """SIGTERM, as at every deployment: 1012 says come again elsewhere, and what was taken is written."""
    with whole.another("citizen") as citizen, whole.another("console") as console:
        page = await people.dispatcher(console, place.number("01"))
        phone = await people.reporter(citizen, place.location)
        await phone.listen()
        filing = asyncio.gather(*(phone.file(f"{n}") for n in range(30)), return_exceptions=True)
        await eventually(lambda: page.cards, SOON_S, "they are being filed")
        for app in (citizen, console):
            # uvicorn ends by the signal that it was told to stop by; not by SIGKILL, after all patience.
            assert await asyncio.to_thread(app.stop) in {0, -SIGTERM}, app.output()
        answers = [answer for answer in await filing if not isinstance(answer, BaseException)]
        assert (page.closed_with, phone.closed_with) == (1012, 1012)
    assert all(answer.status_code in {201, 503} for answer in answers)
    elsewhere = people.also(phone.at(whole.citizens[0]))
    for answer in answers:
        if answer.status_code == 201:
            await elsewhere.report(answer.json()["id"])
    assert_whole(whole.database, place.desk)


async def test_the_screens_of_a_killed_console_process_soon_count_no_more(
    whole: Stack, place: Place, people: People
) -> None:
    await _consoles(people, whole, place)
    phone = await people.reporter(whole.citizens[0], place.location)
    await phone.listen()
    id_ = (await phone.filed())["id"]
    await eventually(lambda: phone.screens(id_) == 2, SOON_S, "two screens show it")
    whole.consoles[0].kill()
    died = time.monotonic()
    await eventually(lambda: phone.screens(id_) == 1, 3 * 10, "one screen shows it")
    promised("a console killed, then its screen counted no more", time.monotonic() - died, 10)
    await _revived(whole.consoles[0])


async def test_without_the_worker_reports_go_their_way_and_it_comes_back(
    whole: Stack, place: Place, people: People
) -> None:
    assert whole.worker is not None
    one, other = await _consoles(people, whole, place)
    phone = await people.reporter(whole.citizens[0], place.location)
    await phone.listen()
    whole.worker.kill()
    id_ = (await phone.filed())["id"]
    await eventually(lambda: id_ in one.cards and id_ in other.cards, SOON_S, "the report is on the screens")
    assert (await one.accept(id_)).status_code == 200
    await eventually(lambda: phone.status(id_) == "received", SOON_S, "已接收")
    whole.worker.start()
    assert_whole(whole.database, place.desk)


async def test_a_worker_killed_amid_its_writing_holds_nobody_up(
    whole: Stack, place: Place, people: People
) -> None:
    """I8: what it wrote is undone, and the turn to write goes to the next at once."""
    one, _ = await _consoles(people, whole, place)
    phone = await people.reporter(whole.citizens[0], place.location)
    fault = Fault("held_before_commit", whole.home)
    fault.arm()
    worker = whole.another_worker("tests.faults.held_before_commit")
    worker.start()
    try:
        await eventually(lambda: fault.fired, SOON_S, "the worker writes and does not commit")
        filing = asyncio.create_task(phone.filed())
        await asyncio.sleep(0.5)
        worker.kill()
        report = await filing
        await eventually(lambda: report["id"] in one.cards, SOON_S, "the report is on the screen")
    finally:
        worker.kill()
        fault.end()
    assert_whole(whole.database, place.desk)


async def _filed_to_death(whole: Stack, phone: Reporter, name: str, doomed: Server) -> tuple[str, float]:
    """File a report at a process that dies of it; gives the key and when it was filed."""
    fault, key = Fault(name, whole.home), str(uuid4())
    fault.arm()
    began = time.monotonic()
    with pytest.raises(httpx2.TransportError):
        await phone.file(TEXT, key=key)
    assert fault.fired
    await eventually(lambda: not doomed.running, SOON_S, "it is dead")
    fault.end()
    return key, began


async def _retried(
    people: People, whole: Stack, place: Place, phone: Reporter, key: str, id_: str, status: int
) -> None:
    """The phone, at the other process, asks again under its key, twice; it is that one report."""
    elsewhere = people.also(phone.at(whole.citizens[1]))
    for _ in range(2):
        retry = await elsewhere.file(TEXT, key=key)
        assert (retry.status_code, retry.json()["id"]) == (status, id_)
    assert filed_under(whole.database, key) == 1
    assert kinds_of(whole.database, id_) == ["ReportFiled"]
    assert_whole(whole.database, place.desk)


async def _all_seen_once(whole: Stack, place: Place, consoles: tuple[Dispatcher, ...], count: int) -> None:
    for console in consoles:
        await eventually(lambda at=console: len(at.cards) == count, SOON_S, "all are on the screen")
        assert len(console.history) == count, "none twice"
        filed_at = [console.cards[id_]["filed-at"] for id_ in console.order]
        assert filed_at == sorted(filed_at), "in order"
    assert_whole(whole.database, place.desk)


async def _revived(app: App) -> None:
    app.launch()
    await eventually(lambda: asyncio.to_thread(app.ready), START_S, "it does its work again")


async def _consoles(people: People, whole: Stack, place: Place) -> tuple[Dispatcher, Dispatcher]:
    """A dispatcher at each console process, watching."""
    return (
        await people.dispatcher(whole.consoles[0], place.number("01")),
        await people.dispatcher(whole.consoles[1], place.number("02")),
    )
