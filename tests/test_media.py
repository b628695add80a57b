"""Photos in the domain: the rows, the bytes, and every place between them where something can end."""

import asyncio
import errno
import hashlib
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from obstore.exceptions import GenericError
from sqlalchemy import update

from dispatch import media, reports
from dispatch import uploads as uploads_module
from dispatch.clock import now
from dispatch.database import Database
from dispatch.errors import Refused, Unfit
from dispatch.incoming import Held
from dispatch.media import PHOTOS, Stored
from dispatch.models import TABLES
from dispatch.offers import PHOTO_BYTES
from dispatch.photos import Darkroom, Delayed
from dispatch.store import MediaStore, Part, StoreAway
from dispatch.uploads import Swept
from dispatch.writer import Writer
from tests.pictures import jpeg
from tests.uploading import DESK, OTHER_DESK, Lab, offered

pytestmark = pytest.mark.anyio

PHOTO = jpeg()
STORED = Stored(b"s" * 32, "image/jpeg", 640, 480)


@pytest.fixture(scope="module")
def darkroom() -> Iterator[Darkroom]:
    room = Darkroom()
    yield room
    room.close()


@pytest.fixture
async def lab(database: Database, darkroom: Darkroom, tmp_path: Path) -> AsyncIterator[Lab]:
    made = Lab(tmp_path, database, darkroom)
    yield made
    await made.close()


# Rows


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
            media.of_reporter(session, mine.id, stranger)
        with pytest.raises(Refused, match="media_unknown"):
            media.of_desk(session, mine.id, OTHER_DESK)
        assert media.of_desk(session, mine.id, DESK).media == mine
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
        lab.do(lambda session, id_=begun.id: media.remove(session, id_, lab.reporter))
    _refused(lab, "photos_too_many")


async def test_two_processes_that_count_at_once_take_eight_together(lab: Lab) -> None:
    other = Database(lab.database.url)
    second = Writer(other, lambda _events: None)
    second.start()
    start = threading.Barrier(2)

    def fill(writer: Writer, taken: list[bool]) -> None:
        start.wait()
        for _ in range(PHOTOS):
            offer = offered()
            try:
                writer.submit(
                    lambda session, offer=offer: media.begin(session, lab.report, lab.reporter, offer)
                ).result(30)
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
        ("a.mp4", "video/mp4", 1000, "media_type_unsupported"),
        ("a.amr", "audio/amr", 1000, "media_type_unsupported"),
        ("a.gif", "image/gif", 1000, "media_type_unsupported"),
        ("a.svg", "image/svg+xml", 1000, "media_type_unsupported"),
        ("a.jpg", "text/html", 1000, "media_type_unsupported"),
        ("a.mov", "application/octet-stream", 1000, "media_type_unsupported"),
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
            lab.do(lambda session, id_=begun.id: media.finish(session, id_, STORED))
    assert lab.kinds() == ["MediaBegun", "MediaBegun", "MediaRemoved", "MediaRejected"]
    with lab.database.read() as session:
        assert media.refusal_of(session, lab.found(rejected.id)) == "photo_animated"


async def test_a_ready_photo_that_was_taken_back_stays_for_the_desk(lab: Lab) -> None:
    found = await _uploaded(lab, PHOTO)
    lab.do(lambda session: media.remove(session, found.media.id, lab.reporter))
    with lab.database.read() as session:
        with pytest.raises(Refused, match="media_unknown"):
            media.of_reporter(session, found.media.id, lab.reporter)
        assert media.of_desk(session, found.media.id, DESK).sha256 == hashlib.sha256(PHOTO).digest()
    assert await lab.store.get(found.media.id, "original") == PHOTO


# Bytes


