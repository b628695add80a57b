"""How bytes become a photo, a video or a voice note: received, developed, stored, and only then committed as ready.

Whatever is killed on this way leaves the bytes where they were, and the next who asks (the client's next request,
or the worker's sweep) goes on from there: storing again replaces the same, and committing twice is once.
"""

import errno
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import anyio
import structlog
from anyio.to_thread import run_sync

from dispatch import media
from dispatch.clock import now
from dispatch.errors import Refused
from dispatch.incoming import Held, Incoming
from dispatch.laboratory import Laboratory, Product
from dispatch.media import Stored
from dispatch.media_reading import Found, begun_before, on_their_way
from dispatch.reads import Reads
from dispatch.rooms import Delayed
from dispatch.states import MediaState
from dispatch.store import MediaStore, StoreAway
from dispatch.writer import Writer

log = structlog.get_logger()

BLOCK_BYTES = 256 * 1024
UNFINISHED_S = 30.0  # whole, and nobody has finished it by then: its client or its process is gone
KEPT = timedelta(days=1)  # an upload that nobody goes on with
STALE_AT_ONCE = 500

# What a decoder says of a file, for good.
REJECTIONS = frozenset(
    {"photo_unreadable", "photo_too_many_pixels", "photo_animated"}
    | {"video_unreadable", "video_too_long", "video_too_many_pixels"}
    | {"voice_unreadable", "voice_too_long"}
)
VIDEOS_A_SWEEP = 3  # photos that wait for the next round must not wait for long


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did, in numbers of uploads. `waiting` ones could not be finished and will be tried again."""

    finished: int = 0
    rejected: int = 0
    waiting: int = 0
    abandoned: int = 0
    cleared: int = 0


@dataclass(frozen=True, slots=True)
class Uploads:
    """What is done to uploads on their way, with what it needs."""

    incoming: Incoming
    store: MediaStore
    laboratory: Laboratory
    writer: Writer

    async def receive(self, found: Found, offset: int | None, body: AsyncIterator[bytes]) -> int:
        """Append a body at `offset` (None: from the beginning, in place of what came); gives where it ends.

        What came is on the disk when this returns or raises, also when the body broke off. A body that goes past
        the announced length is forgotten whole. Raises Refused: `upload_busy`, `upload_offset_conflict`,
        `upload_too_long`, `store_full`; and what the body raises.
        """
        with await run_sync(self.incoming.hold, found.media.id) as held:
            if offset is None:
                held.cut(0)
            start = held.size
            if offset is not None and offset != start:
                raise Refused("upload_offset_conflict")
            room = found.media.length - start
            await run_sync(self.incoming.check_room, room)
            try:
                await _append(held, body, room)
            except _TooLong:
                held.cut(start)
                raise Refused("upload_too_long") from None
            except OSError as error:
                raise _disk_refuses(error) from None
            return held.size

    async def complete(self, found: Found) -> MediaState:
        """Make a whole upload what it was sent as. Somebody who comes meanwhile is told `upload_busy`.

        Raises Refused: `upload_busy`, `upload_unknown` (removed meanwhile), `store_full`, and what the decoder
        says; `Delayed` when it has to be tried again, by anybody.
        """
        async with self.laboratory.turn(found.media.kind):
            return await self._complete(found)

    async def _complete(self, found: Found) -> MediaState:
        with await run_sync(self.incoming.hold, found.media.id) as held:
            if held.size != found.media.length:
                if held.size == 0:
                    held.discard()
                raise Refused("upload_busy")  # whoever had it before us has finished it, or is not done
            try:
                made = await self.laboratory.develop(found.media.kind, held.path)
            except Refused as refused:
                await self._reject(found, refused.code)
                await run_sync(held.discard)
                raise
            digest = await run_sync(_sha256, held.path)
            await run_sync(self._store, found, held.path, made)
            stored = _stored(digest, made)
            try:
                state = await self.writer.do(
                    lambda session: media.finish(session, found.media.id, stored), found.desk
                )
            except Refused:
                await run_sync(self.store.remove, found.media.id)
                await run_sync(held.discard)
                raise
            await run_sync(held.discard)
            return state

    async def discard(self, id_: UUID) -> None:
        """Clear away what came of an upload that is wanted no more. One that is held is left for the sweep."""
        try:
            with await run_sync(self.incoming.hold, id_) as held:
                await run_sync(held.discard)
        except Refused:
            return

    async def sweep(self, read: Reads) -> Swept:
        """One round of the worker: finish what is whole, give up what nobody has touched for a day, clear the rest.

        A failure of one upload keeps none of the others.
        """
        counts = dict.fromkeys(("finished", "rejected", "waiting", "abandoned", "cleared"), 0)
        leftovers = await run_sync(lambda: list(self.incoming.leftovers()))
        ids = [leftover.media for leftover in leftovers]
        known = await read(lambda session: on_their_way(session, ids))
        videos = 0
        for leftover in leftovers:
            if leftover.idle_s < UNFINISHED_S:
                continue
            found = known.get(leftover.media)
            if found is None:
                await self.discard(leftover.media)
                counts["cleared"] += 1
            elif leftover.size == found.media.length and leftover.idle_s > 2 * KEPT.total_seconds():
                # For two days nobody could finish it, and a reporter is to know. Whoever sends it again begins anew.
                log.error("media_given_up", media=str(found.media.id), kind=found.media.kind)
                await self._abandon(found)
                counts["abandoned"] += 1
            elif leftover.size == found.media.length:
                videos += found.media.kind == "video"
                late = found.media.kind == "video" and videos > VIDEOS_A_SWEEP
                counts["waiting" if late else await self._finish_later(found)] += 1
            elif leftover.idle_s > KEPT.total_seconds():
                await self._abandon(found)
                counts["abandoned"] += 1
        # Those of which not a byte came here. Twice the time: their bytes may lie on another machine.
        before = now() - 2 * KEPT
        stale = await read(lambda session: begun_before(session, before, STALE_AT_ONCE))
        for found in (await read(lambda session: on_their_way(session, stale))).values():
            if found.media.id not in known:
                await self._abandon(found)
                counts["abandoned"] += 1
        return Swept(**counts)

    async def _finish_later(self, found: Found) -> str:
        try:
            await self.complete(found)
        except Refused as refused:
            return "rejected" if refused.code in REJECTIONS else "waiting"
        except Delayed:
            return "waiting"
        except Exception as error:  # noqa: BLE001 - the database is away, or this one is odd: the others go on
            log.warning("media_not_finished", media=str(found.media.id), error=type(error).__name__)
            return "waiting"
        return "finished"

    async def _abandon(self, found: Found) -> None:
        await self._reject(found, media.ABANDONED)
        await self.discard(found.media.id)

    async def _reject(self, found: Found, code: str) -> None:
        await self.writer.do(lambda session: media.reject(session, found.media.id, code), found.desk)

    def _store(self, found: Found, original: Path, made: Product) -> None:
        id_ = found.media.id
        try:
            self.store.put(id_, "original", original)
            for part, data in made.parts.items():
                self.store.put(id_, part, data)
        except OSError as error:
            log.error("media_not_stored", media=str(id_), error=type(error).__name__)
            raise _disk_refuses(error) from None
        except StoreAway as error:
            log.error("media_not_stored", media=str(id_), error=str(error))
            raise Delayed from None


def _stored(digest: bytes, made: Product) -> Stored:
    return Stored(
        digest,
        made.content_type,
        made.width,
        made.height,
        made.duration_ms,
        made.waveform,
        made.taken,
        made.likeness,
    )


class _TooLong(Exception):
    """More came than was announced."""


async def _append(held: Held, body: AsyncIterator[bytes], room: int) -> None:
    """Write the body block by block; it is never in memory as a whole. However it ends, what came is on the disk."""
    block = bytearray()
    try:
        async for chunk in body:
            room -= len(chunk)
            if room < 0:
                raise _TooLong
            block += chunk
            if len(block) >= BLOCK_BYTES:
                full, block = block, bytearray()
                await run_sync(held.append, full)
    finally:
        with anyio.CancelScope(shield=True):
            await run_sync(held.append, block)
            await run_sync(held.settle)


def _disk_refuses(error: OSError) -> Refused:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    return Refused("store_full" if full else "store_unavailable")


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
