"""A reporter's own photos, videos and voice notes, seen and played again."""

from typing import Literal
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.parts import parts_of
from api.sessions import require_reporter
from dispatch.errors import Refused
from dispatch.media_reading import Found, of_reporter
from web.pictures import picture
from web.playing import film


def routes() -> list[Route]:
    return [
        Route("/api/v1/media/{media}", show, methods=["GET"]),
        Route("/api/v1/media/{media}/view", show_view, methods=["GET"]),
        Route("/api/v1/media/{media}/thumb", show_thumb, methods=["GET"]),
    ]


async def show(request: Request) -> Response:
    """One's own photo as `show_view` has it; a video or voice note as an MP4, whole or in ranges."""
    found = await _found(request)
    if found.media.kind == "photo":
        return await _picture(request, found, "view")
    return await film(request, parts_of(request).store, found, keep=not found.covert)


async def show_view(request: Request) -> Response:
    """One's own photo, upright, its longest side at most 2,048 pixels; the poster of a video."""
    return await _picture(request, await _found(request), "view")


async def show_thumb(request: Request) -> Response:
    """One's own photo, or the poster of a video, its longest side at most 320 pixels."""
    return await _picture(request, await _found(request), "thumb")


async def _found(request: Request) -> Found:
    reporter = await require_reporter(request)
    try:
        id_ = UUID(request.path_params["media"])
    except ValueError:
        raise Refused("media_unknown") from None
    return await parts_of(request).read(lambda session: of_reporter(session, id_, reporter.id))


async def _picture(request: Request, found: Found, part: Literal["view", "thumb"]) -> Response:
    # A covert report leaves nothing behind on the phone.
    return await picture(request, parts_of(request).store, found, part, keep=not found.covert)
