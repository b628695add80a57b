"""The auditor finds who saw and did what, sees nothing personal unmasked, and is in the log with each look back."""

import re
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx2
import pytest
from playwright.async_api import async_playwright, expect

from console.acts import words_in
from dispatch import handling, looking_back, transfers
from dispatch.clock import now
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.events import record
from dispatch.looking_back import KINDS, Wanted, key_of
from dispatch.words import Words
from dispatch.writer import Command, Writer
from tests import audit
from tests.command_line import Installation
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, file, filing, note, writing
from tests.people import Dispatcher, People, eventually
from tests.servers import chromium
from tests.stack import PASSWORD, App, Stack
from tests.test_rights import door
from tests.truth import log_of
from tests.witness import assert_problem, nothing_written

PROVINCE = "330000"


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_has_words(kind: str, language: str) -> None:
    words = Words.of(language)
    assert words.get(f"console.audit.act.{key_of(kind)}") is not None, (
        f"{kind} in words/{language}/console/audit.toml"
    )
    assert words_in(words)(kind) != kind


def test_no_words_are_kept_for_a_kind_that_there_is_not() -> None:
    kept = {key.removeprefix("console.audit.act.") for key in Words.of("zh-CN").under("console.audit.act")}
    assert kept == {key_of(kind) for kind in KINDS}


# --- what is found


def later(writer: Writer, command: Command[Any], *desks: str) -> None:
    """Done a moment after what came before: the logs of two desks have no order within a millisecond."""
    time.sleep(0.002)
    done(writer, command, *desks)


def happened(database: Database) -> dict[str, Any]:
    """Two reports of one reporter and one of another, at two desks, and who did what to them, one after the other."""
    with writing(database) as writer:
        one, other = done(writer, add_reporter), done(writer, add_reporter)
        first, second = filing(one), filing(one, OTHER_DESK)
        third = filing(other)
        for wanted in (first, second, third):
            later(writer, file(wanted), wanted.desk)
        later(writer, acknowledge(first.id, f"{DESK}01"), DESK)
        later(writer, acknowledge(third.id, f"{DESK}02"), DESK)
        later(writer, acknowledge(second.id, f"{OTHER_DESK}01", OTHER_DESK), OTHER_DESK)
        actor = f"reporter:{one}"
        later(
            writer,
            lambda session: record(session, PROVINCE, "DataShown", actor=actor, reporter=one),
            PROVINCE,
        )
    return {"one": one, "first": first.id, "second": second.id, "third": third.id}


def found(database: Database, **wanted: Any) -> list[tuple[str, str, UUID | None]]:
    with database.read() as session:
        result = looking_back.find(session, Wanted(**wanted))
    assert result.cursor is None
    return [(act.kind, act.desk, act.report) for act in result.acts]


def test_acts_are_found_by_person_report_act_desk_and_time_the_newest_first(database: Database) -> None:
    there = happened(database)
    assert found(database, account=f"{DESK}01") == [("ReportReceived", DESK, there["first"])]
    assert found(database, reporter=there["one"]) == [
        ("DataShown", PROVINCE, None),
        ("ReportReceived", OTHER_DESK, there["second"]),
        ("ReportReceived", DESK, there["first"]),
        ("ReportFiled", OTHER_DESK, there["second"]),
        ("ReportFiled", DESK, there["first"]),
    ]
    assert found(database, report=there["third"]) == [
        ("ReportReceived", DESK, there["third"]),
        ("ReportFiled", DESK, there["third"]),
    ]
    assert len(found(database, kind="ReportReceived")) == 3
    assert len(found(database, kind="ReportReceived", desk=OTHER_DESK)) == 1
    assert found(database, until=now() - timedelta(hours=1)) == []
    assert len(found(database, since=now() - timedelta(hours=1))) == 7
    assert found(database, account=f"{DESK}01", kind="ReportFiled") == []


def test_page_follows_page_and_each_act_comes_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking_back, "STRETCH", 7)
    with writing(database) as writer:
        for number in range(120):
            done(writer, note(DESK if number % 3 else OTHER_DESK, "DeskSet" if number % 2 else "NoteDone"))
    for wanted, count in ((Wanted(), 120), (Wanted(kind="DeskSet"), 60), (Wanted(desk=OTHER_DESK), 40)):
        cursor: str | None = ""
        seen: list[tuple[str, int]] = []
        moments = []
        while cursor is not None:
            with database.read() as session:
                # No patience at all: each page is one stretch, and says where to go on.
                page = looking_back.find(session, wanted, cursor, patience_s=0)
            seen += [(act.desk, act.seq) for act in page.acts]
            moments += [act.at for act in page.acts]
            cursor = page.cursor
        assert len(seen) == len(set(seen)) == count
        assert moments == sorted(moments, reverse=True)


@pytest.mark.parametrize("cursor", ["x", "2026-11-23_330106_1", "2026-11-23T10:00:00+00:00_330106_x", "__"])
def test_a_cursor_that_is_none_is_refused(database: Database, cursor: str) -> None:
    with database.read() as session, pytest.raises(Refused, match="cursor_invalid"):
        looking_back.find(session, Wanted(), cursor)


