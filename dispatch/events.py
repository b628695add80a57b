"""The event log: one a desk, numbered without gaps, chained by hash.

A process learns what happened by reading the log past what it has seen; nobody is told anything else.
"""

import hashlib
import itertools
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import Insert, bindparam, insert, select, update
from sqlmodel import Session

from dispatch.clock import iso, now
from dispatch.errors import Refused
from dispatch.models import TABLES

LOCAL = ZoneInfo("Asia/Shanghai")

_HEAD = TABLES["desk_head"]
_EVENT = TABLES["event"]
_INSTALLATION = TABLES["installation"]
_LOCK = (
    select(_HEAD.c.desk, _HEAD.c.seq, _HEAD.c.hash, _HEAD.c.numbered_on, _HEAD.c.numbered)
    .where(_HEAD.c.desk.in_(bindparam("desks", expanding=True)))
    .order_by(_HEAD.c.desk)
    .with_for_update()
)
_LOCK_AT_ONCE = _LOCK.with_for_update(nowait=True)
_INSERT = insert(_EVENT)
_SINCE = (
    select(_EVENT.c.seq, _EVENT.c.kind, _EVENT.c.report, _EVENT.c.reporter)
    .where(_EVENT.c.desk == bindparam("of"), _EVENT.c.seq > bindparam("after"))
    .order_by(_EVENT.c.seq)
    .limit(bindparam("most"))
)
_ALL_HEADS = select(_HEAD.c.desk, _HEAD.c.seq)
_HEADS = _ALL_HEADS.where(_HEAD.c.desk.in_(bindparam("desks", expanding=True)))
_EPOCH = select(_INSTALLATION.c.epoch)
_MOVE = (
    update(_HEAD)
    .where(_HEAD.c.desk == bindparam("of"))
    .values(
        seq=bindparam("to"),
        hash=bindparam("digest"),
        numbered_on=bindparam("day"),
        numbered=bindparam("count"),
    )
)

