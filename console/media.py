"""Photos, videos and voice notes of the desk's reports. To open one is an event of the desk's log."""

from collections import OrderedDict
from typing import Literal
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.parts import parts_of
from console.sign_in import AtDesk, require_dispatcher
from dispatch.errors import Refused
from dispatch.media_reading import Found, of_desk
from dispatch.viewing import viewed
from web.pictures import picture
from web.playing import film

# What this process has seen recorded, so that a video that is played in twenty pieces is written about once.
_recorded: OrderedDict[tuple[bytes, UUID], None] = OrderedDict()
RECORDED = 4096


def routes() -> list[Route]:
    return [
        Route("/console/media/{id}", show, methods=["GET"]),
        Route("/console/media/{id}/view", show_view, methods=["GET"]),
        Route("/console/media/{id}/thumb", show_thumb, methods=["GET"]),
    ]


async def show(request: Request) -> Response:
    """The photo as `show_view` has it; a video or voice note as an MP4, whole or in ranges."""
    found = await _opened(request)
    if found.media.kind == "photo":
        return await picture(request, parts_of(request).store, found, "view")
    return await film(request, parts_of(request).store, found)


async def show_view(request: Request) -> Response:
    """The photo, upright, its longest side at most 2,048 pixels; the poster of a video."""
    dispatcher = await require_dispatcher(request)
    found = await _found(request, dispatcher)
    if found.media.kind == "photo":
        found = await _opened(request)
    return await picture(request, parts_of(request).store, found, "view")


async def show_thumb(request: Request) -> Response:
    """The photo, or the poster of a video, its longest side at most 320 pixels."""
    return await _still(request, "thumb")


async def _still(request: Request, part: Literal["thumb"]) -> Response:
    found = await _found(request, await require_dispatcher(request))
    return await picture(request, parts_of(request).store, found, part)


async def _found(request: Request, dispatcher: AtDesk) -> Found:
    id_ = _id_of(request)
    return await parts_of(request).read(lambda session: of_desk(session, id_, dispatcher.desk))


async def _opened(request: Request) -> Found:
    """What is opened, once it stands in the log who does."""
    dispatcher = await require_dispatcher(request)
    key = (dispatcher.token_digest, _id_of(request))
    if key in _recorded:
        return await _found(request, dispatcher)
    found = await _found(request, dispatcher)
    if found.sha256 is None or request.method == "HEAD":
        return found
    found = await parts_of(request).writer.do(
        lambda session: viewed(session, key[1], dispatcher.desk, dispatcher.number, key[0]), dispatcher.desk
    )
    _recorded[key] = None
    if len(_recorded) > RECORDED:
        _recorded.popitem(last=False)
    return found


def _id_of(request: Request) -> UUID:
    try:
        return UUID(request.path_params["id"])
    except ValueError:
        raise Refused("media_unknown") from None
