"""One clock for the whole system: UTC, to the millisecond, as the protocol writes it."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, UTC, cut to whole milliseconds (what the protocol can carry)."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-11-23T10:00:00.000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
