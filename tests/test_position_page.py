"""Where somebody is, on the reporter's page: the first line, the ways to say it, and what the desk is told of it."""

import asyncio
import base64
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.async_api import Browser, FilePayload, Page, Request, Route, expect
from sqlalchemy import update
from sqlmodel import Session

from api.usual import KEPT_NONE_S
from dispatch.coordinates import LatLon, distance_m, from_wgs84
from dispatch.desks import DESKS, city_of
from dispatch.models import TABLES
from tests import audit
from tests import test_citizen_page as citizen
from tests.interception import intercept
from tests.people import Dispatcher, eventually
from tests.places import Place
from tests.servers import Valkey
from tests.stack import Stack
from tests.stack import stack as running_stack
from tests.test_citizen_page import OpenPhone, Phone

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher

NEAREST = re.compile(r"/api/v1/desks/nearest")
LOCATIONS = re.compile(r"/api/v1/reports/[^/]+/locations$")
# In 西湖区, with three more counties within five kilometres.
NEAR_A_BORDER = (30.2600, 120.1400)


async def fine(page: Page) -> list[str]:
    """Everybody can use the page as it stands, scrolled to where the bar at its end covers nothing."""
    await page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    return [*await audit.axe(page), *await audit.fits(page), *await audit.targets(page)]


async def move(held: Phone, at: tuple[float, float], accuracy: float) -> None:
    """The phone's own position is another now."""
    await held.page.context.set_geolocation({"latitude": at[0], "longitude": at[1], "accuracy": accuracy})


def here(place: Place) -> tuple[float, float]:
    return place.location["lat"], place.location["lon"]


def watch(page: Page, pattern: re.Pattern[str], method: str = "POST") -> list[dict[str, Any]]:
    """The bodies of the page's requests from now on."""
    bodies: list[dict[str, Any]] = []

    def note(request: Request) -> None:
        if request.method == method and pattern.search(request.url):
            bodies.append(json.loads(request.post_data or "{}"))

    page.on("request", note)
    return bodies


def photo_of(
    at: tuple[float, float] | None, taken: datetime | None = None, error_m: float | None = None
) -> FilePayload:
    """A photo that tells where and when it was taken."""
    exif = Image.Exif()
    if at is not None:
        gps = exif.get_ifd(0x8825)
        for ref, number, degrees, sides in ((1, 2, at[0], "NS"), (3, 4, at[1], "EW")):
            gps[ref] = sides[degrees < 0]
            whole = abs(degrees)
            gps[number] = (int(whole), int(whole * 60 % 60), round(whole * 3600 % 60, 4))
        if error_m is not None:
            gps[0x1F] = error_m
        if taken is not None:
            gps[0x1D] = taken.strftime("%Y:%m:%d")
            gps[7] = (taken.hour, taken.minute, taken.second)
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "#446").save(file, "JPEG", exif=exif)
    return FilePayload(name="现场.jpg", mimeType="image/jpeg", buffer=file.getvalue())


# --- the first line


ONE_ANSWER = """
for (const name of ["getCurrentPosition", "watchPosition"]) {
  navigator.geolocation[name] = (found) => {
    if (sessionStorage.fix && name === "watchPosition") found(JSON.parse(sessionStorage.fix));
  };
}
"""


async def test_a_report_that_waited_when_its_page_went_takes_the_position_that_came_before_it_was_back(
    phone: OpenPhone, place: Place
) -> None:
    """A phone that lies still says once where it is, while the page still reads what it keeps."""
    held = await phone()
    await held.page.add_init_script(ONE_ANSWER)
    await held.sign_in()
    await held.tap()
    await expect(held.page.locator("#need textarea")).to_be_visible()
    lat, lon = here(place)
    await held.page.evaluate(
        """([latitude, longitude]) => {
          const coords = { latitude, longitude, accuracy: 8 };
          sessionStorage.fix = JSON.stringify({ coords, timestamp: Date.now() });
        }""",
        [lat, lon],
    )
    await held.page.reload()
    await expect(held.reached("stored")).to_be_visible()


async def test_the_first_line_says_where_how_exact_which_desk_and_how_fast_it_is(
    phone: OpenPhone, place: Place, dispatcher: Dispatcher
) -> None:
    earlier = await phone()
    await earlier.sign_in()
    await earlier.tap()
    await expect(earlier.rung("shown")).to_be_visible()
    await dispatcher.accept(await earlier.report())
    await expect(earlier.rung("received")).to_be_visible()
    # A page asks twice a minute, and that a desk has accepted nothing yet is believed for a second.
    await asyncio.sleep(KEPT_NONE_S)

    held = await phone()
    await held.page.goto("/")
    county = DESKS[place.desk].name_zh
    where = held.page.locator("#where")
    await expect(where.locator("#where-title")).to_have_text(f"{county}，约 10 米")
    await expect(where).to_contain_text("卫星定位")
    await expect(where).to_contain_text(f"送往 {county}110报警服务台")
    await expect(where).to_contain_text(re.compile(r"通常 \d+ 秒内接收"))


async def test_a_better_position_is_said_while_one_types(
    phone: OpenPhone, place: Place, dispatcher: Dispatcher
) -> None:
    held = await phone(at=here(place))
    await move(held, here(place), 400)
    await held.page.goto("/")
    title = held.page.locator("#where-title")
    await expect(title).to_contain_text("约 400 米")
    await expect(held.page.locator("#where-note")).to_contain_text("网络定位")
    await held.page.fill("#first-words", "有人落水")
    await move(held, here(place), 12)
    await expect(held.page.locator("#where-note")).to_contain_text("更准了")
    await expect(title).to_contain_text("约 15 米")
    assert await held.page.input_value("#first-words") == "有人落水"


async def test_with_nobody_at_the_desk_110_is_the_first_advice_and_the_tap_files_all_the_same(
    phone: OpenPhone, place: Place
) -> None:
    held = await phone()
    await held.sign_in()
    where = held.page.locator("#where[data-state=warning]")
    await expect(where).to_contain_text("请先拨打 110")
    await expect(where).to_contain_text(DESKS[place.desk].name_zh)
    await expect(held.page.locator("#lifeline[data-urgent] a[href='tel:110']")).to_be_in_viewport()
    await held.tap()
    await expect(held.reached("stored")).to_be_visible()


async def test_the_tap_never_waits_for_how_the_desk_stands(phone: OpenPhone) -> None:
    held = await phone()
    await held.sign_in()

    async def never(_route: Route) -> None:
        """No answer at all."""

    await intercept(held.page, NEAREST, never)
    await held.page.reload()
    await held.tap()
    await expect(held.reached("stored")).to_be_visible()


async def test_how_the_desk_stands_is_asked_again_each_half_minute_while_somebody_looks(
    phone: OpenPhone, place: Place, people: Any, stack: Stack
) -> None:
    held = await phone()
    await held.page.clock.install()
    await held.page.goto("/")
    await expect(held.page.locator("#where[data-state=warning]")).to_be_visible()
    await people.dispatcher(stack.consoles[0], place.number())
    asked: list[Request] = []

    def note(request: Request) -> None:
        if NEAREST.search(request.url):
            asked.append(request)

    held.page.on("request", note)

    async def known() -> bool:
        await held.page.clock.fast_forward(31_000)
        return await held.page.locator("#where[data-state=found]").count() == 1

    await eventually(known, 20, "the page sees that somebody has come to the desk")
    assert asked
    await held.page.goto("/reports")
    seen = len(asked)
    await held.page.clock.fast_forward(95_000)
    await held.page.wait_for_timeout(300)
    assert len(asked) == seen, "nobody looks at the first screen"


async def test_near_a_border_the_other_counties_are_named_with_what_happens(phone: OpenPhone) -> None:
    held = await phone(at=NEAR_A_BORDER)
    await move(held, NEAR_A_BORDER, 5000)
    await held.page.goto("/")
    await expect(held.page.locator("#where")).to_contain_text("上城区")


async def test_a_desk_that_is_not_open_is_named_with_the_one_that_takes_it(
    phone: OpenPhone, stack: Stack, place: Place, people: Any
) -> None:
    above = DESKS[city_of(place.desk)]
    await people.dispatcher(stack.consoles[0], f"{above.adcode}01")
    set_open(stack, place.desk, False)
    try:
        held = await phone()
        await held.page.clock.install()
        await held.page.goto("/")

        async def said() -> bool:
            await held.page.clock.fast_forward(31_000)
            return "还没有开通网上报警" in await held.page.inner_text("#where")

        await eventually(said, 20, "the page says that the desk is not open")
        await expect(held.page.locator("#where")).to_contain_text(DESKS[place.desk].name_zh)
        await expect(held.page.locator("#where")).to_contain_text(above.title("zh-CN"))
    finally:
        set_open(stack, place.desk, True)


def set_open(stack: Stack, adcode: str, open_: bool) -> None:
    desk = TABLES["desk"]
    with Session(stack.database.writing) as session:
        session.connection().execute(update(desk).where(desk.c.adcode == adcode).values(open=open_))
        session.commit()


# --- by area, without a map


async def pick(page: Page, *names: str) -> None:
    for name in names:
        await page.locator(".place-picks").get_by_role("button", name=name, exact=True).tap()


async def test_a_place_is_picked_by_city_county_street_and_village_and_decides_the_desk(
    phone: OpenPhone, place: Place
) -> None:
    held = await phone()  # the phone's own position is elsewhere, and follows live
    await held.sign_in()
    bodies, followed = watch(held.page, citizen.FILING), watch(held.page, LOCATIONS)
    await held.page.tap("#where")
    await held.page.tap("[data-way=picker]")
    # The phone's county is open already.
    await expect(held.page.locator(".crumb").nth(1)).to_contain_text(DESKS[place.desk].name_zh)
    await held.page.locator(".crumb").first.tap()
    await pick(held.page, "衢州市", "江山市", "双塔街道")
    await held.page.locator(".place-picks button").first.tap()
    await held.page.get_by_label("再具体些").fill("2 幢 301")
    await held.page.get_by_role("button", name=re.compile("^用“衢州市江山市双塔街道")).tap()
    await expect(held.page.locator("#where")).to_contain_text("衢州市江山市双塔街道")
    await expect(held.page.locator("#where")).to_contain_text("江山市110报警服务台")
    await held.tap()
    await expect(held.reached("stored")).to_contain_text("江山市110报警服务台")
    assert (bodies[0]["area"], bodies[0]["location"]) == ("330881", None)
    assert re.fullmatch(r"衢州市江山市双塔街道\S+ 2 幢 301", bodies[0]["place_text"])
    await eventually(lambda: followed, 10, "the phone's own position follows")
    assert followed[0]["source"] == "gnss"

    await held.page.tap("#back")
    await expect(held.page.locator("#where")).to_contain_text(DESKS[place.desk].name_zh)


async def test_what_was_chosen_can_be_taken_back(phone: OpenPhone, place: Place) -> None:
    held = await phone()
    await held.page.goto("/")
    await held.page.tap("#where")
    await held.page.tap("[data-way=picker]")
    await held.page.get_by_role("button", name=re.compile("^用“")).tap()
    await expect(held.page.locator("#where-more")).to_contain_text("改用手机定位")
    await held.page.tap("#where")
    await held.page.get_by_role("button", name="还是用手机定位").tap()
    await expect(held.page.locator("#where")).to_contain_text("约 10 米")


async def test_a_county_is_found_by_its_name_in_all_cities_and_a_village_in_all_streets(
    phone: OpenPhone,
) -> None:
    held = await phone(at=None)
    await held.page.goto("/")
    await held.page.tap("#where")
    await held.page.tap("[data-way=picker]")
    search = held.page.get_by_label("找", exact=True)
    await expect(held.page.locator(".place-picks button")).to_have_count(11)
    await held.page.locator(".place-picks button").first.tap()
    await held.page.locator(".place-picks").get_by_role("button", name="西湖区").tap()
    await search.fill("求是")
    await expect(held.page.locator(".place-picks button")).to_have_count(1)
    await held.page.locator(".place-picks button").tap()
    await expect(held.page.locator(".crumb")).to_have_count(4)
    assert await held.page.locator(".crumb").nth(2).inner_text() == "灵隐街道"


