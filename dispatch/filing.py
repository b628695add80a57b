"""Filing a report: stored once for its key, with its number and its event. Runs as a command of the writer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session

from dispatch import location_codes
from dispatch.clock import now
from dispatch.desks import DESKS, whom_to_call
from dispatch.duress import Ears, note_said, words_in
from dispatch.errors import Refused
from dispatch.events import (
    REPORT_FILED,
    insert_with_batch,
    lock_log,
    next_number,
    record,
    rows_to_insert,
)
from dispatch.exercises import alike
from dispatch.location_codes import Code
from dispatch.models import TABLES
from dispatch.offering import offer_new
from dispatch.reporters import SignedIn
from dispatch.states import Caller, Place, ReportState

_REPORT, _REPORTER = TABLES["report"], TABLES["reporter"]

_POSITION = ("lat", "lon", "came_lat", "came_lon", "crs", "accuracy_m", "position_source", "position_at")

IdentityRule = Literal["never", "second_report", "always"]

# Statements are built once: building one costs three times as much as running it.
_BEFORE = (
    select(
        _REPORTER.c.identity,
        _REPORTER.c.reports,
        _REPORTER.c.duress_word,
        _REPORTER.c.exercise,
        _REPORT.c.id,
        _REPORT.c.body_digest,
    )
    .outerjoin(
        _REPORT, (_REPORT.c.reporter == _REPORTER.c.id) & (_REPORT.c.idempotency_key == bindparam("key"))
    )
    .where(_REPORTER.c.id == bindparam("of"))
)
_INSERT = insert(_REPORT)
_COUNT = (
    update(_REPORTER)
    .where(_REPORTER.c.id == bindparam("of"), _REPORTER.c.closed_at.is_(None))
    .values(reports=_REPORTER.c.reports + 1)
)


@dataclass(frozen=True, slots=True)
class Filing:
    """A report as it is about to be filed, checked and placed: `desk` is where it belongs."""

    id: UUID
    reporter: UUID
    key: UUID  # the client's idempotency key
    digest: bytes  # of the body, to tell a retry from another report under the same key
    desk: str
    kind: str
    text: str
    category: str | None
    covert: bool
    place_text: str | None
    place: Place | None
    notes: tuple[str, ...]
    media_expected: int
    fraud: dict[str, Any] | None
    deed: dict[str, Any] | None = None
    written_at: datetime | None = None  # in the server's time, where the phone said it
    others: tuple[str, ...] = ()  # the desks across a border that it is offered to as well


@dataclass(frozen=True, slots=True)
class Filed:
    """Which report a filing made, or had made before; what it was given stands beside when it is new."""

    id: UUID
    new: bool
    number: str = ""
    at: datetime | None = None
    seq: int = 0
    code: Code | None = None  # of a position that is read out on the telephone


def file(session: Session, filing: Filing, identity_rule: IdentityRule, ears: Ears | None = None) -> Filed:
    """Store a report: once only for its key. `ears` listen for a duress word in it.

    Raises Refused: `idempotency_conflict` (the key was used with another body), `identity_required`,
    `sign_in_required` (the account was closed a moment ago), `no_desk_open` (the desk has begun or ended to practise,
    or who practises reports to one that does not).
    """
    connection = session.connection()
    before = connection.execute(_BEFORE, {"of": filing.reporter, "key": filing.key}).one()
    if before.id is not None:
        if before.body_digest != filing.digest:
            raise Refused("idempotency_conflict")
        return Filed(before.id, new=False)
    if _identity_needed(identity_rule, before.reports) and before.identity != "verified":
        if (twin := _in_this_batch(session, filing)) is not None:
            return Filed(twin, new=False)
        raise Refused("identity_required")
    filed_at = now()
    lock_log(session, filing.desk, *filing.others)
    # With the logs held: no desk begins or ends to practise from here on.
    here, others = _where(session, filing, before.exercise)
    if not here:
        raise Refused("no_desk_open", county=filing.desk, calls=list(whom_to_call()))
    seq = record(
        session,
        filing.desk,
        REPORT_FILED,
        actor=f"reporter:{filing.reporter}",
        report=filing.id,
        reporter=filing.reporter,
        data={"kind": filing.kind, "body": filing.digest.hex(), "media_expected": filing.media_expected},
    )
    said = ears is not None and ears.hear(filing.reporter, before.duress_word, _words_of(filing))
    if said:
        note_said(session, filing.desk, filing.id, filing.reporter, 1)
    number = next_number(session, filing.desk, filed_at)
    insert_with_batch(
        session,
        _INSERT,
        {
            "id": filing.id,
            "number": number,
            "desk": filing.desk,
            "reporter": filing.reporter,
            "idempotency_key": filing.key,
            "body_digest": filing.digest,
            "version": 1,
            "status": "filed",
            "kind": filing.kind,
            "category": filing.category,
            "text": filing.text,
            "covert": filing.covert,
            "place_text": filing.place_text,
            **_position(filing.place),
            "notes": list(filing.notes),
            "media_expected": filing.media_expected,
            "fraud": filing.fraud,
            "deed": filing.deed,
            "written_at": filing.written_at,
            "filed_at": filed_at,
            "filed_seq": seq,
            "escalation": 0,
            "reporter_saw": 0,
            "desk_saw": 0,
            "duress_at": filed_at if said else None,
            "duress_said": int(said),
            "duress_heard": 0,
            "exercise": before.exercise,
        },
    )
    # An account that closes at this moment either waits for this row and finds the report, or was first.
    if connection.execute(_COUNT, {"of": filing.reporter}).rowcount == 0:
        raise Refused("sign_in_required")
    offer_new(session, filing.id, filing.desk, others, filed_at)
    code = location_codes.give(session, filing.id, filed_at) if filing.kind == "location" else None
    return Filed(filing.id, new=True, number=number, at=filed_at, seq=seq, code=code)


def _where(session: Session, filing: Filing, exercise: bool) -> tuple[bool, list[str]]:
    """Whether the report's desk practises as its reporter does, and the others that do."""
    fit = alike(session, [filing.desk, *filing.others], exercise=exercise)
    return filing.desk in fit, [desk for desk in fit if desk != filing.desk]


