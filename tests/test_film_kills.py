"""Videos through real processes: killed amid the cutting, they are cut all the same; and nobody waits for them."""

import asyncio
import io
import os
import signal
import time
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import av
import httpx2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from tests.footage import film, heard, pictures, voice
from tests.people import People, Reporter, eventually
from tests.pictures import jpeg
from tests.stack import Stack
from tests.truth import kinds_of
from tests.uploading import appended, created, offset_of

pytestmark = pytest.mark.anyio

MP4 = {"filename": "现场.mp4", "filetype": "video/mp4"}


def heavy(seconds: float = 5) -> bytes:
    """A video that takes a processor some seconds: full HD, and no part of a picture like the one before."""
    dice = np.random.default_rng(110)
    ground = dice.integers(0, 255, (1080 // 8, 1920 // 8, 3), dtype=np.uint8).repeat(8, 0).repeat(8, 1)
    into = io.BytesIO()
    with av.open(into, "w", format="mp4") as made:
        stream = made.add_stream("libx264", rate=30, options={"preset": "ultrafast", "crf": "30"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        for at in range(round(seconds * 30)):
            moved = np.ascontiguousarray(np.roll(ground, (at * 7, at * 11), (0, 1)))
            frame = VideoFrame.from_ndarray(moved, format="rgb24")
            frame.pts, frame.time_base = at, Fraction(1, 30)
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))
    return into.getvalue()


@pytest.fixture(scope="module")
def heavy_film() -> bytes:
    return heavy()


async def test_a_video_whose_process_was_killed_while_it_was_cut_is_cut_by_the_worker(
    stack: Stack, people: People, heavy_film: bytes
) -> None:
    phone = await people.reporter(stack.citizens[0])
    id_ = (await phone.filed())["id"]
    media = await _sent(phone, id_, heavy_film)
    await eventually(lambda: _cutting(stack), 20, "the video is being cut")
    stack.citizens[0].kill()
    stack.citizens[0].start()
    came = stack.home / "media" / "incoming" / media
    assert came.stat().st_size == len(heavy_film)
    assert [item["state"] for item in (await phone.report(id_))["media"]] == ["uploading"]
    # As if it had lain there a while: the worker leaves to a process what the process may still be doing.
    os.utime(came, (time.time() - 60,) * 2)
    worker = stack.another_worker()
    worker.start()
    try:
        await phone.listen()
        await eventually(lambda: _states(phone.reports.get(id_)) == ["ready"], 90, "it is ready")
    finally:
        worker.stop()
    assert not came.exists()
    assert len(pictures((await phone.http.get(f"/api/v1/media/{media}")).content)) == 150


async def test_a_video_whose_process_was_killed_is_cut_when_its_phone_asks_again(
    stack: Stack, people: People, heavy_film: bytes
) -> None:
    phone = await people.reporter(stack.citizens[0])
    id_ = (await phone.filed())["id"]
    media = await _sent(phone, id_, heavy_film)
    await eventually(lambda: _cutting(stack), 20, "the video is being cut")
    stack.citizens[0].kill()
    stack.citizens[0].start()
    address = f"/api/v1/reports/{id_}/media/{media}"
    assert await offset_of(phone.http, address) == len(heavy_film)
    await phone.listen()
    await eventually(lambda: _states(phone.reports.get(id_)) == ["ready"], 90, "it is ready")
    assert kinds_of(stack.database, id_).count("MediaStored") == 1


async def test_a_killed_cutter_costs_the_video_nothing(
    stack: Stack, people: People, heavy_film: bytes
) -> None:
    phone = await people.reporter(stack.citizens[0])
    await phone.listen()
    id_ = (await phone.filed())["id"]
    media = await _sent(phone, id_, heavy_film)
    await eventually(lambda: _cutting(stack), 20, "the video is being cut")
    for cutter in _cutters(stack):
        os.kill(cutter, signal.SIGKILL)
    await eventually(lambda: not _cutting(stack), 20, "it is gone")
    assert (stack.home / "media" / "incoming" / media).stat().st_size == len(heavy_film)
    await offset_of(phone.http, f"/api/v1/reports/{id_}/media/{media}")
    await eventually(lambda: _states(phone.reports.get(id_)) == ["ready"], 90, "it is ready")


async def test_while_videos_are_cut_reports_photos_and_voice_notes_come_through(
    stack: Stack, people: People, heavy_film: bytes
) -> None:
    filming = [await people.reporter(stack.citizens[0]) for _ in range(3)]
    begun = []
    for phone in filming:
        id_ = (await phone.filed())["id"]
        begun.append((phone, id_, await _sent(phone, id_, heavy_film)))
    await eventually(lambda: _cutting(stack), 20, "a video is being cut")
    other = await people.reporter(stack.citizens[0])
    report = (await other.filed("还在报警"))["id"]
    form = f"/api/v1/reports/{report}/media/form"
    photo = await other.http.post(form, files={"file": ("a.jpg", jpeg(), "image/jpeg")})
    note = await other.http.post(
        form, files={"file": ("a.amr", voice("libopencore_amrnb", "amr"), "audio/amr")}
    )
    assert (photo.json()["state"], note.json()["state"]) == ("ready", "ready")
    waiting = [item["state"] for phone, id_, _ in begun for item in (await phone.report(id_))["media"]]
    assert "uploading" in waiting, "the videos were done before: they are no test of this"
    for phone, id_, _ in begun:
        await _until_ready(phone, id_)


async def test_a_finished_video_and_a_rejected_one_are_told_to_the_open_page(
    stack: Stack, people: People
) -> None:
    console = await people.dispatcher(stack.consoles[0])
    phone = await people.reporter(stack.citizens[0])
    await phone.listen()
    id_ = (await phone.filed())["id"]
    media = await _sent(phone, id_, film(seconds=1))
    await eventually(
        lambda: _states(phone.reports.get(id_)) == ["ready"], 30, "the phone knows that it is there"
    )
    await eventually(lambda: console.cards[id_]["version"] == "3", 20, "the card shows it")
    assert phone.reports[id_]["media"][0]["duration_s"] == pytest.approx(1, abs=0.1)
    played = await phone.http.get(f"/api/v1/media/{media}")
    assert heard(played.content) == pytest.approx(1, abs=0.1)
    await phone.http.delete(f"/api/v1/reports/{id_}/media/{media}", headers={"tus-resumable": "1.0.0"})
    await _sent(phone, id_, film(size=(32, 32), rate=5, seconds=17, sound=None))
    await eventually(
        lambda: _states(phone.reports[id_]) == ["rejected"], 30, "the phone knows that it is refused"
    )
    assert phone.reports[id_]["media"][0]["refused"] == "video_too_long"


async def _sent(phone: Reporter, report: str, data: bytes) -> str:
    """The identifier of a video whose bytes are all there."""
    answer: httpx2.Response = await created(phone.http, UUID(report), len(data), **MP4)
    address = answer.headers["location"]
    assert (await appended(phone.http, address, 0, data)).status_code == 204
    return address.rpartition("/")[2]


async def _until_ready(phone: Reporter, report: str) -> None:
    deadline = time.monotonic() + 90
    while (states := _states(await phone.report(report))) != ["ready"]:
        assert time.monotonic() < deadline, states
        await asyncio.sleep(0.3)


def _states(report: dict[str, Any] | None) -> list[str]:
    return [item["state"] for item in report["media"]] if report else []


def _cutting(stack: Stack) -> bool:
    return bool(_cutters(stack))


def _cutters(stack: Stack) -> list[int]:
    """The processes that cut a video for the first citizen process."""
    citizen = stack.citizens[0].pid
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            command = (path / "cmdline").read_bytes()
        except (OSError, IndexError):
            continue
        if parent == citizen and b"dispatch.cutting" in command:
            found.append(int(path.name))
    return found
