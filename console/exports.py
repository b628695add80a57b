"""Handing a report, or an incident, out: by the shift leader of its desk, or an auditor, with a reason that the log
tells first."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import IO, Final
from uuid import UUID

import structlog
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from console.desk import id_of, report_at
from console.parts import Parts, parts_of
from console.sign_in import LEADER, read_form, require_act
from dispatch import bundle, evidence, exports
from dispatch.accounts import AUDITOR
from dispatch.clock import now
from dispatch.dispatchers import OnDuty
from dispatch.errors import Refused
from dispatch.keys import KeyPaths, load_receipt_key, load_receipt_public
from dispatch.signatures import BUNDLE, Seal
from dispatch.store import StoreAway

log = structlog.get_logger()

IN_MEMORY: Final = 32 * 1024 * 1024
PIECE: Final = 1024 * 1024
_FIXED: Final = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


def routes() -> list[Route]:
    return [Route("/console/reports/{id}/export", hand_out, methods=["POST"])]


async def hand_out(request: Request) -> Response:
    """Fields `reason` (words), `form` (`bundle`, `eido`, `cap`; `person`: all that who filed it was found to have
    harassed with, a shift leader's own desk's, an auditor's everywhere) and `of` (`report`, or `incident`: all reports
    of the one that it is of, as far as they are this desk's) → 200 with the file, as a download.

    Raises Refused: `report_unknown`, `incident_unknown`, `role_refused`, `reason_required`, `field_invalid`,
    `no_harassment`,
    `original_damaged`, `store_unavailable`, and as `require_act` says.
    """
    parts, who = parts_of(request), await require_act(request)
    if who.desk is None and who.role != AUDITOR:
        raise Refused("role_refused")
    id_ = id_of(request)
    if who.desk is not None:
        desk = who.desk
        await parts.read(lambda session: report_at(session, id_, desk))
        if who.role != LEADER:
            raise Refused("role_refused")
    form = await read_form(request)
    shape, reason = form.get("form", "bundle"), form.get("reason", "")
    await parts.limits.take("search_person", who.number)
    if form.get("of", "report") not in {"report", "incident"}:
        raise Refused("field_invalid", fields=["of"])
    if form.get("of") == "incident":
        return await _incident_handed_out(parts, who, id_, shape, reason)
    return await _handed_out(parts, who, id_, shape, reason)


async def _incident_handed_out(parts: Parts, who: OnDuty, id_: UUID, shape: str, reason: str) -> Response:
    incident = await parts.read(lambda session: exports.incident_of(session, id_))
    if incident is None:
        raise Refused("incident_unknown")
    begun = await parts.writer.do(
        lambda session: exports.begin_incident(
            session,
            incident,
            f"dispatcher:{who.number}",
            shape,
            reason,
            desk=who.desk,
            token_digest=who.token_digest,
        )
    )
    found = await parts.read(
        lambda session: evidence.gather_case(session, parts.cipher, incident, begun.reports, begun.elsewhere)
    )
    return await _file(parts, who, shape, reason, begun.export, found)


async def _handed_out(parts: Parts, who: OnDuty, id_: UUID, shape: str, reason: str) -> Response:
    actor = f"dispatcher:{who.number}"
    export, ids = await parts.writer.do(lambda session: _begun(session, who, id_, actor, shape, reason))
    # The reader sees the events of it: what is handed out tells of its own handing out.
    found = await parts.read(lambda session: [evidence.gather(session, parts.cipher, one) for one in ids])
    return await _file(parts, who, shape, reason, export, found, of=id_)


async def _file(
    parts: Parts,
    who: OnDuty,
    shape: str,
    reason: str,
    export: UUID,
    found: bundle.Handed,
    of: UUID | None = None,
) -> Response:
    """`of`: the report whose number the file bears; None: the incident's."""
    actor = f"dispatcher:{who.number}"
    made = bundle.Made(export, now(), actor, " ".join(reason.split())[: exports.LONGEST_REASON])
    file = await asyncio.to_thread(_make, parts, shape, found, made)
    number = found.number if isinstance(found, evidence.Case) else _number(found, of)
    name = bundle.name_of(shape, number)
    headers = {**_FIXED, "content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_pieces(file), headers=headers, media_type=bundle.TYPES[shape])


def _begun(
    session: Session, who: OnDuty, id_: UUID, actor: str, shape: str, reason: str
) -> tuple[UUID, list[UUID]]:
    """The export's identifier, and the reports that are handed out in it."""
    desk, token = who.desk, who.token_digest
    if shape == exports.PERSON:
        return exports.begin_person(session, id_, actor, reason, desk=desk, token_digest=token)
    export = exports.begin(session, id_, actor, shape, reason, desk=desk, token_digest=token)
    return export, [id_]


def _number(found: Sequence[evidence.Evidence], of: UUID | None) -> str:
    return next((one.number for one in found if one.id == of), found[0].number)


def _make(parts: Parts, shape: str, found: bundle.Handed, made: bundle.Made) -> IO[bytes]:
    """The file, in memory or, when it is large, on the disk without a name."""
    keys = KeyPaths.under(parts.settings.home)
    seal, public = Seal(load_receipt_key(keys), BUNDLE), load_receipt_public(keys)
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed when it was sent
    try:
        bundle.make(
            file,  # type: ignore[arg-type]  # typeshed does not know that it is a BinaryIO
            shape,
            found,
            made,
            lambda media: parts.store.get(media, "original"),
            seal,
            public,
            parts.settings,
        )
    except StoreAway as error:
        file.close()
        log.error("media_not_read", report=str(bundle.reports_of(found)[0].id), error=str(error))
        raise Refused("store_unavailable") from None
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


async def _pieces(file: IO[bytes]) -> AsyncIterator[bytes]:
    try:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece
    finally:
        file.close()
