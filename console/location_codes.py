"""Finding the position that a caller reads the code of (位置码)."""

import re
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.parts import parts_of
from console.sign_in import require_dispatcher
from dispatch import location_codes
from dispatch.desks import DESKS
from dispatch.errors import Refused
from dispatch.location_codes import DIGITS
from dispatch.narrow import LONGEST_TYPED, narrow_number
from dispatch.words import Words
from web.languages import page_language

_FORM: Final = re.compile(rf"[0-9]{{{DIGITS}}}")


def routes() -> list[Route]:
    return [Route("/console/location-codes/{code}", find, methods=["GET"])]


async def find(request: Request) -> Response:
    """200 `{report, number, desk, sentence}`; `report` and `number` are null where another desk has it.

    Raises Refused: `location_code_unknown` (none such, or expired), `too_many_requests`.
    """
    parts = parts_of(request)
    dispatcher = await require_dispatcher(request)
    await parts.limits.take("location_code_person", dispatcher.number)
    await parts.limits.take("location_code_desk", dispatcher.desk)
    code = typed(str(request.path_params["code"]))
    found = await parts.writer.do(
        lambda session: location_codes.look_up(session, code, dispatcher.desk, dispatcher.number),
        dispatcher.desk,
    )
    if found is None:
        raise Refused("location_code_unknown")
    words = Words.of(page_language(request))
    name = DESKS[found.desk].title(words.language)
    here = found.report is not None
    answer = {
        "report": str(found.report) if here else None,
        "number": found.number if here else None,
        "desk": {"adcode": found.desk, "name": name},
        "sentence": words("console.lookup.found", number=found.number)
        if here
        else words("console.lookup.elsewhere", desk=name),
    }
    return Response(orjson.dumps(answer), media_type="application/json")


def typed(code: str) -> str:
    """A code as somebody typed it, in the form it has. Raises Refused `location_code_unknown`."""
    found = re.sub(r"[\s·-]", "", narrow_number(code[:LONGEST_TYPED]))
    if not _FORM.fullmatch(found):
        raise Refused("location_code_unknown")
    return found
