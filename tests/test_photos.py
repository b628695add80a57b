"""The darkroom: what decodes is a photo, only pixels get out, and nothing gets in its way."""

import io
import os
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies
from PIL import Image, ImageStat

from dispatch import rooms
from dispatch.developed import Developed, Taken, packed, unpacked
from dispatch.developing import MAX_PIXELS, develop
from dispatch.errors import Refused
from dispatch.photos import Darkroom
from dispatch.rooms import Delayed
from tests import pictures
from tests.pictures import LAT, LON, SCRIPT, SECRET, encoded, exif, jpeg, opened, scene

pytestmark = pytest.mark.anyio

RED, BLUE = (200, 30, 30), (30, 30, 200)


@pytest.fixture(scope="module")
def darkroom() -> Iterator[Darkroom]:
    room = Darkroom()
    yield room
    room.close()


def test_a_photo_becomes_a_view_and_a_thumb_and_keeps_its_proportions() -> None:
    found = _develop(jpeg((4000, 3000)))
    assert (found.width, found.height) == (2000, 1500)
    assert opened(found.view).size == (2000, 1500)
    assert opened(found.thumb).size == (320, 240)
    assert found.content_type == "image/jpeg"


@pytest.mark.parametrize(
    ("size", "view"),
    [
        ((3000, 4000), (1500, 2000)),
        ((8160, 6120), (2040, 1530)),
        ((2100, 100), (2048, 98)),
        ((3000, 3000), (2048, 2048)),
        ((300, 200), (300, 200)),
        ((1, 1), (1, 1)),
        ((9000, 2), (1125, 1)),
    ],
)
def test_a_view_is_at_most_2048_pixels_long_and_never_larger_than_the_photo(
    size: tuple[int, int], view: tuple[int, int]
) -> None:
    found = _develop(encoded(scene(size)))
    assert opened(found.view).size == (found.width, found.height)
    assert max(found.width, found.height) <= 2048
    assert max(opened(found.thumb).size) <= 320
    if size[1] > 2:
        assert (found.width, found.height) == view


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_taken_on_its_side_stands_upright(orientation: int) -> None:
    found = _develop(pictures.lying_on_its_side(orientation))
    assert (found.width, found.height) == (640, 480)
    _assert_upright(opened(found.view))
    _assert_upright(opened(found.thumb))


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("HEIF", "image/heic"),
        ("MPO", "image/jpeg"),
    ],
)
async def test_every_kind_of_photo_a_phone_makes_is_developed_in_the_confined_process(
    kind: str, content_type: str, darkroom: Darkroom, tmp_path: Path
) -> None:
    options = {"icc_profile": pictures.swapped_profile()} if kind != "MPO" else {"save_all": True}
    data = encoded(scene((2400, 1800)), kind, exif=exif().tobytes(), **options)
    if kind == "MPO":
        data = encoded(scene((2400, 1800)), "MPO", save_all=True, append_images=[scene()])
    found = await darkroom.develop(_file(tmp_path, data))
    assert found.content_type == content_type
    _assert_upright(opened(found.view))
    assert found.view[:4] == found.thumb[:4] == b"RIFF"
    assert found.view[8:12] == b"WEBP"


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "I;16", "1", "CMYK"])
async def test_every_way_to_keep_colours_is_read(mode: str, darkroom: Darkroom, tmp_path: Path) -> None:
    image = scene().convert("L").convert("I").point(lambda level: level * 256) if mode == "I;16" else scene()
    data = encoded(image.convert(mode), "JPEG" if mode == "CMYK" else "PNG")
    found = await darkroom.develop(_file(tmp_path, data))
    above, expected = (
        ImageStat.Stat(picture.convert("L").crop((300, 100, 340, 140))).mean[0]
        for picture in (opened(found.view), scene())
    )
    assert abs(above - expected) < 20


def test_what_is_transparent_lies_on_white() -> None:
    found = _develop(encoded(Image.new("RGBA", (64, 64), (0, 0, 0, 0)), "PNG"))
    assert opened(found.view).getpixel((32, 32)) == (255, 255, 255)


def test_where_a_photo_was_taken_is_told_apart_and_stands_in_no_picture() -> None:
    found = _develop(encoded(scene(), exif=exif(6), icc_profile=pictures.swapped_profile(), comment=SECRET))
    assert found.taken is not None
    assert found.taken.lat == pytest.approx(LAT, abs=1e-6)
    assert found.taken.lon == pytest.approx(LON, abs=1e-6)
    assert found.taken.accuracy_m == 12.5
    assert found.taken.at == datetime(2026, 11, 23, 10, 0, 1, tzinfo=UTC)
    for picture in (found.view, found.thumb):
        assert set(opened(picture).info) <= {"loop", "background", "timestamp", "duration"}
        assert not opened(picture).getexif()
        assert SECRET not in picture
        assert b"EXIF" not in picture
        assert b"ICCP" not in picture


