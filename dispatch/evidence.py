"""Everything that is known of a report, as documents: for who must answer for it elsewhere.

What is sealed in the database is opened here. It is asked for only after the log has told who does and why
(`dispatch/exports.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Table, select
from sqlmodel import Session

from dispatch import events
from dispatch.cipher import FieldCipher
from dispatch.clock import iso
from dispatch.errors import Refused
from dispatch.models import TABLES
from dispatch.published import now_in

_T = TABLES
_REPORT, _REPORTER, _FORMER, _DESK = _T["report"], _T["reporter"], _T["former_identity"], _T["desk"]
_EVENT, _MEDIA, _INCIDENT = _T["event"], _T["media"], _T["incident"]
SEALED: Final = ("phone", "name", "id_number")
# Of no use to anybody but the database, or of the reporter's own secrets.
LEFT_OUT: Final = frozenset(
    {*SEALED, "phone_index", "id_number_index", "duress_word", "idempotency_key", "body_digest", "waveform"}
)
# What hangs on a report, by table; each in the order of its time.
HUNG: Final = {
    "message": "at",
    "request": "at",
    "location": "stored_at",
    "scene": "at",
    "note": "at",
    "handling": "began_at",
    "sending": "sent_at",
    "transfer": "asked_at",
    "proposal": "at",
    "closure": "at",
    "offering": "at",
    "export": "at",
    "mark": "at",
    "hold": "at",
    "removal": "at",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """A report with all that belongs to it, unmasked. The values are those of JSON."""

    id: UUID
    number: str
    report: Mapping[str, Any]
    desk: Mapping[str, Any]
    reporter: Mapping[str, Any]
    acknowledgement: Mapping[str, Any] | None
    hung: Mapping[str, Sequence[Mapping[str, Any]]]  # by table
    media: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]  # of all desks, each with the hash before it
    heads: Mapping[str, Sequence[Any]]  # number and hash, of the desks that these are of
    epoch: str


@dataclass(frozen=True, slots=True)
class Case:
    """An incident with its reports, as they were filed. `elsewhere`: how many are left out."""

    id: UUID
    incident: Mapping[str, Any]
    reports: tuple[Evidence, ...]
    elsewhere: int = 0

    @property
    def number(self) -> str:
        """The incident's."""
        return str(self.incident["number"])


def gather_case(
    session: Session, cipher: FieldCipher, incident: UUID, reports: Sequence[UUID], elsewhere: int
) -> Case:
    """All of these reports of an incident, in one snapshot."""
    row = session.connection().execute(select(_INCIDENT).where(_INCIDENT.c.id == incident)).one()
    return Case(
        incident, _plain(row), tuple(gather(session, cipher, report) for report in reports), elsewhere
    )


def gather(session: Session, cipher: FieldCipher, report: UUID) -> Evidence:
    """All of a report, in one snapshot. Raises Refused `report_unknown`."""
    connection = session.connection()
    row = connection.execute(select(_REPORT).where(_REPORT.c.id == report)).one_or_none()
    if row is None:
        raise Refused("report_unknown")
    desk = connection.execute(select(_DESK).where(_DESK.c.adcode == row.desk)).one()
    reporter = connection.execute(select(_REPORTER).where(_REPORTER.c.id == row.reporter)).one()
    formers = connection.execute(
        select(_FORMER).where(_FORMER.c.reporter == row.reporter).order_by(_FORMER.c.replaced_at)
    )
    acknowledgement = _hung(session, _T["acknowledgement"], report, "at")
    told = _events(session, report)
    epoch, heads = now_in(session)
    return Evidence(
        id=report,
        number=row.number,
        report=_plain(row),
        desk={name: getattr(desk, name) for name in ("adcode", "level", "name", "name_en")},
        reporter={
            **_plain(reporter),
            **_opened(cipher, "reporter", reporter),
            "former": [{**_plain(one), **_opened(cipher, "former_identity", one)} for one in formers],
        },
        acknowledgement=acknowledgement[0] if acknowledgement else None,
        hung={name: _hung(session, _T[name], report, at) for name, at in HUNG.items()},
        media=_hung(session, _MEDIA, report, "begun_at"),
        events=told,
        heads={
            name: [heads[name][0], heads[name][1].hex()] for name in sorted({event["desk"] for event in told})
        },
        epoch=epoch,
    )


def _hung(session: Session, table: Table, report: UUID, at: str) -> list[dict[str, Any]]:
    rows = session.connection().execute(select(table).where(table.c.report == report).order_by(table.c[at]))
    return [_plain(row) for row in rows]


def _events(session: Session, report: UUID) -> list[dict[str, Any]]:
    """The events that name the report, with what each was chained to: anybody can compute its hash anew.

    Those between are of other people and are not handed out; the head stands for them.
    """
    before = _EVENT.alias("before")
    statement = (
        select(_EVENT, before.c.hash.label("previous"))
        .outerjoin(before, (before.c.desk == _EVENT.c.desk) & (before.c.seq == _EVENT.c.seq - 1))
        .where(_EVENT.c.report == report)
        .order_by(_EVENT.c.at, _EVENT.c.desk, _EVENT.c.seq)
    )
    found = []
    for row in session.connection().execute(statement):
        previous = bytes(row.previous or bytes(32))
        found.append(
            {
                "desk": row.desk,
                "seq": row.seq,
                "kind": row.kind,
                "at": iso(row.at),
                "actor": row.actor,
                "previous": previous.hex(),
                "chained": events.chained(dict(row._mapping)),
                "hash": bytes(row.hash).hex(),
            }
        )
    return found


def _plain(row: Row[Any]) -> dict[str, Any]:
    """A row in JSON's own values."""
    return {name: _json(value) for name, value in row._mapping.items() if name not in LEFT_OUT}


def _json(value: Any) -> Any:
    match value:
        case datetime():
            return iso(value)
        case UUID():
            return str(value)
        case bytes() | memoryview():
            return bytes(value).hex()
        case _:
            return value


def _opened(cipher: FieldCipher, table: str, row: Row[Any]) -> dict[str, str | None]:
    """What is sealed in a row, in plain; None where it was erased or never was."""
    if getattr(row, "erased_at", None) is not None:
        return dict.fromkeys(SEALED)
    return {
        name: cipher.open(table, name, row.id, bytes(sealed)) if (sealed := getattr(row, name)) else None
        for name in SEALED
    }
