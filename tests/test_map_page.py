"""The desk's map in a real browser: placed by keys alone, seen by all, never in anybody's way."""

import io
import math
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from dispatch.coordinates import LatLon, distance_m, from_wgs84
from tests import test_console_page as console
from tests.dispatcher import Dispatcher
from tests.interception import intercept
from tests.people import People, Reporter, eventually
from tests.pictures import exif, jpeg
from tests.servers import Valkey, chromium, needs
from tests.stack import PASSWORD, XIHU, Stack
from tests.stack import stack as running_stack
from tests.states import STATES, scene
from tests.test_console_page import FLAGS, Desk
from tests.test_old_browser import OLD_FLAGS

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

at_desk = console.at_desk

TILES = "https://tiles.example.cn"
HERE = LatLon(30.25, 120.12)  # where `XIHU` is
SOON_MS = 20_000


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey) -> Iterator[Stack]:
    """Two consoles: one with our own boundaries alone, one with an operator's tiles, which speak GCJ-02."""
    valkey_of_session.flushall()
    folder = Path(tmp_path_factory.mktemp("map"))
    with running_stack(folder, valkey_of_session, DESK110_IDENTITY_REQUIRED="never") as running:
        running.environment["DESK110_TILES_URL"] = f"{TILES}/{{z}}/{{x}}/{{y}}.png"
        running.environment["DESK110_TILES_CRS"] = "gcj02"
        running.environment["DESK110_TILES_ATTRIBUTION"] = "© <某测绘院>"
        running.add("console").start()
        yield running


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        await launched.close()


async def reporter_of(people: People, stack: Stack, **location: Any) -> Reporter:
    """Somebody at `XIHU`, or a little off."""
    where = {**XIHU, **location}
    return people.also(await Reporter.signed_in(stack.citizens[0], verified=True, location=where))


async def move(reporter: Reporter, report: str, **location: Any) -> None:
    """The phone says where it is now."""
    answer = await reporter.http.post(f"/api/v1/reports/{report}/locations", json={**XIHU, **location})
    assert answer.status_code == 204, answer.text


async def take(page: Page, report: str) -> None:
    """The report in hand, and the map there with it."""
    await page.locator(f"#report-{report}").click()
    await expect(page.locator("#in-hand")).to_have_attribute("data-report", report)


async def drawn(page: Page, kind: str = "reporter") -> None:
    await expect(page.locator(f"#map-surface [data-spot={kind}]")).to_be_visible(timeout=SOON_MS)


async def point(page: Page, kind: str) -> tuple[float, float]:
    """Where on the screen a mark points, in pixels."""
    found: list[float] = await page.evaluate(
        """kind => {
            const mark = document.querySelector(`#map-surface .map-spot:has([data-spot=${kind}])`);
            const { left, top } = mark.getBoundingClientRect();
            return [left, top];
        }""",
        kind,
    )
    return found[0], found[1]


