"""Taking in a photo, a video or a voice note: what tus, one form and the plain pages do alike."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

import structlog
from starlette.datastructures import UploadFile
from starlette.requests import Request

from api.parts import Parts
from dispatch import media
from dispatch.errors import Refused
from dispatch.incoming import Incoming
from dispatch.media_bounds import LARGEST_BYTES, Offer, refusal
from dispatch.media_reading import Found, of_reporter
from dispatch.rooms import Delayed
from dispatch.states import MediaState
from dispatch.uploads import BLOCK_BYTES, Uploads

log = structlog.get_logger()

# A body of which nothing comes for so long has lost its line; what came is kept, and the phone asks again.
IDLE_S = 15.0
# The bytes are safe by then; on a busy machine the phone need not wait for the picture.
FINISH_S = 8.0

_finishing: dict[UUID, asyncio.Task[MediaState]] = {}


async def take_whole(
    parts: Parts, report: UUID, reporter: UUID, offer: Offer, file: UploadFile
) -> tuple[MediaState, bool]:
    """A file that came whole in a form; gives it and whether it is new. The same `client_id` again is the same.

    Raises Refused: `report_unknown`, `report_closed`, `media_type_unsupported`, by the kind what it is refused
    for, `upload_conflict`, `upload_busy`, `store_full`.
    """
    uploads = uploads_of(parts)
    found = await begin_upload(parts, uploads, report, reporter, offer)
    if found.media.state == "ready":
        return found.media, False
    offset = await uploads.receive(found, None, _blocks(file))
    return await finish_if_whole(uploads, found, offset), True


def uploads_of(parts: Parts) -> Uploads:
    """What is done to uploads, with this app's parts."""
    return Uploads(Incoming.of(parts.settings.home), parts.store, parts.laboratory, parts.writer)


async def begin_upload(parts: Parts, uploads: Uploads, report: UUID, reporter: UUID, offer: Offer) -> Found:
    """The upload for this offer, new or not; one that was refused before is refused again."""
    await asyncio.to_thread(uploads.incoming.check_room, min(offer.length, LARGEST_BYTES))
    state = await parts.writer.do(lambda session: media.begin(session, report, reporter, offer))
    found = await parts.read(lambda session: of_reporter(session, state.id, reporter))
    if found.media.state == "rejected":
        raise refusal(found.media.refused)
    return found


async def finish_if_whole(uploads: Uploads, found: Found, offset: int) -> MediaState:
    """Where all bytes are here: the photo or voice note, or the refusal of it.

    What takes longer than a phone waits goes on without it, and the report tells how it ended: a video always does.
    What cannot be finished now is left to the next who asks.
    """
    id_ = found.media.id
    if found.media.state == "ready" or offset < found.media.length or id_ in _finishing:
        return found.media
    task = _finishing[id_] = asyncio.create_task(uploads.complete(found))
    task.add_done_callback(partial(_finished, id_))
    if found.media.kind == "video":
        return found.media
    done, _ = await asyncio.wait({task}, timeout=FINISH_S)
    try:
        return task.result() if done else found.media
    except Delayed:
        return found.media
    except Refused as refused:
        if refused.code == "upload_busy":
            return found.media
        raise


def _finished(id_: UUID, task: asyncio.Task[MediaState]) -> None:
    _finishing.pop(id_, None)
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, Refused | Delayed):
        log.warning("media_not_finished", error=type(error).__name__)


async def patient(request: Request) -> AsyncIterator[bytes]:
    """The body, piece by piece. Raises Refused `upload_stalled` when nothing more comes."""
    pieces = aiter(request.stream())
    while True:
        try:
            async with asyncio.timeout(IDLE_S):
                piece = await anext(pieces)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Refused("upload_stalled") from None
        yield piece


async def _blocks(file: UploadFile) -> AsyncIterator[bytes]:
    while block := await file.read(BLOCK_BYTES):
        yield block