REPORT_FILED = "ReportFiled"
REPORT_RECEIVED = "ReportReceived"
RECEIPT_SHOWN = "ReceiptShown"
REPORT_WITHDRAWN = "ReportWithdrawn"
REPORT_CLOSED = "ReportClosed"
REPORT_REOPENED = "ReportReopened"
REPORT_ESCALATED = "ReportEscalated"
REPORT_RELEASED = "ReportReleased"
REPORT_TAKEN_OVER = "ReportTakenOver"
REPORT_PICKED_UP = "ReportPickedUp"
REPORT_HANDED_OVER = "ReportHandedOver"
REPORT_OFFERED_AGAIN = "ReportOfferedAgain"
UNIT_SENT = "UnitSent"
UNIT_ARRIVED = "UnitArrived"
UNIT_CLEARED = "UnitCleared"
UNITS_CHANGED = "UnitsChanged"
NOTE_WRITTEN = "NoteWritten"
NOTE_DONE = "NoteDone"
SHIFT_BEGAN = "ShiftBegan"
SHIFT_ENDED = "ShiftEnded"
REPORT_LINKED = "ReportLinked"
REPORT_UNLINKED = "ReportUnlinked"
REPORT_OFFERED = "ReportOffered"
OFFERED_CHANGED = "OfferedReportChanged"
OFFERING_ENDED = "OfferingEnded"
TRANSFER_ASKED = "TransferAsked"
TRANSFER_OFFERED = "TransferOffered"
TRANSFER_UNANSWERED = "TransferUnanswered"
TRANSFER_RETURNED = "TransferReturned"
TRANSFER_RECALLED = "TransferRecalled"
TRANSFER_ENDED = "TransferEnded"
REPORT_TRANSFERRED = "ReportTransferred"
OUTCOME_PROPOSED = "OutcomeProposed"
PROPOSAL_REFUSED = "ProposalRefused"
PROPOSAL_WITHDRAWN = "ProposalWithdrawn"
REPORTER_MARKED = "ReporterMarked"
MARK_REMOVED = "MarkRemoved"
MARK_EXPIRED = "MarkExpired"
MARK_APPEALED = "MarkAppealed"
MARK_UPHELD = "MarkUpheld"
MARK_LIFTED = "MarkLifted"
MARK_FOLLOWED = "MarkFollowed"
PERSON_EXPORTED = "PersonExported"
MESSAGE_SENT = "MessageSent"
REQUEST_SENT = "RequestSent"
REQUEST_ANSWERED = "RequestAnswered"
REPORT_SHOWN = "ReportShown"
COVERT_SWITCHED = "CovertSwitched"
DURESS_WORD_SAID = "DuressWordSaid"
DURESS_WORD_HEARD = "DuressWordHeard"
DURESS_WORD_SET = "DuressWordSet"
REPORT_SEEN = "ReportSeen"
LOCATION_SHARED = "LocationShared"
SCENE_PLACED = "ScenePlaced"
LOCATION_CODE_LOOKED_UP = "LocationCodeLookedUp"
REPORTS_SEARCHED = "ReportsSearched"
PHONE_SHOWN = "PhoneShown"
ORIGINAL_OPENED = "OriginalOpened"
READY_WORDS_CHANGED = "ReadyWordsChanged"
MEDIA_BEGUN = "MediaBegun"
MEDIA_STORED = "MediaStored"
MEDIA_REJECTED = "MediaRejected"
MEDIA_REMOVED = "MediaRemoved"
MEDIA_VIEWED = "MediaViewed"
IDENTITY_VERIFIED = "IdentityVerified"
IDENTITY_CORRECTED = "IdentityCorrected"
IDENTITY_ERASED = "IdentityErased"
PHONE_CHANGED = "PhoneChanged"
PREFERENCES_SET = "PreferencesSet"
CONSENT_GIVEN = "ConsentGiven"
CONSENT_WITHDRAWN = "ConsentWithdrawn"
DATA_SHOWN = "DataShown"
SESSIONS_ENDED = "SessionsEnded"
ACCOUNT_CLOSED = "AccountClosed"
ACCOUNT_REOPENED = "AccountReopened"
ACCOUNT_ERASED = "AccountErased"
WECHAT_LINKED = "WechatLinked"
WECHAT_UNLINKED = "WechatUnlinked"
NOTICE_ASKED = "NoticeAsked"
NOTICE_ENDED = "NoticeEnded"
REPORT_LOOKED_AT = "ReportLookedAt"
REPORT_EXPORTED = "ReportExported"
REPORT_REMOVED = "ReportRemoved"
HOLD_PUT = "HoldPut"
HOLD_LIFTED = "HoldLifted"
RETENTION_RULE_SET = "RetentionRuleSet"
FIELDS_RESEALED = "FieldsResealed"
DATABASE_RESTORED = "DatabaseRestored"
EVENTS_SEARCHED = "EventsSearched"
DISPATCHER_ADDED = "DispatcherAdded"
DISPATCHER_DISABLED = "DispatcherDisabled"
DISPATCHER_ENABLED = "DispatcherEnabled"
DISPATCHER_PASSWORD_SET = "DispatcherPasswordSet"  # noqa: S105 - what happened, not a password
DISPATCHER_TOTP_SET = "DispatcherTotpSet"
DISPATCHER_TOTP_REMOVED = "DispatcherTotpRemoved"
DISPATCHER_CHANGED = "DispatcherChanged"
DISPATCHER_SUBJECT_SET = "DispatcherSubjectSet"
RECOVERY_CODES_MADE = "RecoveryCodesMade"
RECOVERY_CODE_USED = "RecoveryCodeUsed"
PASSKEY_ADDED = "PasskeyAdded"
PASSKEY_NAMED = "PasskeyNamed"
PASSKEY_REMOVED = "PasskeyRemoved"
DISPATCHER_SIGNED_IN = "DispatcherSignedIn"
DISPATCHER_SIGNED_OUT = "DispatcherSignedOut"
DISPATCHER_MUTED = "DispatcherMuted"
DISPATCHER_UNMUTED = "DispatcherUnmuted"
DESK_OPENED = "DeskOpened"
DESK_CLOSED = "DeskClosed"
DESK_SET = "DeskSet"
EXERCISE_BEGAN = "ExerciseBegan"
EXERCISE_ENDED = "ExerciseEnded"
PLAYERS_ENLISTED = "PlayersEnlisted"
DANGER_WORD_SET = "DangerWordSet"
DANGER_WORD_REMOVED = "DangerWordRemoved"
DANGER_WORDS_CHANGED = "DangerWordsChanged"

# No event: it stands in no log. It is rung as one is (`dispatch.canary`).
CANARY: Final = "Canary"


