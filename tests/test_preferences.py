"""What a reporter says of themselves, and that they are verified, reaches the desks that have a report of theirs."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from playwright.async_api import expect

from dispatch import corrections, reading, reporters
from dispatch.database import Database
from dispatch.events import PREFERENCES_SET
from dispatch.writer import Writer
from tests import test_console_page as console
from tests.domain import DESK, OTHER_DESK, add_reporter, done, file, filing, writing
from tests.people import ID_NUMBER, People, eventually
from tests.stack import Stack
from tests.test_closing import CIPHER, ZHANG
from tests.test_console_page import Desk
from tests.truth import assert_whole, kinds_of, log_of

browser = console.browser
at_desk = console.at_desk
OpenDesk = Callable[..., Awaitable[Desk]]

PROVINCE = reporters.PROVINCE


@pytest.fixture
def writer(database: Database) -> Iterator[Writer]:
    with writing(database) as running:
        yield running


def say_impaired(writer: Writer, reporter: UUID, impaired: bool = True) -> None:
    done(writer, lambda session: reporters.set_preferences(session, reporter, impaired, None), PROVINCE)


def test_who_turns_out_to_be_deaf_is_told_to_their_desk_and_to_those_it_is_offered_to(
    database: Database, writer: Writer
) -> None:
    someone = done(writer, add_reporter)
    waits = replace(filing(someone), others=(OTHER_DESK,))
    for filed in (waits, filing(someone)):
        done(writer, file(filed), DESK)
    say_impaired(writer, someone)
    with database.read() as session:
        report = reading.state(session, waits.id)
    assert report is not None
    assert (report.caller.hearing_speech_impaired, report.version) == (True, 1)
    told = [event for event in log_of(database, DESK) if event.kind == PREFERENCES_SET]
    assert len(told) == 2
    assert {event.reporter for event in told} == {someone}
    # That somebody is deaf goes with their account; a log would keep it.
    assert [event.data for event in told] == [{"set": ["hearing_speech_impaired"]}] * 2
    assert [event.kind for event in log_of(database, OTHER_DESK)] == ["ReportOffered", "OfferedReportChanged"]
    assert [event.kind for event in log_of(database, PROVINCE)] == [PREFERENCES_SET]
    assert_whole(database)


def test_what_was_so_already_is_no_news(database: Database, writer: Writer) -> None:
    someone = done(writer, add_reporter)
    say_impaired(writer, someone, False)
    done(writer, lambda session: reporters.set_preferences(session, someone, None, "zh-CN"), PROVINCE)
    done(writer, lambda session: reporters.set_preferences(session, someone, None, None), PROVINCE)
    assert log_of(database, PROVINCE) == []


def test_a_language_is_told_too_for_the_desk_answers_in_it(database: Database, writer: Writer) -> None:
    someone = done(writer, add_reporter)
    report = filing(someone)
    done(writer, file(report), DESK)
    done(writer, lambda session: reporters.set_preferences(session, someone, False, "en"), PROVINCE)
    assert [event.data for event in log_of(database, DESK)[1:]] == [{"set": ["language"]}]


def test_who_has_no_open_report_is_news_for_no_desk(database: Database, writer: Writer) -> None:
    someone = done(writer, add_reporter)
    done(writer, file(filing(done(writer, add_reporter))), DESK)
    say_impaired(writer, someone)
    assert [event.kind for event in log_of(database, DESK)] == ["ReportFiled"]


def test_a_first_proof_of_who_one_is_is_told_to_the_desk_without_a_word_of_it(
    database: Database, writer: Writer
) -> None:
    someone = done(writer, add_reporter)
    done(writer, file(filing(someone)), DESK)
    done(writer, lambda session: corrections.verify_identity(session, CIPHER, someone, "张三", ZHANG))
    assert [(event.kind, event.data) for event in log_of(database, DESK)[1:]] == [("IdentityVerified", {})]


def test_said_in_the_same_moment_as_a_report_is_filed_neither_is_without_the_other(
    database: Database,
) -> None:
    with writing(database, start=False) as gathering:
        other = Database(database.url)
        with writing(other) as direct:
            someone = done(direct, add_reporter)
        other.close()
        filed = filing(someone)
        gathering.submit(file(filed), [DESK])
        said = gathering.submit(
            lambda session: reporters.set_preferences(session, someone, True, None), [PROVINCE]
        )
        gathering.start()
        said.result(60)
    with database.read() as session:
        report = reading.state(session, filed.id)
    assert report is not None
    assert report.caller.hearing_speech_impaired


# --- on real processes


@pytest.mark.anyio
async def test_two_desks_show_who_ticks_deaf_while_waiting(stack: Stack, people: People) -> None:
    own = await people.dispatcher(stack.consoles[0])
    someone = await people.reporter(stack.citizens[0])
    first = await people.reporter(stack.citizens[0])
    before = (await first.filed("先来的"))["id"]
    report = (await someone.filed("后来的"))["id"]
    await eventually(lambda: {before, report} <= own.cards.keys(), 10, "the cards")
    assert "sign-impaired" not in own.words[report]
    assert float(own.cards[report]["rank"]) > float(own.cards[before]["rank"])
    answer = await someone.http.patch("/api/v1/me", json={"hearing_speech_impaired": True})
    assert answer.status_code == 200
    await eventually(lambda: "sign-impaired" in own.words[report], 10, "the sign on the card")
    assert float(own.cards[report]["rank"]) < float(own.cards[before]["rank"])
    await someone.http.put("/api/v1/me/identity", json={"name": "张三", "id_number": ID_NUMBER})
    await eventually(lambda: "张*" in own.words[report], 10, "the name on the card")
    assert kinds_of(stack.database, report) == ["ReportFiled", PREFERENCES_SET, "IdentityVerified"]
    assert (await someone.report(report))["version"] == 1


@pytest.mark.anyio
@pytest.mark.browser
async def test_the_open_report_says_it_and_the_call_is_warned_of(
    at_desk: OpenDesk, stack: Stack, people: People
) -> None:
    desk = await at_desk()
    someone = await people.reporter(stack.citizens[0])
    report = (await someone.filed("有人摔倒"))["id"]
    card = desk.page.locator(desk.card(report))
    await card.click()
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#call-back")).to_be_enabled()
    await expect(card.locator(".sign-impaired")).to_have_count(0)
    await someone.http.patch("/api/v1/me", json={"hearing_speech_impaired": True})
    await expect(card.locator(".sign-impaired")).to_be_visible()
    await expect(desk.page.locator(".banner-impaired")).to_be_visible()
    await someone.http.put("/api/v1/me/identity", json={"name": "张三", "id_number": ID_NUMBER})
    await expect(card.locator(".card-identity bdi")).to_have_text("张*")
    await desk.page.keyboard.press("h")
    warning = desk.page.locator("#call [data-guard=impaired]")
    await expect(warning).to_be_visible()
    await expect(desk.page.locator("#call-number")).to_have_text("")
    await expect(desk.page.locator("#call-reasons")).to_be_visible()


@pytest.mark.anyio
@pytest.mark.browser
async def test_who_turns_out_to_be_deaf_while_the_number_stands_there_is_warned_of_beside_it(
    at_desk: OpenDesk, stack: Stack, people: People
) -> None:
    desk = await at_desk()
    someone = await people.reporter(stack.citizens[0])
    report = (await someone.filed("有人摔倒"))["id"]
    await desk.page.locator(desk.card(report)).click()
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#call-back")).to_be_enabled()
    await desk.page.keyboard.press("h")
    await expect(desk.page.locator("#call-number")).not_to_have_text("")
    await someone.http.patch("/api/v1/me", json={"hearing_speech_impaired": True})
    await expect(desk.page.locator("#call [data-guard=impaired]")).to_be_visible()
    await expect(desk.page.locator("#call-number")).not_to_have_text("")
