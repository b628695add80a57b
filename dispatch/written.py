"""When a report was written: one that is written without a network is sent later.

A phone's clock may be wrong, and what it says never refuses a report. How long the report lay on the phone it knows
better than what time it is: both moments, of writing and of sending, are of the same clock.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

AHEAD: Final = timedelta(minutes=5)  # of the server's clock: no more than clocks differ by
LONGEST: Final = timedelta(days=30)  # that a report may have lain on a phone
LATE: Final = timedelta(seconds=60)  # from here on it matters to whoever reads it
NEVER: Final = datetime.min.replace(tzinfo=UTC)
"""Stands for what cannot be read as a moment."""
UNKNOWN: Final = "written_unknown"
"""The report's note when the phone's clock says what cannot be."""


def written_when(at: datetime, written: datetime | None, sent: datetime | None) -> datetime | None:
    """The moment of writing in the server's time, never after `at` (now); None when what was said cannot be.

    `written` and `sent` are of the phone's clock: with both, what that is wrong by does not matter.
    """
    if written is None:
        return None
    if sent is not None and sent != NEVER:
        lay = sent - written
        return _whole(at - lay) if timedelta(0) <= lay <= LONGEST else None
    return _whole(min(written, at)) if at - LONGEST <= written <= at + AHEAD else None


def late_by(filed_at: datetime, written_at: datetime | None) -> timedelta | None:
    """How long after its writing a report came, where that is long enough to matter."""
    late = filed_at - written_at if written_at else timedelta(0)
    return late if late > LATE else None


def _whole(moment: datetime) -> datetime:
    """In UTC, to the millisecond."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)