async def test_a_report_that_waits_for_its_place_takes_one_that_is_picked(phone: OpenPhone) -> None:
    held = await phone(at=None)
    await held.sign_in()
    await held.tap()
    await held.page.tap("#need [data-way=picker]")
    await pick(held.page, "温州市", "苍南县")
    await held.page.get_by_role("button", name="用“温州市苍南县”").tap()
    await expect(held.reached("stored")).to_contain_text("苍南县110报警服务台")


async def test_without_the_lists_the_words_alone_go(phone: OpenPhone) -> None:
    held = await phone(at=None)
    await held.sign_in()
    await held.tap()
    await expect(held.page.locator("#need [data-way=picker]")).to_be_visible()

    async def lost(route: Route) -> None:
        await route.abort()

    await intercept(held.page, re.compile(r"/places/33\d{4}\.json"), lost)
    await held.page.tap("#need [data-way=picker]")
    await pick(held.page, "温州市", "苍南县")
    await expect(held.page.locator("#need [role=alert]").last).to_contain_text("可以在上面直接写")
    await held.page.get_by_label("再具体些").fill("灵溪镇 汽车站")
    await held.page.get_by_role("button", name="用“温州市苍南县”").tap()
    await expect(held.reached("stored")).to_contain_text("苍南县110报警服务台")


# --- I do not know where I am


async def test_whoever_is_lost_and_without_a_network_says_what_can_be_seen_and_it_goes_in_order(
    phone: OpenPhone, stack: Stack, people: Any
) -> None:
    held = await phone(at=None)
    await held.sign_in()
    bodies = watch(held.page, citizen.FILING)
    await held.page.tap("#where")
    await expect(held.page.locator("[data-way=lost]")).to_be_visible()
    await held.page.context.set_offline(True)
    await held.page.tap("[data-way=lost]")
    await expect(held.page.locator(".said")).to_contain_text("不写也可以先报警")
    await held.page.get_by_role("button", name="店铺、招牌").tap()
    await held.page.get_by_label("店名，或招牌上的电话").fill("老王面馆")
    await held.page.get_by_role("button", name="路牌、公里牌").tap()
    await held.page.get_by_label("路名、路号、公里数").fill("G25 1203 公里")
    await expect(held.page.locator(".said")).to_contain_text("路牌：G25 1203 公里；店铺：老王面馆")
    await held.page.get_by_role("button", name="现在就报警").tap()
    await expect(held.rung("saved")).to_be_visible()
    await held.page.context.set_offline(False)
    await expect(held.rung("stored")).to_be_visible(timeout=10_000)
    assert bodies[-1]["place_text"] == "路牌：G25 1203 公里；店铺：老王面馆"


async def test_whoever_cannot_say_where_sends_at_once_and_tells_more_afterwards(phone: OpenPhone) -> None:
    held = await phone(at=None)
    await held.sign_in()
    await held.tap()
    await held.page.get_by_role("button", name="说不清，先发出去").tap()
    await expect(held.reached("stored")).to_contain_text("浙江省110报警服务台")
    await held.page.tap("#tell-place")
    await held.page.tap("#place-tell [data-way=lost]")
    await held.page.get_by_role("button", name="公交站牌").tap()
    await held.page.get_by_label("站名、几路车").fill("灵隐站 7 路")
    await held.page.get_by_role("button", name="用这些").tap()
    await expect(held.page.locator(".bubble").last).to_contain_text("地点：公交站：灵隐站 7 路")
    await expect(held.page.locator(".bubble").last).to_contain_text("已送达")
    await expect(held.page.locator("#place-tell")).to_be_empty()