async def test_pieces_become_a_photo_and_the_original_is_sealed_as_it_came(lab: Lab) -> None:
    begun = lab.begin(len(PHOTO))
    found = lab.found(begun.id)
    for start in range(0, len(PHOTO), 1000):
        reached = await lab.uploads.receive(found, start, _body(PHOTO[start : start + 1000]))
        assert reached == lab.incoming.size(begun.id) == min(start + 1000, len(PHOTO))
    state = await lab.uploads.complete(found)
    assert (state.state, state.width, state.height) == ("ready", 640, 480)
    assert await lab.store.get(begun.id, "original") == PHOTO
    assert lab.found(begun.id).sha256 == hashlib.sha256(PHOTO).digest()
    assert (await lab.store.get(begun.id, "view") or b"")[8:12] == b"WEBP"
    assert (await lab.store.get(begun.id, "thumb") or b"")[8:12] == b"WEBP"
    assert lab.lying() == []
    assert lab.kinds() == ["MediaBegun", "MediaStored"]


async def test_what_came_before_the_line_broke_is_kept(lab: Lab) -> None:
    found = lab.found(lab.begin(len(PHOTO)).id)

    async def broken() -> AsyncIterator[bytes]:
        yield PHOTO[:700]
        yield PHOTO[700:1500]
        raise ConnectionResetError

    with pytest.raises(Refused):
        await lab.uploads.receive(found, 0, broken())
    assert lab.incoming.size(found.media.id) == 1500
    with pytest.raises(Refused, match="upload_offset_conflict"):
        await lab.uploads.receive(found, 1499, _body(PHOTO[1499:]))
    await lab.uploads.receive(found, 1500, _body(PHOTO[1500:]))
    assert (await lab.uploads.complete(found)).state == "ready"


async def test_more_than_was_announced_is_forgotten_whole(lab: Lab) -> None:
    found = lab.found(lab.begin(1000).id)
    await lab.uploads.receive(found, 0, _body(b"x" * 300))
    with pytest.raises(Refused, match="upload_too_long"):
        await lab.uploads.receive(found, 300, _body(b"y" * 500, b"y" * 201))
    assert lab.incoming.size(found.media.id) == 300


async def test_of_two_that_send_at_once_one_is_told_to_wait(lab: Lab) -> None:
    found = lab.found(lab.begin(1000).id)
    go_on = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"a" * 400
        await go_on.wait()
        yield b"a" * 600

    first = asyncio.create_task(lab.uploads.receive(found, 0, slow()))
    await asyncio.sleep(0.2)
    with pytest.raises(Refused, match="upload_busy"):
        await lab.uploads.receive(found, 0, _body(b"b" * 1000))
    with pytest.raises(Refused, match="upload_busy"):
        await lab.uploads.complete(found)
    go_on.set()
    assert await first == 1000
    assert (lab.home / "media/incoming" / str(found.media.id)).read_bytes() == b"a" * 1000


