"""A year of reports, made up: as many as are wanted, spread over desks, hours, people and outcomes as a year is.

The shares follow the telephone of 2020 in the province: 43.5 % invalid, a tenth of these harassment, some people far
oftener than others. The same seed gives the same year. Rows go into the tables in bulk, by the driver itself.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
import psycopg
from numpy.typing import NDArray

from dispatch.database import Database
from dispatch.desks import CITIES, COUNTIES, DESKS, PROVINCE
from dispatch.events import heads
from dispatch.ids import new_id
from dispatch.spans import BEIJING

AT_ONCE: Final = 20_000
FIRST_WORDS: Final = "有人打架，请快来"
# How many reports a person files in a year, on average.
REPORTS_A_PERSON: Final = 4
# A part of all harassment is of few people, the first of them far oftener than the next (in 2020 of 3,768 numbers).
OFTEN: Final = 0.3
LINKED: Final = 0.03  # to the desk's report before
OFTEN_A_MILLION: Final = 340

KINDS: Final = {"quick": 0.86, "location": 0.05, "fraud": 0.05, "tip": 0.04}
CATEGORIES: Final = {
    "traffic": 0.3,
    "help": 0.14,
    "dispute": 0.13,
    "crime": 0.07,
    "public_order": 0.08,
    "fraud": 0.05,
    "tip_off": 0.03,
    "fire": 0.01,
    "other": 0.07,
    "": 0.12,
}
OUTCOMES: Final = {
    "handled": 0.5,
    "invalid": 0.39,
    "harassment": 0.043,
    "referred": 0.045,
    "withdrawn": 0.015,
    "false_report": 0.002,
    "": 0.002,
}
HOURS: Final = (
    30,
    22,
    16,
    12,
    10,
    12,
    22,
    38,
    52,
    58,
    56,
    54,
    50,
    52,
    54,
    56,
    58,
    62,
    60,
    58,
    56,
    52,
    46,
    38,
)

REPORT: Final = (
    *("id", "number", "desk", "reporter", "idempotency_key", "body_digest", "version", "status", "kind"),
    *("category", "text", "covert", "notes", "media_expected", "filed_at", "filed_seq", "handled"),
    *("escalation", "outcome", "closed_at", "incident"),
)
ACKNOWLEDGEMENT: Final = ("report", "desk", "dispatcher", "at", "version", "receipt")
EVENT: Final = ("desk", "seq", "at", "kind", "report", "reporter", "actor", "data", "hash")
INCIDENT: Final = ("id", "desk", "number", "dispatcher", "at")
CLOSURE: Final = ("id", "report", "outcome", "dispatcher", "caught", "rescued", "helped", "at")
UNIT: Final = ("id", "desk", "call_sign", "kind", "in_service", "at")
SENDING: Final = (
    *(
        "id",
        "report",
        "unit",
        "dispatcher",
        "sent_at",
        "on_scene_at",
        "on_scene_by",
        "cleared_at",
        "cleared_by",
    ),
)
REPORTER: Final = (
    *("id", "phone", "phone_index", "phone_masked", "identity", "hearing_speech_impaired", "language"),
    *("reports", "invalid_reports", "made_at"),
)


@dataclass(frozen=True, slots=True)
class Year:
    """What to make. `told`: each report has the event of its filing too, as far as a log is followed."""

    reports: int
    year: int = 2025
    seed: int = 110
    told: bool = False
    counties: tuple[str, ...] = COUNTIES


def fill(database: Database, wanted: Year) -> None:
    """Put the year into the tables. Desks and demo accounts stand there already."""
    engine = database.writing
    with database.read() as session:
        made = _Made(wanted, heads(session))
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        put = _Copying(raw) if engine.dialect.name == "postgresql" else _Inserting(raw)
        put.rows("reporter", REPORTER, made.people())
        put.rows("unit", UNIT, made.units())
        for some in made.months():
            put.rows("incident", INCIDENT, some.incidents)
            put.rows("report", REPORT, some.reports)
            put.rows("acknowledgement", ACKNOWLEDGEMENT, some.acknowledgements)
            put.rows("sending", SENDING, some.sendings)
            put.rows("closure", CLOSURE, some.closures)
            put.rows("event", EVENT, some.events)
        put.heads(made.seqs)


Row = list[Any]


@dataclass(slots=True)
class _Some:
    """The rows of some days."""

    reports: list[Row] = field(default_factory=list)
    acknowledgements: list[Row] = field(default_factory=list)
    sendings: list[Row] = field(default_factory=list)
    closures: list[Row] = field(default_factory=list)
    incidents: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)


class _Made:
    """Draws the year, a month at a time."""

    def __init__(self, wanted: Year, heads_: dict[str, int]) -> None:
        self._wanted = wanted
        self._draw = np.random.default_rng(wanted.seed)
        self.seqs = Counter(heads_)
        self._numbers: Counter[tuple[str, str]] = Counter()
        self._units = {desk: new_id() for desk in DESKS}
        people = max(20, wanted.reports // REPORTS_A_PERSON)
        self._people = [new_id() for _ in range(people)]
        often = 1 / np.arange(1, max(2, wanted.reports * OFTEN_A_MILLION // 1_000_000) + 1) ** 0.9
        self._often = often / often.sum()
        # Desks of one county are ten times as busy as those of another; some reports end above.
        busy = self._draw.pareto(1.6, len(wanted.counties)) + 0.6
        self._desks = np.array(wanted.counties)
        self._busy = busy / busy.sum()

    def people(self) -> list[Row]:
        """Who reports. Their invalid reports are counted roughly: it only says who may be among those looked for."""
        at = datetime(self._wanted.year, 1, 1, tzinfo=UTC)
        often = len(self._often)
        return [
            [
                *(id_, b"sealed", id_.bytes, "139****0000", "none", False, "zh-CN"),
                *(REPORTS_A_PERSON, 10 if n < often else 1, at),
            ]
            for n, id_ in enumerate(self._people)
        ]

    def units(self) -> list[Row]:
        """One a desk, wherever it is sent."""
        at = datetime(self._wanted.year, 1, 1, tzinfo=UTC)
        return [[id_, desk, f"{self._wanted.year}-1", "car", True, at] for desk, id_ in self._units.items()]

    def months(self) -> Iterator[_Some]:
        begins = datetime(self._wanted.year, 1, 1, tzinfo=BEIJING)
        days = (begins.replace(year=begins.year + 1) - begins).days
        share = self._draw.multinomial(self._wanted.reports, np.full(days, 1 / days))
        first = 0
        while first < days:
            last = first + 1
            while last < days and share[first : last + 1].sum() <= AT_ONCE:
                last += 1
            yield self._some(begins + timedelta(days=first), share[first:last])
            first = last

    def _some(self, begins: datetime, share: NDArray[np.int64]) -> _Some:
        """The reports of some days, with what hangs on them."""
        draw, n = self._draw, int(share.sum())
        hours = np.array(HOURS) / sum(HOURS)
        day_ms = np.repeat(np.arange(len(share)), share) * 86_400_000
        at_ms = np.sort(day_ms + draw.choice(24, n, p=hours) * 3_600_000 + draw.integers(0, 3_600_000, n))
        origin = draw.choice(self._desks, n, p=self._busy).tolist()
        above = draw.random(n).tolist()
        kind, category, outcome = (_of(draw, shares, n) for shares in (KINDS, CATEGORIES, OUTCOMES))
        waited_ms = np.rint(draw.lognormal(np.log(6_500), 0.75, n)).astype(np.int64).tolist()
        way_ms = np.rint(draw.lognormal(np.log(540_000), 0.6, n)).astype(np.int64).tolist()
        work_ms = np.rint(draw.lognormal(np.log(1_500_000), 1.0, n)).astype(np.int64).tolist()
        arrives, accepts, again, linked = (
            (draw.random(n) < share_).tolist() for share_ in (0.65, 0.9995, OFTEN, LINKED)
        )
        who = draw.integers(0, len(self._people), n).tolist()
        whose = draw.choice(len(self._often), n, p=self._often).tolist()
        officer = draw.integers(1, 4, n).tolist()
        people = draw.poisson((0.006, 0.004, 0.09), (n, 3)).tolist()
        found = _Some()
        last: dict[str, Row] = {}
        for i, ms in enumerate(at_ms.tolist()):
            filed_at = (begins + timedelta(milliseconds=ms)).astimezone(UTC)
            desk = _desk_of(origin[i], above[i])
            dispatcher = f"{desk}0{officer[i]}"
            ended = outcome[i] if accepts[i] else ""
            person = self._people[whose[i] if ended == "harassment" and again[i] else who[i]]
            id_ = new_id()
            arrived = ended == "handled" and arrives[i]
            took_ms = waited_ms[i] + (way_ms[i] if arrived else 0) + work_ms[i]
            accepted_at = filed_at + timedelta(milliseconds=waited_ms[i])
            closed_at = filed_at + timedelta(milliseconds=took_ms)
            if accepts[i]:
                found.acknowledgements.append([id_, desk, dispatcher, accepted_at, 2, ""])
            if arrived:
                there = accepted_at + timedelta(milliseconds=way_ms[i])
                sending = [new_id(), id_, self._units[desk], dispatcher, accepted_at, there, dispatcher]
                found.sendings.append([*sending, closed_at, dispatcher])
                if any(people[i]):
                    found.closures.append([new_id(), id_, ended, dispatcher, *people[i], closed_at])
            seq = self._told(found.events, desk, filed_at, id_) if self._wanted.told else 0
            row = [
                *(id_, self._number(origin[i], filed_at), desk, person, id_, id_.bytes * 2, 3),
                "closed" if ended else "received" if accepts[i] else "filed",
                *(kind[i], category[i] or None, FIRST_WORDS, False, "[]", 0, filed_at, seq, 1, 0),
                *(ended or None, closed_at if ended else None, None),
            ]
            if linked[i] and desk in last:
                self._link(found, last[desk], row)
            last[desk] = row
            found.reports.append(row)
        return found

    def _link(self, found: _Some, before: Row, row: Row) -> None:
        """Two reports of a desk, or one more, are of one event."""
        if before[-1] is None:
            before[-1] = new_id()
            number, desk = before[1], before[2]
            found.incidents.append(
                [before[-1], desk, f"E{number}", f"{desk}01", row[REPORT.index("filed_at")]]
            )
        row[-1] = before[-1]

    def _told(self, events: list[Row], desk: str, at: datetime, report: UUID) -> int:
        self.seqs[desk] += 1
        events.append([desk, self.seqs[desk], at, "ReportFiled", report, None, "system", "{}", bytes(32)])
        return self.seqs[desk]

    def _number(self, desk: str, filed_at: datetime) -> str:
        day = filed_at.astimezone(BEIJING).strftime("%Y%m%d")
        self._numbers[desk, day] += 1
        return f"{desk}-{day}-{self._numbers[desk, day]:06d}"


def _of(draw: np.random.Generator, shares: dict[str, float], n: int) -> list[str]:
    names, weights = list(shares), np.array(list(shares.values()))
    return [names[i] for i in draw.choice(len(names), n, p=weights / weights.sum()).tolist()]


def _desk_of(county: str, above: float) -> str:
    """Some reports are accepted by the city's desk, a few by the province's."""
    return PROVINCE if above < 0.002 else _city(county) if above < 0.03 else county


def _city(county: str) -> str:
    city = county[:4] + "00"
    assert city in CITIES
    return city


class _Inserting:
    """SQLite, by its own driver: its moments and identifiers are text."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        # Not within a transaction; what is inserted names only what was inserted before.
        connection.execute("PRAGMA foreign_keys=OFF")
        connection.execute("BEGIN IMMEDIATE")

    def rows(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        places = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - our own names
        self._connection.executemany(statement, ([_plain(value) for value in row] for row in rows))

    def heads(self, seqs: Counter[str]) -> None:
        self._connection.executemany(
            "UPDATE desk_head SET seq = ? WHERE desk = ?", [(seq, desk) for desk, seq in seqs.items()]
        )
        self._connection.execute("COMMIT")
        self._connection.execute("PRAGMA foreign_keys=ON")
        self._connection.execute("ANALYZE")


class _Copying:
    """PostgreSQL, by COPY."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        connection.execute("SET statement_timeout = 0")
        connection.execute("SET session_replication_role = replica")

    def rows(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        with self._connection.cursor().copy(statement.encode()) as copy:
            for row in rows:
                copy.write_row(row)

    def heads(self, seqs: Counter[str]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE desk_head SET seq = %s WHERE desk = %s", [(seq, desk) for desk, seq in seqs.items()]
            )
        self._connection.execute("RESET session_replication_role")
        self._connection.commit()
        self._connection.execute("ANALYZE")
        self._connection.execute("RESET statement_timeout")
        self._connection.commit()


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f")
    return value
