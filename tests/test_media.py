"""Photos in the domain: the rows, what may be one, and whose they are."""

import asyncio
import hashlib
import threading
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path

import pytest

from dispatch import media, reports
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.laboratory import Laboratory
from dispatch.media import Stored
from dispatch.media_bounds import BOUNDS, PHOTO_BYTES
from dispatch.media_reading import Found, of_desk, of_reporter
from dispatch.writer import Writer
from tests.pictures import jpeg
from tests.uploading import DESK, OTHER_DESK, Lab, offered

pytestmark = pytest.mark.anyio

PHOTO = jpeg()
PHOTOS = BOUNDS["photo"].count
STORED = Stored(b"s" * 32, "image/jpeg", 640, 480)


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    room = Laboratory.small(photos=2)
    yield room
    room.close()


@pytest.fixture
async def lab(database: Database, laboratory: Laboratory, tmp_path: Path) -> AsyncIterator[Lab]:
    made = Lab(tmp_path, database, laboratory)
    yield made
    await made.close()


async def test_an_upload_is_begun_once_for_its_client_id_and_the_report_shows_it(lab: Lab) -> None:
    before = lab.version()
    first = lab.begin(client_id="a")
    again = lab.begin(client_id="a")
    assert first == again
    assert (first.state, first.kind, first.length) == ("uploading", "photo", 1000)
    assert lab.version() == before + 1
    assert lab.kinds() == ["MediaBegun"]
    assert lab.begin(client_id="b").id != first.id


async def test_a_client_id_used_for_another_file_is_a_conflict(lab: Lab) -> None:
    lab.begin(client_id="a", length=1000)
    _refused(lab, "upload_conflict", client_id="a", length=1001)
    removed = lab.begin(client_id="b")
    lab.do(lambda session: media.remove(session, removed.id, lab.reporter))
    _refused(lab, "upload_conflict", client_id="b")


async def test_another_reporters_report_and_photo_are_unknown(lab: Lab) -> None:
    stranger, _ = lab.add_reporter()
    mine = lab.begin()
    with pytest.raises(Refused, match="report_unknown"):
        lab.do(lambda session: media.begin(session, lab.report, stranger, offered()))
    with pytest.raises(Refused, match="media_unknown"):
        lab.do(lambda session: media.remove(session, mine.id, stranger))
    with lab.database.read() as session:
        with pytest.raises(Refused, match="media_unknown"):
            of_reporter(session, mine.id, stranger)
        with pytest.raises(Refused, match="media_unknown"):
            of_desk(session, mine.id, OTHER_DESK)
        assert of_desk(session, mine.id, DESK).media == mine
    assert lab.kinds() == ["MediaBegun"]


async def test_photos_come_to_a_received_and_to_a_withdrawn_report_until_it_is_closed(lab: Lab) -> None:
    lab.do(lambda session: reports.withdraw(session, lab.report, lab.reporter, ""))
    begun = lab.begin()
    lab.close_report()
    _refused(lab, "report_closed")
    with pytest.raises(Refused, match="report_closed"):
        lab.do(lambda session: media.remove(session, begun.id, lab.reporter))
    # What was on its way when the report was closed still arrives: it may be what the case turns on.
    assert lab.do(lambda session: media.finish(session, begun.id, STORED)).state == "ready"


async def test_a_report_has_eight_photos_and_what_was_removed_or_rejected_does_not_count(lab: Lab) -> None:
    begun = [lab.begin() for _ in range(PHOTOS)]
    _refused(lab, "photos_too_many")
    assert lab.begin(client_id=begun[0].client_id) == begun[0]
    lab.do(lambda session: media.remove(session, begun[0].id, lab.reporter))
    lab.do(lambda session: media.reject(session, begun[1].id, "photo_unreadable"))
    lab.begin()
    lab.begin()
    _refused(lab, "photos_too_many")


async def test_removing_and_sending_again_has_an_end(lab: Lab) -> None:
    for _ in range(media.ATTEMPTS):
        begun = lab.begin()
        lab.do(partial(media.remove, media=begun.id, reporter=lab.reporter))
    _refused(lab, "photos_too_many")


