"""Whether the canary comes, seen from one process: the alarm when it does not, and the end of the alarm.

Each process looks for itself, by connections other than the feed's, so that whoever is stuck is told on by the others
and by itself. Ages are counted by a clock that cannot be set, from when this process saw something move.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

import structlog
from sqlmodel import Session

from dispatch import canary, figures
from dispatch.canary import CanaryState
from dispatch.reads import Reads

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
# Of so many desks at most the log names each; of more it gives the number.
NAMED = 5

# Where its way ends. Not sent, not received: on some other process. Not carried: on this one.
NOT_SENT: Final = "not_sent"
NOT_RECEIVED: Final = "not_received"
NOT_CARRIED: Final = "not_carried"
# Of no desk alone: it comes, but no ring of it; no worker is at work; the database does not say.
NOT_RUNG: Final = "not_rung"
NO_WORKER: Final = "no_worker"
NOT_READ: Final = "not_read"
KINDS: Final = (NOT_SENT, NOT_RECEIVED, NOT_CARRIED, NOT_RUNG, NO_WORKER, NOT_READ)


def patience(every_s: float) -> float:
    """For so long something may be owed, in seconds: far longer than it takes without the doorbell."""
    return max(2.0, every_s / 2)


@dataclass(slots=True)
class _Seen:
    """What was last seen of a desk's canary, and when (loop time); since when what is owed: that it is received, that
    it comes out here."""

    sent: UUID | None
    sent_at: float
    received: UUID | None
    received_at: float
    arrived: UUID | None
    arrived_at: float
    unreceived_since: float | None = None
    uncarried_since: float | None = None


class Watch:
    """What this process has seen of every open desk's canary. `carries`: what comes out at the end of its own feed:
    what was sent, what was received, or nothing."""

    def __init__(self, every_s: float, read: Reads, carries: Literal["sent", "received", ""]) -> None:
        self._patience_s = patience(every_s)
        self._late_s = every_s + self._patience_s
        self._read = read
        self._carries = carries
        self._read_at = self._rung_at = self._worked_at = asyncio.get_running_loop().time()
        self._looks = -1
        self._seen: dict[str, _Seen] = {}
        self.states: dict[str, CanaryState] = {}
        self.missing: dict[str, str] = {}
        self.wrong: frozenset[str] = frozenset()

    def rung(self) -> None:
        """A canary's ring was heard."""
        self._rung_at = asyncio.get_running_loop().time()

    def arrived(self, state: CanaryState) -> None:
        """One came out at the end of this process' way."""
        if (seen := self._seen.get(state.desk)) is not None:
            seen.arrived, seen.arrived_at = state.id, asyncio.get_running_loop().time()
            seen.uncarried_since = None

    def sent_ago(self, desk: str) -> float:
        """Since the desk's newest was seen to be sent, in seconds."""
        return asyncio.get_running_loop().time() - self._seen[desk].sent_at

    def at_desk(self, desk: str) -> str:
        """What the desk's screens shall say is missing; empty: nothing. That rings are lost the lamp says already."""
        return self.missing.get(desk) or (NO_WORKER if NO_WORKER in self.wrong else "")

    async def look(self) -> None:
        """Look once a second, for ever."""
        while True:
            try:
                self._note(*await self._read(_read))
            except Exception as error:  # noqa: BLE001 - the database is away: the ages go on growing
                log.info("canaries_unknown", error=type(error).__name__)
            self._judge(asyncio.get_running_loop().time())
            await asyncio.sleep(LOOK_EVERY_S)

    def _note(self, states: dict[str, CanaryState], looks: int) -> None:
        at = self._read_at = asyncio.get_running_loop().time()
        if looks != self._looks:
            self._looks, self._worked_at = looks, at
        self.states = states
        self._seen = {desk: self._seen.get(desk) or _new(state, at) for desk, state in states.items()}
        for desk, state in states.items():
            self._note_desk(self._seen[desk], state, at)

    def _note_desk(self, seen: _Seen, state: CanaryState, at: float) -> None:
        if seen.sent != state.id:
            seen.sent, seen.sent_at = state.id, at
            seen.unreceived_since = seen.unreceived_since or at
            if self._carries == "sent" and seen.arrived != state.id:
                seen.uncarried_since = seen.uncarried_since or at
        if state.received_at is not None and seen.received != state.id:
            seen.received, seen.received_at = state.id, at
            if self._carries == "received" and seen.arrived != state.id:
                seen.uncarried_since = seen.uncarried_since or at
        if seen.received == state.id:
            seen.unreceived_since = None

    def _judge(self, at: float) -> None:
        wrong = set()
        if at - self._read_at > self._late_s:
            wrong.add(NOT_READ)
        missing = {} if wrong else {desk: kind for desk in self._seen if (kind := self._end_of(desk, at))}
        if not wrong and at - self._worked_at > self._late_s:
            wrong.add(NO_WORKER)
        comes = self._carries != "" and len(missing) < len(self._seen)
        if comes and at - self._rung_at > self._late_s:
            wrong.add(NOT_RUNG)
        self._tell(missing, frozenset(wrong))
        for desk, seen in self._seen.items():
            last = seen.arrived_at if self._carries else seen.received_at
            figures.CANARY_AGE.labels(desk).set(at - last)
        for kind in KINDS:
            count = sum(each == kind for each in missing.values()) + (kind in wrong)
            figures.CANARY_MISSING.labels(kind).set(count)

    def _end_of(self, desk: str, at: float) -> str | None:
        seen = self._seen[desk]
        if at - seen.sent_at > self._late_s:
            return NOT_SENT
        if seen.uncarried_since is not None and at - seen.uncarried_since > self._patience_s:
            return NOT_CARRIED
        if seen.unreceived_since is not None and at - seen.unreceived_since > self._patience_s:
            return NOT_RECEIVED
        return None

    def _tell(self, missing: dict[str, str], wrong: frozenset[str]) -> None:
        before = set(self.missing.items())
        for line in _lines(set(missing.items()) - before, wrong - self.wrong):
            log.error("canary_missing", **line)
        for line in _lines(before - set(missing.items()), self.wrong - wrong):
            log.info("canary_back", **line)
        self.missing, self.wrong = missing, wrong


def _new(state: CanaryState, at: float) -> _Seen:
    """A desk seen for the first time: nothing of what was before is owed."""
    received = state.id if state.received_at is not None else None
    return _Seen(state.id, at, received, at, state.id, at)


def _read(session: Session) -> tuple[dict[str, CanaryState], int]:
    return canary.states(session), canary.looked(session)


def _lines(of: Iterable[tuple[str, str]], all_: Iterable[str]) -> Iterator[Mapping[str, str | int]]:
    """What the log says of each; of many desks their number."""
    for kind in sorted(all_):
        yield {"kind": kind}
    by_kind: dict[str, list[str]] = defaultdict(list)
    for desk, kind in of:
        by_kind[kind].append(desk)
    for kind, desks in sorted(by_kind.items()):
        if len(desks) > NAMED:
            yield {"kind": kind, "count": len(desks)}
        else:
            yield from ({"kind": kind, "desk": desk} for desk in sorted(desks))
