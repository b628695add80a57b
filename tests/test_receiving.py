"""The bytes of a photo, and every place on their way where something can end."""

import asyncio
import errno
import hashlib
import os
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from dispatch import media
from dispatch import uploads as uploads_module
from dispatch.clock import now
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.incoming import Held
from dispatch.laboratory import Laboratory
from dispatch.models import TABLES
from dispatch.photos import Darkroom
from dispatch.rooms import Delayed
from dispatch.store import MediaStore, Part
from dispatch.uploads import Swept
from dispatch.writer import Writer
from tests.pictures import jpeg
from tests.uploading import Lab

pytestmark = pytest.mark.anyio

PHOTO = jpeg()


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


async def _body(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _age(lab: Lab, id_: UUID, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(lab.home / "media/incoming" / str(id_), (then, then))