async def test_two_processes_that_count_at_once_take_eight_together(lab: Lab) -> None:
    other = Database(lab.database.url)
    second = Writer(other, lambda _events: None)
    second.start()
    start = threading.Barrier(2)

    def fill(writer: Writer, taken: list[bool]) -> None:
        start.wait()
        for _ in range(PHOTOS):
            try:
                command = partial(media.begin, report=lab.report, reporter=lab.reporter, offer=offered())
                writer.submit(command).result(30)
                taken.append(True)
            except Refused as refused:
                taken.append(refused.code != "photos_too_many")

    counts: tuple[list[bool], list[bool]] = ([], [])
    threads = [
        threading.Thread(target=fill, args=pair) for pair in zip((lab.writer, second), counts, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    second.stop()
    other.close()
    assert sum(counts[0] + counts[1]) == PHOTOS
    assert lab.kinds() == ["MediaBegun"] * PHOTOS


@pytest.mark.parametrize(
    ("filename", "content_type", "length", "code"),
    [
        ("a.avi", "video/x-msvideo", 1000, "media_type_unsupported"),
        ("a.mid", "audio/midi", 1000, "media_type_unsupported"),
        ("a.gif", "image/gif", 1000, "media_type_unsupported"),
        ("a.svg", "image/svg+xml", 1000, "media_type_unsupported"),
        ("a.jpg", "text/html", 1000, "media_type_unsupported"),
        ("a.avi", "application/octet-stream", 1000, "media_type_unsupported"),
        ("a.html", "", 1000, "media_type_unsupported"),
        ("a.jpg", "image/jpeg", 0, "photo_unreadable"),
        ("a.jpg", "image/jpeg", PHOTO_BYTES + 1, "photo_too_large"),
        ("a.jpg", "image/jpeg", 10**15 - 1, "photo_too_large"),
    ],
)
async def test_what_cannot_become_a_photo_is_refused_before_its_first_byte(
    filename: str, content_type: str, length: int, code: str, lab: Lab
) -> None:
    _refused(lab, code, filename=filename, content_type=content_type, length=length)
    assert lab.kinds() == []


@pytest.mark.parametrize(
    ("filename", "content_type", "kept"),
    [
        ("a.jpg", "image/jpeg", "image/jpeg"),
        ("a.jpg", "IMAGE/JPG; x=y", "image/jpeg"),
        ("a.HEIC", "application/octet-stream", "image/heic"),
        ("a.heif", "", "image/heif"),
        ("photo", "", "application/octet-stream"),
        ("", "application/octet-stream", "application/octet-stream"),
        ("a.bin", "image/webp", "image/webp"),
    ],
)
async def test_a_photo_that_its_phone_calls_oddly_is_begun(
    filename: str, content_type: str, kept: str, lab: Lab
) -> None:
    begun = lab.begin(PHOTO_BYTES, filename=filename, content_type=content_type)
    assert begun.content_type == kept


@pytest.mark.parametrize(
    ("filename", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\照片\\一.jpg", "一.jpg"),
        ("a\r\nSet-Cookie: b\x00\x7f.jpg", "aSet-Cookie: b.jpg"),
        ("\u202egpj.exe", "gpj.exe"),
        ("x" * 5000 + ".jpg", "x" * 111 + ".jpg"),
        ("", ""),
    ],
)
async def test_a_name_is_for_people_and_never_a_path(filename: str, kept: str, lab: Lab) -> None:
    assert lab.begin(filename=filename).filename == kept
    assert "filename" not in str(lab.data())


async def test_a_photo_is_finished_once(lab: Lab) -> None:
    begun = lab.begin()
    first = lab.do(lambda session: media.finish(session, begun.id, STORED))
    again = lab.do(lambda session: media.finish(session, begun.id, STORED))
    assert first == again
    assert (first.state, first.width, first.height) == ("ready", 640, 480)
    lab.do(lambda session: media.reject(session, begun.id, "photo_unreadable"))
    assert lab.kinds() == ["MediaBegun", "MediaStored"]
    assert lab.data()[-1]["sha256"] == STORED.sha256.hex()


async def test_what_was_removed_or_rejected_is_not_finished(lab: Lab) -> None:
    removed, rejected = lab.begin(), lab.begin()
    lab.do(lambda session: media.remove(session, removed.id, lab.reporter))
    lab.do(lambda session: media.remove(session, removed.id, lab.reporter))
    lab.do(lambda session: media.reject(session, rejected.id, "photo_animated"))
    for begun in (removed, rejected):
        with pytest.raises(Refused, match="upload_unknown"):
            lab.do(partial(media.finish, media=begun.id, stored=STORED))
    assert lab.kinds() == ["MediaBegun", "MediaBegun", "MediaRemoved", "MediaRejected"]
    assert lab.found(rejected.id).media.refused == "photo_animated"


async def test_a_ready_photo_that_was_taken_back_stays_for_the_desk(lab: Lab) -> None:
    found = await _uploaded(lab, PHOTO)
    lab.do(lambda session: media.remove(session, found.media.id, lab.reporter))
    with lab.database.read() as session:
        with pytest.raises(Refused, match="media_unknown"):
            of_reporter(session, found.media.id, lab.reporter)
        assert of_desk(session, found.media.id, DESK).sha256 == hashlib.sha256(PHOTO).digest()
    assert await lab.store.get(found.media.id, "original") == PHOTO


def _refused(lab: Lab, code: str, **offer: object) -> None:
    fields = {"length": 1000, **offer}
    with pytest.raises(Refused, match=code):
        lab.do(lambda session: media.begin(session, lab.report, lab.reporter, offered(**fields)))


async def _uploaded(lab: Lab, data: bytes) -> Found:
    found = lab.found(lab.begin(len(data)).id)
    await lab.uploads.receive(found, 0, _body(data))
    await lab.uploads.complete(found)
    return lab.found(found.media.id)


async def _body(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece
