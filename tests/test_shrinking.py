"""What a phone sends smaller, and how: the rule, and the photo that comes of it, by the modules of the page."""

import base64
import io
import warnings
from collections.abc import AsyncIterator
from typing import Any

import pytest
from PIL import ExifTags, Image
from playwright.async_api import Browser, Page, async_playwright

from tests.pictures import LAT, LON, encoded, exif, jpeg, lying_on_its_side, scene
from tests.servers import chromium
from tests.stack import Stack
from tests.test_citizen_page import FLAGS

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

KIB, MIB = 1024, 1024 * 1024
SLOW, FAST = 10 * KIB, 900 * KIB  # bytes a second
NOW = 1_000_000_000


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield launched
        await launched.close()


@pytest.fixture(scope="module")
async def page(browser: Browser, stack: Stack) -> Page:
    opened = await browser.new_page(base_url=stack.citizens[0].url)
    await opened.goto("/")
    return opened


async def run(page: Page, module: str, work: str, given: Any) -> Any:
    """What `work`, a function of the module and what is given, answers."""
    return await page.evaluate(
        f"async given => (({work}))(await import('/static/citizen/{module}.js'), given)", given
    )


@pytest.mark.parametrize(
    ("told", "pace", "line"),
    [
        ({"effectiveType": "4g", "downlink": 10}, None, "good"),
        ({}, None, "good"),
        ({"effectiveType": "3g"}, None, "poor"),
        ({"effectiveType": "2g"}, None, "bad"),
        ({"effectiveType": "slow-2g"}, None, "bad"),
        ({"effectiveType": "4g", "saveData": True}, None, "bad"),
        ({"effectiveType": "4g", "saveData": True}, {"rate": FAST, "at": NOW}, "bad"),
        ({"effectiveType": "4g", "downlink": 0.4}, None, "poor"),
        ({"effectiveType": "4g", "online": False}, None, "poor"),
        ({"effectiveType": "4g"}, {"rate": SLOW, "at": NOW}, "bad"),
        ({"effectiveType": "4g"}, {"rate": 60 * KIB, "at": NOW}, "poor"),
        ({"effectiveType": "2g"}, {"rate": FAST, "at": NOW - 60_000}, "good"),
        ({"effectiveType": "2g"}, {"rate": FAST, "at": NOW - 600_000}, "bad"),
    ],
)
async def test_what_was_measured_says_more_than_what_the_phone_guesses(
    page: Page, told: dict[str, Any], pace: dict[str, Any] | None, line: str
) -> None:
    asked = [told, pace, NOW]
    assert await run(page, "shrink", "(shrink, given) => shrink.lineOf(...given)", asked) == line


@pytest.mark.parametrize(
    ("facts", "side"),
    [
        ({"size": 6 * MIB, "line": "good"}, None),
        ({"size": 6 * MIB, "line": "poor"}, 1920),
        ({"size": 6 * MIB, "line": "bad"}, 1280),
        ({"size": 200 * KIB, "line": "bad"}, None),
        ({"size": 6 * MIB, "line": "bad", "original": True}, None),
        ({"size": 21 * MIB, "line": "good"}, 4096),
        ({"size": 21 * MIB, "line": "bad", "original": True}, 4096),
        ({"size": 600 * KIB, "line": "poor", "pace": {"rate": 100 * KIB}}, None),
        ({"size": 2 * MIB, "line": "poor", "pace": {"rate": 100 * KIB}}, 1920),
        ({"size": 600 * KIB, "line": "bad", "pace": {"rate": 100 * KIB}}, 1280),
    ],
)
async def test_the_original_goes_where_the_line_bears_it(
    page: Page, facts: dict[str, Any], side: int | None
) -> None:
    plan = await run(page, "shrink", "(shrink, given) => shrink.photoPlan(given)", facts)
    assert (plan and plan["side"]) == side


async def test_a_worse_line_gets_a_smaller_video_and_voice(page: Page) -> None:
    films = await run(
        page, "shrink", "(shrink, given) => given.map(shrink.filmPlan)", ["good", "poor", "bad"]
    )
    assert [film["video"] for film in films] == sorted((film["video"] for film in films), reverse=True)
    # Fifteen seconds on the worst line take no longer than a report's text and photos may.
    assert (films[2]["video"] + films[2]["audio"]) * 15 / 8 < 600 * KIB
    voices = await run(
        page, "shrink", "(shrink, given) => given.map(shrink.voicePlan)", ["good", "poor", "bad"]
    )
    assert voices == sorted(voices, reverse=True)


