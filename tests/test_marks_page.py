"""A nuisance marked at the shift leader's console, read and appealed against on the phone, answered, handed out."""

import io
import json
import zipfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.both_screens import FLAGS
from tests.command_line import Installation
from tests.people import Dispatcher, People, Reporter
from tests.pictures import jpeg
from tests.places import Place
from tests.servers import chromium
from tests.stack import Stack
from tests.test_hands import press
from tests.test_transfer_page import a_phone, at_desks
from tests.truth import assert_whole
from tests.witness import assert_problem, nothing_written

pytestmark = [pytest.mark.anyio, pytest.mark.browser, pytest.mark.timeout(300)]

DESK = "330106"
FIRST, SECOND, LEADER = f"{DESK}01", f"{DESK}02", f"{DESK}90"
WHY = "一晚上打了三百次"


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, "--mute-audio"])
        yield launched
        await launched.close()


@pytest.fixture
def place(places_left: Iterator[Place]) -> Place:
    """A county of the test's own."""
    return next(places_left)


async def test_marked_with_a_reason_appealed_against_once_and_lifted_with_both_screens_following(
    stack: Stack, browser: Browser
) -> None:
    async with (
        at_desks(stack, browser, FIRST, LEADER) as (first, leader),
        a_phone(stack, browser, "13900440777") as phone,
    ):
        await phone.fill("#first-words", "喂喂喂")
        await phone.tap("#quick")
        await expect(phone.locator("[data-rung=shown][data-state=now]")).to_be_visible()
        report = phone.url.rpartition("/")[2]
        card = first.locator(f"#report-{report}")
        await leader.locator(f"#report-{report}").click()
        await leader.locator("#mark-open").click()
        await leader.keyboard.press("Tab")
        await leader.keyboard.press("Tab")
        await leader.keyboard.press("Enter")
        await expect(leader.locator("#mark-fault")).not_to_be_empty()
        await leader.keyboard.type(WHY)
        await leader.keyboard.press("Enter")
        await expect(leader.locator("#mark")).to_be_hidden()
        # The card of every console says so, without a reload; the report says by whom and why.
        await expect(card.locator(".sign-marked")).to_contain_text("滋扰")
        await card.click()
        await expect(first.locator("#marked")).to_contain_text(WHY)
        await expect(first.locator("#marked")).to_contain_text(LEADER)
        await expect(first.locator("#unmark-open")).to_be_hidden()
        # The phone reads the category and the time, and nothing of the desk's words.
        await phone.goto(f"{stack.citizens[0].url}/reports")
        marked = phone.locator("#mine-mark")
        await expect(marked).to_contain_text("原因：骚扰")
        await expect(marked).to_contain_text("还有 30 天")
        assert not {word for word in (WHY, LEADER) if word in await phone.content()}
        await phone.locator(".marked-appeal summary").tap()
        await phone.fill("[name=appeal]", "是我孩子按的，手机已经收起来了")
        await phone.locator(".marked-appeal [type=submit]").tap()
        await expect(marked).to_contain_text("您在")
        await expect(phone.locator("[name=appeal]")).to_have_count(0)
        # It stands in the shift leader's line at once, and nobody else's.
        asked = leader.locator("#leader-appeals-list button")
        await expect(asked).to_have_count(1)
        await expect(first.locator("#leader-appeals-list")).to_have_count(0)
        await asked.click()
        await expect(leader.locator("#appeal-asked")).to_contain_text("是我孩子按的")
        await expect(leader.locator("#appeal-asked")).to_contain_text(WHY)
        await leader.keyboard.press("2")
        await leader.keyboard.type("幼童误触，不是滋扰")
        await leader.keyboard.press("Enter")
        await expect(leader.locator("#leader-appeals")).to_be_hidden()
        await expect(card.locator(".sign-marked")).to_have_count(0)
        await phone.goto(f"{stack.citizens[0].url}/my-data")
        await expect(phone.locator("#mydata-mark")).to_contain_text("撤销了标记")
        assert "幼童误触" not in await phone.content()
    assert_whole(stack.database, DESK)


async def test_behind_a_look_nothing_of_it_is_to_be_seen(
    stack: Stack, browser: Browser, people: People
) -> None:
    leader = people.also(await Dispatcher.signed_in(stack.consoles[0], LEADER))
    phone = people.also(await Reporter.signed_in(stack.citizens[0], verified=True))
    report = (await phone.filed("喂"))["id"]
    assert (await press(leader, report, "mark", category="empty", reason=WHY)).status_code == 200
    assert (await phone.http.get("/api/v1/me/mark")).json()["mark"]["category"] == "empty"
    await phone.filed("别出声", covert=True)
    assert (await phone.http.get("/api/v1/me/mark")).json() == {"mark": None}
    appealed = await phone.http.post("/api/v1/me/mark/appeal", json={"text": "不对"})
    assert_problem(appealed, "mark_unknown")


async def photo(reporter: Reporter, report: str, name: str) -> httpx2.Response:
    return await reporter.http.post(
        f"/api/v1/reports/{report}/media/form", files={"file": (name, jpeg((64, 48)), "image/jpeg")}
    )