def test_the_southern_and_western_half_have_their_sign() -> None:
    found = _develop(encoded(scene(), exif=exif(GPSLatitudeRef="S", GPSLongitudeRef="W")))
    assert found.taken is not None
    assert found.taken.lat == pytest.approx(-LAT)
    assert found.taken.lon == pytest.approx(-LON)


@pytest.mark.parametrize(
    "gps",
    [
        {"GPSLatitude": (99.0, 0.0, 0.0)},
        {"GPSLatitudeRef": "X"},
        {"GPSLatitude": (0.0, 0.0, 0.0), "GPSLongitude": (0.0, 0.0, 0.0)},
    ],
)
def test_a_position_that_is_none_is_left_out(gps: dict[str, Any]) -> None:
    assert _develop(encoded(scene(), exif=exif(1, **gps))).taken is None


def test_metadata_that_cannot_be_read_costs_the_photo_nothing() -> None:
    broken = bytearray(encoded(scene(), exif=exif(6)))
    at = broken.index(b"Exif\0\0") + 14
    broken[at : at + 60] = b"\xff" * 60
    assert _develop(bytes(broken)).width == 640
    assert _develop(encoded(scene(), icc_profile=b"no profile at all" * 20)).width == 640


def _half(kind: str) -> bytes:
    whole = encoded(scene((1600, 1200)).effect_spread(9), kind)
    return whole[: len(whole) // 2]


WRONG = {
    "no bytes": b"",
    "text named jpg": "这不是照片".encode() * 100,
    "an animated GIF": pictures.animated("GIF"),
    "SVG": pictures.svg(),
    "a page": SCRIPT,
    "a JPEG cut off": _half("JPEG"),
    "a JPEG's first bytes": jpeg()[:20],
    "a PNG cut off": _half("PNG"),
    "a WebP cut off": _half("WEBP"),
    "a HEIC cut off": _half("HEIF"),
    "a BMP": encoded(scene(), "BMP"),
    "a TIFF": encoded(scene(), "TIFF"),
    "PostScript": encoded(scene(), "EPS"),
    "noise behind a JPEG's mark": b"\xff\xd8\xff\xe0" + os.urandom(5000),
}


@pytest.mark.parametrize("name", WRONG)
async def test_what_is_no_whole_photo_is_unreadable(name: str, darkroom: Darkroom, tmp_path: Path) -> None:
    assert await _refusal(darkroom, _file(tmp_path, WRONG[name])) == "photo_unreadable"


@pytest.mark.parametrize("kind", ["WEBP", "PNG"])
async def test_an_animated_picture_is_told_to_be_one(kind: str, darkroom: Darkroom, tmp_path: Path) -> None:
    assert await _refusal(darkroom, _file(tmp_path, pictures.animated(kind))) == "photo_animated"


async def test_a_bomb_is_refused_by_its_header_at_once(darkroom: Darkroom, tmp_path: Path) -> None:
    path = _file(tmp_path, pictures.png_bomb())
    assert path.stat().st_size < 20_000
    assert await _refusal(darkroom, path) == "photo_too_many_pixels"


async def test_a_header_one_row_over_the_limit_is_over_it(darkroom: Darkroom, tmp_path: Path) -> None:
    over = pictures.png_bomb(12_000, MAX_PIXELS // 12_000 + 1)
    assert await _refusal(darkroom, _file(tmp_path, over)) == "photo_too_many_pixels"
    lying = pictures.png_bomb(12_000, MAX_PIXELS // 12_000)
    assert await _refusal(darkroom, _file(tmp_path, lying)) == "photo_unreadable"


async def test_what_needs_more_memory_than_its_share_is_refused_and_the_next_photo_is_developed(
    darkroom: Darkroom, tmp_path: Path
) -> None:
    path = _file(tmp_path, pictures.honest_bomb())
    assert path.stat().st_size < 1_000_000
    assert await _refusal(darkroom, path) == "photo_too_many_pixels"
    assert (await darkroom.develop(_file(tmp_path, jpeg()))).width == 640


async def test_a_page_hidden_in_a_photo_does_not_get_out_of_the_darkroom(
    darkroom: Darkroom, tmp_path: Path
) -> None:
    found = await darkroom.develop(_file(tmp_path, pictures.polyglot()))
    assert b"script" not in found.view + found.thumb


async def test_the_process_that_decodes_can_open_and_write_nothing(tmp_path: Path) -> None:
    tries = f"""
import os, socket, sys
sys.path.insert(0, {str(rooms.ROOT)!r})
from dispatch import developing
developing._confine()
for attempt in (
    lambda: open("/etc/hostname"),
    lambda: open({str(tmp_path / "made")!r}, "w"),
    lambda: socket.socket(),
    lambda: os.pipe(),
    lambda: bytearray(2 * 1024**3),
):
    try:
        attempt()
    except (OSError, MemoryError):
        continue
    os._exit(1)
os._exit(0)
"""
    room = _RoomOf(tries)
    with _file(tmp_path, jpeg()).open("rb") as photo:
        assert room._run(photo) == (b"", 0)
    room.close()
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("signal", ["SIGSEGV", "SIGABRT", "SIGXCPU"])
async def test_a_decoder_that_crashes_takes_nothing_with_it(signal: str, tmp_path: Path) -> None:
    room = _RoomOf(f"import os, signal; os.kill(os.getpid(), signal.{signal})")
    assert await _refusal(room, _file(tmp_path, jpeg())) == "photo_unreadable"
    room.close()


@pytest.mark.parametrize(
    "deed",
    [
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import os; os._exit(3)",
        "print('{}')",
        "print('no JSON')",
        "import os\nwhile True: os.write(1, b'x' * 65536)",
    ],
)
async def test_a_photo_is_not_blamed_for_what_befell_its_process(deed: str, tmp_path: Path) -> None:
    room = _RoomOf(deed)
    with pytest.raises(Delayed):
        await room.develop(_file(tmp_path, jpeg()))
    room.close()


async def test_a_process_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Darkroom, "patience_s", 0.5)
    room = _RoomOf("import time; time.sleep(600)")
    began = time.monotonic()
    with pytest.raises(Delayed):
        await room.develop(_file(tmp_path, jpeg()))
    assert time.monotonic() - began < 20
    room.close()


async def test_a_closed_darkroom_takes_nothing_more(tmp_path: Path) -> None:
    room = Darkroom()
    room.close()
    with pytest.raises(Delayed):
        await room.develop(_file(tmp_path, jpeg()))


@given(
    strategies.integers(0, 1_000_000),
    strategies.integers(1, 64),
    strategies.sampled_from(["JPEG", "PNG", "WEBP", "HEIF"]),
)
def test_a_photo_damaged_anywhere_is_developed_or_refused(at: int, length: int, kind: str) -> None:
    data = bytearray(_SOUND[kind])
    at %= len(data)
    data[at : at + length] = bytes((byte * 7 + 13) % 256 for byte in data[at : at + length])
    try:
        found = _develop(bytes(data))
    except Refused as refused:
        assert refused.code in {"photo_unreadable", "photo_too_many_pixels", "photo_animated"}  # noqa: PT017
    else:
        assert opened(found.view).size == (found.width, found.height)


def test_what_crosses_from_the_process_comes_out_as_it_went_in() -> None:
    for taken in (None, Taken(1.5, -2.5, None, None), Taken(1, 2, 3.5, datetime(2026, 1, 2, tzinfo=UTC))):
        developed = Developed(b"view\n\0", b"thumb", 4, 3, "image/png", taken)
        assert unpacked(packed(developed)) == developed
    refused = unpacked(packed(Refused("photo_too_many_pixels", limit=108)))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.values) == ("photo_too_many_pixels", {"limit": 108})


_SOUND = {kind: encoded(scene((200, 150)), kind) for kind in ("JPEG", "PNG", "WEBP", "HEIF")}


class _RoomOf(Darkroom):
    """A darkroom whose process does something else."""

    def __init__(self, deed: str) -> None:
        super().__init__()
        self.command = (sys.executable, "-I", "-c", deed)


def _develop(data: bytes) -> Developed:
    return develop(io.BytesIO(data))


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "photo.jpg"
    path.write_bytes(data)
    return path


async def _refusal(darkroom: Darkroom, path: Path) -> str:
    with pytest.raises(Refused) as refused:
        await darkroom.develop(path)
    return refused.value.code


def _assert_upright(image: Image.Image) -> None:
    width, height = image.size
    for at, colour in (
        ((width // 2, height // 8), RED),
        ((width // 2, height * 7 // 8), BLUE),
        ((width // 20, height // 20), (255, 255, 255)),
    ):
        found = image.convert("RGB").getpixel(at)
        assert isinstance(found, tuple)
        assert all(abs(a - b) < 40 for a, b in zip(found, colour, strict=True)), (at, found)
