"""The sealed original: for who handles the report or leads the shift, for a reason, as bytes and nothing else."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from playwright.async_api import Page, expect

from tests import test_console_media as media_page
from tests.people import Dispatcher, People
from tests.pictures import jpeg
from tests.stack import Stack
from tests.test_console_media import in_hand, sent
from tests.truth import log_of
from tests.witness import assert_problem, nothing_written

pytestmark = [pytest.mark.anyio]

browser = media_page.browser
at_desk = media_page.at_desk
OpenDesk = Callable[..., Awaitable[Page]]

HANDLER, COLLEAGUE, LEADER = "33010601", "33010602", "33010690"


async def taken(someone: Dispatcher, media: str, reason: str = "evidence") -> httpx2.Response:
    return await someone.http.post(
        f"/console/media/{media}/original",
        data={"reason": reason},
        headers={"x-csrf-token": someone.csrf},
    )


def opened(stack: Stack, media: str) -> list[Any]:
    events = log_of(stack.database, "330106")
    return [event for event in events if event.kind == "OriginalOpened" and event.data["media"] == media]


async def test_who_handles_it_and_the_shift_leader_take_it_for_a_reason_and_nobody_else(
    stack: Stack, people: People
) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed())["id"]
    data = jpeg() + b"<script>alert(1)</script>"
    media = await sent(phone, report, data, "image/jpeg", '"><script>.svg')
    handler, colleague, leader = [
        await people.dispatcher(stack.consoles[0], number) for number in (HANDLER, COLLEAGUE, LEADER)
    ]
    with nothing_written(stack):
        assert_problem(await taken(handler, media), "original_refused")  # nobody has accepted it yet
    await handler.accept(report)
    with nothing_written(stack):
        assert_problem(await taken(colleague, media), "original_refused")
        for reason in ("", "curious", "x" * 500):
            assert_problem(await taken(handler, media, reason), "reason_required")
    version = (await phone.report(report))["version"]
    for someone, reason in ((handler, "evidence"), (leader, "genuine")):
        answer = await taken(someone, media, reason)
        assert (answer.status_code, answer.content) == (200, data)
        headers = answer.headers
        assert headers["content-type"] == "application/octet-stream"
        assert headers["content-disposition"] == f'attachment; filename="photo-{media}.original"'
        assert headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
        assert headers["cross-origin-resource-policy"] == "same-origin"
    digest = hashlib.sha256(data).hexdigest()
    assert [(event.actor, event.data["why"], event.data["sha256"]) for event in opened(stack, media)] == [
        (f"dispatcher:{HANDLER}", "evidence", digest),
        (f"dispatcher:{LEADER}", "genuine", digest),
    ]
    assert {event.reporter for event in opened(stack, media)} == {None}
    assert (await phone.report(report))["version"] == version


async def test_a_shift_leader_of_another_desk_takes_nothing(stack: Stack, people: People) -> None:
    phone = await people.reporter(stack.citizens[0])
    media = await sent(phone, (await phone.filed())["id"], jpeg(), "image/jpeg")
    for number in ("33010890", "33010090"):
        someone = await people.dispatcher(stack.consoles[0], number)
        with nothing_written(stack):
            assert_problem(await taken(someone, media), "media_unknown")


async def test_what_was_changed_in_the_store_is_not_handed_out_and_the_look_stands_in_the_log(
    stack: Stack, people: People
) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed())["id"]
    media = await sent(phone, report, jpeg(), "image/jpeg")
    leader = await people.dispatcher(stack.consoles[0], LEADER)
    (path,) = [found for found in stack.home.rglob(media) if "original" in found.parts]
    path.write_bytes(path.read_bytes() + b"x")
    assert_problem(await taken(leader, media), "original_damaged")
    path.unlink()
    assert_problem(await taken(leader, media), "original_damaged")
    assert len(opened(stack, media)) == 2


@pytest.mark.browser
async def test_a_photo_is_made_larger_moved_and_its_original_saved_without_a_mouse(
    stack: Stack, people: People, at_desk: OpenDesk
) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed("看照片"))["id"]
    data = jpeg((1600, 1200))
    media = await sent(phone, report, data, "image/jpeg")
    page = await at_desk()
    await in_hand(page, report)
    await page.keyboard.press("i")
    image = page.locator("#viewer img")
    await expect(image).to_have_js_property("naturalWidth", 1600)
    before = await image.bounding_box()
    assert before
    for _ in range(3):
        await page.keyboard.press("+")
    await expect(page.locator(".viewer-scale")).to_have_text("338 %")
    large = await image.bounding_box()
    assert large
    assert large["width"] > 3 * before["width"]
    await page.keyboard.press("ArrowRight")
    moved = await image.bounding_box()
    assert moved
    assert moved["x"] < large["x"]
    await page.mouse.move(900, 500)
    await page.mouse.down()
    await page.mouse.move(1000, 560)
    await page.mouse.up()
    dragged = await image.bounding_box()
    assert dragged
    assert (round(dragged["x"] - moved["x"]), round(dragged["y"] - moved["y"])) == (100, 60)
    await page.mouse.wheel(0, 2000)
    await expect(page.locator(".viewer-scale")).to_have_text("100 %")
    await page.mouse.wheel(0, -400)
    await page.keyboard.press("0")
    assert await image.bounding_box() == before
    # The original: a reason by its digit, and a file.
    await page.keyboard.press("o")
    await expect(page.locator("#original")).to_be_visible()
    async with page.expect_download() as coming:
        await page.keyboard.press("2")
    download = await coming.value
    assert download.suggested_filename == f"photo-{media}.original"
    assert (await download.path()).read_bytes() == data
    await expect(page.locator("#original-done")).to_have_text("摘要相符，已存成文件。")
    assert [event.data["why"] for event in opened(stack, media)] == ["detail"]
    await page.keyboard.press("Escape")
    await expect(page.locator("#original")).to_be_hidden()
    await expect(page.locator("#viewer")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("#media a[data-view]")).to_be_focused()
