"""The cutting room, with videos: what decodes is one, what plays is ours, and nothing gets in or out of it."""

import asyncio
import io
import random
import struct
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.frame import VideoFrame
from PIL import Image

from dispatch import films, rooms
from dispatch.cutting_room import CuttingRoom
from dispatch.developed import Taken
from dispatch.errors import Refused
from dispatch.footage import Footage, packed, unpacked
from dispatch.rooms import Delayed
from tests import footage
from tests.footage import PLACE, film, heard, opened, pictures, voice
from tests.pictures import encoded, jpeg, polyglot, scene

pytestmark = pytest.mark.anyio

RED, BLUE = (200, 30, 30), (30, 30, 200)
SECRET = "秘密的标题"
PAGE = b"<script>alert('in a film')</script>"


@pytest.fixture(scope="module")
def room() -> Iterator[CuttingRoom]:
    made = CuttingRoom("video")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("codec", "container", "sound", "content_type"),
    [
        ("libx264", "mp4", "aac", "video/mp4"),
        ("libx265", "mp4", "aac", "video/mp4"),
        ("libx265", "mov", "aac", "video/quicktime"),
        ("libx264", "mov", "pcm_s16le", "video/quicktime"),
        ("libvpx", "webm", "libopus", "video/webm"),
        ("libvpx-vp9", "webm", "libopus", "video/webm"),
        ("h263", "3gp", "libopencore_amrnb", "video/3gpp"),
        ("mpeg4", "3gp", "libopencore_amrnb", "video/3gpp"),
        ("libx264", "mp4", None, "video/mp4"),
    ],
)
async def test_every_kind_of_video_a_phone_makes_is_cut_in_the_confined_process(
    codec: str, container: str, sound: str | None, content_type: str, room: CuttingRoom, tmp_path: Path
) -> None:
    size = (352, 288) if codec == "h263" else (320, 180)
    found = await room.develop(_file(tmp_path, film(codec, container, sound=sound, size=size)))
    assert found.content_type == content_type
    assert 1900 < found.duration_ms < 2200
    with opened(found.play) as made:
        names = [stream.codec_context.name for stream in made.streams]
        assert names == (["h264", "aac"] if sound else ["h264"])
        assert made.streams.video[0].codec_context.pix_fmt == "yuv420p"
    shown = pictures(found.play)
    assert len(shown) == 60
    _assert_red_then_blue(shown[30])
    assert found.width is not None
    assert abs(found.width - size[0]) <= size[0] // 10  # H.263 has pixels that are not square
    if sound:
        assert abs(heard(found.play) - 2) < 0.1
    poster, thumb = (Image.open(io.BytesIO(data)) for data in (found.poster, found.thumb))
    assert (poster.size, thumb.width) == ((found.width, found.height), min(320, found.width))
    _assert_red_then_blue(poster)


def test_what_plays_everywhere_already_is_not_encoded_again() -> None:
    original = film(options={"crf": "40", "preset": "ultrafast"})
    found = _cut(original)
    assert [picture.tobytes() for picture in pictures(found.play)] == [
        picture.tobytes() for picture in pictures(original)
    ]
    assert b"x264 - core" in original
    assert b"x264 - core" not in found.play  # notes between the pictures are left out


def test_what_an_edit_leaves_out_is_not_shown() -> None:
    """One key picture, and forty seconds of which two are to be shown: all would be copied, and longer than may be."""
    original = film(size=(64, 64), seconds=40, sound=None, options={"g": "2000"})
    found = _cut(_edited(original, 15_360 * 20, 2000))
    assert 1900 < found.duration_ms < 2200
    assert len(pictures(found.play)) == pytest.approx(60, abs=3)


def test_a_player_can_begin_before_all_of_it_has_come() -> None:
    for data in (film(), film("libvpx", "webm", sound="libopus"), film("libx265", rate=60, seconds=15)):
        play = _cut(data).play
        assert 0 < play.index(b"moov") < play.index(b"mdat")


@pytest.mark.parametrize(("turned", "left"), [(90, None), (-90, None), (180, BLUE)])
def test_a_video_taken_on_its_side_stands_upright(turned: int, left: tuple[int, int, int] | None) -> None:
    found = _cut(film(turned=turned))
    shown = pictures(found.play)[30]
    poster = Image.open(io.BytesIO(found.poster))
    if left is not None:
        assert shown.size == poster.size == (320, 180)
        _assert_colour(shown, (60, 60), left)
        return
    assert shown.size == poster.size == (found.width, found.height) == (180, 320)
    # Counterclockwise, what was left comes to lie below.
    below, above = (RED, BLUE) if turned == 90 else (BLUE, RED)
    for picture in (shown, poster):
        _assert_colour(picture, (60, 60), above)
        _assert_colour(picture, (60, 260), below)