async def test_asked_for_a_position_that_it_has_not_the_phone_opens_the_ways_to_say_where(
    phone: OpenPhone, stack: Stack, people: Any
) -> None:
    province = await people.dispatcher(stack.consoles[0], "33000001")
    held = await phone(at=None)
    await held.sign_in()
    await held.tap()
    await held.page.get_by_role("button", name="说不清，先发出去").tap()
    await expect(held.rung("shown")).to_be_visible()
    asked = {"kind": "location", "text": "请发送您的位置", "answers": "", "client_id": "q1"}
    answer = await province.http.post(
        f"/console/reports/{await held.report()}/requests",
        headers={"x-csrf-token": province.csrf},
        data=asked,
    )
    assert answer.status_code == 200
    await held.page.locator(".question").get_by_role("button", name="发送我的位置").tap()
    await held.page.tap("#place-tell [data-way=map]")
    located = watch(held.page, LOCATIONS)
    await held.page.get_by_role("button", name="用这个地点").tap()
    await expect(held.page.locator(".bubble").last).to_contain_text("手选的点")
    await eventually(lambda: located, 10, "the place goes to the desk")
    assert located[0]["source"] == "manual"
    await expect(held.page.locator(".question")).to_contain_text("已发送")


async def test_what_was_typed_goes_along_when_a_position_comes_meanwhile(
    phone: OpenPhone, place: Place
) -> None:
    held = await phone(at=None)
    await held.sign_in()
    bodies = watch(held.page, citizen.FILING)
    await held.page.context.grant_permissions(["geolocation"])
    await intercept(held.page, NEAREST, lambda route: route.continue_())
    await held.page.reload()
    await held.tap()
    await held.page.fill("#need textarea", "老王面馆门口")
    await move(held, here(place), 30)
    await expect(held.reached("stored")).to_contain_text(DESKS[place.desk].name_zh)
    assert bodies[-1]["place_text"] == "老王面馆门口"
    assert bodies[-1]["location"]["accuracy_m"] == 30


async def test_every_field_for_a_place_offers_the_ways_and_keeps_what_was_chosen_until_it_is_written_over(
    phone: OpenPhone,
) -> None:
    held = await phone(at=None)
    await held.page.goto("/")
    await expect(held.page.locator("html[data-ready]")).to_be_attached()
    await held.page.evaluate(
        """document.querySelector("#home").prepend(new DOMParser().parseFromString(
            '<label><span>哪里</span><input id="deed" data-place-for="deed"></label>', "text/html").body.firstChild)"""
    )
    field = held.page.locator("#deed")
    await held.page.locator(".place-field").get_by_role("button", name="选地点").tap()
    await held.page.tap(".place-field [data-way=picker]")
    await pick(held.page, "宁波市", "余姚市")
    await held.page.get_by_role("button", name="用“宁波市余姚市”").tap()
    await expect(field).to_have_value("宁波市余姚市")
    await expect(field).to_have_attribute("data-area", "330281")
    assert await field.evaluate("field => field.place.area") == "330281"
    await field.press("End")
    await field.type("桥头")
    await expect(field).not_to_have_attribute("data-area", re.compile(".*"))
    await expect(held.page.locator(".place-field [data-way]")).to_have_count(0)


async def test_the_place_of_a_deed_is_picked_and_its_area_decides_the_desk(phone: OpenPhone) -> None:
    held = await phone(at=None)
    await held.sign_in()
    bodies = watch(held.page, citizen.FILING)
    onward = held.page.locator("#tip .guide-acts .solid")
    await held.page.tap("#to-tip")
    await held.page.fill("#tip [name=text]", "有人私自采砂")
    await onward.tap()
    await onward.tap()
    await held.page.locator("#tip .place-field").get_by_role("button", name="选地点").tap()
    await held.page.tap("#tip [data-way=picker]")
    await pick(held.page, "台州市", "天台县")
    await held.page.get_by_role("button", name="用“台州市天台县”").tap()
    await expect(held.page.locator("#tip [name=place]")).to_have_value("台州市天台县")
    await onward.tap()
    await onward.tap()
    await expect(held.reached("stored")).to_contain_text("天台县110报警服务台")
    deed = bodies[0]["deed"]
    assert (deed["area"], deed["place_text"]) == ("331023", "台州市天台县")


# --- by hand on the map


async def open_map(held: Phone) -> None:
    await held.page.goto("/")
    await held.page.tap("#where")
    await held.page.tap("[data-way=map]")
    await expect(held.page.locator(".map-said")).not_to_be_empty()


