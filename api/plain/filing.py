"""The report form, and filing what it brings: the words first, its photos as they come."""

import hashlib
from contextlib import aclosing
from urllib.parse import urlencode
from uuid import UUID

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.bodies import CATEGORIES
from api.me import note_use
from api.media_taking import take_whole
from api.parts import parts_of
from api.plain import forms, guard, page
from api.plain.draft import OUTSIDE, UNKNOWN, WORDS_LIMIT, Draft, areas
from api.plain.page import told, words_of
from api.reports import file_report
from dispatch import reporters
from dispatch.errors import Refused
from dispatch.media_bounds import Offer
from dispatch.reporters import SignedIn
from dispatch.states import ReportState
from web.problems import refused_by


def routes() -> list[Route]:
    return [
        Route("/plain", told(show), methods=["GET"]),
        Route("/plain/reports", told(file), methods=["POST"], max_body_size=forms.OWN_COUNT),
    ]


async def show(request: Request) -> Response:
    """The report form; signing in comes first."""
    try:
        reporter = await guard.reporter_at(request)
    except Refused:
        return page.sign_in(request)
    parts_of(request).known.forget(reporter.token_digest)  # how many reports, and whether verified, as of now
    reporter = await guard.reporter_at(request)
    await note_use(request, reporter)
    return form(request, reporter, Draft.blank())


async def file(request: Request) -> Response:
    """A report with up to eight photos → 303 to its page, once it is committed and what came of its photos is kept.

    It is filed as soon as its words are here. Whatever happens afterwards is told on its page: nothing then says
    that it was not taken.
    """
    draft: Draft | None = None
    filed: ReportState | None = None
    refusals: list[str] = []
    try:
        async with aclosing(forms.read(request)) as coming:
            async for part in coming:
                if isinstance(part, UploadFile):
                    assert filed is not None  # noqa: S101 - the fields come before every file
                    refusals += await take_photo(request, filed.id, part)
                    continue
                draft = Draft.of(part)
                guard.check(request, part)
                filed = await _filed(request, draft)
    except Exception as error:  # noqa: BLE001 - what was typed must not be lost by any of them
        refused = refused_by(error)
        if filed is None:
            return not_filed(request, draft, refused)
        refusals.append(refused.code)
    if filed is None:
        return not_filed(request, draft, Refused("body_unreadable"))
    return to_report(filed.id, refusals)


async def file_draft(request: Request, draft: Draft) -> Response:
    """What waited for a name to be verified → 303 to its page."""
    try:
        filed = await _filed(request, draft)
    except Exception as error:  # noqa: BLE001 - as above
        return not_filed(request, draft, refused_by(error))
    return to_report(filed.id, [])


async def _filed(request: Request, draft: Draft | None) -> ReportState:
    """The report of the draft: new, or the one that was filed under its key before."""
    parts = parts_of(request)
    reporter = await guard.reporter_at(request)
    if draft is None:
        raise Refused("idempotency_key_required")
    key, body = draft.idempotency_key(), draft.body(words_of(request))
    if draft.impaired and not reporter.hearing_speech_impaired:
        await parts.writer.do(
            lambda session: reporters.set_preferences(session, reporter.id, True, None), reporters.PROVINCE
        )
        parts.known.forget(reporter.token_digest)
        reporter = await guard.reporter_at(request)
    report, _new = await file_report(request, reporter, key, body)
    return report


def not_filed(request: Request, draft: Draft | None, refused: Refused) -> Response:
    """Why, with everything that was typed; nothing is echoed of what another site has sent."""
    if refused.code == "origin_refused":
        return page.refusal(request, refused)
    if refused.code == "sign_in_required":
        return page.sign_in(request, refused, draft=draft)
    if refused.code == "identity_required":
        return page.identity(request, refused, draft)
    if draft is None and refused.code not in {"csrf_refused", "idempotency_key_required"}:
        return page.refusal(request, refused)
    kept = draft or Draft.blank()
    # Under a key that cannot be used the same words would be refused for ever.
    if refused.code in {"idempotency_conflict", "idempotency_key_invalid"}:
        kept = kept.anew()
    return form(request, None, kept, refused)


def form(
    request: Request,
    reporter: SignedIn | None,
    draft: Draft,
    refused: Refused | None = None,
    session: str | None = None,
) -> Response:
    """The report form with what was typed. `reporter` is None where something else is said than who they are."""
    words = words_of(request)
    rule = parts_of(request).settings.identity_required
    unproved = reporter is not None and reporter.identity != "verified"
    due = unproved and (
        rule == "always" or (rule == "second_report" and reporter is not None and reporter.reports > 0)
    )
    return page.page(
        request,
        "report_form",
        status=page.status_of(refused) if refused else 200,
        session=session,
        error=page.said(request, refused) if refused else None,
        code=refused.code if refused else None,
        draft=draft,
        again=session is not None,
        identity_due=due,
        impaired=reporter is not None and reporter.hearing_speech_impaired,
        areas=areas(words),
        unknown=UNKNOWN,
        outside=OUTSIDE,
        categories=CATEGORIES,
        place_limit=WORDS_LIMIT,
        photos=forms.PHOTOS,
    )


async def take_photo(request: Request, report: UUID, file: UploadFile) -> list[str]:
    """Keep a photo of the reporter's; gives the code of what it is refused for, if it is."""
    parts = parts_of(request)
    try:
        reporter = await guard.reporter_at(request)
        await parts.limits.take("media_person", str(reporter.id))
        digest = hashlib.sha256()
        while block := await file.read(256 * 1024):
            digest.update(block)
        await file.seek(0)
        # Its own content names it: the same photo sent twice is one, another in its place is another.
        offer = Offer(
            f"plain-{digest.hexdigest()[:40]}", file.filename or "", file.content_type or "", file.size or 0
        )
        await take_whole(parts, report, reporter.id, offer, file)
    except Exception as error:  # noqa: BLE001 - the report stands; a photo must not make it look lost
        refused = refused_by(error)
        # The same form sent twice at once: the other request has it in hand.
        return [] if refused.code == "upload_busy" else [refused.code]
    return []


def to_report(report: UUID, refusals: list[str]) -> Response:
    """The report's page, with the codes of photos that were not taken."""
    query = f"?{urlencode({'photo': ','.join(dict.fromkeys(refusals))})}" if refusals else ""
    return page.to(f"/plain/reports/{report}{query}")
