"""What is held about a reporter as their client is shown it."""

from typing import Any

from api.answers import AccountClosed, HeldReport, HeldSession, KeptReport, MyData, Position
from api.devices import words_of
from api.marks import mark_view
from api.views import report_view
from dispatch.clock import iso
from dispatch.closing import Closed, Kept
from dispatch.filing import IdentityRule
from dispatch.holdings import Holdings
from dispatch.states import Place, ReportState


def data_view(held: Holdings, current: bytes, language: str, rule: IdentityRule) -> MyData:
    """Everything, in the words of `language`. `current` is the digest of the session that asks; `rule`, when reports
    need a name."""
    row = held.reporter
    return {
        "at": iso(held.at),
        "reporter": {
            "id": str(row.id),
            "phone": row.phone_masked,
            "identity": row.identity,
            "name": held.name,
            "id_number": held.id_number,
            "verified_at": iso(row.verified_at) if row.verified_at else None,
            "hearing_speech_impaired": row.hearing_speech_impaired,
            "language": row.language,
            "made_at": iso(row.made_at),
        },
        "replaced": [
            {"phone": former.phone_masked, "name": former.name_masked, "at": iso(former.replaced_at)}
            for former in held.formers
        ],
        "consents": [
            {"purpose": row.purpose, "edition": row.wording, "given": row.given, "at": iso(row.at)}
            for row in held.consents
        ],
        "wechat": [iso(at) for at in held.wechat],
        "sessions": [_session_view(session, current) for session in held.sessions],
        "reports": [_held_report(report, language) for report in held.reports],
        "kept": [kept_view(kept) for kept in held.kept],
        "marks": [mark_view(mark) for mark in held.marks],
        "name_erasable": held.name is not None and (rule == "never" or not held.kept),
    }


def closed_view(closed: Closed) -> AccountClosed:
    """What closing the account did."""
    return {"at": iso(closed.at), "erased": closed.erased, "kept": [kept_view(kept) for kept in closed.kept]}


def kept_view(kept: Kept) -> KeptReport:
    """A report that keeps its reporter known."""
    return {"number": kept.number, "until": iso(kept.until) if kept.until else None}


def _session_view(session: Any, current: bytes) -> HeldSession:
    system, browser = words_of(session.device)
    return {
        "system": system,
        "browser": browser,
        "made_at": iso(session.made_at),
        "seen_at": iso(session.seen_at) if session.seen_at else None,
        "current": session.token_digest == current,
    }


def _held_report(report: ReportState, language: str) -> HeldReport:
    return {
        "report": report_view(report, 0, language),
        "position": _position(report.place),
        "trail": [position for place in report.trail if (position := _position(place))],
        "withdrawn_reason": report.withdrawn_reason,
        "fraud": report.fraud,
        "deed": report.deed,
    }


def _position(place: Place | None) -> Position | None:
    if place is None:
        return None
    return {
        "lat": place.came_lat,
        "lon": place.came_lon,
        "crs": place.crs,
        "accuracy_m": place.accuracy_m,
        "source": place.source,
        "at": iso(place.at),
    }