def test_each_act_has_the_reason_that_was_given_for_it(database: Database) -> None:
    """Of one transfer, the desk that asks and the one that returns it each have theirs."""
    there = happened(database)
    first, second = f"{DESK}01", f"{OTHER_DESK}01"
    with writing(database) as writer:
        ask = partial(
            transfers.ask,
            report=there["first"],
            desk=DESK,
            dispatcher=first,
            to=OTHER_DESK,
            reason="归他们管",
        )
        done(writer, ask, DESK, OTHER_DESK)
        give_back = partial(
            transfers.give_back,
            report=there["first"],
            desk=OTHER_DESK,
            dispatcher=second,
            reason="在桥的这一边",
        )
        done(writer, give_back, DESK, OTHER_DESK)
        release = partial(
            handling.release, report=there["third"], desk=DESK, dispatcher=f"{DESK}02", reason="要离开座位"
        )
        done(writer, release, DESK)
    with database.read() as session:
        acts = [act for report in ("first", "third") for act in looking_back.history(session, there[report])]
    reasons = {act.kind: act.reason for act in acts if act.reason}
    assert reasons["TransferAsked"] == "归他们管"
    assert reasons["TransferReturned"] == "在桥的这一边"
    assert reasons["ReportReleased"] == "要离开座位"
    assert "ReportFiled" not in reasons


# --- at the console


@pytest.fixture
async def auditor(stack: Stack) -> AsyncIterator[Dispatcher]:
    someone = await door(stack.consoles[0], "auditor")
    page = await someone.http.get("/console", follow_redirects=True)
    assert page.status_code == 200
    assert str(page.url).endswith("/console/audit")
    someone.csrf = re.findall(r'<meta name="csrf-token" content="([^"]+)"', page.text)[0]
    yield someone
    await someone.leave()


async def searched(auditor: Dispatcher, **form: str) -> httpx2.Response:
    return await auditor.http.post("/console/audit", data={**form, "csrf_token": auditor.csrf})


def rows_in(page: str) -> list[str]:
    """What each row says, without its tags."""
    rows = re.findall(r'<tr id="act-.*?</tr>', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in rows]


def looked_back(stack: Stack, desk: str = PROVINCE) -> list[Any]:
    return [event for event in log_of(stack.database, desk) if event.kind == "EventsSearched"]


@pytest.mark.anyio
async def test_a_phone_a_number_or_an_act_leads_to_who_did_it_from_where_and_why(
    stack: Stack, people: People, auditor: Dispatcher
) -> None:
    reporter = await people.reporter(stack.citizens[0])
    filed = await reporter.filed("只有督察要看的经过")
    dispatcher = await people.dispatcher(stack.consoles[0])
    assert (await dispatcher.accept(filed["id"])).status_code == 200
    await dispatcher.http.get(f"/console/reports/{filed['id']}")
    shown = await dispatcher.http.post(
        f"/console/reports/{filed['id']}/phone",
        data={"reason": "asked"},
        headers={"x-csrf-token": dispatcher.csrf},
    )
    assert shown.status_code == 200, shown.text
    kinds = ["ReportLookedAt", "PhoneShown"]
    await eventually(
        lambda: all(kind in [event.kind for event in log_of(stack.database, DESK)] for kind in kinds),
        10,
        "told",
    )
    masked = f"{reporter.phone[:3]}****{reporter.phone[-4:]}"
    for form in (
        {"phone": reporter.phone},
        {"number": filed["number"]},
        {"phone": f" {reporter.phone[:3]} {reporter.phone[3:]}"},
    ):
        page = await searched(auditor, **form)
        assert page.status_code == 200
        rows = rows_in(page.text)
        assert any(f"{DESK}01 打开看了警情 {filed['number']} 127.0.0.1" in row for row in rows), rows
        assert any("看了报警人的完整号码" in row and "报警人要求回电" in row for row in rows), rows
        assert any(f"报警人 {masked} 提交了警情" in row for row in rows), rows
        assert "只有督察要看的经过" not in page.text
        if "phone" not in form:
            assert reporter.phone not in page.text
    only = rows_in((await searched(auditor, number=filed["number"], act="PhoneShown")).text)
    assert len(only) == 1
    assert rows_in((await searched(auditor, number=filed["number"], account=f"{DESK}02")).text) == []
    english = await auditor.http.post(
        "/console/audit?lang=en", data={"number": filed["number"], "csrf_token": auditor.csrf}
    )
    assert any("opened the report to look at it" in row for row in rows_in(english.text))


