"""A dispatcher's own sound: muting it, or letting it sound again, is recorded."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.parts import parts_of
from console.sign_in import read_form, require_dispatcher_act
from dispatch import dispatchers
from dispatch.errors import Refused


def routes() -> list[Route]:
    return [Route("/console/sound", mute, methods=["POST"])]


async def mute(request: Request) -> Response:
    """Field `muted`: `1` or `0` → 204."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher_act(request)
    wanted = (await read_form(request)).get("muted")
    if wanted not in {"0", "1"}:
        raise Refused("field_invalid", fields=["muted"])
    await parts.writer.do(
        lambda session: dispatchers.mute(session, dispatcher.number, dispatcher.desk, muted=wanted == "1"),
        dispatcher.desk,
    )
    return Response(status_code=204)