async def test_the_marked_send_one_photo_and_read_why_until_a_danger_word_is_said(
    stack: Stack, people: People
) -> None:
    leader = people.also(await Dispatcher.signed_in(stack.consoles[0], LEADER))
    phone = people.also(await Reporter.signed_in(stack.citizens[0], verified=True))
    report = (await phone.filed("又是我"))["id"]
    assert (
        await press(leader, report, "mark", category="harassment", reason=WHY, days="7")
    ).status_code == 200
    assert (await photo(phone, report, "a.jpg")).status_code == 201
    refused = await photo(phone, report, "b.jpg")
    assert_problem(refused, "media_capped")
    assert "文字和位置照常收" in refused.json()["detail"]
    said = await phone.http.post(
        f"/api/v1/reports/{report}/messages", json={"client_id": "m", "text": "他手里有刀"}
    )
    assert said.status_code == 201
    assert (await photo(phone, report, "b.jpg")).status_code == 201


@pytest.mark.parametrize(
    ("act", "form", "code"),
    [
        ("mark", {"reason": WHY}, "field_invalid"),
        ("mark", {"category": "harassment"}, "field_invalid"),
        ("mark", {"category": "harassment", "reason": WHY, "days": "3650"}, "field_invalid"),
        ("mark-removal", {"reason": "认错人了"}, "mark_unknown"),
        ("mark-removal", {}, "field_invalid"),
        ("flood-act", {"do": "accept"}, "field_invalid"),
        ("flood-act", {"do": "accept", "until": "2026-11-23T10:00:00"}, "field_invalid"),
        ("flood-act", {"do": "forget", "until": "2026-11-23T10:00:00Z"}, "field_invalid"),
        ("flood-act", {"do": "close", "until": "2026-11-23T10:00:00Z"}, "field_invalid"),
        (
            "flood-act",
            {"do": "close", "outcome": "handled", "reason": "一样", "until": "2026-11-23T10:00:00Z"},
            "field_invalid",
        ),
        (
            "flood-act",
            {"do": "propose", "outcome": "invalid", "reason": "一样", "until": "2026-11-23T10:00:00Z"},
            "field_invalid",
        ),
    ],
)
async def test_what_makes_no_sense_is_refused_and_changes_nothing(
    stack: Stack, people: People, act: str, form: dict[str, str], code: str
) -> None:
    phone = people.also(await Reporter.signed_in(stack.citizens[0]))
    leader = people.also(await Dispatcher.signed_in(stack.consoles[0], LEADER))
    report = (await phone.filed())["id"]
    with nothing_written(stack):
        assert_problem(await press(leader, report, act, **form), code)


async def test_an_appeal_at_another_desk_is_as_unknown_as_none(stack: Stack, people: People) -> None:
    leader = people.also(await Dispatcher.signed_in(stack.consoles[0], LEADER))
    other = people.also(await Dispatcher.signed_in(stack.consoles[0], "33010290"))
    phone = people.also(await Reporter.signed_in(stack.citizens[0], verified=True))
    report = (await phone.filed("喂喂"))["id"]
    assert (await press(leader, report, "mark", category="empty", reason=WHY)).status_code == 200
    appealed = await phone.http.post("/api/v1/me/mark/appeal", json={"text": "不对"})
    assert appealed.json()["mark"]["appeal"] == "不对"
    appeals = (await leader.http.get("/console/appeals")).text
    of = appeals.partition(f'data-of="{report}"')[0].rpartition('data-mark="')[2][:36]
    assert report not in (await other.http.get("/console/appeals")).text
    form = {"answer": "lifted", "reason": "不该我管"}
    with nothing_written(stack):
        answer = await other.http.post(
            f"/console/appeals/{of}", headers={"x-csrf-token": other.csrf}, data=form
        )
        assert_problem(answer, "mark_unknown")


async def test_all_that_one_person_harassed_with_goes_into_one_signed_file_and_each_log_tells_it(
    stack: Stack, people: People, place: Place, tmp_path: Path
) -> None:
    numbers = [place.number(), place.number("02"), place.number("90")]
    first, second, leader = [
        people.also(await Dispatcher.signed_in(stack.consoles[0], number)) for number in numbers
    ]
    phone = people.also(await Reporter.signed_in(stack.citizens[0], verified=True, location=place.location))
    made = [await phone.filed(f"骂人 {n}") for n in range(3)]
    none = await press(leader, made[0]["id"], "export", form="person", reason="移送")
    assert_problem(none, "no_harassment")
    for report, outcome in zip(made[:2], ("harassment", "false_report"), strict=True):
        await first.accept(report["id"])
        await press(first, report["id"], "proposal", outcome=outcome, reason=WHY)
        assert (await press(second, report["id"], "proposal-confirmation")).status_code == 200
    assert_problem(await press(leader, made[2]["id"], "export", form="person"), "reason_required")
    assert_problem(await press(first, made[2]["id"], "export", form="person", reason="移送"), "role_refused")
    answer = await press(leader, made[2]["id"], "export", form="person", reason="移送，附卷")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert [one["number"] for one in manifest["reports"]] == [one["number"] for one in made[:2]]
        whole = json.loads(archive.read(f"reports/{made[0]['number']}/report.json"))
        told = json.loads(archive.read(f"reports/{made[0]['number']}/events.json"))
    assert whole["closure"][0]["second"] == place.number("02")
    assert whole["export"][0]["reason"] == "移送，附卷"
    assert told["events"][-1]["kind"] == "ReportExported"
    # The operator, of all desks, and never over a file.
    out = tmp_path / "person.zip"
    home = Installation(stack.home, stack.environment)
    by_hand = ["export", "person", made[2]["number"], "--reason", "移送", "--out", str(out)]
    assert home.run(*by_hand).status == 0
    with zipfile.ZipFile(out) as archive:
        assert len(json.loads(archive.read("manifest.json"))["reports"]) == 2
    assert home.run(*by_hand).status == 2
    assert_whole(stack.database, place.desk)