async def test_a_scene_is_placed_and_moved_by_keys_alone_and_all_of_the_desk_see_it(
    at_desk: Callable[..., Awaitable[Desk]], stack: Stack, people: People
) -> None:
    phone = await reporter_of(people, stack)
    colleague = await at_desk("33010602", "en", 768)
    desk = await at_desk()
    report = (await phone.filed("楼上打架", place_text="灵隐街道 3 号楼"))["id"]
    keys = desk.page.keyboard
    await expect(desk.page.locator(desk.card(report))).to_be_visible()
    await keys.press("a")
    await drawn(desk.page)
    await colleague.page.locator(desk.card(report)).click()

    await keys.press("x")
    await expect(desk.page.locator("#map-surface")).to_be_focused()
    await keys.press("l")
    await expect(desk.page.locator("#map-said")).to_contain_text("从报警人位置开始")
    for key in ["Shift+ArrowRight", *["ArrowDown"] * 4, "Alt+ArrowUp"]:
        await keys.press(key)
    await expect(desk.page.locator("#map-said")).to_contain_text("距报警人")
    assert await desk.page.locator("#spot-scene").count() == 0, "nothing is placed until it is set"
    await keys.press("Enter")
    for page, words in ((desk.page, "接警员 33010601 标定"), (colleague.page, "placed by 33010601")):
        await expect(page.locator("#spot-scene")).to_contain_text(words)
        await expect(page.locator("#place-wgs84")).to_have_text("30.250000, 120.120000")
    await expect(desk.page.locator("#map-surface")).to_be_focused()
    await drawn(desk.page, "scene")
    reporter, scene = await point(desk.page, "reporter"), await point(desk.page, "scene")
    assert scene[0] - reporter[0] == pytest.approx(72, abs=1.5)
    assert scene[1] - reporter[1] == pytest.approx(47, abs=1.5)

    # It is moved from where it is; who leaves has moved nothing.
    await keys.press("l")
    await keys.press("ArrowLeft")
    await keys.press("Escape")
    await expect(desk.page.locator("#map-bar")).to_be_hidden()
    await expect(desk.page.locator("#map-surface")).to_be_focused()
    await keys.press("l")
    await expect(desk.page.locator("#map-said")).to_contain_text("从已标定的现场开始")
    await keys.press("o")
    await keys.press("Enter")
    await expect(desk.page.locator("#spot-scene")).to_contain_text("第 2 次")
    await expect(desk.page.locator("#spot-scene .figure").first).to_have_text("30.250000, 120.120000")
    await keys.press("Escape")
    await expect(desk.page.locator(desk.card(report))).to_be_focused()


async def test_arrows_in_the_map_move_the_map_and_choose_no_card(
    at_desk: Callable[..., Awaitable[Desk]], stack: Stack, people: People
) -> None:
    first = (await (await reporter_of(people, stack)).filed("第一条"))["id"]
    other = await reporter_of(people, stack, lat=30.254)
    second = (await other.filed("第二条"))["id"]
    desk = await at_desk()
    await take(desk.page, first)
    await drawn(desk.page)
    await desk.page.keyboard.press("x")
    before = await point(desk.page, "reporter")
    await desk.page.keyboard.press("ArrowRight")
    await desk.page.keyboard.press("ArrowDown")
    after = await point(desk.page, "reporter")
    assert (before[0] - after[0], before[1] - after[1]) == (80, 80)
    await expect(desk.page.locator(desk.card(first))).to_have_attribute("aria-current", "true")

    # Where it burns: the other card stands on the map, and choosing it there chooses it.
    await desk.page.keyboard.press("o")
    dot = desk.page.locator("#map-surface .map-dot[data-status=filed][title*='第二条']")
    await dot.click()
    await expect(desk.page.locator(desk.card(second))).to_have_attribute("aria-current", "true")
    await expect(desk.page.locator("#in-hand")).to_have_attribute("data-report", second)
    await expect(dot).to_have_count(0)


async def test_a_position_that_moves_takes_the_view_along_but_never_from_who_took_it_elsewhere(
    at_desk: Callable[..., Awaitable[Desk]], stack: Stack, people: People
) -> None:
    phone = await reporter_of(people, stack)
    report = (await phone.filed("有人跟着我"))["id"]
    desk = await at_desk()
    await take(desk.page, report)
    await drawn(desk.page)
    box = await desk.page.locator("#map-surface").bounding_box()
    assert box is not None

    async def in_view() -> bool:
        x, y = await point(desk.page, "reporter")
        return box["x"] < x < box["x"] + box["width"] and box["y"] < y < box["y"] + box["height"]

    await move(phone, report, lat=30.30)
    await expect(desk.page.locator("#place-wgs84")).to_have_text("30.300000, 120.120000")
    await expect(desk.page.locator("#map-surface .map-trail")).to_be_attached()
    await eventually(in_view, 10, "the view went along")

    await desk.page.mouse.move(box["x"] + 200, box["y"] + 500)
    await desk.page.mouse.down()
    await desk.page.mouse.move(box["x"] + 200, box["y"] + 300, steps=4)
    await desk.page.mouse.up()
    name = desk.page.locator("#map-surface .map-name span").first
    await expect(name).to_be_visible()
    kept = await desk.page.evaluate("document.querySelector('.leaflet-map-pane').style.transform")
    await move(phone, report, lat=30.20)
    await expect(desk.page.locator("#place-wgs84")).to_have_text("30.200000, 120.120000")
    await expect(desk.page.locator("#map-fault")).to_contain_text("地图停在您移到的地方")
    assert await desk.page.evaluate("document.querySelector('.leaflet-map-pane').style.transform") == kept
    await desk.page.locator("#map-own").click()
    assert await in_view()