async def test_the_place_under_the_cross_is_sent_as_chosen_by_hand_and_the_phones_own_follows(
    phone: OpenPhone, place: Place
) -> None:
    held = await phone()
    await held.sign_in()
    bodies, followed = watch(held.page, citizen.FILING), watch(held.page, LOCATIONS)
    await open_map(held)
    await expect(held.page.locator(".map-said")).to_contain_text(DESKS[place.desk].name_zh)
    box = await held.page.locator(".map").bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await held.page.mouse.move(*middle)
    await held.page.mouse.down()
    await held.page.mouse.move(middle[0] - 60, middle[1], steps=5)
    await held.page.mouse.up()
    await held.page.get_by_role("button", name="用这个地点").tap()
    await expect(held.page.locator("#where")).to_contain_text("手选的点")
    await held.tap()
    await expect(held.reached("stored")).to_be_visible()
    sent = bodies[0]["location"]
    assert (sent["source"], sent["crs"]) == ("manual", "wgs84")
    assert sent["accuracy_m"] >= 300, "borders alone tell no more"
    assert sent["lon"] > place.location["lon"] + 0.001, "the map went west under the cross"
    await eventually(lambda: followed, 10, "the phone's own position follows")
    assert followed[0]["source"] == "gnss"


async def test_the_map_is_moved_by_keys(phone: OpenPhone) -> None:
    held = await phone(at=(30.25, 120.12))
    await open_map(held)
    said = held.page.locator(".map-said")
    before = await said.inner_text()
    await held.page.focus(".map")
    for _ in range(3):
        await held.page.keyboard.press("-")
    await expect(said).not_to_have_text(before)
    for _ in range(8):
        await held.page.keyboard.press("ArrowRight")
    await expect(said).not_to_contain_text("西湖区")


async def test_without_the_outlines_the_cross_still_has_its_place(phone: OpenPhone) -> None:
    held = await phone(at=(30.25, 120.12))
    await held.page.goto("/")

    async def lost(route: Route) -> None:
        await route.abort()

    await intercept(held.page, re.compile(r"/counties\.geojson"), lost)
    await held.page.tap("#where")
    await held.page.tap("[data-way=map]")
    await held.page.get_by_role("button", name="用这个地点").tap()
    await expect(held.page.locator("#where")).to_contain_text("西湖区")


async def test_tiles_of_another_system_are_asked_of_their_host_alone_and_the_place_is_turned_back(
    browser: Browser, tmp_path: Path, valkey_of_session: Valkey
) -> None:
    tiles = {
        "DESK110_TILES_URL": "https://tiles.example.cn/{z}/{x}/{y}.png",
        "DESK110_TILES_CRS": "gcj02",
        "DESK110_TILES_ATTRIBUTION": "© <某测绘院>",
    }
    at = (30.2500, 120.1200)
    asked: list[str] = []
    breaches: list[str] = []
    with running_stack(tmp_path, valkey_of_session, "", **tiles) as stack:  # type: ignore[arg-type]
        context = await browser.new_context(
            base_url=stack.citizens[0].url,
            viewport=citizen.PHONE,
            is_mobile=True,
            has_touch=True,
            locale="zh-CN",
            geolocation={"latitude": at[0], "longitude": at[1], "accuracy": 8},
            permissions=["geolocation"],
            service_workers="block",
        )
        page = await context.new_page()

        async def tile(route: Route) -> None:
            asked.append(route.request.url)
            await route.fulfill(status=200, content_type="image/png", body=_tile())

        await context.route("https://tiles.example.cn/**", tile)
        await context.expose_function("violated", lambda directive: breaches.append(directive))
        await page.add_init_script(
            "addEventListener('securitypolicyviolation', event => violated(event.violatedDirective))"
        )
        answer = await page.goto("/")
        assert answer is not None
        images = re.search(r"img-src ([^;]*);", answer.headers["content-security-policy"])
        assert images is not None
        assert images[1].split() == ["'self'", "blob:", "data:", "https://tiles.example.cn"]
        await page.tap("#where")
        await page.tap("[data-way=map]")
        await expect(page.locator(".map-by")).to_have_text("© <某测绘院>")
        await eventually(lambda: asked, 10, "tiles are asked for")
        bodies = watch(page, citizen.FILING)
        await page.get_by_role("button", name="用这个地点").tap()
        await page.tap("#quick")
        await eventually(lambda: bodies or breaches, 10, "the report is tried")
        await context.close()
    sent = bodies[0]["location"]
    assert (sent["source"], sent["crs"]) == ("manual", "wgs84")
    assert distance_m(LatLon(sent["lat"], sent["lon"]), LatLon(*at)) < 10
    assert sent["accuracy_m"] < 300
    assert breaches == []
    # The tile in the middle is that of the moved place, some 500 m from the true one.
    z, x, y = max(
        (tuple(map(int, re.findall(r"\d+", url)[-3:])) for url in asked), key=lambda found: found[0]
    )
    shifted = from_wgs84(*at, "gcj02")
    assert abs((shifted.lon + 180) / 360 * 2**z - x) < 3
    assert y > 0


