"""The reporter's own duress word: set or cleared, and never given out again.

Nothing tells whether there is one, not even to the reporter: whoever forces them to open this page learns nothing.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bodies import DuressWordBody
from api.parts import parts_of
from api.sessions import require_reporter
from dispatch import duress
from dispatch.reporters import PROVINCE
from web.bodies import read_json


def routes() -> list[Route]:
    return [Route("/api/v1/me/duress-word", set_word, methods=["PUT"])]


async def set_word(request: Request) -> Response:
    """`{word}` → 204; null clears it. Refused `duress_word_unfit` when it would be said by accident."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    body = await read_json(request, DuressWordBody)
    await parts.limits.take("message_person", str(reporter.id))
    await parts.writer.do(
        lambda session: duress.set_word(session, parts.cipher, reporter.id, body.word), PROVINCE
    )
    return Response(status_code=204)