async def test_the_view_and_the_mark_keep_still_while_a_scene_is_placed_and_another_report_ends_it(
    at_desk: Callable[..., Awaitable[Desk]], stack: Stack, people: People
) -> None:
    phone = await reporter_of(people, stack)
    report = (await phone.filed("一"))["id"]
    other = (await (await reporter_of(people, stack)).filed("二"))["id"]
    desk = await at_desk()
    await take(desk.page, report)
    await drawn(desk.page)
    await desk.page.locator("#map-place").click()
    await desk.page.locator("#map-surface").click(position={"x": 120, "y": 200})
    mark = await point(desk.page, "scene")
    await move(phone, report, lat=30.29)
    await expect(desk.page.locator("#place-wgs84")).to_have_text("30.290000, 120.120000")
    assert await point(desk.page, "scene") == mark
    # A server that says no, and one that says nothing: the mark stays, with the reason beside it.
    scene = re.compile("/scene$")

    async def refuse(route: Route) -> None:
        body = '{"detail": "系统繁忙"}'
        await route.fulfill(status=503, content_type="application/problem+json", body=body)

    async def lose(route: Route) -> None:
        await route.abort()

    await intercept(desk.page, scene, refuse)
    await desk.page.locator("#map-set").click()
    await expect(desk.page.locator("#map-said")).to_contain_text("没有存下：系统繁忙")
    await desk.page.unroute(scene)
    await intercept(desk.page, scene, lose)
    await desk.page.locator("#map-set").click()
    await expect(desk.page.locator("#map-said")).to_contain_text("不知道是否存下")
    assert await point(desk.page, "scene") == mark
    await take(desk.page, other)
    await expect(desk.page.locator("#map-bar")).to_be_hidden()
    await expect(desk.page.locator("#map-fault")).to_contain_text("未定下的现场已放弃")


async def test_a_map_that_does_not_come_says_so_and_holds_up_nothing(
    at_desk: Callable[..., Awaitable[Desk]], stack: Stack, people: People
) -> None:
    report = (await (await reporter_of(people, stack)).filed("没有地图也要接"))["id"]
    desk = await at_desk(height=768)
    lost = re.compile(r"leaflet\.js")

    async def lose(route: Route) -> None:
        await route.abort()

    await intercept(desk.page, lost, lose)
    await take(desk.page, report)
    await desk.page.keyboard.press("x")
    await expect(desk.page.locator("#map-opening")).to_contain_text("地图打不开")
    await desk.page.get_by_role("button", name="再试").click()
    await expect(desk.page.locator("#map-opening")).to_contain_text("地图打不开")
    await desk.page.locator("#map-surface").focus()
    await desk.page.keyboard.press("Escape")
    await expect(desk.page.locator("#map")).to_be_hidden()
    await expect(desk.page.locator(desk.card(report))).to_be_focused()
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#line-received")).to_be_visible()
    await expect(desk.page.locator("#place-wgs84")).to_have_text("30.250000, 120.120000")
    await desk.page.unroute(lost)
    await desk.page.locator("#map-open").click()
    await drawn(desk.page)


