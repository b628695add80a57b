"""Photos of the desk's reports."""

from typing import Literal
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.parts import parts_of
from console.sign_in import require_dispatcher
from dispatch.errors import Refused
from dispatch.media_reading import of_desk
from web.pictures import picture


def routes() -> list[Route]:
    return [
        Route("/console/media/{id}/view", show_view, methods=["GET"]),
        Route("/console/media/{id}/thumb", show_thumb, methods=["GET"]),
    ]


async def show_view(request: Request) -> Response:
    """The photo, upright, its longest side at most 2,048 pixels."""
    return await _show(request, "view")


async def show_thumb(request: Request) -> Response:
    """The photo, its longest side at most 320 pixels."""
    return await _show(request, "thumb")


async def _show(request: Request, part: Literal["view", "thumb"]) -> Response:
    parts = parts_of(request)
    dispatcher = await require_dispatcher(request)
    try:
        id_ = UUID(request.path_params["id"])
    except ValueError:
        raise Refused("media_unknown") from None
    found = await parts.read(lambda session: of_desk(session, id_, dispatcher.desk))
    return await picture(request, parts.store, found, part)
