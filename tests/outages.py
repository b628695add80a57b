"""Filing all through an outage of Redis, and what every screen must have seen of it in the end."""

import asyncio
import time
from dataclasses import dataclass, field

from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import Place
from tests.promises import promised
from tests.stack import Stack
from tests.truth import assert_whole

SOON_S = 15
SEEN_WHILE_AWAY_S = 1.5
SEEN_AFTER_S = 3.0
# As long as TCP may take to try again after an absence of a quarter of a minute, on a busy machine.
TAKEN_S = 40


@dataclass
class Outage:
    """A console at each console process, a reporter at each citizen process, and what was filed when (monotonic)."""

    whole: Stack
    place: Place
    consoles: list[Dispatcher]
    phones: list[Reporter]
    filed: dict[str, float] = field(default_factory=dict)

    @classmethod
    async def awaited(cls, people: People, whole: Stack, place: Place) -> "Outage":
        """Everybody in place, and one report seen by all before anything goes wrong."""
        consoles = [
            await people.dispatcher(app, place.number(f"0{n}")) for n, app in enumerate(whole.consoles, 1)
        ]
        phones = [await people.reporter(app, place.location) for app in whole.citizens]
        for phone in phones:
            await phone.listen()
        outage = cls(whole, place, consoles, phones)
        first = await outage.file()
        await eventually(lambda: outage.phones[0].screens(first) == 2, SOON_S, "both screens show it")
        return outage

    @property
    def _next_phone(self) -> Reporter:
        return self.phones[len(self.filed) % len(self.phones)]

    async def file(self) -> str:
        """File one, at each citizen process in turn; it must be taken."""
        phone = self._next_phone
        began = time.monotonic()
        answer = await phone.file(f"第{len(self.filed)}件")
        took = time.monotonic() - began
        assert answer.status_code == 201, answer.text
        promised("POST /reports answered 201", took, 2.0)
        id_: str = answer.json()["id"]
        self.filed[id_] = began
        return id_

    async def file_for(self, seconds: float, every_s: float = 0.4) -> None:
        """Go on filing for so long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await self.file()
            await asyncio.sleep(every_s)

    async def accept_one(self) -> None:
        """A new report is accepted at the second process, and its reporter reads 已接收 all the same."""
        phone = self._next_phone
        id_ = await self.file()
        began = time.monotonic()
        assert (await self.consoles[1].accept(id_)).status_code == 200
        await eventually(lambda: phone.status(id_) == "received", SOON_S, "已接收")
        promised("accepted, then read as 已接收 with Redis away", time.monotonic() - began, SEEN_WHILE_AWAY_S)

    async def all_seen(self, what: str, within_s: float, since: float | None = None) -> None:
        """Every report is on every screen so soon after its filing, or after `since` where that was later."""
        for console in self.consoles:
            await eventually(
                lambda at=console: len(at.first_seen) == len(self.filed), SOON_S, f"all are seen {what}"
            )
        slowest = max(
            console.first_seen[id_] - max(filed_at, since or filed_at)
            for console in self.consoles
            for id_, filed_at in self.filed.items()
        )
        promised(f"{len(self.filed)} reports {what}, the slowest seen", slowest, within_s)

    def assert_once_and_in_order(self) -> None:
        """I2: none missing, none twice, in the order of the desk's log."""
        for console in self.consoles:
            assert console.order == list(self.filed)
            assert len(set(console.history)) == len(console.history), "no state came twice"
            assert console.seqs == sorted(console.seqs)
            assert console.closed_with is None, "the line to the page never broke"
        assert_whole(self.whole.database, self.place.desk)

    async def screens_are_known_again(self) -> None:
        """The count of screens lives in Redis alone, and is right again soon after it is back."""
        phone = self._next_phone
        id_ = await self.file()
        await eventually(lambda: phone.screens(id_) == 2, SOON_S, "the screens are counted again")


async def taken(phone: Reporter, key: str, text: str) -> str:
    """The report, once it is taken: filed again under its key as long as it is refused, as the page does."""

    async def take() -> str:
        answer = await phone.file(text, key=key)
        assert answer.status_code in {200, 201, 503}, answer.text
        return "" if answer.status_code == 503 else str(answer.json()["id"])

    return str(await eventually(take, TAKEN_S, "it is taken"))