async def test_what_was_described_is_drawn_as_far_as_it_is_a_place_and_else_said(
    at_desk: Callable[..., Awaitable[Desk]], stack: Stack, people: People
) -> None:
    phone = await reporter_of(people, stack)
    words = (await phone.filed("看不见路牌", location=None, place_text="西湖区一个桥洞下面"))["id"]
    area = (await phone.filed("在这一带", location=None, area="330106", place_text="西湖区蒋村街道"))["id"]
    both = (await phone.filed("有照片", place_text="断桥", media_expected=1))["id"]
    sent = await phone.http.post(
        f"/api/v1/reports/{both}/media/form",
        data={"client_id": "p"},
        files={"file": ("p.jpg", jpeg((640, 480), exif=exif().tobytes()), "image/jpeg")},
    )
    assert sent.status_code == 201, sent.text
    desk = await at_desk()
    marks = desk.page.locator("#map-surface .spot-mark")
    await take(desk.page, words)
    await expect(desk.page.locator("#map-fault")).to_contain_text("只有文字：西湖区一个桥洞下面")
    await expect(marks).to_have_count(0)

    await take(desk.page, area)
    await expect(desk.page.locator("#map-surface .map-area")).to_be_visible()
    await expect(desk.page.locator("#spot-described")).to_contain_text("选定区域：西湖区")
    await expect(marks).to_have_count(1)

    await take(desk.page, both)
    await drawn(desk.page)
    await expect(desk.page.locator("#map-surface .map-circle")).to_be_attached()
    await expect(desk.page.locator("#map-surface [data-spot=photo]")).to_be_attached()
    await expect(desk.page.locator("#map-surface .map-area")).to_have_count(0)
    await expect(desk.page.locator("#spot-described")).to_contain_text("断桥")


async def test_places_are_copied_in_any_writing_by_keyboard(
    at_desk: Callable[..., Awaitable[Desk]], stack: Stack, people: People
) -> None:
    report = (await (await reporter_of(people, stack)).filed("抄坐标"))["id"]
    desk = await at_desk()
    await desk.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await take(desk.page, report)
    shifted = from_wgs84(*HERE, "gcj02")
    written = desk.page.locator("#spot-reporter .written:visible")
    await expect(written.locator(".figure")).to_have_text("30.250000, 120.120000")
    await desk.page.locator("#writing-crs").focus()
    await desk.page.keyboard.press("ArrowDown")
    await expect(written.locator(".figure")).to_have_text(f"{shifted.lat:.6f}, {shifted.lon:.6f}")
    await desk.page.keyboard.press("Tab")
    await desk.page.keyboard.press("ArrowDown")
    await expect(written.locator(".figure")).to_contain_text("°")
    await desk.page.keyboard.press("Tab")
    await expect(written.locator("button")).to_be_focused()
    await desk.page.keyboard.press("Enter")
    copied = await desk.page.evaluate("navigator.clipboard.readText()")
    assert copied == await written.locator(".figure").text_content()
    # Another state of the report, and another day, are written so too.
    await desk.page.reload()
    await take(desk.page, report)
    await expect(written.locator(".figure")).to_have_text(copied)
    await expect(desk.page.locator("#writing-crs")).to_have_value("gcj02")


def _tile() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (256, 256), "#cdd6dd").save(file, "PNG")
    return file.getvalue()


async def on_tiles(page: Page, kind: str) -> LatLon:
    """Where a mark points by the tile that lies under it: what the tiles' own system calls that place."""
    found: list[float] = await page.evaluate(
        """kind => {
            const spot = document.querySelector(`#map-surface .map-spot:has([data-spot=${kind}])`);
            const mark = spot.getBoundingClientRect();
            for (const tile of document.querySelectorAll("#map-surface img.leaflet-tile")) {
                const { left, top, width, height } = tile.getBoundingClientRect();
                const [x, y] = [(mark.left - left) / width, (mark.top - top) / height];
                if (x >= 0 && x < 1 && y >= 0 && y < 1) {
                    const [z, column, row] = tile.src.match(/\\d+/g).slice(-3).map(Number);
                    return [z, column + x, row + y];
                }
            }
            return [];
        }""",
        kind,
    )
    z, x, y = found
    lat = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / 2**z))))
    return LatLon(lat, x / 2**z * 360 - 180)


