"""Legal holds and the record of removals at the console: who puts and lifts them, and where they are shown."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx2
import pytest
from playwright.async_api import async_playwright, expect
from sqlalchemy import update

from dispatch import removing
from dispatch.clock import now
from dispatch.models import TABLES
from dispatch.store import MediaStore
from tests.domain import writing
from tests.people import Dispatcher, People, Reporter
from tests.servers import chromium
from tests.stack import DESK, PASSWORD, Stack
from tests.test_exports import inside
from tests.truth import log_of, rows
from tests.witness import assert_problem, nothing_written

pytestmark = pytest.mark.anyio

LEADER = f"{DESK}90"


@pytest.fixture
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield someone
    await someone.leave()


async def act(someone: Dispatcher, path: str, **form: str) -> httpx2.Response:
    return await someone.http.post(path, data=form, headers={"x-csrf-token": someone.csrf})


def standing(stack: Stack, report: str) -> list[str]:
    with stack.database.read() as session:
        return [str(row.id) for row in rows(session, "hold", lifted_at=None) if str(row.report) == report]


async def test_the_shift_leader_holds_and_lifts_and_it_is_shown_on_the_report(
    stack: Stack, people: People, reporter: Reporter
) -> None:
    filed = await reporter.filed("有人砸门")
    before = (await reporter.report(filed["id"]))["version"]
    leader, dispatcher, neighbour = [
        people.also(await inside(stack, number)) for number in (LEADER, f"{DESK}01", "33010890")
    ]
    path = f"/console/reports/{filed['id']}/hold"
    with nothing_written(stack):
        assert_problem(await act(dispatcher, path, reason="案件"), "role_refused")
        assert_problem(await act(neighbour, path, reason="案件"), "report_unknown")
        assert_problem(await act(leader, path, reason=" "), "reason_required")
        assert_problem(await act(leader, path, reason="案件", on="incident"), "incident_unknown")
    put = await act(leader, path, reason="移送检察院", on="report")
    assert (put.status_code, "移送检察院" in put.text) == (200, True)
    (hold,) = standing(stack, filed["id"])
    shown = await dispatcher.http.get(f"/console/reports/{filed['id']}")
    assert (hold in shown.text, LEADER in shown.text) == (True, True)
    # Whoever it is about learns nothing of it.
    assert (await reporter.report(filed["id"]))["version"] == before
    assert_problem(await act(dispatcher, f"{path}/{hold}/lifting", reason="结案"), "role_refused")
    assert_problem(await act(leader, f"{path}/{filed['id']}/lifting", reason="结案"), "hold_unknown")
    assert standing(stack, filed["id"]) == [hold]
    lifted = await act(leader, f"{path}/{hold}/lifting", reason="结案")
    assert (lifted.status_code, standing(stack, filed["id"])) == (200, [])
    told = [one for one in log_of(stack.database, DESK) if one.kind in {"HoldPut", "HoldLifted"}]
    assert [(one.kind, one.actor, one.data["hold"]) for one in told] == [
        ("HoldPut", f"dispatcher:{LEADER}", hold),
        ("HoldLifted", f"dispatcher:{LEADER}", hold),
    ]
    assert all("session" in one.data for one in told)


@pytest.mark.parametrize("number", ["auditor", "admin"])
async def test_an_auditor_and_an_administrator_hold_by_number_and_find_what_was_removed(
    stack: Stack, people: People, reporter: Reporter, number: str
) -> None:
    filed, gone = await reporter.filed("要保全的"), await reporter.filed("要清除的")
    report = TABLES["report"]
    with stack.database.writing.begin() as connection:
        old = {"status": "closed", "outcome": "invalid", "closed_at": now() - timedelta(days=200)}
        chosen = report.c.number.in_([filed["number"], gone["number"]])
        connection.execute(update(report).where(chosen).values(old))
    someone = people.also(await inside(stack, number))
    page = await someone.http.get("/console/retention")
    assert page.status_code == 200
    csrf = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
    form = {"csrf_token": csrf, "number": filed["number"], "on": "report", "reason": "督察案件"}
    put = await someone.http.post("/console/retention/holds", data=form, follow_redirects=True)
    assert (put.status_code, "督察案件" in put.text, filed["number"] in put.text) == (200, True, True)
    unknown = await someone.http.post("/console/retention/holds", data={**form, "number": "x"})
    assert (unknown.status_code, 'role="alert"' in unknown.text) == (422, True)
    store = MediaStore(f"file://{stack.home}/media")
    with writing(stack.database) as writer:
        removing.run(stack.database, writer.submit, store, "system", 10)
    found = await someone.http.get("/console/retention", params={"number": gone["number"]})
    assert len(re.findall(r"data-removal=", found.text)) == 1
    none = await someone.http.get("/console/retention", params={"number": filed["number"], "since": "x"})
    assert "data-removal=" not in none.text
    assert "要清除的" not in found.text
    (hold,) = standing(stack, filed["id"])
    lifted = await someone.http.post(
        f"/console/reports/{filed['id']}/hold/{hold}/lifting",
        data={"csrf_token": csrf, "reason": "结案"},
        follow_redirects=True,
    )
    assert (lifted.status_code, standing(stack, filed["id"])) == (200, [])
    assert (await reporter.http.get(f"/api/v1/reports/{gone['id']}")).status_code == 404
    mine = (await reporter.http.get("/api/v1/reports")).json()["reports"]
    assert [one["id"] for one in mine] == [filed["id"]]


async def test_an_administrator_sets_rules_and_nobody_else(stack: Stack, people: People) -> None:
    admin, auditor = people.also(await inside(stack, "admin")), people.also(await inside(stack, "auditor"))
    rule = {"kind": "tip", "outcome": "invalid", "days": "2000"}
    with nothing_written(stack):
        assert_problem(await act(auditor, "/console/retention/rules", **rule), "role_refused")
        for days in ("30", "x", "99999"):
            answer = await act(admin, "/console/retention/rules", **{**rule, "days": days})
            assert (answer.status_code, 'role="alert"' in answer.text) == (422, True), days
    assert (await act(admin, "/console/retention/rules", **rule)).status_code == 303
    page = await auditor.http.get("/console/retention")
    assert 'data-rule="tip/invalid"' in page.text
    assert 'action="/console/retention/rules"' not in page.text
    assert (await act(admin, "/console/retention/rules", **{**rule, "days": ""})).status_code == 303
    assert 'data-rule="tip/invalid"' not in (await admin.http.get("/console/retention")).text


@pytest.mark.browser
async def test_the_shift_leader_does_it_on_the_page(stack: Stack, reporter: Reporter) -> None:
    filed = await reporter.filed("页面上保全")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = await browser.new_page(locale="en", viewport={"width": 1920, "height": 1080})
        await page.goto(f"{stack.consoles[0].url}/console/sign-in")
        await page.fill("#number", LEADER)
        await page.fill("#password", PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.locator("#live")).to_have_attribute("data-state", "live")
        await page.locator(f"#report-{filed['id']}").click()
        await expect(page.locator(f"#in-hand[data-report='{filed['id']}']")).to_be_visible()
        await page.locator("#hold-form button").click()
        await expect(page.locator("#hold-fault")).not_to_be_empty()
        await page.fill("#hold-reason", "for the prosecutor")
        await page.locator("#hold-form button").click()
        await expect(page.locator(".holds li")).to_contain_text("for the prosecutor")
        await expect(page.locator("#hold-reason")).to_have_value("")
        await page.fill("#hold-reason", "the case is closed")
        await page.locator("[data-lift]").click()
        await expect(page.locator(".holds li")).to_have_count(0)
        await browser.close()
    assert standing(stack, filed["id"]) == []