@pytest.mark.parametrize(
    ("size", "shown"),
    [((1920, 1080), (1280, 720)), ((720, 1440), (640, 1280)), ((2048, 16), (1280, 16)), ((48, 32), (48, 32))],
)
def test_a_video_is_shown_at_most_1280_pixels_long_and_never_larger_than_it_was(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    found = _cut(film(size=size, seconds=0.5, sound=None))
    assert (found.width, found.height) == shown == pictures(found.play)[0].size


def test_of_more_than_thirty_pictures_a_second_some_are_left_out_where_it_is_encoded_anew() -> None:
    found = _cut(film("libx265", rate=120, seconds=2, sound=None))
    assert 55 <= len(pictures(found.play)) <= 62
    assert 1980 <= found.duration_ms <= 2020


def test_pictures_keep_their_times_however_uneven_they_are() -> None:
    found = _cut(film("libvpx", "webm", sound=None, pts=[0, 40, 900, 1000, 2500]))
    with opened(found.play) as made:
        moments = [float(frame.time or 0) for frame in made.decode(video=0)]
    assert moments == pytest.approx([0, 0.04, 0.9, 1, 2.5], abs=0.002)


def test_a_video_that_is_turned_while_it_is_taken_keeps_its_proportions() -> None:
    found = _cut(_changing((320, 180), (180, 320)))
    shown = pictures(found.play)
    assert {picture.size for picture in shown} == {(320, 180)}
    _assert_colour(shown[-1], (20, 90), (0, 0, 0))
    _assert_colour(shown[-1], (130, 60), RED)
    _assert_colour(shown[-1], (190, 60), BLUE)


@pytest.mark.parametrize("container", ["mov", "mp4"])
def test_where_it_was_taken_is_told_apart_and_stands_in_nothing_that_plays(container: str) -> None:
    quicktime = {
        "com.apple.quicktime.location.ISO6709": PLACE,
        "com.apple.quicktime.creationdate": "2026-11-23T18:00:00+0800",
    }
    notes = {**(quicktime if container == "mov" else {"location": PLACE}), "title": SECRET, "comment": SECRET}
    for codec in ("libx264", "libx265"):
        original = film(codec, container, notes=notes)
        assert b"30.25" in original
        assert SECRET.encode() in original
        found = _cut(original)
        at = datetime(2026, 11, 23, 10, tzinfo=UTC) if container == "mov" else None
        assert found.taken == Taken(30.25, 120.12, None, at)
        for part in (found.play, found.poster, found.thumb):
            assert b"30.25" not in part
            assert SECRET.encode() not in part
            assert b"quicktime" not in part


@pytest.mark.parametrize("place", ["", "+00.0000+000.0000/", "+99.0+120.0/", "断桥", "+30.25"])
def test_a_place_that_is_none_is_left_out(place: str) -> None:
    assert _cut(film(seconds=0.2, sound=None, notes={"location": place, "title": "x"})).taken is None


# --- how long it is, is what its pictures and its sound say


@pytest.mark.parametrize(
    ("data", "fits"),
    [
        (lambda: film(size=(64, 64), seconds=15), True),
        (lambda: film(size=(64, 64), seconds=15.4), True),
        (lambda: film(size=(64, 64), seconds=15.7), False),
        (lambda: film(size=(64, 64), seconds=1, sound_seconds=17), False),
        (lambda: film("libvpx", "webm", sound=None, pts=[0, 15_400]), False),  # the last is shown a while
        (lambda: film("libvpx", "webm", sound=None, pts=[0, 600_000]), False),
        (lambda: _called_shorter(film(size=(64, 64), seconds=40)), False),
        (lambda: film(size=(16, 16), seconds=600, rate=5, sound=None), False),
    ],
)
def test_a_video_of_more_than_fifteen_seconds_is_too_long_whatever_its_header_says(
    data: Callable[[], bytes], fits: bool
) -> None:
    if fits:
        assert _cut(data()).duration_ms >= 15_000
        return
    with pytest.raises(Refused, match="video_too_long") as refused:
        _cut(data())
    assert refused.value.values == {"limit": 15}


def test_more_pictures_than_any_camera_takes_are_none() -> None:
    with pytest.raises(Refused, match="video_unreadable"):
        _cut(film("libvpx", "webm", size=(16, 16), sound=None, rate=1000, seconds=5))


async def test_a_video_larger_than_any_phones_is_told_so(room: CuttingRoom, tmp_path: Path) -> None:
    large = film(size=(7680, 4320), seconds=0.1, sound=None, options={"preset": "ultrafast"})
    with pytest.raises(Refused, match="video_too_many_pixels") as refused:
        await room.develop(_file(tmp_path, large))
    assert refused.value.values == {"limit": 9}


def test_a_header_that_calls_it_larger_than_it_is_changes_nothing() -> None:
    assert _cut(footage.giant()).play


# --- what is no video

BAD: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "words": lambda: "这不是视频".encode(),
    "a page": lambda: b"<!doctype html>" + PAGE,
    "a photo": jpeg,
    "a photo with a page in it": polyglot,
    "an animation": lambda: encoded(scene(), "GIF"),
    "a voice note": voice,
    "a voice note called WebM": lambda: voice("libopus", "webm"),
    "a list of files": lambda: b"ffconcat version 1.0\nfile '/etc/hostname'\n",
    "a playlist": lambda: b"#EXTM3U\n#EXTINF:10,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
    "a playlist of a network": lambda: b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
    "a session": lambda: b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
    "a manifest": lambda: b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
    "half an MP4": lambda: film()[:15_000],
    "an MP4 without its pictures": lambda: _without(film(), b"mdat"),
    "an MP4 of noise": lambda: _noise(film()),
    "an AVI": lambda: film("mpeg4", "avi", sound=None),
    "a transport stream": lambda: film("libx264", "mpegts"),
    "an unknown codec": lambda: film("ffv1", "matroska", sound=None),
    "a head alone": lambda: film()[:40],
}


