"""A dispatcher for the tests: someone at a console, who sees what its page would, over real connections."""

import asyncio
import re
import time
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

import httpx2
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.stack import PASSWORD, App

CARD = re.compile(r'<article[^>]*\sdata-report="([0-9a-f-]{36})"[^>]*>')
CURSOR = re.compile(r'<data id="cursor" value="([^"]*)">')


def card_attributes(card: str) -> dict[str, str]:
    """The `data-` attributes of a card's first tag."""
    return dict(re.findall(r'\sdata-([a-z-]+)="([^"]*)"', card))


@dataclass
class Dispatcher:
    """Someone at a console, seeing what its page would: cards by report, placed and replaced by frames."""

    app: App
    number: str
    http: httpx2.AsyncClient
    csrf: str = ""
    cards: dict[str, dict[str, str]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    first_seen: dict[str, float] = field(default_factory=dict)
    order: list[str] = field(default_factory=list)
    history: list[tuple[str, int]] = field(default_factory=list)
    ticks: list[dict[str, Any]] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    cursor: str = ""
    seqs: list[int] = field(default_factory=list)
    closed_with: int | None = None
    shows: bool = True
    socket: ClientConnection | None = None
    _reading: asyncio.Task[None] | None = None

    @classmethod
    async def signed_in(cls, app: App, number: str = "33010601") -> Self:
        """A dispatcher who has signed in and opened the desk's page."""
        http = httpx2.AsyncClient(base_url=app.url, timeout=15, headers={"origin": app.url})
        dispatcher = cls(app, number, http)
        await dispatcher.sign_in()
        await dispatcher.open_page()
        return dispatcher

    async def sign_in(self) -> None:
        """Number and password."""
        page = await self.http.get("/console/sign-in")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert token, page.text
        answer = await self.http.post(
            "/console/sign-in", data={"number": self.number, "password": PASSWORD, "csrf_token": token[1]}
        )
        assert answer.status_code == 303, answer.text

    @classmethod
    async def on_duty(cls, app: App, number: str, token: str) -> Self:
        """A dispatcher with the token of a session that stands already, at the desk's page."""
        http = httpx2.AsyncClient(base_url=app.url, timeout=30, headers={"origin": app.url})
        http.cookies.set("desk110_console", token)
        dispatcher = cls(app, number, http)
        await dispatcher.open_page()
        return dispatcher

    async def open_page(self) -> None:
        """Load the desk's page, as at first or with the browser's own reload."""
        page = await self.http.get("/console")
        assert page.status_code == 200, page.text
        csrf = re.search(r'<meta name="csrf-token" content="([^"]+)">', page.text)
        assert csrf, page.text
        self.csrf = csrf[1]
        self._take(page.text)

    async def watch(self) -> None:
        """Open the page's socket and go on reading in the background."""
        url = self.app.url.replace("http", "ws", 1) + f"/console/live?after={self.cursor}"
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        self.closed_with = None
        self.socket = await connect(
            url,
            origin=self.app.url,  # type: ignore[arg-type]
            additional_headers={"cookie": cookies},
            max_size=None,
            proxy=None,
        )
        self._reading = asyncio.create_task(self._read(self.socket))

    async def watch_for_ever(self) -> None:
        """As the page does: come again, with the cursor, whenever the line is lost."""
        while True:
            try:
                await self.watch()
                assert self._reading is not None
                await asyncio.shield(self._reading)  # who stops coming again still reads
            except (OSError, WebSocketException):  # it is down: again
                self.closed_with = None
            await asyncio.sleep(0.2)

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                assert isinstance(text, str)
                if text.startswith("{"):
                    word = orjson.loads(text)
                    (self.ticks if word["type"] == "tick" else self.told).append(word)
                    continue
                self._take(text)
                if self.shows:
                    await self.paint()
        except ConnectionClosed:
            pass
        self.closed_with = socket.close_code

    def _take(self, html: str) -> None:
        at = time.monotonic()
        if found := CURSOR.search(html):
            self.cursor = found[1]
            self.seqs.append(int(found[1].partition(":")[2]))
        for card in CARD.finditer(html):
            attributes = card_attributes(card[0])
            id_ = attributes["report"]
            end = html.find("</article>", card.end())
            self.words[id_] = html[card.end() : end]
            self.cards[id_] = attributes
            self.history.append((id_, int(attributes["version"])))
            if id_ not in self.first_seen:
                self.first_seen[id_] = at
                self.order.append(id_)

    async def paint(self) -> None:
        """Tell that the screen has painted all that came."""
        assert self.socket is not None
        seq = int(self.cursor.partition(":")[2])
        await self.socket.send(orjson.dumps({"type": "shown", "seq": seq}).decode())

    def status(self, id_: str) -> str | None:
        """What this console's screen shows of a report."""
        return self.cards.get(id_, {}).get("status")

    async def move(self, app: App) -> None:
        """The same page, served by another process from now on, as behind a proxy."""
        await self.hang_up()
        cookies = self.http.cookies
        await self.http.aclose()
        self.app = app
        self.http = httpx2.AsyncClient(base_url=app.url, timeout=15, headers={"origin": app.url})
        self.http.cookies = cookies

    async def accept(self, id_: str) -> httpx2.Response:
        """Press the key."""
        return await self.http.post(
            f"/console/reports/{id_}/acknowledgement", headers={"x-csrf-token": self.csrf}
        )

    async def answer(self, id_: str, text: str) -> httpx2.Response:
        """Say something to the reporter."""
        return await self.http.post(
            f"/console/reports/{id_}/messages",
            headers={"x-csrf-token": self.csrf},
            data={"client_id": str(uuid4()), "text": text},
        )

    async def hang_up(self) -> None:
        """Close the socket; the page stays."""
        if self.socket is not None:
            await self.socket.close()
        if self._reading is not None:
            await self._reading
        self.socket, self._reading = None, None

    async def leave(self) -> None:
        """Close everything."""
        await self.hang_up()
        await self.http.aclose()
