"""Figures counted the plain way: SQL over the reports themselves, without anything that was counted before.

Written apart from the product's own statements, so that the two can disagree.
"""

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from dispatch.scales import SCALES, Scale

# What each database calls the hour of a filing in China, and the seconds between two moments.
_SQLITE = {
    "hour": "strftime('%Y%m%d%H', r.filed_at, '+8 hours')",
    "seconds": "round((julianday({until}) - julianday(r.filed_at)) * 86400, 3)",
}
_POSTGRES = {
    "hour": "to_char(r.filed_at AT TIME ZONE 'Asia/Shanghai', 'YYYYMMDDHH24')",
    "seconds": "extract(epoch FROM {until} - r.filed_at)",
}
_FROM = """
    FROM report r LEFT JOIN acknowledgement a ON a.report = r.id
    LEFT JOIN closure c ON c.report = r.id AND c.reopened_at IS NULL
    LEFT JOIN (SELECT report, min(on_scene_at) AS at FROM sending GROUP BY report) u ON u.report = r.id
"""
UNTIL = {"accepted": "a.at", "arrived": "u.at", "closed": "r.closed_at"}
LATER = """EXISTS (SELECT 1 FROM report o WHERE o.incident = r.incident
    AND (o.filed_at < r.filed_at OR (o.filed_at = r.filed_at AND o.id < r.id)))"""
INVALID = "r.outcome IN ('invalid', 'false_report', 'harassment')"


class PlainCounts:
    """Counts of the reports in an area (what its adcodes begin with) and a span (what the hours in it begin with)."""

    def __init__(self, session: Session, also: str = "1 = 1") -> None:
        """`also`: a condition that every report must fulfil to be counted."""
        self._session = session
        self._also = also
        postgres = session.connection().dialect.name == "postgresql"
        self._says = _POSTGRES if postgres else _SQLITE

    def count(self, area: str, span: int | str, where: str = "1 = 1") -> int:
        """How many of these."""
        return int(self._one(f"SELECT count(*) {self._of(area, span, where)}"))

    def sum(self, area: str, span: int | str, column: str) -> int:
        """All of a column together."""
        return int(self._one(f"SELECT coalesce(sum({column}), 0) {self._of(area, span, '1 = 1')}"))

    def by(self, area: str, span: int | str, expression: str) -> dict[str, int]:
        """How many of each; NULL is left out."""
        found = self._all(
            f"SELECT {expression} AS key, count(*) AS n {self._of(area, span, f'{expression} IS NOT NULL')} GROUP BY 1"
        )
        return {str(key): n for key, n in found}

    def between(self, area: str, span: int | str, scale: Scale, above: int, to: int | None) -> int:
        """How many took longer than `above` seconds and no longer than `to`. A clock that went back took no time."""
        took = self._took(scale)
        where = f"{UNTIL[scale.name]} IS NOT NULL" + (f" AND {took} > {above}" if above else "")
        return self.count(area, span, where + (f" AND {took} <= {to}" if to else ""))

    def percentile(self, area: str, span: int | str, scale: Scale, percent: int) -> float | None:
        """The duration that so many percent did not exceed, by nearest rank."""
        of = self._of(area, span, f"{UNTIL[scale.name]} IS NOT NULL")
        many = int(self._one(f"SELECT count(*) {of}"))
        if not many:
            return None
        skip = -(-many * percent // 100) - 1
        return float(self._one(f"SELECT {self._took(scale)} {of} ORDER BY 1 LIMIT 1 OFFSET {skip}"))

    def repeated(self, area: str, span: int | str, least: int) -> int:
        """How many people harassed so often or oftener."""
        of = self._of(area, span, "r.outcome = 'harassment'")
        people = f"SELECT r.reporter {of} GROUP BY r.reporter HAVING count(*) >= {least}"
        return int(self._one(f"SELECT count(*) FROM ({people}) few"))  # noqa: S608 - our own words

    def everywhere(self) -> Iterable[tuple[str, str, dict[str, dict[str, int]]]]:
        """Every desk and hour with a report in it, and its counts by measure and key, as they should stand."""
        columns = ", ".join(f"{self._took(scale)} AS {scale.name}" for scale in SCALES)
        found: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
        rows = self._session.connection().execute(
            text(
                f"SELECT r.desk, {self._says['hour']} AS hour, r.kind, coalesce(r.category, 'none') AS category, "
                f"coalesce(r.outcome, 'open') AS outcome, substr(r.number, 1, 6) AS county, a.dispatcher, "
                f"CASE WHEN {LATER} THEN 'later' END AS incident, c.caught, c.rescued, c.helped, {columns} "
                f"{self._of('', '', '1 = 1')}"
            )
        )
        for row in rows:
            tally = found.setdefault((row.desk, row.hour), {})
            for measure in ("kind", "category", "outcome", "county", "dispatcher", "incident"):
                _add(tally, measure, getattr(row, measure))
            for people in ("caught", "rescued", "helped"):
                _add(tally, "results", people, getattr(row, people) or 0)
            for scale in SCALES:
                took = getattr(row, scale.name)
                _add(tally, scale.name, None if took is None else str(scale.edge(float(took))))
        return [(desk, hour, tally) for (desk, hour), tally in found.items()]

    def _of(self, area: str, span: int | str, where: str) -> str:
        here = f"r.desk LIKE '{area}%' AND {self._says['hour']} LIKE '{span}%'"
        return f"{_FROM} WHERE {here} AND {where} AND {self._also}"

    def _took(self, scale: Scale) -> str:
        return self._says["seconds"].format(until=UNTIL[scale.name])

    def _one(self, statement: str) -> Any:
        return self._session.connection().execute(text(statement)).scalar_one()

    def _all(self, statement: str) -> list[Any]:
        return list(self._session.connection().execute(text(statement)))


def _add(into: dict[str, dict[str, int]], measure: str, key: str | None, n: int = 1) -> None:
    if key is not None and n:
        counts = into.setdefault(measure, {})
        counts[key] = counts.get(key, 0) + n


def in_every_row(counts: PlainCounts, areas_of: Callable[[str], Iterable[str]]) -> dict[tuple[str, int], Any]:
    """All rows that there should be: each desk and each of its areas, by hour, day, month and year."""
    found: dict[tuple[str, int], dict[str, dict[str, int]]] = {}
    for desk, hour, tally in counts.everywhere():
        for span in (hour, hour[:8], hour[:6], hour[:4]):
            for area in (desk, *areas_of(desk)):
                into = found.setdefault((area, int(span)), {})
                for measure, keys in tally.items():
                    if measure == "dispatcher" and area != desk:
                        continue
                    counts_of = into.setdefault(measure, {})
                    for key, n in keys.items():
                        counts_of[key] = counts_of.get(key, 0) + n
    return found