def _tile() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (256, 256), "#cde").save(file, "PNG")
    return file.getvalue()


# --- from a photo


async def test_a_photos_place_is_offered_in_words_and_sent_only_when_it_is_taken(
    phone: OpenPhone, place: Place
) -> None:
    held = await phone(at=None)
    await held.sign_in()
    bodies = watch(held.page, citizen.FILING)
    await held.tap()
    await held.page.tap("#need [data-way=photo]")
    taken = datetime.now(UTC) - timedelta(hours=2, minutes=10)
    await held.page.set_input_files("#need input[type=file]", photo_of(None))
    await expect(held.page.locator("#need .offer-place")).to_contain_text("没有位置")
    await held.page.set_input_files("#need input[type=file]", photo_of(here(place), taken, 12.5))
    offer = held.page.locator("#need .offer-place")
    await expect(offer).to_contain_text(f"照片是在{DESKS[place.desk].name_zh}拍的，2 小时前")
    assert bodies == []
    await offer.get_by_role("button", name="用这个位置").tap()
    await expect(held.reached("stored")).to_contain_text(DESKS[place.desk].name_zh)
    sent = bodies[0]["location"]
    assert (sent["source"], sent["accuracy_m"]) == ("photo", 12.5)
    assert distance_m(LatLon(sent["lat"], sent["lon"]), LatLon(*here(place))) < 1
    assert abs(datetime.fromisoformat(sent["at"]) - taken) < timedelta(seconds=2)


async def test_a_photo_for_a_report_with_a_coarse_position_offers_its_own(
    phone: OpenPhone, place: Place
) -> None:
    held = await phone()
    await move(held, here(place), 900)
    await held.sign_in()
    await held.tap()
    await expect(held.reached("stored")).to_be_visible()
    followed = watch(held.page, LOCATIONS)
    await held.page.set_input_files("#pick", photo_of(here(place), datetime.now(UTC)))
    offer = held.page.locator("#photo-offer")
    await expect(offer).to_contain_text(f"照片是在{DESKS[place.desk].name_zh}拍的，刚刚")
    await offer.get_by_role("button", name="用这个位置").tap()
    await eventually(lambda: [body for body in followed if body["source"] == "photo"], 10, "it is sent")
    await expect(held.page.locator(".bubble").last).to_contain_text("照片里的位置")
    await expect(offer).to_be_empty()


async def test_a_photo_for_a_report_with_an_exact_position_offers_nothing(
    phone: OpenPhone, place: Place
) -> None:
    held = await phone()
    await held.sign_in()
    await held.tap()
    await expect(held.reached("stored")).to_be_visible()
    await held.page.set_input_files("#pick", photo_of((30.25, 120.12)))
    await expect(held.page.locator("#tiles li")).to_have_count(1)
    await held.page.wait_for_timeout(500)
    await expect(held.page.locator("#photo-offer")).to_be_empty()


BROKEN: dict[str, Callable[[bytes], bytes]] = {
    "cut off in the tag": lambda data: data[: data.index(b"Exif") + 30],
    "not a photo": lambda _data: b"Exif\0\0II*\0\xff\xff\xff\xff",
    "nothing": lambda _data: b"",
}


