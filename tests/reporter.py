"""A reporter for the tests: someone with a phone, who uses the real protocol over real connections."""

import asyncio
import itertools
import time
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

import httpx2
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.documented import documented
from tests.promises import eventually
from tests.stack import XIHU, App

_phones = itertools.count(int(time.time() * 1000) % 90_000_000 + 10_000_000)

ID_NUMBER = "33010619900101000X"


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
    epoch: str = ""
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
        if self.epoch:
            hello["epoch"] = self.epoch
        await self.socket.send(orjson.dumps(hello).decode())
        self._reading = asyncio.create_task(self._read())
        await eventually(lambda: self.frames or self.closed_with, 10, "welcome")

    async def _read(self) -> None:
        assert self.socket is not None
        try:
            async for text in self.socket:
                frame = orjson.loads(text)
                self.frames.append(frame)
                self.heard(frame)
                if frame["type"] == "welcome":
                    if frame["epoch"] != self.epoch:
                        self.reports.clear()  # as the page does: what was seen of another database is void
                    self.epoch = frame["epoch"]
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

    def heard(self, frame: dict[str, Any]) -> None:
        """A frame has come: for who wants to know of each."""

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