SMALLER = """async (photos, given) => {
    const bytes = Uint8Array.from(atob(given.data), (letter) => letter.charCodeAt(0));
    const blob = new Blob([bytes], { type: "image/jpeg" });
    const item = { filename: "门口.HEIC.jpeg", facts: { original: given.original } };
    const made = await photos.smallerPhoto(item, blob, { rate: given.rate, at: Date.now() });
    if (!made) return null;
    const back = new Uint8Array(await made.blob.arrayBuffer());
    return { ...made, data: btoa(Array.from(back, (byte) => String.fromCharCode(byte)).join("")) };
}"""


async def smaller(page: Page, data: bytes, *, rate: int = SLOW, original: bool = False) -> Any:
    given = {"data": base64.b64encode(data).decode(), "rate": rate, "original": original}
    made = await run(page, "photos", SMALLER, given)
    return made and {**made, "data": base64.b64decode(made["data"])}


def grainy(size: tuple[int, int], **options: Any) -> bytes:
    """A photo that does not compress."""
    noise = Image.effect_noise(size, 60).convert("RGB")
    return encoded(Image.blend(scene(size), noise, 0.3), "JPEG", quality=93, **options)


async def test_a_smaller_photo_tells_as_the_original_where_and_when_it_was_taken(page: Page) -> None:
    taken = exif(6)
    taken.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:23 18:00:01"
    data = grainy((2400, 1800), exif=taken)
    made = await smaller(page, data)
    assert (made["filename"], made["filetype"]) == ("门口.HEIC.jpg", "image/jpeg")
    assert len(made["data"]) < len(data) / 3
    image = Image.open(io.BytesIO(made["data"]))
    assert image.size == (960, 1280)
    found = image.getexif()
    position = found.get_ifd(ExifTags.IFD.GPSInfo)
    degrees = [
        float(d + m / 60 + s / 3600)
        for d, m, s in (position[ExifTags.GPS.GPSLatitude], position[ExifTags.GPS.GPSLongitude])
    ]
    assert degrees == pytest.approx([LAT, LON])
    assert position[ExifTags.GPS.GPSDateStamp] == "2026:11:23"
    assert found.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == "2026:11:23 18:00:01"
    assert found[ExifTags.Base.Orientation] == 1


@pytest.mark.parametrize("orientation", range(1, 9))
async def test_a_smaller_photo_stands_upright(page: Page, orientation: int) -> None:
    upright = Image.open(io.BytesIO(lying_on_its_side(orientation)))
    turned = upright.resize((upright.width * 5, upright.height * 5))
    noise = Image.effect_noise(turned.size, 40).convert("RGB")
    data = encoded(Image.blend(turned, noise, 0.2), "JPEG", quality=95, exif=exif(orientation))
    made = await smaller(page, data)
    image = Image.open(io.BytesIO(made["data"]))
    assert image.size == (1280, 960)
    red, blue = image.getpixel((900, 100)), image.getpixel((900, 860))
    assert isinstance(red, tuple)
    assert isinstance(blue, tuple)
    assert red[0] > 120 > red[2]
    assert blue[2] > 120 > blue[0]


async def test_what_is_chosen_or_small_or_no_photo_stays_as_it_is(page: Page) -> None:
    data = grainy((1800, 1400))
    assert await smaller(page, data, original=True) is None
    assert await smaller(page, data, rate=FAST) is None
    assert await smaller(page, jpeg((300, 200))) is None
    assert await smaller(page, b"\xff\xd8" + b"no photo at all" * 30_000) is None


@pytest.mark.parametrize("cut", [10, 24, 40, 70, 120, 200])
async def test_a_damaged_exif_part_costs_nothing_but_itself(page: Page, cut: int) -> None:
    data = bytearray(grainy((1800, 1400), exif=exif()))
    data[cut : cut + 8] = b"\xff" * 8
    made = await smaller(page, bytes(data))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow complains of what stays damaged
        assert made is None or Image.open(io.BytesIO(made["data"])).size == (1280, 996)