@pytest.mark.anyio
async def test_each_search_and_each_history_is_an_event_and_no_digit_of_a_phone_stands_anywhere(
    stack: Stack, people: People, auditor: Dispatcher
) -> None:
    reporter = await people.reporter(stack.citizens[0])
    filed = await reporter.filed()
    before = len(looked_back(stack))
    await searched(auditor, phone=reporter.phone)
    history = await auditor.http.get(f"/console/audit/reports/{filed['id']}")
    assert history.status_code == 200
    assert f"{filed['number']} 的全部记录" in history.text
    assert any("提交了警情" in row for row in rows_in(history.text))
    assert reporter.phone not in history.text
    (told,) = looked_back(stack)[before:]
    assert (told.actor, told.report, told.data["by"]) == ("dispatcher:auditor", None, ["reporter"])
    (of_report,) = [event for event in looked_back(stack, DESK) if str(event.report) == filed["id"]]
    assert of_report.data["by"] == ["report"]
    assert reporter.phone not in str([event.data for event in looked_back(stack)])
    logs = "".join(app.log.read_text("utf-8") for app in stack.apps)
    assert reporter.phone not in logs
    # Who looked back is in the history of the report from then on.
    again = await auditor.http.get(f"/console/audit/reports/{filed['id']}")
    assert any("auditor 检索了事件记录" in row for row in rows_in(again.text))


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"phone": "12345"}, "这不是手机号"),
        ({"phone": "13012345678"}, "没有用这个手机号报过警的人"),
        ({"number": "330106-20260101-000001"}, "没有这个编号的警情"),
        ({"since": "gestern"}, "时间要写成"),
    ],
)
async def test_what_cannot_be_searched_for_is_said_beside_its_field_and_nothing_is_lost_of_what_was_typed(
    stack: Stack, auditor: Dispatcher, form: dict[str, str], fault: str
) -> None:
    with nothing_written(stack):
        page = await searched(auditor, **form, account="33010601")
    assert page.status_code == 422
    assert fault in page.text
    (name,) = form
    assert f'id="audit-{name}-fault" role="alert"' in page.text
    assert 'value="33010601"' in page.text


@pytest.mark.anyio
@pytest.mark.parametrize("number", ["33010601", "33010690", "33000090", "admin"])
async def test_nobody_but_an_auditor_looks_back(
    stack: Stack, people: People, auditor: Dispatcher, number: str
) -> None:
    filed = await (await people.reporter(stack.citizens[0])).filed()
    someone = await door(stack.consoles[0], number)
    page = await someone.http.get("/console/audit")
    assert page.status_code == 403
    csrf = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
    with nothing_written(stack):
        assert_problem(await someone.http.post("/console/audit", data={"csrf_token": csrf}), "role_refused")
        assert_problem(await someone.http.get(f"/console/audit/reports/{filed['id']}"), "role_refused")
        assert_problem(await auditor.http.post("/console/audit", data={"account": "x"}), "csrf_refused")
    await someone.leave()


# --- on the screen


@pytest.mark.anyio
@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1366, 768)])
async def test_an_auditor_searches_and_opens_a_history_by_keyboard_on_a_page_for_everybody(
    stack: Stack, people: People, language: str, width: int, height: int
) -> None:
    filed = await (await people.reporter(stack.citizens[0])).filed()
    dispatcher = await people.dispatcher(stack.consoles[0])
    assert (await dispatcher.accept(filed["id"])).status_code == 200
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = await browser.new_page(
            base_url=stack.consoles[0].url, locale=language, viewport={"width": width, "height": height}
        )
        await sign_in(page, stack.consoles[0])
        await page.fill("#audit-number", filed["number"])
        await page.keyboard.press("Enter")
        await expect(page.locator(".audit-acts tbody tr")).not_to_have_count(0)
        assert filed["number"] not in page.url
        assert await audit.axe(page) + await audit.fits(page) + await audit.names(page) == []
        await page.locator(".audit-acts a").first.press("Enter")
        await expect(page.locator("h1")).to_contain_text(filed["number"])
        assert await audit.axe(page) + await audit.fits(page) + await audit.names(page) == []
        await browser.close()


async def sign_in(page: Any, app: App) -> None:
    await page.goto("/console/sign-in")
    await page.fill("#number", "auditor")
    await page.fill("#password", PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.locator(".audit-search")).to_be_visible()


# --- at the command line


@pytest.mark.anyio
async def test_the_command_line_finds_the_same_and_is_in_the_log_too(stack: Stack, people: People) -> None:
    reporter = await people.reporter(stack.citizens[0])
    filed = await reporter.filed()
    dispatcher = await people.dispatcher(stack.consoles[0])
    assert (await dispatcher.accept(filed["id"])).status_code == 200
    home = Installation(stack.home, {**stack.environment, "LANG": "en_GB.UTF-8"})
    before = len(looked_back(stack))
    said = home.run("audit", "search", "--phone", typed=f"{reporter.phone}\n")
    assert said.status == 0, said
    assert re.search(rf"{DESK}#\d+  {DESK}01  received the report  {filed['number']}  127.0.0.1", said.output)
    assert reporter.phone not in said.output
    chinese = home.run("audit", "search", "--number", filed["number"], LANG="zh_CN.UTF-8")
    assert "接收了警情" in chinese.output
    (told,) = looked_back(stack)[before:]
    assert re.fullmatch(r"operator:\w+", told.actor)
    for arguments, sentence in (
        (["--number", "x"], "report"),
        (["--act", "x"], "There are: AccountClosed"),
    ):
        wrong = home.run("audit", "search", *arguments)
        assert (wrong.status, sentence in wrong.complaints) == (1, True), wrong