@pytest.mark.parametrize("name", BAD)
async def test_what_is_no_whole_video_is_unreadable(name: str, room: CuttingRoom, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="video_unreadable"):
        await room.develop(_file(tmp_path, BAD[name]()))


def test_a_video_that_was_cut_off_is_shown_as_far_as_it_goes() -> None:
    whole = film("libvpx", "webm", sound="libopus")
    found = _cut(whole[: len(whole) // 2])
    assert 500 < found.duration_ms < 1900


def test_a_page_behind_a_video_does_not_get_out_of_the_cutting_room() -> None:
    for original in (film(), film("libvpx", "webm", sound="libopus")):
        found = _cut(original + PAGE)
        assert b"<script" not in found.play + found.poster + found.thumb


async def test_a_damaged_video_is_cut_or_refused(room: CuttingRoom, tmp_path: Path) -> None:
    dice, codes = random.Random(110), set()
    for number in range(24):
        data = bytearray(
            film(*(("libx264", "mp4") if number % 2 else ("libvpx", "webm")), sound=None, seconds=1)
        )
        for _ in range(1 + number * 3):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            found = await room.develop(_file(tmp_path, bytes(data)))
        except Refused as refused:
            codes.add(refused.code)
        else:
            assert pictures(found.play)
    assert codes <= {"video_unreadable", "video_too_long", "video_too_many_pixels"}


# --- the process that decodes


async def test_the_process_that_cuts_can_open_and_write_nothing(tmp_path: Path) -> None:
    tries = f"""
import os, socket, sys
sys.path.insert(0, {str(rooms.ROOT)!r})
from dispatch import cutting
cutting._confine()
for attempt in (
    lambda: open("/etc/hostname"),
    lambda: open({str(tmp_path / "made")!r}, "w"),
    lambda: socket.socket(),
    lambda: os.pipe(),
    lambda: bytearray(4 * 1024**3),
):
    try:
        attempt()
    except (OSError, MemoryError):
        continue
    os._exit(1)
os._exit(0)
"""
    room = _RoomOf(tries)
    with _file(tmp_path, b"x").open("rb") as file:
        assert room._run(file) == (b"", 0)
    room.close()
    assert not (tmp_path / "made").exists()


async def test_a_decoder_that_crashes_refuses_the_video_and_one_that_is_killed_does_not(
    tmp_path: Path,
) -> None:
    crashing = _RoomOf("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(Refused, match="video_unreadable"):
        await crashing.develop(_file(tmp_path, b"x"))
    killed = _RoomOf("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(Delayed):
        await killed.develop(_file(tmp_path, b"x"))
    for room in (crashing, killed):
        room.close()


async def test_more_than_can_wait_are_told_to_come_later(tmp_path: Path) -> None:
    room = _RoomOf("import time; time.sleep(600)")
    room.waiting = 3
    path = _file(tmp_path, b"x")
    waiting = [asyncio.create_task(room.develop(path)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Delayed):
        await room.develop(path)
    await asyncio.to_thread(room.close)
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(end, Delayed | asyncio.CancelledError) for end in ended)


def test_what_crosses_from_the_process_comes_out_as_it_went_in() -> None:
    taken = Taken(1.5, -2.5, None, datetime(2026, 1, 2, tzinfo=UTC))
    whole = Footage(b"film\n\0", 1500, "video/mp4", b"poster", b"thumb", 16, 9, None, taken)
    note = Footage(b"sound", 900, "audio/amr", waveform=bytes(range(64)))
    for made in (whole, note):
        assert unpacked(packed(made)) == made
    refused = unpacked(packed(Refused("video_too_long", limit=15)))
    assert isinstance(refused, Refused)
    assert (refused.code, refused.values) == ("video_too_long", {"limit": 15})


class _RoomOf(CuttingRoom):
    """A cutting room whose process does something else."""

    def __init__(self, deed: str) -> None:
        super().__init__("video")
        self.command = (sys.executable, "-I", "-c", deed)


def _cut(data: bytes) -> Footage:
    return films.cut(io.BytesIO(data))


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "came"
    path.write_bytes(data)
    return path


def _assert_red_then_blue(picture: Image.Image) -> None:
    width, height = picture.size
    _assert_colour(picture, (width // 4, height // 2), RED)
    _assert_colour(picture, (width * 3 // 4, height // 2), BLUE)


def _assert_colour(picture: Image.Image, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    found = picture.convert("RGB").getpixel(at)
    assert isinstance(found, tuple)
    assert max(abs(one - other) for one, other in zip(found, colour, strict=True)) < 30, (found, colour)


def _changing(*sizes: tuple[int, int]) -> bytes:
    """A WebM whose pictures change their size, as a browser's recorder makes it of a phone that is turned."""
    into = io.BytesIO()
    with av.open(into, "w", format="webm") as made:
        stream = made.add_stream("libvpx", rate=30)
        stream.width, stream.height, stream.pix_fmt = *sizes[0], "yuv420p"
        at = 0
        for size in sizes:
            coder = av.CodecContext.create("libvpx", "w")
            coder.width, coder.height, coder.pix_fmt = *size, "yuv420p"
            coder.time_base = Fraction(1, 30)
            for number in range(16):
                frame = None
                if number < 15:
                    frame = VideoFrame.from_ndarray(footage._picture(size, 0), format="rgb24")
                    frame.pts, frame.time_base = at, Fraction(1, 30)
                    at += 1
                for packet in coder.encode(frame):
                    packet.stream, packet.time_base = stream, Fraction(1, 30)
                    made.mux(packet)
    return into.getvalue()


def _called_shorter(data: bytes) -> bytes:
    """An MP4 whose headers say that it lasts a second."""
    changed = bytearray(data)
    for box, where in ((b"mvhd", 16), (b"mdhd", 16), (b"tkhd", 20)):
        at = 0
        while (at := changed.find(box, at)) >= 0:
            at += 4
            scale = struct.unpack_from(">I", changed, at + 12)[0] if box != b"tkhd" else 1000
            struct.pack_into(">I", changed, at + where, scale)
    return bytes(changed)


def _edited(data: bytes, start: int, milliseconds: int) -> bytes:
    """An MP4 of which only a part is to be shown, from `start` (in the film's own time) on."""
    changed = bytearray(data)
    struct.pack_into(">Ii", changed, changed.index(b"elst") + 12, milliseconds, start)
    return bytes(changed)


def _without(data: bytes, box: bytes) -> bytes:
    """The same with zeros in a box."""
    at = data.index(box) - 4
    length = struct.unpack_from(">I", data, at)[0]
    return data[: at + 8] + bytes(length - 8) + data[at + length :]


def _noise(data: bytes) -> bytes:
    at = data.index(b"mdat") + 4
    length = struct.unpack_from(">I", data, at - 8)[0] - 8
    return data[:at] + random.Random(1).randbytes(length) + data[at + length :]
