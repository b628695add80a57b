"""Following a report: its page, which asks for itself again while something may change, and one's list."""

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.marks import told_to
from api.parts import parts_of
from api.plain import guard, marked, page, telling
from api.plain.page import STILL, told, words_of
from api.reports import id_of, own_report, page_of_reports
from dispatch.clock import now
from dispatch.errors import Refused
from dispatch.states import ReportState
from web.problems import STATUS

# What an address may say of photos that were not taken: codes of ours, few of them.
_SAID: Final = 4


def routes() -> list[Route]:
    return [
        Route("/plain/reports", told(show_mine), methods=["GET"]),
        Route("/plain/reports/{id}", told(show), methods=["GET"]),
    ]


async def show_mine(request: Request) -> Response:
    """My reports (我的报警记录), newest first, a page at a time."""
    parts = parts_of(request)
    reporter = await guard.reporter_at(request)
    found, following = await page_of_reports(parts, reporter.id, request.query_params.get("cursor"))
    words = words_of(request)
    mark = await told_to(parts, reporter.id)
    return page.page(
        request,
        "reports",
        mark=marked.said_of(mark, words) if mark else None,
        reports=found,
        following=following,
        clock=telling.clock,
        calls=lambda report: telling.calls(report, words),
    )


async def show(request: Request) -> Response:
    """One report of one's own: how far it has come, what is asked, what was said.

    It asks for itself again every few seconds; with `?still` it does not.
    """
    parts = parts_of(request)
    report = await report_at(request)
    said = telling.tell(report, await parts.hub.known_screens(report.desk), words_of(request), now())
    still = STILL in request.query_params
    return page.page(
        request,
        "report",
        again_s=0 if still else said.again_s,
        report=report,
        said=said,
        still=still,
        photos_refused=_photos_refused(request),
    )


async def report_at(request: Request) -> ReportState:
    """The report that the path names, if it is one's own: a page about it offers its desk's number.

    Raises Refused: `sign_in_required`, `report_unknown`.
    """
    reporter = await guard.reporter_at(request)
    report = await own_report(parts_of(request), id_of(request), reporter.id)
    request.state.sms = report.desk_sms
    return report


def _photos_refused(request: Request) -> list[str]:
    """Sentences for the codes that the address brings from a form."""
    codes = request.query_params.get("photo", "").split(",")[:_SAID]
    words = words_of(request)
    return [
        words("citizen.plain.photo_refused", why=page.said(request, Refused(code, limit="")))
        for code in codes
        if code in STATUS
    ]
