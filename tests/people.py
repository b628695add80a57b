"""People for the tests: reporters and dispatchers who use the real protocol over real connections."""

import asyncio
import itertools
import re
import time
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar
from uuid import uuid4

import httpx2
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from tests.documented import documented
from tests.stack import PASSWORD, XIHU, App

_phones = itertools.count(int(time.time() * 1000) % 90_000_000 + 10_000_000)

CARD = re.compile(r'<article[^>]*\sdata-report="([0-9a-f-]{36})"[^>]*>')
CURSOR = re.compile(r'<data id="cursor" value="([^"]*)">')
ID_NUMBER = "33010619900101000X"


def card_attributes(card: str) -> dict[str, str]:
    """The `data-` attributes of a card's first tag."""
    return dict(re.findall(r'\sdata-([a-z-]+)="([^"]*)"', card))


async def eventually(true: Any, within_s: float, what: str) -> Any:
    """What `true()` (which may be a coroutine function) gives, as soon as it is truthy; fails with `what`."""
    end = time.monotonic() + within_s
    while True:
        value = true()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        assert time.monotonic() < end, f"not within {within_s} s: {what}"
        await asyncio.sleep(0.01)


@dataclass
class Reporter:
    """Someone with a phone."""

    app: App
    http: httpx2.AsyncClient
    token: str = ""
    phone: str = ""
    location: dict[str, Any] = field(default_factory=lambda: XIHU)
    socket: ClientConnection | None = None
    frames: list[dict[str, Any]] = field(default_factory=list)
    closed_with: int | None = None
    reports: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen_versions: list[tuple[str, int]] = field(default_factory=list)
    _reading: asyncio.Task[None] | None = None

    @classmethod
    async def signed_in(
        cls, app: App, *, verified: bool = False, location: dict[str, Any] | None = None
    ) -> Self:
        """A new reporter with a proved phone, and with a verified identity if wanted; in 西湖区 if not elsewhere."""
        hooks = {"response": [documented]}
        http = httpx2.AsyncClient(base_url=app.url, timeout=15, event_hooks=hooks)
        reporter = cls(app, http, location=location or XIHU)
        reporter.phone = f"139{next(_phones)}"
        code = (await reporter.http.post("/api/v1/phone-codes", json={"phone": reporter.phone})).json()
        answer = await reporter.http.post(
            "/api/v1/sessions", json={"phone": reporter.phone, "code": code["demo_code"]}
        )
        assert answer.status_code == 201, answer.text
        reporter.token = answer.json()["token"]
        reporter.http.headers["authorization"] = f"Bearer {reporter.token}"
        reporter.http.cookies.clear()
        if verified:
            proved = await reporter.http.put(
                "/api/v1/me/identity", json={"name": "张三", "id_number": ID_NUMBER}
            )
            assert proved.status_code == 200, proved.text
        return reporter

    def at(self, app: App) -> "Reporter":
        """The same person, with the same session, at another process."""
        hooks = self.http.event_hooks
        http = httpx2.AsyncClient(base_url=app.url, timeout=15, headers=self.http.headers, event_hooks=hooks)
        return Reporter(app, http, self.token, self.phone, self.location)

    async def file(self, text: str = "有人打架", *, key: str | None = None, **fields: Any) -> httpx2.Response:
        """POST a report; the answer, whatever it is."""
        body = {"kind": "quick", "text": text, "location": self.location, **fields}
        return await self.http.post(
            "/api/v1/reports", json=body, headers={"idempotency-key": key or str(uuid4())}
        )

    async def filed(self, text: str = "有人打架", **fields: Any) -> dict[str, Any]:
        """File a report that must be taken; gives it."""
        answer = await self.file(text, **fields)
        assert answer.status_code in {200, 201}, answer.text
        report: dict[str, Any] = answer.json()
        return report

    async def report(self, id_: str) -> dict[str, Any]:
        """The report as the server tells it now."""
        answer = await self.http.get(f"/api/v1/reports/{id_}")
        assert answer.status_code == 200, answer.text
        report: dict[str, Any] = answer.json()
        return report

    async def listen(self, known: dict[str, int] | None = None) -> None:
        """Open the socket, say hello, and go on reading in the background."""
        url = self.app.url.replace("http", "ws", 1) + "/api/v1/live"
        self.socket = await connect(url, subprotocols=["desk110.v1"], proxy=None)  # type: ignore[list-item]
        hello = {"type": "hello", "token": self.token, "known": known or {}}
        await self.socket.send(orjson.dumps(hello).decode())
        self._reading = asyncio.create_task(self._read())
        await eventually(lambda: self.frames or self.closed_with, 10, "welcome")

    async def _read(self) -> None:
        assert self.socket is not None
        try:
            async for text in self.socket:
                frame = orjson.loads(text)
                self.frames.append(frame)
                if frame["type"] == "ping":
                    await self.socket.send('{"type":"pong"}')
                for report in frame.get("reports", []) or ([frame["report"]] if "report" in frame else []):
                    self.seen_versions.append((report["id"], report["version"]))
                    held = self.reports.get(report["id"])
                    if held is None or report["version"] >= held["version"]:
                        self.reports[report["id"]] = report
        except ConnectionClosed:
            pass
        self.closed_with = self.socket.close_code

    async def say(self, **frame: Any) -> None:
        """Send a frame."""
        assert self.socket is not None
        await self.socket.send(orjson.dumps(frame).decode())

    def status(self, id_: str) -> str | None:
        """What this reporter's open page would show."""
        return self.reports.get(id_, {}).get("status")

    def screens(self, id_: str) -> int | None:
        """On how many of the desk's screens it is, as this reporter's open page would show."""
        return self.reports.get(id_, {}).get("screens")

    async def hang_up(self) -> None:
        """Close the socket."""
        if self.socket is not None:
            await self.socket.close()
        if self._reading is not None:
            await self._reading
        self.socket, self._reading, self.closed_with = None, None, None

    async def leave(self) -> None:
        """Close everything."""
        await self.hang_up()
        await self.http.aclose()


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
                await self._reading
            except (OSError, WebSocketException):  # it is down: again
                self.closed_with = None
            await asyncio.sleep(0.2)

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for text in socket:
                assert isinstance(text, str)
                if text.startswith("{"):
                    self.ticks.append(orjson.loads(text))
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


Person = TypeVar("Person", Reporter, Dispatcher)


class People:
    """Everybody in a test; whoever is still there at its end is seen off."""

    def __init__(self) -> None:
        self._present: list[Reporter | Dispatcher] = []

    async def reporter(self, app: App, location: dict[str, Any] | None = None) -> Reporter:
        """A new reporter, signed in, at `location` (in 西湖区 if not elsewhere)."""
        return self.also(await Reporter.signed_in(app, location=location))

    async def dispatcher(self, app: App, number: str = "33010601") -> Dispatcher:
        """A dispatcher signed in, with the desk's page open and its socket too."""
        dispatcher = self.also(await Dispatcher.signed_in(app, number))
        await dispatcher.watch()
        return dispatcher

    def also(self, person: Person) -> Person:
        """Somebody who came another way."""
        self._present.append(person)
        return person

    async def leave(self) -> None:
        """Everybody goes."""
        for person in self._present:
            await person.leave()
