"""Videos and voice notes through the citizen app: taken at once, made playable afterwards, played in ranges."""

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest

from api import media_taking as handlers
from dispatch import media, requests
from dispatch.cutting_room import CuttingRoom
from dispatch.database import Database
from dispatch.laboratory import Laboratory
from dispatch.media_bounds import VIDEO_BYTES, VOICE_BYTES, checked
from dispatch.rooms import Delayed
from dispatch.store import MediaStore, StoreAway
from tests.footage import PLACE, film, heard, opened, voice
from tests.pictures import LAT, LON, exif, jpeg
from tests.uploading import DESK, PIECE, TUS, Lab, appended, created, offered, offset_of
from web.playing import asked_range

pytestmark = pytest.mark.anyio

FILM = film(seconds=1)
NOTE = voice("libopus", "webm", seconds=1)
MP4 = {"filename": "VID_1.mp4", "filetype": "video/mp4"}


@pytest.fixture
def laboratory() -> Iterator[Laboratory]:
    """Of each test's own: those who wait in it wait on the test's loop."""
    made = Laboratory.small(photos=1)
    yield made
    made.close()


@pytest.fixture(params=["folder", "remote"])
async def lab(
    database: Database, laboratory: Laboratory, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Lab]:
    """On both kinds of store."""
    made = Lab(tmp_path, database, laboratory)
    if request.param == "remote":
        made.store._folder, made.store._objects = None, MediaStore("memory:///")._objects
    yield made
    await _all_done()
    await made.close()


@pytest.fixture
def phone(lab: Lab) -> httpx2.AsyncClient:
    return lab.phone()