async def test_marks_stand_right_on_tiles_of_another_system_and_what_is_placed_there_is_turned_back(
    browser: Browser, stack: Stack, people: People
) -> None:
    report = (await (await reporter_of(people, stack)).filed("底图上的位置"))["id"]
    tiled = stack.consoles[1]
    watching = people.also(await Dispatcher.signed_in(stack.consoles[0], "33010603"))
    context = await browser.new_context(
        base_url=tiled.url, locale="zh-CN", viewport={"width": 1920, "height": 1080}
    )
    page = await context.new_page()
    breaches: list[str] = []
    broken = [False]

    async def tile(route: Route) -> None:
        assert "referer" not in route.request.headers, "the tiles' host learns nothing of the page"
        if broken[0]:
            await route.fulfill(status=503)
        else:
            await route.fulfill(status=200, content_type="image/png", body=_tile())

    await context.route(f"{TILES}/**", tile)
    await context.expose_function("violated", lambda directive: breaches.append(directive))
    await page.add_init_script(
        "addEventListener('securitypolicyviolation', e => violated(e.violatedDirective))"
    )
    door = await page.goto("/console")
    assert door is not None
    assert TILES not in door.headers["content-security-policy"], "the door has no map"
    await page.fill("#number", "33010601")
    await page.fill("#password", PASSWORD)
    async with page.expect_response("**/console") as opened:
        await page.keyboard.press("Enter")
    images = re.search(r"img-src ([^;]*);", (await opened.value).headers["content-security-policy"])
    assert images is not None
    assert images[1].split() == ["'self'", "blob:", "data:", TILES]
    await expect(page.locator("#live")).to_have_attribute("data-state", "live")
    await take(page, report)
    await drawn(page)
    await expect(page.locator(".map-by")).to_have_text("© <某测绘院>")
    await expect(page.locator("#map-surface img.leaflet-tile-loaded").first).to_be_visible()

    on_the_tile = await on_tiles(page, "reporter")
    assert distance_m(on_the_tile, from_wgs84(*HERE, "gcj02")) < 3
    assert distance_m(on_the_tile, HERE) > 300, "a mark that is not shifted stands in another street"

    await page.keyboard.press("x")
    await page.keyboard.press("l")
    for _ in range(3):
        await page.keyboard.press("Shift+ArrowRight")
    await page.keyboard.press("Enter")
    await expect(page.locator("#spot-scene")).to_be_visible()
    await drawn(page, "scene")
    lat, lon = map(float, (await page.locator("#spot-scene .figure").first.text_content() or "").split(","))
    assert distance_m(await on_tiles(page, "scene"), from_wgs84(lat, lon, "gcj02")) < 3
    hand = (await watching.http.get(f"/console/reports/{report}")).text
    assert f"{lat:.6f}, {lon:.6f}" in hand

    broken[0] = True
    await page.keyboard.press("-")
    await expect(page.locator("#map-fault")).to_contain_text("底图没有到齐")
    await drawn(page)
    assert breaches == []
    await context.close()


@pytest.mark.parametrize("name", ["console-map", "console-map-placing"])
async def test_it_is_reached_in_an_old_browser(stack: Stack, name: str) -> None:
    path = needs("DESK110_TEST_OLD_CHROMIUM", "Chromium 107")
    state = next(found for found in STATES if found.name == name)
    async with async_playwright() as playwright:
        old = await playwright.chromium.launch(executable_path=path, args=OLD_FLAGS)
        async with scene(stack, old, state, "zh-CN") as found:
            await expect(found.page.locator("#map-surface [data-spot=reporter]")).to_be_visible()
        await old.close()
