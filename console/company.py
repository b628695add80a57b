"""Who looks at which report, what its reporter's phone does, and how much of what it sends has come: told to the
desk's open consoles once a second.

All of it comes from presence (`realtime.presence`, `phones`, `arriving`) and goes with it; no log has any of it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

import orjson
import structlog
from sqlalchemy.exc import DBAPIError

from console.hub import Console, Hub
from dispatch import reading
from dispatch.clock import iso
from dispatch.reads import Reads
from realtime.arriving import Arriving, Came
from realtime.phones import Phone, Phones
from realtime.presence import Presence

log = structlog.get_logger()

EVERY_S = 1.0
# A frame that a busy socket let fall comes again after so many rounds.
AGAIN_AFTER = 5


class Company:
    """What consoles tell of the report that is in hand on them, and what they are told of each other's."""

    def __init__(self, hub: Hub, presence: Presence, phones: Phones, arriving: Arriving, read: Reads) -> None:
        self._hub = hub
        self._presence = presence
        self._phones = phones
        self._arriving = arriving
        self._read = read

    async def look(self, console: Console, report: UUID | None) -> None:
        """This console's dispatcher has the report in hand on a screen that is seen, or none."""
        if report is None:
            console.looking = console.phone = None
        else:
            try:
                state = await self._read(lambda session: reading.state(session, report))
            except DBAPIError as error:
                log.info("look_not_told", error=type(error).__name__)
                return
            if state is None or not state.concerns(console.desk):
                return
            console.looking, console.phone = report, state.caller.reporter
        self._presence.looking(console.desk, console.presence, str(report or ""))

    async def tell(self) -> None:
        """Tell every console, for ever."""
        rounds = 0
        while True:
            rounds += 1
            desks = self._hub.at_desks()
            frames = await asyncio.gather(*(self._frame(desk, consoles) for desk, consoles in desks.items()))
            for consoles, frame in zip(desks.values(), frames, strict=True):
                for console in consoles:
                    if frame != console.company or rounds % AGAIN_AFTER == 0:
                        console.company = frame
                        console.socket.say(frame)
            await asyncio.sleep(EVERY_S)

    async def _frame(self, desk: str, consoles: Iterable[Console]) -> str:
        looking: dict[str, set[str]] = defaultdict(set)
        phones: dict[UUID, UUID] = {}
        for console in consoles:
            if console.looking is not None and console.phone is not None:
                looking[str(console.looking)].add(console.dispatcher)
                phones[console.looking] = console.phone
        for screen in await self._presence.screens(desk) or ():
            if screen.looking:
                looking[screen.looking].add(screen.dispatcher)
        return company_frame(looking, await self._phones.of(phones), await self._arriving.of(phones))


def company_frame(
    looking: Mapping[str, Iterable[str]],
    phones: Mapping[UUID, Phone],
    arriving: Mapping[UUID, Mapping[str, Came]],
) -> str:
    """`looking`: the numbers of those who look at a report, by report; `phones`: what is known of its reporter's;
    `arriving`: how much of its uploads has come, in whole percents."""
    return orjson.dumps(
        {
            "type": "company",
            "looking": {report: sorted(numbers) for report, numbers in sorted(looking.items())},
            "phones": {
                str(report): {
                    "on": phone.on,
                    "since": _moment(phone.since),
                    "writing": phone.writing,
                }
                for report, phone in sorted(phones.items())
            },
            "arriving": {
                str(report): {
                    media: {"percent": came.percent, "still_since": _moment(came.still_since)}
                    for media, came in sorted(uploads.items())
                }
                for report, uploads in sorted(arriving.items())
            },
        }
    ).decode()


def _moment(seconds: float | None) -> str | None:
    return iso(datetime.fromtimestamp(seconds, UTC)) if seconds else None
