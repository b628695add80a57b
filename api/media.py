"""A reporter's photos, videos and voice notes: sent by tus in pieces, or whole in one form."""

from collections.abc import AsyncIterator
from uuid import UUID

import orjson
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from api import tus
from api.media_taking import begin_upload, finish_if_whole, patient, take_whole, uploads_of
from api.parts import parts_of
from api.photo_form import read_photo_form
from api.reports import id_of
from api.sessions import require_reporter
from api.views import media_view
from dispatch import media, reports
from dispatch.errors import Refused
from dispatch.media_bounds import refusal
from dispatch.media_reading import Found, of_reporter
from dispatch.states import MediaState
from dispatch.uploads import Uploads

# These count for themselves, with a code for each limit; whatever bound the app sets must not cut in.
_OWN_COUNT = 2**31


def routes() -> list[Route]:
    speaks = [Middleware(tus.Speaks)]
    uploads, upload = "/api/v1/reports/{id}/media", "/api/v1/reports/{id}/media/{media}"
    return [
        Route(f"{uploads}/form", send_form, methods=["POST"], max_body_size=_OWN_COUNT),
        Route(uploads, begin, methods=["POST"], middleware=speaks, max_body_size=_OWN_COUNT),
        Route(uploads, abilities, methods=["OPTIONS"], middleware=speaks),
        Route(upload, ask, methods=["HEAD"], middleware=speaks),
        Route(upload, append, methods=["PATCH"], middleware=speaks, max_body_size=_OWN_COUNT),
        Route(upload, remove, methods=["DELETE"], middleware=speaks),
        Route(upload, in_disguise, methods=["POST"], middleware=speaks, max_body_size=_OWN_COUNT),
        Route(upload, abilities, methods=["OPTIONS"], middleware=speaks),
    ]


async def abilities(_request: Request) -> Response:
    """OPTIONS: what the server can do."""
    return Response(status_code=204, headers=tus.abilities())


async def begin(request: Request) -> Response:
    """POST: make room for a photo, a video or a voice note → 201 with its address; a body of the right type is its
    first piece.

    The same `client_id` again gives the same address, and finishes what is whole.
    """
    tus.check_version(request)
    parts = parts_of(request)
    reporter = await require_reporter(request)
    report = id_of(request)
    offer = tus.offer_of(request)
    await parts.limits.take("media_person", str(reporter.id))
    uploads = uploads_of(parts)
    found = await begin_upload(parts, uploads, report, reporter.id, offer)
    offset = _offset(uploads, found)
    if offset == 0 and tus.has_body_type(request):
        offset = await uploads.receive(found, 0, _watched(request, found, 0))
    state = await finish_if_whole(uploads, found, offset)
    headers = {"Location": tus.address(report, state.id), "Upload-Offset": str(offset)}
    return _json(state, 201, headers)


async def ask(request: Request) -> Response:
    """HEAD: how much has come. A whole one that nobody has finished is finished first."""
    tus.check_version(request)
    found = await _upload(request)
    uploads = uploads_of(parts_of(request))
    offset = _offset(uploads, found)
    try:
        await finish_if_whole(uploads, found, offset)
    except Refused:
        raise Refused("upload_unknown") from None
    headers = {
        "Upload-Offset": str(offset),
        "Upload-Length": str(found.media.length),
        "Upload-Metadata": tus.described(found),
        "Cache-Control": "no-store",
    }
    return Response(status_code=200, headers=headers)


async def append(request: Request) -> Response:
    """PATCH: the next piece → 204, once it is on the disk. The last is answered when the photo or voice note
    is ready; a video takes longer, and the report tells when."""
    tus.check_version(request)
    if not tus.has_body_type(request):
        raise Refused("content_type_unsupported", expected=tus.BODY_TYPE)
    offset = tus.number(request, "Upload-Offset")
    found = await _upload(request)
    uploads = uploads_of(parts_of(request))
    if found.media.state == "rejected":
        raise refusal(found.media.refused)
    length = found.media.length
    if found.media.state == "uploading" and _declared(request) > length - offset:
        raise Refused("upload_too_long")
    if offset == _offset(uploads, found) == length:
        reached = length
    elif found.media.state == "ready":
        raise Refused("upload_offset_conflict")
    else:
        try:
            reached = await uploads.receive(found, offset, _watched(request, found, offset))
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it; what came is kept
    await finish_if_whole(uploads, found, reached)
    return Response(status_code=204, headers={"Upload-Offset": str(reached)})


async def remove(request: Request) -> Response:
    """DELETE: the reporter takes it back → 204."""
    tus.check_version(request)
    found = await _upload(request)
    parts = parts_of(request)
    await parts.writer.do(lambda session: media.remove(session, found.media.id, found.reporter), found.desk)
    await uploads_of(parts).discard(found.media.id)
    return Response(status_code=204)


async def in_disguise(request: Request) -> Response:
    """POST with `X-HTTP-Method-Override`, for lines on which PATCH and DELETE do not come through."""
    acts = {"PATCH": append, "DELETE": remove, "HEAD": ask}
    act = acts.get(request.headers.get("x-http-method-override", "").upper())
    if act is None:
        raise Refused("method_refused")
    return await act(request)


async def send_form(request: Request) -> Response:
    """One file in one multipart request (`wx.uploadFile`) → 201; 200 when it is here already."""
    parts = parts_of(request)
    reporter = await require_reporter(request)
    report = id_of(request)
    # Whether they would be kept, before sixty megabytes are taken in.
    if await parts.read(lambda session: reports.own(session, report, reporter.id)) == "closed":
        raise Refused("report_closed")
    await parts.limits.take("media_person", str(reporter.id))
    try:
        file, fields = await read_photo_form(request.headers, patient(request), _declared(request))
    except ClientDisconnect:
        raise Refused("body_unreadable") from None
    try:
        filename = fields.get("filename") or file.filename or ""
        content_type = fields.get("filetype") or file.content_type or ""
        offer = tus.offer(fields, filename, content_type, file.size or 0)
        taken, new = await take_whole(parts, report, reporter.id, offer, file)
    finally:
        await file.close()
    return _json(taken, 201 if new else 200)


async def _upload(request: Request) -> Found:
    """The reporter's upload that the path names. Raises Refused `upload_unknown` for any other."""
    reporter = await require_reporter(request)
    report, id_ = id_of(request), _media_id(request, "upload_unknown")
    try:
        found = await parts_of(request).read(lambda session: of_reporter(session, id_, reporter.id))
    except Refused:
        raise Refused("upload_unknown") from None
    if found.report != report:
        raise Refused("upload_unknown")
    return found


def _watched(request: Request, found: Found, offset: int) -> AsyncIterator[bytes]:
    """The body, which the desk sees arriving."""
    arriving = parts_of(request).arriving
    return arriving.watched(found.report, found.media.id, found.media.length, offset, patient(request))


def _offset(uploads: Uploads, found: Found) -> int:
    if found.media.state == "rejected":
        raise Refused("upload_unknown")
    return found.media.length if found.media.state == "ready" else uploads.incoming.size(found.media.id)


def _declared(request: Request) -> int:
    value = request.headers.get("content-length", "")
    return int(value) if value.isdecimal() else 0


def _media_id(request: Request, code: str) -> UUID:
    try:
        return UUID(request.path_params["media"])
    except ValueError:
        raise Refused(code) from None


def _json(state: MediaState, status: int, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(media_view(state)), status, headers, media_type="application/json")