@pytest.mark.parametrize("harm", BROKEN.values(), ids=BROKEN.keys())
async def test_a_damaged_tag_is_none(phone: OpenPhone, harm: Callable[[bytes], bytes]) -> None:
    held = await phone()
    await held.page.goto("/")
    whole = photo_of((30.25, 120.12))["buffer"]
    assert await _read(held.page, whole) is not None
    assert await _read(held.page, harm(whole)) is None


async def test_the_tag_is_read_wherever_it_stands_and_in_either_order_of_bytes(phone: OpenPhone) -> None:
    held = await phone()
    await held.page.goto("/")
    south = await _read(held.page, photo_of((-30.25, -120.125))["buffer"])
    assert south is not None
    assert (south["lat"], south["lon"], south["accuracy_m"]) == (-30.25, -120.125, 100)
    assert "at" not in south
    # HEIC keeps it in a box of its own, behind others.
    behind = await _read(
        held.page, b"\0\0\0\x18ftypheic" + b"\0" * 300_000 + photo_of((30.25, 120.12))["buffer"]
    )
    assert behind is not None
    assert behind["lat"] == 30.25
    big = await _read(held.page, _big_endian(30, 120))
    assert big is not None
    assert (big["lat"], big["lon"]) == (30, 120)
    assert await _read(held.page, photo_of((0.0, 0.0))["buffer"]) is None


async def _read(page: Page, data: bytes) -> dict[str, Any] | None:
    """What the page's reader says of a file."""
    module = await page.evaluate(
        "document.querySelector('script[type=module]').src.replace('app.js', 'taken.js')"
    )
    found: dict[str, Any] | None = await page.evaluate(
        """async ([module, bytes]) => {
            const { positionIn } = await import(module);
            const data = Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0));
            return positionIn(new File([data], "x.jpg"));
        }""",
        [module, base64.b64encode(data).decode()],
    )
    return found


def _big_endian(lat: int, lon: int) -> bytes:
    """A TIFF as Motorola's cameras write it, by hand: one pointer to four tags."""

    def entry(tag: int, kind: int, count: int, value: bytes) -> bytes:
        return tag.to_bytes(2, "big") + kind.to_bytes(2, "big") + count.to_bytes(4, "big") + value

    def thirds(degrees: int) -> bytes:
        return b"".join(part.to_bytes(4, "big") for part in (degrees, 1, 0, 1, 0, 1))

    gps_at, values_at = 26, 26 + 2 + 4 * 12 + 4
    head = b"MM\0*" + (8).to_bytes(4, "big")
    top = b"\0\1" + entry(0x8825, 4, 1, gps_at.to_bytes(4, "big")) + b"\0\0\0\0"
    gps = b"\0\4" + entry(1, 2, 2, b"N\0\0\0") + entry(2, 5, 3, values_at.to_bytes(4, "big"))
    gps += entry(3, 2, 2, b"E\0\0\0") + entry(4, 5, 3, (values_at + 24).to_bytes(4, "big")) + b"\0\0\0\0"
    return b"\xff\xd8\xff\xe1\0\0Exif\0\0" + head + top + gps + thirds(lat) + thirds(lon)


# --- for everybody


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_no_way_to_say_where_shuts_anybody_out(
    phone: OpenPhone, place: Place, language: str, scheme: str
) -> None:
    held = await phone(language=language, scheme=scheme)
    page = held.page
    await page.goto("/")
    await expect(page.locator("#where-desk")).not_to_be_empty()
    assert await fine(page) == []
    await page.tap("#where")
    await expect(page.locator("[data-way=map]")).to_be_visible()
    assert await fine(page) == []
    await page.tap("[data-way=picker]")
    await expect(page.locator(".crumb")).to_have_count(2)
    assert await fine(page) == []
    await page.tap(".way-back")
    await page.tap("[data-way=lost]")
    for button in await page.locator(".things .place-way").all():
        await button.tap()
    assert await fine(page) == []
    await page.tap(".way-back")
    await page.tap("[data-way=map]")
    await expect(page.locator(".map-said")).not_to_be_empty()
    assert await fine(page) == []
    await page.tap(".way-back")
    await page.tap("[data-way=photo]")
    await page.set_input_files(".way-open input[type=file]", photo_of(here(place)))
    await expect(page.locator(".offer-place button")).to_be_visible()
    assert await fine(page) == []
