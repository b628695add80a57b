"""Calling back: the number is shown by an act that the log tells, for a reason where a call could harm."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import httpx2
import pytest
from playwright.async_api import expect
from sqlalchemy import update
from sqlmodel import Session

from console.calling_back import spaced
from dispatch.clock import now
from dispatch.models import TABLES
from tests import test_console_page as console
from tests.people import Dispatcher, People, Reporter
from tests.stack import Stack
from tests.test_console_page import Desk
from tests.test_covert_console import AGREED, say
from tests.truth import log_of
from tests.witness import assert_problem, nothing_written

pytestmark = [pytest.mark.anyio]

browser = console.browser
at_desk = console.at_desk
OpenDesk = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def reporter(stack: Stack, people: People) -> Reporter:
    return people.also(await Reporter.signed_in(stack.citizens[0], verified=True))


async def asked(someone: Dispatcher, report: str, reason: str = "") -> httpx2.Response:
    headers = {"x-csrf-token": someone.csrf}
    return await someone.http.post(
        f"/console/reports/{report}/phone", data={"reason": reason}, headers=headers
    )


def shown(stack: Stack, report: str) -> list[Any]:
    return [
        event
        for event in log_of(stack.database, "330106")
        if event.kind == "PhoneShown" and event.report == UUID(report)
    ]


def digits(reporter: Reporter) -> str:
    return reporter.phone.removeprefix("+86")


def test_a_number_is_written_as_it_is_dialled() -> None:
    assert spaced("+8613812345678") == "138 1234 5678"
    assert spaced("+85251234567") == "+852 5123 4567"


async def test_who_may_be_called_is_shown_at_once_and_the_log_tells_who_looked_but_not_the_number(
    stack: Stack, people: People, reporter: Reporter
) -> None:
    one = await people.dispatcher(stack.consoles[0], "33010601")
    report = await reporter.filed("楼下有人吵架")
    with nothing_written(stack):
        assert_problem(await asked(one, report["id"]), "not_received")
    await one.accept(report["id"])
    answer = await asked(one, report["id"])
    assert answer.json()["phone"].replace(" ", "") == digits(reporter)
    assert answer.headers["cache-control"] == "no-store"
    (event,) = shown(stack, report["id"])
    assert (event.actor, event.reporter) == ("dispatcher:33010601", None)
    assert event.data == {"why": None, "guard": []}
    for page in ("/console", f"/console/reports/{report['id']}"):
        assert digits(reporter) not in (await one.http.get(page)).text.replace(" ", "")
    assert digits(reporter) not in "".join(app.log.read_text("utf-8") for app in stack.apps)
    assert (await reporter.report(report["id"]))["version"] == 2, "it is no news for the reporter"


@pytest.mark.parametrize("guard", ["covert", "duress", "impaired", "closed"])
async def test_who_must_not_be_called_is_shown_for_a_reason_of_the_list_alone(
    stack: Stack, people: People, reporter: Reporter, guard: str
) -> None:
    one = await people.dispatcher(stack.consoles[0], "33010601")
    if guard == "impaired":
        await reporter.http.patch("/api/v1/me", json={"hearing_speech_impaired": True})
    report = (await reporter.filed("救命", covert=guard == "covert"))["id"]
    await one.accept(report)
    if guard == "duress":
        await say(reporter, report, f"没事了，{AGREED}")
    if guard == "closed":
        with Session(stack.database.writing) as session:
            table = TABLES["report"]
            session.connection().execute(
                update(table).where(table.c.id == UUID(report)).values(status="closed", outcome="handled")
            )
            session.commit()
    with nothing_written(stack):
        for reason in ("", "because", "x" * 1000):
            assert_problem(await asked(one, report, reason), "reason_required")
    assert (await asked(one, report, "life")).json()["phone"].replace(" ", "") == digits(reporter)
    assert [event.data for event in shown(stack, report)] == [{"why": "life", "guard": [guard]}]


async def test_whose_account_is_erased_cannot_be_called(
    stack: Stack, people: People, reporter: Reporter
) -> None:
    one = await people.dispatcher(stack.consoles[0], "33010601")
    report = (await reporter.filed("一"))["id"]
    await one.accept(report)
    with Session(stack.database.writing) as session:
        table = TABLES["reporter"]
        whose = TABLES["report"].c
        id_ = session.connection().execute(
            TABLES["report"].select().with_only_columns(whose.reporter).where(whose.id == UUID(report))
        )
        session.connection().execute(
            update(table).where(table.c.id == id_.scalar_one()).values(erased_at=now())
        )
        session.commit()
    with nothing_written(stack):
        assert_problem(await asked(one, report, "life"), "phone_unknown")


# --- on the screen


@pytest.mark.browser
async def test_a_key_warns_then_a_digit_gives_the_reason_and_the_number_leaves_with_the_panel(
    at_desk: OpenDesk, reporter: Reporter, stack: Stack
) -> None:
    desk = await at_desk()
    report = (await reporter.filed("别出声", covert=True))["id"]
    await expect(desk.page.locator(desk.card(report))).to_be_visible()
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#call-back")).to_be_enabled()
    await desk.page.keyboard.press("h")
    panel = desk.page.locator("#call")
    await expect(panel).to_be_visible()
    await expect(panel.locator("[data-guard=covert]")).to_be_visible()
    await expect(panel.locator("[data-guard=impaired]")).to_be_hidden()
    await expect(panel.locator("#call-number")).to_have_text("")
    assert shown(stack, report) == []
    await desk.page.keyboard.press("4")
    await expect(panel.locator("#call-number")).to_have_text(spaced(f"+86{digits(reporter)}"))
    assert [event.data["why"] for event in shown(stack, report)] == ["life"]
    await desk.page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(panel.locator("#call-number")).to_have_text("")
    assert digits(reporter) not in (await desk.page.content()).replace(" ", "")


@pytest.mark.browser
async def test_nobody_calls_by_voice_who_cannot_hear_and_who_can_is_shown_by_one_key(
    at_desk: OpenDesk, reporter: Reporter, stack: Stack
) -> None:
    desk = await at_desk()
    first = (await reporter.filed("有人摔倒"))["id"]
    await expect(desk.page.locator(desk.card(first))).to_be_visible()
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#call-back")).to_be_enabled()
    await desk.page.keyboard.press("h")
    await expect(desk.page.locator("#call-number")).to_have_text(spaced(f"+86{digits(reporter)}"))
    await desk.page.keyboard.press("Escape")
    # It turns so while the page does not know: the server asks for a reason all the same.
    desk.line.cut = True
    await desk.line.hang_up()
    await reporter.http.patch("/api/v1/me", json={"hearing_speech_impaired": True})
    await desk.page.keyboard.press("h")
    await expect(desk.page.locator("#call-fault")).to_have_text("请先选择原因。")
    await desk.page.keyboard.press("3")
    await expect(desk.page.locator("#call-number")).to_have_text(spaced(f"+86{digits(reporter)}"))
    assert [event.data for event in shown(stack, first)] == [
        {"why": None, "guard": []},
        {"why": "relay", "guard": ["impaired"]},
    ]
    await desk.page.keyboard.press("Escape")
    desk.line.cut = False
