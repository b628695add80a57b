"""Finding reports of one's desk, open and closed, from the command line; each search is an event without its words."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import expect
from sqlalchemy import update
from sqlmodel import Session

from dispatch import searching
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.models import TABLES
from dispatch.searching import PAGE, find, wanted_of
from tests import test_console_page as console
from tests.domain import DESK, OTHER_DESK, add_reporter, done, file, filing, writing
from tests.people import Dispatcher, People, Reporter, eventually
from tests.stack import XIHU, Stack
from tests.test_console_page import Desk
from tests.truth import log_of, rows
from tests.witness import assert_problem, nothing_written

browser = console.browser
at_desk = console.at_desk
reporter = console.reporter
OpenDesk = Callable[..., Awaitable[Desk]]


# --- in the database, on both kinds


def filed(database: Database, *texts: str, desk: str = DESK, masked: str = "139****0000") -> list[UUID]:
    """Reports with these words, the last the newest; each of somebody whose phone ends so."""
    found = []
    people = TABLES["reporter"]
    with writing(database) as writer:
        for text in texts:
            someone = done(writer, add_reporter)
            report = filing(someone, desk, text=text)
            done(writer, file(report), desk)
            found.append(report.id)
            done(
                writer,
                lambda session, of=someone: session.connection().execute(  # type: ignore[misc]
                    update(people).where(people.c.id == of).values(phone_masked=masked)
                ),
            )
    return found


def numbers(database: Database, ids: list[UUID]) -> list[str]:
    with database.read() as session:
        known = {row.id: row.number for row in rows(session, "report")}
    return [known[id_] for id_ in ids]


def found(database: Database, query: str, desk: str = DESK, cursor: str | None = None) -> list[UUID]:
    with database.read() as session:
        return list(find(session, desk, wanted_of(query), cursor).reports)


def test_words_a_place_a_number_and_a_phones_end_each_find_it_the_newest_first(database: Database) -> None:
    one, two = filed(database, "楼上 Fire 打架", "100% 的_折扣\\骗局")
    (three,) = filed(database, "另一件", masked="138****5678")
    assert found(database, "打架") == [one]
    assert found(database, "fire 楼上") == [one]
    assert found(database, "fire 楼下") == []
    assert found(database, "断桥") == [three, two, one]
    for sign in ("%", "_", "\\"):
        assert found(database, sign) == [two]
    assert found(database, "5678") == [three]
    assert found(database, "567") == []
    (number,) = numbers(database, [two])
    for end in (number, number[-6:], number.partition("-")[2]):
        assert two in found(database, end)
    assert found(database, number) == [two]


FRAUD = {
    "scheme": "police",
    "contacts": [
        {"channel": "wechat", "contact": "jingguan_110"},
        {"channel": "app", "contact": "云视讯", "newer": {"name": "假王警官"}},
    ],
    "transfers": [
        {"name": "李某某", "number": "6222 0211-0000 1234", "bank": "杭州银行", "amount_fen": 512000},
        {"number": "6217858000001111"},
    ],
}
DEED = {
    "when": "about",
    "place_text": "清风路 8 号地下室",
    "at_text": "每天夜里",
    "who": "一个光头",
    "vehicle": "浙A·D1234",
}


def with_facts(database: Database, **facts: Any) -> UUID:
    """A report with the facts of a fraud or a deed, and no word of them in its text."""
    with writing(database) as writer:
        report = replace(
            filing(done(writer, add_reporter), text="没有别的话"), **{"place_text": None, **facts}
        )
        done(writer, file(report), DESK)
    return report.id


@pytest.mark.parametrize(
    "query",
    [
        *("jingguan_110", "JINGGUAN", "云视讯", "假王警官", "李某某", "杭州银行", "李某某 杭州银行 1234"),
        *("6222 0211", "622202110000", "6222-0211-0000-1234", "6217858000001111", "00001111"),
    ],
)
def test_a_fraud_is_found_by_its_accounts_its_banks_and_whom_the_money_went_to(
    database: Database, query: str
) -> None:
    filed(database, "别人的")
    fraud = with_facts(database, kind="fraud", fraud=FRAUD)
    assert found(database, query) == [fraud]
    assert found(database, query, OTHER_DESK) == []


@pytest.mark.parametrize("query", ["清风路", "8 号地下室", "每天夜里", "光头", "浙a·d1234"])
def test_a_tip_off_is_found_by_the_place_of_its_deed_and_by_whom_and_what_was_seen(
    database: Database, query: str
) -> None:
    filed(database, "别人的")
    tip = with_facts(database, kind="tip", deed=DEED)
    assert found(database, query) == [tip]


@pytest.mark.parametrize(
    "query",
    ["police", "wechat", "transfers", "number", "512000", "about", "channel", "true", "null", "%", '"'],
)
def test_our_own_codes_and_the_names_of_fields_are_nobodys_words(database: Database, query: str) -> None:
    with_facts(database, kind="fraud", fraud=FRAUD | {"lost": True, "at": None})
    with_facts(database, kind="tip", deed=DEED)
    assert found(database, query) == []


@pytest.mark.parametrize(
    "facts", [{}, {"name": None}, {"name": 7, "number": ["x"]}, {"a": {"b": [[{"name": 1}]]}}]
)
def test_facts_of_any_shape_stop_no_search(database: Database, facts: dict[str, Any]) -> None:
    odd = with_facts(database, kind="fraud", fraud=facts, text="奇怪的")
    assert found(database, "奇怪") == [odd]
    assert found(database, "7") == []


def test_another_desk_finds_nothing_of_it(database: Database) -> None:
    (one,) = filed(database, "打架")
    (number,) = numbers(database, [one])
    for query in ("打架", number, "0000", "断桥"):
        assert found(database, query, OTHER_DESK) == []


def test_closed_ones_are_found_too(database: Database) -> None:
    (one,) = filed(database, "早就办结")
    with Session(database.writing) as session:
        table = TABLES["report"]
        session.connection().execute(update(table).where(table.c.id == one).values(status="closed"))
        session.commit()
    assert found(database, "办结") == [one]


def test_pages_follow_each_other_without_a_gap_and_without_a_double(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "STRETCH", 7)
    monkeypatch.setattr(searching, "PAGE", 3)
    wanted = [
        id_ for n, id_ in enumerate(filed(database, *("找" if n % 2 else "别的" for n in range(20)))) if n % 2
    ]
    seen: list[UUID] = []
    cursor: str | None = None
    for patience in (0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 1.0):  # also when the time is up at once
        with database.read() as session:
            result = find(session, DESK, wanted_of("找"), cursor, patience)
        seen += result.reports
        cursor = result.cursor
        if cursor is None:
            break
    assert seen == list(reversed(wanted))
    assert cursor is None
    assert PAGE == 20


@pytest.mark.parametrize(
    "cursor", ["x", "_", "2026-01-01T00:00:00_x", "_00000000-0000-7000-8000-000000000000"]
)
def test_a_cursor_that_is_none_is_refused(database: Database, cursor: str) -> None:
    with pytest.raises(Refused, match="cursor_invalid"):
        found(database, "x", cursor=cursor)


# --- by HTTP


async def searched(someone: Dispatcher, q: str, **rest: str) -> Any:
    return await someone.http.get("/console/search", params={"q": q, **rest})


def searches(stack: Stack) -> list[Any]:
    return [event for event in log_of(stack.database, DESK) if event.kind == "ReportsSearched"]


@pytest.mark.anyio
async def test_each_search_is_told_by_the_log_with_its_kind_and_a_keyed_digest_and_no_word_of_it(
    stack: Stack, people: People
) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed("只有这里写着 鹦鹉"))["id"]
    one = await people.dispatcher(stack.consoles[0], "33010601")
    national = phone.phone.removeprefix("+86")
    for query in (
        "鹦鹉",
        national,
        f"{national[:3]} {national[3:7]} {national[7:]}",
        national[-4:],
        "１２３４鹦",
    ):
        answer = await searched(one, query)
        assert answer.status_code == 200
        assert (report in answer.text) == (query != "１２３４鹦")
    assert national not in (await searched(one, national)).text
    told = searches(stack)
    assert [event.data["by"] for event in told[:4]] == [
        ["words"],
        ["phone", "number"],
        ["phone", "number"],
        ["phone", "number"],
    ]
    assert {event.actor for event in told} == {"dispatcher:33010601"}
    assert told[1].data["digest"] == told[2].data["digest"], "the same digits, however they are grouped"
    assert "鹦鹉" not in str([event.data for event in told])
    assert national not in str([event.data for event in told])
    logs = "".join(app.log.read_text("utf-8") for app in stack.apps)
    assert "鹦鹉" not in logs
    assert national not in logs


@pytest.mark.anyio
async def test_another_desks_dispatcher_finds_nothing_and_nonsense_gets_a_clear_answer(
    stack: Stack, people: People
) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed("鸵鸟"))["id"]
    neighbour = await people.dispatcher(stack.consoles[0], "33010801")
    assert report not in (await searched(neighbour, "鸵鸟")).text
    with nothing_written(stack):
        for query in ("", " ", "\0"):
            assert_problem(await searched(neighbour, query), "field_invalid")
        assert_problem(await searched(neighbour, "x", cursor="x"), "cursor_invalid")
    assert (await searched(neighbour, "x" * 5000)).status_code == 200
    assert (await searched(neighbour, "a b c d e f g h")).status_code == 200


# --- on the screen


@pytest.mark.anyio
@pytest.mark.browser
async def test_a_closed_report_is_found_and_taken_in_hand_without_a_mouse_and_escape_gives_the_focus_back(
    at_desk: OpenDesk, reporter: Reporter, stack: Stack, people: People
) -> None:
    desk = await at_desk()
    page = desk.page
    old = (await reporter.filed("寻找走失的老人"))["id"]
    await page.locator(desk.card(old)).click()  # whatever else waits there
    await page.keyboard.press("a")
    await expect(page.locator(f"#in-hand[data-report='{old}'][data-status='received']")).to_be_visible()
    handler = await people.dispatcher(stack.consoles[0], "33010601")
    closed = await handler.http.post(
        f"/console/reports/{old}/closing", data={"outcome": "handled"}, headers={"x-csrf-token": handler.csrf}
    )
    assert closed.status_code == 200, closed.text
    new = (await reporter.filed("另一件"))["id"]
    await expect(page.locator(desk.card(new))).to_be_visible()
    await expect(page.locator(desk.card(old))).to_have_count(0)
    await page.focus(desk.card(new))
    await page.keyboard.press("/")
    await expect(page.locator("#command-words")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator(desk.card(new))).to_be_focused()
    before = len(searches(stack))
    await page.keyboard.press("/")
    await page.keyboard.type("走失")
    await expect(page.locator("#command-search")).to_have_attribute("aria-selected", "true")
    assert len(searches(stack)) == before, "what is typed is asked of nobody before Enter"
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#found-{old}")).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#in-hand[data-report='{old}']")).to_be_visible()
    await expect(page.locator("#hand")).to_be_focused()
    await eventually(lambda: len(searches(stack)) == before + 1, 10, "the search is in the log")


@pytest.mark.anyio
@pytest.mark.browser
@pytest.mark.parametrize(("language", "words"), [("zh-CN", "tw"), ("zh-CN", "提问"), ("en", "question")])
async def test_an_act_is_done_by_its_word_or_its_initials(
    at_desk: OpenDesk, reporter: Reporter, language: str, words: str
) -> None:
    desk = await at_desk(language=language)
    page = desk.page
    report = await reporter.filed("问一下", location=XIHU)
    await page.locator(desk.card(report["id"])).click()
    await page.keyboard.press("/")
    await page.keyboard.type(words)
    await expect(page.locator("#command-act-question")).to_have_count(0)  # not before it is accepted
    await page.keyboard.press("Escape")
    await page.keyboard.press("a")
    await expect(page.locator("#ask-question")).to_be_enabled()
    await page.keyboard.press("/")
    await page.keyboard.type(words)
    await expect(page.locator("#command-act-question")).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(page.locator("#questions")).to_be_visible()
