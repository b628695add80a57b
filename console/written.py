"""What a console says of a report that came long after it was written: when that was, and by how much it is late."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from dispatch.states import ReportState
from dispatch.words import Words
from dispatch.written import late_by

# China has one time zone and no daylight saving.
BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Late:
    """In words: the moment of writing, and how much later the report was stored."""

    written: str
    by: str


def late_in(words: Words) -> Callable[[ReportState], Late | None]:
    """Says it of a report, where it matters."""

    def late(report: ReportState) -> Late | None:
        late = late_by(report.filed_at, report.written_at)
        if late is None or report.written_at is None:
            return None
        return Late(_moment(report.written_at, report.filed_at), _length(late, words))

    return late


def _moment(written: datetime, filed: datetime) -> str:
    """`14:02`, and the day where it was another."""
    written, filed = written.astimezone(BEIJING), filed.astimezone(BEIJING)
    return written.strftime("%H:%M" if written.date() == filed.date() else "%m-%d %H:%M")


def _length(late: timedelta, words: Words) -> str:
    minutes = late // timedelta(minutes=1)
    if minutes < 60:
        return words("console.written.minutes", n=minutes)
    if minutes < 48 * 60:
        return words("console.written.hours", h=minutes // 60, m=minutes % 60)
    return words("console.written.days", n=minutes // (24 * 60))