# Somebody only looked: whatever shows the report shows the same as before.
LOOKS: Final = frozenset(
    {
        REPORT_LOOKED_AT,
        REPORT_EXPORTED,
        PERSON_EXPORTED,
        MEDIA_VIEWED,
        ORIGINAL_OPENED,
        PHONE_SHOWN,
        LOCATION_CODE_LOOKED_UP,
    }
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event as it is read by a feed: where it stands and what it is about."""

    desk: str
    seq: int
    kind: str
    report: UUID | None
    reporter: UUID | None


@dataclass(slots=True)
class _Head:
    seq: int
    hash: bytes
    numbered_on: str
    numbered: int


def record(
    session: Session,
    desk: str,
    kind: str,
    *,
    actor: str,
    report: UUID | None = None,
    reporter: UUID | None = None,
    data: dict[str, Any] | None = None,
) -> int:
    """Add an event to the desk's log, in the transaction of what it tells. Gives its number.

    `actor` is `reporter:<uuid>`, `dispatcher:<number>` (whoever has an account), `operator:<login>` (at the command
    line) or `system`. `data` holds references and digests only.
    """
    return batch_of(session).record(desk, kind, actor, report, reporter, data or {})


def next_number(session: Session, desk: str, at: datetime) -> str:
    """The next report number of the desk: `330106-20261123-000017`, counted anew each local day."""
    return batch_of(session).next_number(desk, at)


def lock_log(session: Session, *desks: str) -> bool:
    """Let nobody else write to these desks' logs until this transaction ends: their reports stand still meanwhile.

    Gives whether any was not held before: then what was read of them earlier may be old.
    """
    return batch_of(session).lock(sorted(desks))


def announce(session: Session, desk: str, kind: str, seq: int) -> None:
    """Have it rung after the commit that the desk's `kind` has come to `seq`, as an event is, without one."""
    batch_of(session).announce(Recorded(desk, seq, kind, None, None))


def rehearse(session: Session, desk: str) -> None:
    """Write the next event of the desk's log and take it back: raises what would keep a real one from being written."""
    batch_of(session).rehearse(desk)


def insert_with_batch(session: Session, statement: Insert, row: dict[str, Any]) -> None:
    """Insert a row together with its like of other commands, when the batch is written.

    For rows that no command of the same batch looks for. Should one not fit (its key stands already), the whole
    batch is undone and its commands run each in its own transaction.
    """
    batch_of(session).insert(statement, row)


def rows_to_insert(session: Session) -> list[dict[str, Any]]:
    """The rows that commands of this batch will have inserted when it is written, and that no query finds yet.

    None on a session that only reads: what is not written yet has not happened for it.
    """
    return batch_of(session).waiting() if "batch" in session.info else []


def batch_of(session: Session) -> "Batch":
    """The batch that the session writes in. Only the writer makes one."""
    batch: Batch = session.info["batch"]
    return batch


class Batch:
    """The events of one transaction, and the heads they move. Heads are locked until it ends.

    `needed` collects the desks whose heads it locks, or waits for in vain.
    """

    def __init__(self, session: Session, needed: set[str]) -> None:
        self._session = session
        self._needed = needed
        self._heads: dict[str, _Head] = {}
        self._rows: list[dict[str, Any]] = []
        self._inserts: list[tuple[Insert, dict[str, Any]]] = []
        self._undo: list[tuple[str, _Head]] = []
        self._announced: list[Recorded] = []
        session.info["batch"] = self

    def lock(self, desks: Sequence[str]) -> bool:
        """Load and lock the heads of these desks, in the order given (which must be the sorted one); gives whether
        any was not locked before.

        One that comes before others that are held already is not waited for: two who waited for each other would
        take PostgreSQL a second to see. Raises OperationalError, and the writer begins again with the order right.
        """
        missing = [desk for desk in desks if desk not in self._heads]
        if not missing:
            return False
        self._needed.update(missing)
        late = bool(self._heads) and missing[0] < max(self._heads)
        rows = self._session.connection().execute(_LOCK_AT_ONCE if late else _LOCK, {"desks": missing})
        for desk, seq, digest, numbered_on, numbered in rows:
            self._heads[desk] = _Head(seq, digest, numbered_on, numbered)
        return True

    def record(
        self,
        desk: str,
        kind: str,
        actor: str,
        report: UUID | None,
        reporter: UUID | None,
        data: dict[str, Any],
    ) -> int:
        head = self._head_to_move(desk)
        row = self._next(head, desk, kind, actor, report, reporter, data)
        head.seq += 1
        head.hash = row["hash"] = chain(head.hash, row)
        self._rows.append(row)
        return head.seq

    def _next(
        self,
        head: _Head,
        desk: str,
        kind: str,
        actor: str,
        report: UUID | None,
        reporter: UUID | None,
        data: dict[str, Any],
    ) -> dict[str, Any]:
        return {
            "desk": desk,
            "seq": head.seq + 1,
            "at": now(),
            "kind": kind,
            "report": report,
            "reporter": reporter,
            "actor": actor,
            "data": data,
        }

    def next_number(self, desk: str, at: datetime) -> str:
        head = self._head_to_move(desk)
        day = at.astimezone(LOCAL).strftime("%Y%m%d")
        if head.numbered_on != day:
            # A clock that stepped back must not number twice: the counter only ever goes on.
            head.numbered = 0 if day > head.numbered_on else head.numbered
            head.numbered_on = max(day, head.numbered_on)
        head.numbered += 1
        return f"{desk}-{head.numbered_on}-{head.numbered:06d}"

    def insert(self, statement: Insert, row: dict[str, Any]) -> None:
        self._inserts.append((statement, row))

    def waiting(self) -> list[dict[str, Any]]:
        return [row for _, row in self._inserts]

    def announce(self, recorded: Recorded) -> None:
        self._announced.append(recorded)

    def rehearse(self, desk: str) -> None:
        head = self._head_to_move(desk)
        row = self._next(head, desk, CANARY, "system", None, None, {})
        connection = self._session.connection()
        connection.exec_driver_sql("SAVEPOINT rehearsal")
        connection.execute(_INSERT, {**row, "hash": chain(head.hash, row)})
        connection.exec_driver_sql("ROLLBACK TO SAVEPOINT rehearsal")
        connection.exec_driver_sql("RELEASE SAVEPOINT rehearsal")

    def mark(self) -> tuple[int, int, int, int, int]:
        """Where the batch stands before a command, for `rewind`."""
        events = len(self._rows), len(self._inserts), len(self._undo)
        return *events, len(self._heads), len(self._announced)

    def rewind(self, mark: tuple[int, int, int, int, int]) -> None:
        """Forget what a command that failed has recorded, and the heads that it locked: with its savepoint goes
        its hold on them."""
        rows, inserts, moves, heads, announced = mark
        del self._rows[rows:]
        del self._announced[announced:]
        del self._inserts[inserts:]
        while len(self._undo) > moves:
            desk, head = self._undo.pop()
            self._heads[desk] = head
        for desk in list(self._heads)[heads:]:
            del self._heads[desk]

    def flush(self) -> list[Recorded]:
        """Write the events and the moved heads; gives what will be known once it is committed."""
        connection = self._session.connection()
        for statement, group in itertools.groupby(self._inserts, key=operator.itemgetter(0)):
            connection.execute(statement, [row for _, row in group])
        if not self._rows:
            return list(self._announced)
        connection.execute(_INSERT, self._rows)
        moved = {row["desk"] for row in self._rows}
        for desk in sorted(moved):
            head = self._heads[desk]
            connection.execute(
                _MOVE,
                {
                    "of": desk,
                    "to": head.seq,
                    "digest": head.hash,
                    "day": head.numbered_on,
                    "count": head.numbered,
                },
            )
        return [
            *(
                Recorded(row["desk"], row["seq"], row["kind"], row["report"], row["reporter"])
                for row in self._rows
            ),
            *self._announced,
        ]

    def _head_to_move(self, desk: str) -> _Head:
        if desk not in self._heads:
            self.lock([desk])
        head = self._heads.get(desk)
        if head is None:
            raise Refused("desk_unknown", desk=desk)
        self._undo.append((desk, replace(head)))
        return head


def chain(previous: bytes, row: Mapping[str, Any]) -> bytes:
    """SHA-256 over the previous event's hash and this event's fields in a fixed order, as canonical JSON."""
    return hashlib.sha256(previous + orjson.dumps(chained(row), option=orjson.OPT_SORT_KEYS)).digest()


def chained(row: Mapping[str, Any]) -> list[Any]:
    """An event's fields in the order in which they are chained."""
    return [
        row["desk"],
        row["seq"],
        iso(row["at"]),
        row["kind"],
        str(row["report"]) if row["report"] else None,
        str(row["reporter"]) if row["reporter"] else None,
        row["actor"],
        row["data"],
    ]


def read_since(session: Session, desk: str, seq: int, limit: int) -> list[Recorded]:
    """The desk's events past `seq`, in order, at most `limit`."""
    rows = session.connection().execute(_SINCE, {"of": desk, "after": seq, "most": limit})
    return [Recorded(desk, number, kind, report, reporter) for number, kind, report, reporter in rows]


def changed_by(events: Iterable[Recorded]) -> list[UUID]:
    """The reports that may be shown otherwise after these events, each once."""
    return list(dict.fromkeys(one.report for one in events if one.report and one.kind not in LOOKS))


def heads(session: Session, desks: Iterable[str] | None = None) -> dict[str, int]:
    """The number of the last event of each desk (of all desks when none are named)."""
    connection = session.connection()
    rows = (
        connection.execute(_ALL_HEADS)
        if desks is None
        else connection.execute(_HEADS, {"desks": list(desks)})
    )
    return {row.desk: row.seq for row in rows}


def epoch(session: Session) -> str:
    """Which database this is; a cursor of another epoch means nothing in it."""
    return str(session.connection().execute(_EPOCH).scalar_one())