async def test_a_video_is_answered_when_its_bytes_are_safe_and_ready_when_it_can_be_played(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    answer = await created(phone, lab.report, len(FILM), **MP4)
    address, id_ = answer.headers["location"], answer.json()["id"]
    assert answer.json()["kind"] == "video"
    assert (await appended(phone, address, 0, FILM[:5000])).status_code == 204
    assert await offset_of(phone, address) == 5000
    assert (await appended(phone, address, 5000, FILM[5000:])).status_code == 204
    assert lab.state_of(id_) == "uploading"
    assert await offset_of(phone, address) == len(FILM)  # asking again starts nothing again
    await _all_done()

    found = lab.found(UUID(id_)).media
    assert (found.state, found.width, found.height, found.duration_ms) == ("ready", 320, 180, 1003)
    assert lab.kinds() == ["MediaBegun", "MediaStored"]
    assert lab.data()[-1]["sha256"] == hashlib.sha256(FILM).hexdigest()
    assert await lab.store.get(UUID(id_), "original") == FILM
    assert lab.lying() == []
    played = await phone.get(f"/api/v1/media/{id_}")
    assert (played.status_code, played.headers["content-type"]) == (200, "video/mp4")
    with opened(played.content) as made:
        assert [stream.codec_context.name for stream in made.streams] == ["h264", "aac"]
    for part in ("view", "thumb"):
        poster = await phone.get(f"/api/v1/media/{id_}/{part}")
        assert (poster.status_code, poster.headers["content-type"]) == (200, "image/webp")


@pytest.mark.parametrize(
    ("filetype", "data"),
    [("audio/webm;codecs=opus", NOTE), ("audio/x-m4a", voice(seconds=1)), ("AUDIO/AMR", None)],
)
async def test_a_voice_note_is_answered_when_it_can_be_played(
    filetype: str, data: bytes | None, lab: Lab, phone: httpx2.AsyncClient
) -> None:
    data = data or voice("libopencore_amrnb", "amr", seconds=1)
    answer = await _form(phone, lab, data, filetype, "语音")
    said = answer.json()
    assert (answer.status_code, said["state"], said["kind"]) == (201, "ready", "voice")
    assert said["duration_s"] == pytest.approx(1, abs=0.1)
    assert (said["width"], said["height"], said["refused"]) == (None, None, None)
    played = await phone.get(f"/api/v1/media/{said['id']}")
    assert (played.status_code, played.headers["content-type"]) == (200, "audio/mp4")
    assert heard(played.content) == pytest.approx(1, abs=0.1)
    for part in ("view", "thumb"):
        assert _problem(await phone.get(f"/api/v1/media/{said['id']}/{part}")) == (404, "media_unknown")
    assert lab.found(UUID(said["id"])).media.waveform is not None


async def test_one_form_brings_a_video_and_the_same_again_brings_the_same(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    first = await _form(phone, lab, FILM, "video/mp4", client_id="film")
    assert (first.status_code, first.json()["state"]) == (201, "uploading")
    await _all_done()
    again = await _form(phone, lab, FILM, "video/mp4", client_id="film")
    assert (again.status_code, again.json()["state"], again.json()["id"]) == (
        200,
        "ready",
        first.json()["id"],
    )


# --- limits, each with its own code


async def test_a_report_has_one_video_four_voice_notes_and_what_was_taken_back_frees_its_place(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    first = await created(phone, lab.report, 1000, **MP4)
    refused = await created(phone, lab.report, 1000, **MP4)
    assert (*_problem(refused), refused.json()["limit"]) == (422, "videos_too_many", 1)
    for _ in range(4):
        assert (await created(phone, lab.report, 1000, filetype="audio/amr")).status_code == 201
    refused = await created(phone, lab.report, 1000, filetype="audio/aac")
    assert (*_problem(refused), refused.json()["limit"]) == (422, "voices_too_many", 4)
    assert (await created(phone, lab.report, 1000)).status_code == 201  # photos count for themselves
    assert (await phone.delete(first.headers["location"], headers=TUS)).status_code == 204
    again = await created(phone, lab.report, 1000, **MP4)
    assert again.status_code == 201
    lab.do(lambda session: media.reject(session, UUID(again.json()["id"]), "video_too_long"))
    assert (await created(phone, lab.report, 1000, **MP4)).status_code == 201


async def test_what_is_too_large_is_refused_before_its_first_byte(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    for length, filetype, code, limit in (
        (VIDEO_BYTES + 1, "video/webm;codecs=vp8,opus", "video_too_large", 60),
        (VOICE_BYTES + 1, "audio/wav", "voice_too_large", 6),
    ):
        refused = await created(phone, lab.report, length, filetype=filetype)
        assert (*_problem(refused), refused.json()["limit"]) == (413, code, limit)
        refused = await created(phone, lab.report, 0, filetype=filetype)
        assert _problem(refused)[1] == code.replace("_too_large", "_unreadable")
    assert lab.kinds() == []


async def test_a_form_that_is_too_large_is_refused_as_soon_as_its_kind_is_known(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    taken = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal taken
        yield (
            b'--x\r\ncontent-disposition: form-data; name="file"; filename="a.amr"\r\n'
            b"content-type: audio/amr\r\n\r\n"
        )
        for _ in range(40):
            taken += 1
            yield bytes(1024 * 1024)

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = await phone.post(f"/api/v1/reports/{lab.report}/media/form", content=body(), headers=headers)
    assert _problem(answer) == (413, "voice_too_large")
    assert taken <= 8


# --- what cannot be played


async def test_a_video_that_is_refused_later_tells_why_and_frees_its_place(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    long = film(size=(32, 32), seconds=17, rate=5, sound=None)
    answer = await _form(phone, lab, long, "video/mp4", client_id="long")
    assert answer.status_code == 201
    await _all_done()
    found = lab.found(UUID(answer.json()["id"])).media
    assert (found.state, found.refused) == ("rejected", "video_too_long")
    assert lab.kinds() == ["MediaBegun", "MediaRejected"]
    assert lab.lying() == []
    again = await _form(phone, lab, long, "video/mp4", client_id="long")
    assert (*_problem(again), again.json()["limit"]) == (422, "video_too_long", 15)
    assert "15" in again.json()["detail"]
    assert _problem(await phone.get(f"/api/v1/media/{found.id}")) == (404, "media_unknown")
    assert (await _form(phone, lab, FILM, "video/mp4")).status_code == 201


@pytest.mark.parametrize(
    ("filetype", "data", "code"),
    [
        ("audio/amr", b"#!AMR\n", "voice_unreadable"),
        ("audio/mp4", FILM, "voice_unreadable"),
        ("audio/ogg", jpeg(), "voice_unreadable"),
        ("audio/wav", voice("pcm_s16le", "wav", seconds=62, options={"rate": "8000"}), "voice_too_long"),
    ],
)
async def test_a_voice_note_that_is_none_is_refused_at_once(
    filetype: str, data: bytes, code: str, lab: Lab, phone: httpx2.AsyncClient
) -> None:
    answer = await _form(phone, lab, data, filetype)
    assert _problem(answer) == (422, code)
    assert lab.kinds() == ["MediaBegun", "MediaRejected"]
    assert lab.lying() == []


async def test_a_photo_called_video_and_a_video_called_photo_are_refused(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    answer = await _form(phone, lab, jpeg(), "video/mp4")
    await _all_done()
    assert lab.found(UUID(answer.json()["id"])).media.refused == "video_unreadable"
    assert _problem(await _form(phone, lab, FILM, "image/jpeg")) == (422, "photo_unreadable")


# --- a busy laboratory


async def test_what_could_not_be_cut_is_done_by_whoever_asks_next_and_by_the_worker(
    lab: Lab, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def delayed(*_: object) -> object:
        raise Delayed

    with monkeypatch.context() as patch:
        patch.setattr(CuttingRoom, "develop", delayed)
        answer = await created(phone, lab.report, len(FILM), **MP4)
        address = answer.headers["location"]
        assert (await appended(phone, address, 0, FILM)).status_code == 204
        await _all_done()
        note = await created(phone, lab.report, len(NOTE), filetype="audio/webm")
        assert (await appended(phone, note.headers["location"], 0, NOTE)).status_code == 204
    assert lab.state_of(answer.json()["id"]) == lab.state_of(note.json()["id"]) == "uploading"
    assert len(lab.lying()) == 2
    assert await offset_of(phone, address) == len(FILM)
    await _all_done()
    assert lab.state_of(answer.json()["id"]) == "ready"
    monkeypatch.setattr("dispatch.uploads.UNFINISHED_S", -1)
    assert (await lab.uploads.sweep(lab.read)).finished == 1
    assert lab.state_of(note.json()["id"]) == "ready"


async def test_what_nobody_could_finish_for_two_days_is_given_up_and_can_be_sent_again(
    lab: Lab, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def delayed(*_: object) -> object:
        raise Delayed

    with monkeypatch.context() as patch:
        patch.setattr(CuttingRoom, "develop", delayed)
        id_ = (await _form(phone, lab, FILM, "video/mp4", client_id="film")).json()["id"]
        await _all_done()
        came = lab.home / "media" / "incoming" / id_
        os.utime(came, (time.time() - 24 * 3600,) * 2)
        assert (await lab.uploads.sweep(lab.read)).waiting == 1
        os.utime(came, (time.time() - 49 * 3600,) * 2)
        assert (await lab.uploads.sweep(lab.read)).abandoned == 1
    found = lab.found(UUID(id_)).media
    assert (found.state, found.refused) == ("rejected", "upload_abandoned")
    again = await _form(phone, lab, FILM, "video/mp4", client_id="film")
    assert (again.status_code, again.json()["id"]) == (201, id_)
    await _all_done()
    assert lab.state_of(id_) == "ready"


async def test_neither_photos_nor_voice_notes_wait_behind_a_video(
    lab: Lab, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    develop, go_on = CuttingRoom.develop, asyncio.Event()

    async def slow(room: CuttingRoom, source: Path) -> Any:
        if room is lab.laboratory.videos:
            await go_on.wait()
        return await develop(room, source)

    monkeypatch.setattr(CuttingRoom, "develop", slow)
    begun = await _form(phone, lab, FILM, "video/mp4")
    assert (await _form(phone, lab, NOTE, "audio/webm")).json()["state"] == "ready"
    assert (await _form(phone, lab, jpeg(), "image/jpeg")).json()["state"] == "ready"
    assert lab.state_of(begun.json()["id"]) == "uploading"
    go_on.set()
    await _all_done()
    assert lab.state_of(begun.json()["id"]) == "ready"


async def test_a_video_that_is_taken_back_while_it_is_cut_stays_taken_back(
    lab: Lab, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    develop, go_on = CuttingRoom.develop, asyncio.Event()

    async def slow(room: CuttingRoom, source: Path) -> Any:
        await go_on.wait()
        return await develop(room, source)

    monkeypatch.setattr(CuttingRoom, "develop", slow)
    begun = await created(phone, lab.report, len(FILM), **MP4)
    address, id_ = begun.headers["location"], begun.json()["id"]
    assert (await appended(phone, address, 0, FILM)).status_code == 204
    assert (await phone.delete(address, headers=TUS)).status_code == 204
    go_on.set()
    await _all_done()
    assert lab.state_of(id_) == "removed"
    assert lab.lying() == []
    assert not lab.store.holds(UUID(id_), "play")
    assert lab.kinds() == ["MediaBegun", "MediaRemoved"]


async def test_one_video_is_cut_at_a_time_and_those_that_wait_hold_no_file(
    lab: Lab, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    develop, go_on, at_once = CuttingRoom.develop, asyncio.Event(), []

    async def slow(room: CuttingRoom, source: Path) -> Any:
        at_once.append(source.name)
        await go_on.wait()
        return await develop(room, source)

    monkeypatch.setattr(CuttingRoom, "develop", slow)
    begun = []
    for _ in range(3):
        lab.report = lab.file()
        begun.append((await _form(phone, lab, FILM, "video/mp4")).json()["id"])
    await asyncio.sleep(0.2)
    assert at_once == begun[:1]
    for id_ in begun[1:]:
        lab.incoming.hold(UUID(id_)).close()
    go_on.set()
    await _all_done()
    assert [lab.state_of(id_) for id_ in begun] == ["ready"] * 3


# --- playing


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("bytes=0-", (0, 1000)),
        ("bytes=0-0", (0, 1)),
        ("bytes=100-199", (100, 200)),
        ("bytes=999-", (999, 1000)),
        ("bytes=900-5000", (900, 1000)),
        ("bytes=-1", (999, 1000)),
        ("bytes=-5000", (0, 1000)),
        ("bytes=1000-", (1000, 1000)),
        ("bytes=5000-6000", (5000, 1000)),
        ("bytes=-0", (1000, 1000)),
        (None, None),
        ("", None),
        ("bytes=", None),
        ("bytes=-", None),
        ("bytes=9-3", None),
        ("bytes=a-b", None),
        ("bytes=0-1,5-6", None),
        ("items=0-1", None),
        ("bytes=1-" + "9" * 400, None),
        ("bytes=٠-٩", None),
    ],
)
def test_a_range_is_what_the_standard_says(asked: str | None, part: tuple[int, int] | None) -> None:
    assert asked_range(asked, 1000) == part


async def test_a_video_is_played_from_anywhere(lab: Lab, phone: httpx2.AsyncClient) -> None:
    id_ = (await _form(phone, lab, FILM, "video/mp4")).json()["id"]
    await _all_done()
    address = f"/api/v1/media/{id_}"
    whole = await phone.get(address)
    size, tag = len(whole.content), whole.headers["etag"]
    assert whole.headers["accept-ranges"] == "bytes"
    for asked, start, end in (("bytes=0-", 0, size), ("bytes=10-19", 10, 20), ("bytes=-7", size - 7, size)):
        part = await phone.get(address, headers={"range": asked})
        assert part.status_code == 206
        assert part.content == whole.content[start:end]
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
        assert part.headers["content-length"] == str(end - start)
    beyond = await phone.get(address, headers={"range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"], beyond.content) == (
        416,
        f"bytes */{size}",
        b"",
    )
    same = await phone.get(address, headers={"range": "bytes=0-9", "if-range": tag})
    assert (same.status_code, len(same.content)) == (206, 10)
    for other in ('"other"', "Mon, 23 Nov 2026 10:00:00 GMT", f"W/{tag}"):
        all_of_it = await phone.get(address, headers={"range": "bytes=0-9", "if-range": other})
        assert (all_of_it.status_code, len(all_of_it.content)) == (200, size)
    assert (await phone.get(address, headers={"if-none-match": tag})).status_code == 304
    head = await phone.head(address)
    assert (head.status_code, head.headers["content-length"]) == (200, str(size))
    for answer in (whole, beyond, same):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["content-disposition"] == "inline"
        assert answer.headers["content-security-policy"].startswith("sandbox")
        assert answer.headers["cache-control"] == "private, max-age=3600"


async def test_nobody_else_plays_it_and_of_a_covert_report_nothing_stays_on_the_phone(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    lab.report = lab.file(covert=True)
    id_ = (await _form(phone, lab, FILM, "video/mp4")).json()["id"]
    await _all_done()
    _stranger, token = lab.add_reporter()
    for someone, status in ((lab.phone(token), 404), (lab.phone(""), 401)):
        for part in ("", "/view", "/thumb"):
            answer = await someone.get(f"/api/v1/media/{id_}{part}", headers={"range": "bytes=0-9"})
            assert answer.status_code == status
    own = await phone.get(f"/api/v1/media/{id_}", headers={"range": "bytes=0-9"})
    assert (own.status_code, own.headers["cache-control"]) == (206, "no-store")


async def test_a_store_that_is_away_or_has_lost_it_says_so(
    lab: Lab, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    id_ = (await _form(phone, lab, NOTE, "audio/webm")).json()["id"]

    async def away(*_: object) -> None:
        raise StoreAway

    with monkeypatch.context() as patch:
        patch.setattr(MediaStore, "piece", away)
        assert _problem(await phone.get(f"/api/v1/media/{id_}")) == (503, "store_unavailable")
    lab.store.remove(UUID(id_))
    assert _problem(await phone.get(f"/api/v1/media/{id_}")) == (404, "media_unknown")


# --- what a video answers, and what it tells


async def test_a_finished_video_answers_the_request_for_one_and_a_voice_note_does_not(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    asked, _ = lab.do(lambda session: requests.ask(session, lab.report, DESK, "33010601", "a", "video"))
    await _form(phone, lab, NOTE, "audio/webm")
    await _form(phone, lab, jpeg(), "image/jpeg")
    assert "RequestAnswered" not in lab.kinds()
    await _form(phone, lab, FILM, "video/mp4")
    await _all_done()
    assert lab.kinds()[-2:] == ["MediaStored", "RequestAnswered"]
    assert lab.data()[-1]["request"] == str(asked.id)


async def test_where_and_when_a_video_or_a_photo_was_taken_is_kept_beside_the_reporters_position(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    id_ = (await _form(phone, lab, film(seconds=0.5, notes={"location": PLACE}), "video/mp4")).json()["id"]
    await _all_done()
    found = lab.found(UUID(id_)).media
    assert (found.taken_lat, found.taken_lon, found.taken_at) == (30.25, 120.12, None)
    photo = (await _form(phone, lab, jpeg(exif=exif().tobytes()), "image/jpeg")).json()
    kept = lab.found(UUID(photo["id"])).media
    assert kept.taken_lat == pytest.approx(LAT)
    assert kept.taken_lon == pytest.approx(LON)
    assert kept.taken_at is not None
    assert "taken" not in str(photo)


async def test_a_piece_of_a_video_by_post_goes_on_too(lab: Lab, phone: httpx2.AsyncClient) -> None:
    address = (await created(phone, lab.report, len(FILM), **MP4)).headers["location"]
    headers = {**PIECE, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert (await phone.post(address, headers=headers, content=FILM)).status_code == 204
    await _all_done()
    assert lab.state_of(address.rpartition("/")[2]) == "ready"


def test_an_offer_is_of_the_kind_that_its_type_or_its_name_says() -> None:
    for content_type, filename, kind, plain in (
        ("video/webm;codecs=vp9,opus", "a", "video", "video/webm"),
        ("Video/QuickTime", "a.mov", "video", "video/quicktime"),
        ("", "IMG_1.MOV", "video", "video/quicktime"),
        ("application/octet-stream", "语音.amr", "voice", "audio/amr"),
        ("audio/mp4; codecs=mp4a.40.2", "a", "voice", "audio/mp4"),
        ("audio/x-wav", "a", "voice", "audio/wav"),
        ("audio/m4a", "a", "voice", "audio/x-m4a"),
        ("image/heic", "a", "photo", "image/heic"),
    ):
        assert checked(offered(content_type=content_type, filename=filename)) == (kind, plain)


async def _all_done() -> None:
    while handlers._finishing:
        await asyncio.gather(*handlers._finishing.values(), return_exceptions=True)


async def _form(
    phone: httpx2.AsyncClient, lab: Lab, data: bytes, filetype: str, name: str = "a", **fields: str
) -> httpx2.Response:
    files = {"file": (name, data, filetype)}
    return await phone.post(f"/api/v1/reports/{lab.report}/media/form", files=files, data=fields)


def _problem(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]
