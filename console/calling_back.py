"""The number to call a reporter back by (回电): an act, and the log tells it before the number is shown."""

from typing import Final

import orjson
import phonenumbers
from phonenumbers import PhoneNumberFormat
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.desk import id_of
from console.parts import parts_of
from console.sign_in import read_form, require_dispatcher_act
from dispatch import calling_back
from dispatch.phones import MAINLAND

LONGEST_REASON: Final = 32


def routes() -> list[Route]:
    return [Route("/console/reports/{id}/phone", show, methods=["POST"])]


async def show(request: Request) -> Response:
    """Field `reason` (one of `dispatch.calling_back.REASONS`; empty where none is needed) → 200 `{phone}`, as people
    read it. Refused as `dispatch.calling_back.show_phone` says."""
    parts = parts_of(request)
    dispatcher = await require_dispatcher_act(request)
    id_ = id_of(request)
    why = (await read_form(request)).get("reason", "")[:LONGEST_REASON]
    phone = await parts.writer.do(
        lambda session: calling_back.show_phone(
            session, parts.cipher, id_, dispatcher.desk, dispatcher.number, why
        ),
        dispatcher.desk,
    )
    return Response(orjson.dumps({"phone": spaced(phone)}), media_type="application/json")


def spaced(phone_e164: str) -> str:
    """As it is read and dialled: `138 1234 5678`, from elsewhere `+852 5123 4567`."""
    number = phonenumbers.parse(phone_e164)
    if number.country_code != MAINLAND:
        return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    national = phonenumbers.national_significant_number(number)
    return f"{national[:3]} {national[3:7]} {national[7:]}"
