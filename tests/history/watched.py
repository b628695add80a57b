"""The tests' reporters and dispatchers, writing down all that they see."""

import asyncio
import re
from typing import Any, Self
from uuid import uuid4

import httpx2
from websockets.exceptions import WebSocketException

from tests.dispatcher import Dispatcher
from tests.history.sightings import Accepted, Answered, Attentive, Card, History, Pressed, Shown, Told, clock
from tests.people import CARD, card_attributes
from tests.reporter import Reporter
from tests.stack import App

CURSOR = re.compile(r'<data id="cursor" value="([^":]*):(\d+)">')
# The first page, and the frame that replaces the whole queue.
WHOLE = re.compile(r'<body class="desk"|hx-swap="queue"')


class WatchedReporter(Reporter):
    """A reporter whose every answer and frame stands in the history."""

    diary: History
    id: str = ""

    @classmethod
    async def watched(cls, history: History, app: App, location: dict[str, Any] | None = None) -> Self:
        reporter = await cls.signed_in(app, verified=True, location=location)
        reporter.diary = history
        reporter.id = (await reporter.http.get("/api/v1/me")).json()["id"]
        return reporter

    async def file(self, text: str = "有人打架", *, key: str | None = None, **fields: Any) -> httpx2.Response:
        key = key or str(uuid4())
        answer = await super().file(text, key=key, **fields)
        if answer.status_code in {200, 201}:
            report = answer.json()
            self.diary.add(
                Answered(
                    clock(), self.phone, self.id, key, report["id"], report["number"], answer.status_code
                )
            )
            self._told(report)
        return answer

    async def go_to(self, app: App) -> None:
        """The same phone, answered by another process from now on."""
        headers, hooks = self.http.headers, self.http.event_hooks
        await self.http.aclose()
        self.app = app
        self.http = httpx2.AsyncClient(base_url=app.url, timeout=15, headers=headers, event_hooks=hooks)

    async def listen_for_ever(self) -> None:
        """As the page does: come again whenever the line is lost, telling what is known."""
        while True:
            self.frames.clear()
            self.closed_with = None
            try:
                await self.listen({id_: report["version"] for id_, report in self.reports.items()})
                assert self._reading is not None
                await asyncio.shield(self._reading)  # who stops coming again still reads
            except (OSError, WebSocketException):
                pass
            await asyncio.sleep(0.2)

    def attentive(self) -> None:
        """The page is open and in step: from the end of the history on, it must have shown everything."""
        self.diary.add(Attentive(clock(), self.phone))

    def heard(self, frame: dict[str, Any]) -> None:
        for report in frame.get("reports", []) or ([frame["report"]] if "report" in frame else []):
            self._told(report)

    def _told(self, report: dict[str, Any]) -> None:
        received = report["received"]
        self.diary.add(
            Told(
                clock(),
                self.phone,
                self.id,
                report["id"],
                report["version"],
                report["status"],
                received["dispatcher_number"] if received else None,
            )
        )


class WatchedDispatcher(Dispatcher):
    """A dispatcher whose screen and keys stand in the history."""

    diary: History

    @classmethod
    async def watched(cls, history: History, app: App, number: str) -> Self:
        """Signed in, the page loaded; `watch` or `watch_for_ever` opens its socket."""
        http = httpx2.AsyncClient(base_url=app.url, timeout=15, headers={"origin": app.url})
        dispatcher = cls(app, number, http)
        dispatcher.diary = history
        await dispatcher.sign_in()
        await dispatcher.open_page()
        return dispatcher

    async def accept(self, id_: str) -> httpx2.Response:
        self.diary.add(Pressed(clock(), self.number, id_))
        answer = await super().accept(id_)
        self.diary.add(Accepted(clock(), self.number, id_, answer.status_code))
        return answer

    def attentive(self) -> None:
        """The screen is open and in step."""
        self.diary.add(Attentive(clock(), self.number))

    def _take(self, html: str) -> None:
        super()._take(html)
        if not (found := CURSOR.search(html)):
            return
        cards = []
        for tag in CARD.finditer(html):
            card = card_attributes(tag[0])
            cards.append(Card(card["report"], card["desk"], int(card["version"]), card["status"]))
        desk, whole = self.number[:6], WHOLE.search(html) is not None
        self.diary.add(Shown(clock(), self.number, desk, found[1], int(found[2]), whole, cards))
