"""The people of a soak: reporters and dispatchers who go to the next process when theirs is gone, as behind a proxy."""

import asyncio
import itertools
import random
import ssl
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final
from uuid import uuid4

import httpx2
from websockets.exceptions import WebSocketException

from tests.history.watched import WatchedDispatcher, WatchedReporter
from tests.stack import App

# As the page: by then it asks again.
ANSWER_S: Final = 10.0
AGAIN_S: Final = 0.1
LOOK_EVERY_S: Final = 0.01
# A dispatcher who sees another's card wait so long takes it.
HELPS_AFTER_S: Final = 1.5
DISPATCHERS: Final = 3  # at each desk of the demonstration
# How often one presses what is another's to accept, at every look: two who press at once.
RACES: Final = 0.05
_NO_TLS: Final = ssl.create_default_context()  # nothing here is encrypted


class SoakReporter(WatchedReporter):
    """A phone of the soak. `moves_to` are the processes it may be answered by."""

    moves_to: Sequence[App]
    lines: dict[str, httpx2.AsyncClient]
    first_line: httpx2.AsyncClient

    def settle(self, apps: Sequence[App]) -> None:
        """Where it may go."""
        self.moves_to, self.lines = apps, {app.url: _line(app, self.http.headers) for app in apps}
        self.first_line, self.http = self.http, self.lines[self.app.url]

    async def go_to(self, app: App) -> None:
        """What is under way at the old process may still be answered."""
        self.app, self.http = app, self.lines[app.url]

    async def file_until_stored(self, text: str, within_s: float) -> str:
        """File one report, again and again under its key until it is answered. Raises TimeoutError."""
        key = str(uuid4())
        async with asyncio.timeout(within_s):
            while True:
                try:
                    answer = await self.file(text, key=key)
                    if answer.status_code in {200, 201}:
                        return str(answer.json()["id"])
                    assert answer.status_code == 503, answer.text
                except httpx2.TransportError:
                    await self.go_to(other(self.moves_to, self.app))
                await asyncio.sleep(AGAIN_S)

    async def listen_for_ever(self) -> None:
        """As the page does; where nobody answers, it goes to the next process."""
        while True:
            self.frames.clear()
            self.seen_versions.clear()
            self.closed_with = None
            try:
                await self.listen({id_: report["version"] for id_, report in self.reports.items()})
                assert self._reading is not None
                await asyncio.shield(self._reading)
            except (OSError, WebSocketException, AssertionError):
                await self.go_to(other(self.moves_to, self.app))
            await asyncio.sleep(AGAIN_S)

    def break_off(self) -> None:
        """The network is gone, without a word."""
        if self.socket is not None:
            self.socket.transport.abort()

    async def leave(self) -> None:
        await self.hang_up()
        for line in (self.first_line, *self.lines.values()):
            await line.aclose()


class SoakDispatcher(WatchedDispatcher):
    """A console of the soak."""

    moves_to: Sequence[App]
    lines: dict[str, httpx2.AsyncClient]
    first_line: httpx2.AsyncClient
    closings: Counter[int]

    def settle(self, apps: Sequence[App]) -> None:
        """Where it may go."""
        self.moves_to, self.closings = apps, Counter()
        self.lines = {app.url: _line(app, {"origin": app.url}) for app in apps}
        for line in self.lines.values():
            line.cookies = self.http.cookies
        self.first_line, self.http = self.http, self.lines[self.app.url]

    async def watch_for_ever(self) -> None:
        """As the page does: with its cursor, where it is answered."""
        while True:
            try:
                await self.watch()
                assert self._reading is not None
                await asyncio.shield(self._reading)
            except (OSError, WebSocketException):
                pass
            if self.closed_with is not None:
                self.closings[self.closed_with] += 1
            self._go_on()
            await asyncio.sleep(AGAIN_S)

    async def keep_accepting(self, chance: random.Random, idle: set[str], started: float) -> None:
        """Accept, for ever, one's own third of what waits, a little of the others', and what they leave."""
        while True:
            for report in self._to_accept(chance, started):
                # As it stands on the screen now: a colleague may have been faster.
                if self.number[:6] in idle or self.cards.get(report, {}).get("status") != "filed":
                    continue
                try:
                    answer = await self.accept(report)
                    if answer.status_code == 503:
                        break
                except httpx2.TransportError:
                    break  # the process is away; the card still waits
            await asyncio.sleep(chance.uniform(0, AGAIN_S))

    def _to_accept(self, chance: random.Random, started: float) -> list[str]:
        """What to accept next, in order. Who helps others does not begin where everybody does."""
        now, mine = asyncio.get_running_loop().time(), int(self.number[-2:])
        own, others = [], []
        for report, card in self.cards.items():
            if card["status"] != "filed":
                continue
            if int(report[-1], 16) % DISPATCHERS + 1 == mine:
                own.append(report)
            elif now - self.first_seen.get(report, started) > HELPS_AFTER_S or chance.random() < RACES:
                others.append(report)
        return [*own, *chance.sample(others, len(others))]

    async def shows_it(self, report: str) -> None:
        """Returns when the screen does."""
        for _ in itertools.count():
            if report in self.first_seen:
                return
            await asyncio.sleep(LOOK_EVERY_S)

    def forget(self, reports: set[str]) -> None:
        """What ended long ago: a screen does not show it any more."""
        for held in (self.cards, self.words, self.first_seen):
            for report in reports & held.keys():
                del held[report]
        for told in (self.order, self.history, self.seqs, self.ticks, self.told):
            told.clear()

    async def paint(self) -> None:
        with suppress(
            WebSocketException
        ):  # it closes while the screen is painted: the reading ends by itself
            await super().paint()

    async def leave(self) -> None:
        await self.hang_up()
        for line in (self.first_line, *self.lines.values()):
            await line.aclose()

    def _go_on(self) -> None:
        self.app = other(self.moves_to, self.app)
        self.http = self.lines[self.app.url]


def _line(app: App, headers: Any) -> httpx2.AsyncClient:
    """A client of a process. Made before it is needed, and with one context for all: a context takes longer than a
    hundred reports, and all phones would make one at the moment in which a process is gone."""
    return httpx2.AsyncClient(base_url=app.url, timeout=ANSWER_S, headers=headers, verify=_NO_TLS)


def other(apps: Sequence[App], app: App) -> App:
    """The next after this one."""
    return apps[(list(apps).index(app) + 1) % len(apps)]