def _in_this_batch(session: Session, filing: Filing) -> UUID | None:
    """The same report, sent twice at once: the other may be counted already and found by no query yet."""
    for row in rows_to_insert(session):
        if row.get("idempotency_key") == filing.key and row["reporter"] == filing.reporter:
            if row["body_digest"] != filing.digest:
                raise Refused("idempotency_conflict")
            return UUID(str(row["id"]))
    return None


def just_filed(filing: Filing, filed: Filed, reporter: SignedIn, sms: str) -> ReportState:
    """The state of a report that was new a moment ago, as `states.state` would read it: nothing hangs on it yet.

    `sms` is the number of its desk.
    """
    if filed.at is None:
        raise ValueError("it was filed before")
    desk = DESKS[filing.desk]
    return ReportState(
        id=filing.id,
        number=filed.number,
        version=1,
        kind=filing.kind,
        status="filed",
        category=filing.category,
        text=filing.text,
        covert=filing.covert,
        place_text=filing.place_text,
        written_at=filing.written_at,
        filed_at=filed.at,
        filed_seq=filed.seq,
        desk=filing.desk,
        desk_name=desk.title("zh-CN"),
        desk_name_en=desk.title("en"),
        desk_sms=sms,
        escalation=0,
        outcome=None,
        withdrawn_at=None,
        withdrawn_reason=None,
        place=filing.place,
        trail=(),
        notes=filing.notes,
        media_expected=filing.media_expected,
        media=(),
        messages=(),
        acknowledgement=None,
        caller=Caller(
            reporter=reporter.id,
            phone_masked=reporter.phone_masked,
            identity=reporter.identity,
            name_masked=reporter.name_masked,
            hearing_speech_impaired=reporter.hearing_speech_impaired,
            language=reporter.language,
            earlier_reports=reporter.reports,
            earlier_invalid=reporter.invalid_reports,
        ),
        fraud=filing.fraud,
        deed=filing.deed,
        location_code=filed.code.code if filed.code else None,
        location_code_until=filed.code.expires_at if filed.code else None,
        offered=tuple(sorted(filing.others)),
        exercise=reporter.exercise,
    )


def _words_of(filing: Filing) -> tuple[str | None, ...]:
    """Every free text of a report, whichever entry it came by."""
    return (filing.text, filing.place_text, *words_in(filing.fraud), *words_in(filing.deed))


def _identity_needed(rule: IdentityRule, reports: int) -> bool:
    return rule == "always" or (rule == "second_report" and reports > 0)


def _position(place: Place | None) -> dict[str, Any]:
    """The report's columns for where it was filed from: always all of them, for rows are inserted together."""
    if place is None:
        return dict.fromkeys(_POSITION)
    return {
        "lat": place.lat,
        "lon": place.lon,
        "came_lat": place.came_lat,
        "came_lon": place.came_lon,
        "crs": place.crs,
        "accuracy_m": place.accuracy_m,
        "position_source": place.source,
        "position_at": place.at,
    }