async def test_what_does_not_decode_is_rejected_and_its_bytes_are_gone(lab: Lab) -> None:
    found = lab.found(lab.begin(1000).id)
    await lab.uploads.receive(found, 0, _body(b"x" * 1000))
    with pytest.raises(Refused, match="photo_unreadable"):
        await lab.uploads.complete(found)
    assert lab.state_of(found.media.id) == "rejected"
    assert lab.lying() == []
    assert not lab.store.holds(found.media.id, "original")
    assert lab.kinds() == ["MediaBegun", "MediaRejected"]


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(
    "at", ["before the store", "after the original", "before the commit", "after the commit"]
)
async def test_a_kill_on_the_way_leaves_an_upload_that_the_next_one_finishes(
    at: str, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = lab.found(lab.begin(len(PHOTO)).id)
    await lab.uploads.receive(found, 0, _body(PHOTO))
    with monkeypatch.context() as patch:
        _kill(at, patch)
        with pytest.raises(Killed):
            await lab.uploads.complete(found)
    committed = at == "after the commit"
    assert lab.state_of(found.media.id) == ("ready" if committed else "uploading")
    assert not committed or lab.store.holds(found.media.id, "view")
    assert lab.lying() == [str(found.media.id)]
    if committed:
        _age(lab, found.media.id, 60)
        assert await lab.uploads.sweep(lab.read) == Swept(cleared=1)
    else:
        assert (await lab.uploads.complete(found)).state == "ready"
    assert lab.kinds() == ["MediaBegun", "MediaStored"]
    assert await lab.store.get(found.media.id, "original") == PHOTO
    assert lab.lying() == []


def _kill(at: str, patch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise Killed

    put = MediaStore.put

    def put_original(store: MediaStore, id_: UUID, part: Part, source: bytes | Path) -> None:
        if part != "original":
            raise Killed
        put(store, id_, part, source)

    patch.setattr(
        *{
            "before the store": (MediaStore, "put", killed),
            "after the original": (MediaStore, "put", put_original),
            "before the commit": (Writer, "do", killed),
            "after the commit": (Held, "discard", killed),
        }[at]
    )


async def test_a_photo_removed_while_it_is_developed_is_not_shown(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = lab.found(lab.begin(len(PHOTO)).id)
    await lab.uploads.receive(found, 0, _body(PHOTO))
    develop = Darkroom.develop

    async def meanwhile(room: Darkroom, source: Path) -> object:
        lab.do(lambda session: media.remove(session, found.media.id, lab.reporter))
        return await develop(room, source)

    monkeypatch.setattr(Darkroom, "develop", meanwhile)
    with pytest.raises(Refused, match="upload_unknown"):
        await lab.uploads.complete(found)
    assert lab.state_of(found.media.id) == "removed"
    assert not lab.store.holds(found.media.id, "view")
    assert lab.lying() == []


async def test_a_full_disk_refuses_photos_keeps_what_fitted_and_leaves_reports_alone(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = lab.found(lab.begin(1000).id)
    monkeypatch.setattr(lab.incoming, "_reserve_bytes", 2**62)
    with pytest.raises(Refused, match="store_full"):
        await lab.uploads.receive(found, 0, _body(b"x" * 1000))
    monkeypatch.undo()
    monkeypatch.setattr(uploads_module, "BLOCK_BYTES", 100)
    append, left = Held.append, [350]

    def fitting(held: Held, data: bytes | bytearray) -> None:
        append(held, data[: left[0]])
        left[0] -= min(left[0], len(data))
        if not left[0]:
            raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(Held, "append", fitting)
    with pytest.raises(Refused, match="store_full"):
        await lab.uploads.receive(found, 0, _body(*[bytes([at]) * 100 for at in range(10)]))
    monkeypatch.undo()
    assert (lab.home / "media/incoming" / str(found.media.id)).read_bytes() == (
        b"\0" * 100 + b"\1" * 100 + b"\2" * 100 + b"\3" * 50
    )
    lab.file()


@pytest.mark.parametrize(("number", "code"), [(errno.ENOSPC, "store_full"), (errno.EIO, "store_unavailable")])
async def test_a_folder_that_takes_no_photo_leaves_it_to_be_finished_later(
    number: int, code: str, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = lab.found(lab.begin(len(PHOTO)).id)
    await lab.uploads.receive(found, 0, _body(PHOTO))

    def full(*_: object) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(MediaStore, "put", full)
    with pytest.raises(Refused, match=code):
        await lab.uploads.complete(found)
    _age(lab, found.media.id, 60)
    assert await lab.uploads.sweep(lab.read) == Swept(waiting=1)
    monkeypatch.undo()
    assert await lab.uploads.sweep(lab.read) == Swept(finished=1)
    assert lab.state_of(found.media.id) == "ready"


async def test_the_sweep_finishes_gives_up_and_clears(lab: Lab) -> None:
    whole, part, fresh, wrong, untouched = (lab.begin(len(PHOTO)).id for _ in range(5))
    gone = uuid4()
    for id_, data in ((whole, PHOTO), (part, PHOTO[:99]), (fresh, PHOTO[:99]), (wrong, PHOTO[::-1])):
        await lab.uploads.receive(lab.found(id_), 0, _body(data))
    with lab.incoming.hold(gone) as held:
        held.append(b"of no upload")
    assert await lab.uploads.sweep(lab.read) == Swept()
    for id_ in (whole, wrong, gone):
        _age(lab, id_, 60)
    _age(lab, part, 25 * 3600)
    table = TABLES["media"]
    longago = now() - timedelta(days=3)
    lab.do(
        lambda session: session.connection().execute(
            update(table).where(table.c.id.in_([untouched, fresh])).values(begun_at=longago)
        )
    )
    assert await lab.uploads.sweep(lab.read) == Swept(finished=1, rejected=1, abandoned=2, cleared=1)
    states = [lab.state_of(id_) for id_ in (whole, part, fresh, wrong, untouched)]
    assert states == ["ready", "rejected", "uploading", "rejected", "rejected"]
    assert lab.lying() == [str(fresh)]
    assert await lab.uploads.sweep(lab.read) == Swept()


async def test_an_upload_that_was_given_up_begins_anew_when_its_phone_is_back(lab: Lab) -> None:
    begun = lab.begin(client_id="a")
    lab.do(lambda session: media.reject(session, begun.id, media.ABANDONED))
    again = lab.begin(client_id="a")
    assert (again.id, again.state) == (begun.id, "uploading")
    lab.do(lambda session: media.reject(session, begun.id, "photo_unreadable"))
    assert lab.begin(client_id="a").state == "rejected"
    assert lab.kinds() == ["MediaBegun", "MediaRejected", "MediaBegun", "MediaRejected"]


async def test_one_upload_that_fails_keeps_no_other_from_being_swept(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [lab.begin(len(PHOTO)).id for _ in range(3)]
    for id_ in ids:
        await lab.uploads.receive(lab.found(id_), 0, _body(PHOTO))
        _age(lab, id_, 60)
    develop = Darkroom.develop

    async def odd(room: Darkroom, source: Path) -> object:
        if source.name == str(ids[0]):
            raise ZeroDivisionError
        if source.name == str(ids[1]):
            raise Delayed
        return await develop(room, source)

    monkeypatch.setattr(Darkroom, "develop", odd)
    assert await lab.uploads.sweep(lab.read) == Swept(finished=1, waiting=2)


# The store


async def test_bytes_come_back_as_they_were_put_and_a_second_put_replaces_them(tmp_path: Path) -> None:
    for url in (f"file://{tmp_path}/a folder/media", "memory:///"):
        store, id_ = MediaStore(url), uuid4()
        assert await store.get(id_, "view") is None
        assert not store.holds(id_, "view")
        store.put(id_, "view", b"one")
        store.put(id_, "view", b"two")
        (tmp_path / "large").write_bytes(os.urandom(3_000_000))
        store.put(id_, "original", tmp_path / "large")
        assert await store.get(id_, "view") == b"two"
        assert await store.get(id_, "original") == (tmp_path / "large").read_bytes()
        store.remove(id_)
        store.remove(id_)
        assert not store.holds(id_, "original")


async def test_what_lies_in_the_folder_is_for_its_owner_and_half_a_file_never_has_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, id_ = MediaStore(f"file://{tmp_path}/media"), uuid4()
    store.put(id_, "original", b"x")
    for path in (tmp_path / "media").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0

    def failing(_file: int) -> None:
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="no"):
        store.put(id_, "view", b"half")
    assert [path.name for path in (tmp_path / "media").rglob("*") if path.is_file()] == [str(id_)]


@pytest.mark.parametrize("url", ["ftp://host/media", "media", "", "file:///dev/null/media", "s3://"])
def test_an_address_that_is_no_store_stops_the_start(url: str) -> None:
    with pytest.raises(Unfit, match="DESK110_MEDIA_URL"):
        MediaStore(url)


async def test_a_remote_store_that_is_away_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MediaStore("memory:///")

    class Away:
        def put(self, *_: object) -> None:
            raise GenericError("away")

        async def get_async(self, *_: object) -> None:
            raise GenericError("away")

    monkeypatch.setattr(store, "_objects", Away())
    with pytest.raises(StoreAway):
        store.put(uuid4(), "view", b"x")
    with pytest.raises(StoreAway):
        await store.get(uuid4(), "view")


def _refused(lab: Lab, code: str, **offer: object) -> None:
    fields = {"length": 1000, **offer}
    with pytest.raises(Refused, match=code):
        lab.do(lambda session: media.begin(session, lab.report, lab.reporter, offered(**fields)))


async def _uploaded(lab: Lab, data: bytes) -> media.Found:
    found = lab.found(lab.begin(len(data)).id)
    await lab.uploads.receive(found, 0, _body(data))
    await lab.uploads.complete(found)
    return lab.found(found.media.id)


async def _body(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _age(lab: Lab, id_: UUID, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(lab.home / "media/incoming" / str(id_), (then, then))
