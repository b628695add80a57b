"""The apps' media parts on a real database, writer, store and laboratory, without processes; and what a phone does."""

import base64
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import insert, select, update
from sqlmodel import Session
from starlette.applications import Starlette

from api import media as citizen_media
from api import media_shown as citizen_media_shown
from api.known import KnownSessions
from api.sessions import COOKIE as CITIZEN_COOKIE
from console import media as console_media
from console.sign_in import COOKIE as CONSOLE_COOKIE
from dispatch import dispatchers, media, reporters
from dispatch.clock import now
from dispatch.database import Database
from dispatch.events import read_since
from dispatch.filing import Filing, file
from dispatch.ids import new_id
from dispatch.incoming import Incoming
from dispatch.laboratory import Laboratory
from dispatch.media_bounds import Offer
from dispatch.media_reading import Found, of_reporter
from dispatch.models import TABLES
from dispatch.reading import state
from dispatch.reads import Reads
from dispatch.states import MediaState
from dispatch.store import MediaStore
from dispatch.uploads import Uploads
from dispatch.writer import Writer
from realtime.arriving import Arriving
from realtime.redis_at import connect
from web.problems import HANDLERS

T = TypeVar("T")

DESK, OTHER_DESK = "330106", "330102"
ORIGIN = "http://desk110.test"
NOWHERE = "redis://127.0.0.1:1/0"  # what the desk sees arriving is told to nobody here
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


class Rates:
    """Limits that count and refuse nothing."""

    async def take(self, name: str, key: str) -> None:
        """Whatever is asked is allowed."""


class Lab:
    """One desk110 as far as photos go: a reporter with a report, and a dispatcher of each of two desks."""

    def __init__(self, home: Path, database: Database, laboratory: Laboratory) -> None:
        self.home, self.database, self.laboratory = home, database, laboratory
        self.writer = Writer(database, lambda _events: None)
        self.writer.start()
        self.read = Reads(database, 2)
        self.store = MediaStore(f"file://{home}/media")
        self.incoming = Incoming.of(home)
        self.uploads = Uploads(self.incoming, self.store, laboratory, self.writer)
        self.parts = SimpleNamespace(
            settings=SimpleNamespace(
                home=home, citizen_origins=frozenset({ORIGIN}), console_origins=frozenset({ORIGIN})
            ),
            writer=self.writer,
            read=self.read,
            store=self.store,
            laboratory=laboratory,
            known=KnownSessions(),
            limits=Rates(),
            arriving=Arriving(connect(NOWHERE)),
        )
        self.citizen = self._app([*citizen_media.routes(), *citizen_media_shown.routes()])
        self.console = self._app(console_media.routes())
        self.reporter, self.token = self.add_reporter()
        self.report = self.file()
        self._clients: list[httpx2.AsyncClient] = []

    async def close(self) -> None:
        """Give everything back but the database and the laboratory."""
        for client in self._clients:
            await client.aclose()
        self.writer.stop()
        self.read.close()

    def phone(self, token: str | None = None, **headers: str) -> httpx2.AsyncClient:
        """The reporter's phone, or another's; an empty token is nobody's."""
        token = self.token if token is None else token
        return self._client(self.citizen, {"authorization": f"Bearer {token}"} if token else {}, headers)

    def page(self, **headers: str) -> httpx2.AsyncClient:
        """The reporter's page, which has its session in a cookie."""
        return self._client(self.citizen, {"cookie": f"{CITIZEN_COOKIE}={self.token}"}, headers)

    def screen(self, number: str) -> httpx2.AsyncClient:
        """A dispatcher's browser."""
        token = reporters.new_token()
        assert self.do(lambda session: dispatchers.sign_in(session, number, token))
        return self._client(self.console, {"cookie": f"{CONSOLE_COOKIE}={token}"}, {})

    def do(self, command: Callable[[Session], T]) -> T:
        """Run a command and wait for its commit."""
        return self.writer.submit(command, [DESK]).result(30)

    def add_reporter(self) -> tuple[UUID, str]:
        """A reporter and the token of their session."""
        id_, token = new_id(), reporters.new_token()

        def add(session: Session) -> None:
            row = {"id": id_, "phone": b"sealed", "phone_index": id_.bytes, "phone_masked": "138****0000"}
            plain = {"identity": "none", "hearing_speech_impaired": False, "language": "zh-CN"}
            counts = {"reports": 0, "invalid_reports": 0, "made_at": now()}
            session.connection().execute(insert(TABLES["reporter"]), {**row, **plain, **counts})
            opened = {"token_digest": reporters.token_digest(token), "reporter": id_, "made_at": now()}
            opened["expires_at"] = now() + reporters.SESSION_LIVES
            session.connection().execute(insert(TABLES["reporter_session"]), opened)

        self.do(add)
        return id_, token

    def file(self, **changes: Any) -> UUID:
        """A report of the reporter's."""
        fields: dict[str, Any] = {
            "id": new_id(),
            "reporter": self.reporter,
            "key": uuid4(),
            "digest": b"d" * 32,
            "desk": DESK,
            "kind": "quick",
            "text": "",
            "category": None,
            "covert": False,
            "place_text": "断桥",
            "place": None,
            "notes": (),
            "media_expected": 1,
            "fraud": None,
            **changes,
        }
        return self.do(lambda session: file(session, Filing(**fields), "never")).id

    def close_report(self) -> None:
        """As a later act of the dispatcher's will."""
        table = TABLES["report"]
        self.do(
            lambda session: session.connection().execute(
                update(table).where(table.c.id == self.report).values(status="closed")
            )
        )

    def begin(self, length: int = 1000, **changes: Any) -> MediaState:
        """An upload that is begun, of the given length."""
        offer = offered(length=length, **changes)
        return self.do(lambda session: media.begin(session, self.report, self.reporter, offer))

    def found(self, id_: UUID) -> Found:
        """The reporter's photo as the apps look it up."""
        with self.database.read() as session:
            return of_reporter(session, id_, self.reporter)

    def state_of(self, id_: UUID | str) -> str:
        """The state in its row, also of a removed one."""
        table = TABLES["media"]
        with self.database.read() as session:
            row = session.connection().execute(select(table.c.state).where(table.c.id == UUID(str(id_))))
            return str(row.scalar_one())

    def version(self) -> int:
        """The report's version."""
        with self.database.read() as session:
            found = state(session, self.report)
        assert found is not None
        return found.version

    def kinds(self) -> list[str]:
        """The kinds of the desk's events after the filing, in order."""
        with self.database.read() as session:
            return [event.kind for event in read_since(session, DESK, 0, 1000)][1:]

    def data(self) -> list[dict[str, Any]]:
        """What the desk's events hold."""
        table = TABLES["event"]
        with self.database.read() as session:
            rows = session.connection().execute(select(table.c.data).order_by(table.c.seq))
            return [row[0] for row in rows]

    def lying(self) -> list[str]:
        """The files of uploads on their way."""
        return sorted(path.name for path in (self.home / "media" / "incoming").glob("*"))

    def _app(self, routes: list[Any]) -> Starlette:
        app = Starlette(routes=routes, exception_handlers=dict(HANDLERS))
        app.state.parts = self.parts
        return app

    def _client(self, app: Starlette, who: dict[str, str], more: dict[str, str]) -> httpx2.AsyncClient:
        transport = httpx2.ASGITransport(app=app)
        client = httpx2.AsyncClient(transport=transport, base_url=ORIGIN, headers={**who, **more})
        self._clients.append(client)
        return client


def offered(**changes: Any) -> Offer:
    """What a phone offers."""
    fields = {
        "client_id": str(uuid4()),
        "filename": "IMG_1.jpg",
        "content_type": "image/jpeg",
        "length": 1000,
    }
    return Offer(**{**fields, **changes})


def metadata(**fields: str) -> str:
    """A header of tus."""
    return ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in fields.items())


async def created(phone: httpx2.AsyncClient, report: UUID, length: int, **fields: str) -> httpx2.Response:
    """Ask for an upload; the answer, whatever it is."""
    said = {"filename": "IMG_1.jpg", "filetype": "image/jpeg", "client_id": str(uuid4()), **fields}
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata(**said)}
    return await phone.post(f"/api/v1/reports/{report}/media", headers=headers)


async def appended(
    phone: httpx2.AsyncClient, address: str, offset: int, data: bytes | AsyncIterator[bytes]
) -> httpx2.Response:
    """Send a piece; the answer, whatever it is."""
    return await phone.patch(address, headers={**PIECE, "Upload-Offset": str(offset)}, content=data)


async def offset_of(phone: httpx2.AsyncClient, address: str) -> int:
    """How much the server says it has."""
    answer = await phone.head(address, headers=TUS)
    assert answer.status_code == 200, answer.status_code
    assert answer.headers["cache-control"] == "no-store"
    return int(answer.headers["upload-offset"])


async def patch_over_a_line(
    lab: Lab, address: str, offset: int, events: Iterable[dict[str, Any]], token: str | None = None
) -> list[dict[str, Any]]:
    """PATCH with the line itself in hand: each event is what the server receives next. Gives what it sent."""
    waiting, sent = iter(events), list[dict[str, Any]]()

    async def receive() -> dict[str, Any]:
        event = next(waiting)
        if "wait" in event:
            await event["wait"]()
            event = next(waiting)
        return event

    async def send(message: Any) -> None:
        sent.append(dict(message))

    headers = {**PIECE, "upload-offset": str(offset), "authorization": f"Bearer {token or lab.token}"}
    scope: dict[str, Any] = {
        "type": "http",
        "http_version": "1.1",
        "method": "PATCH",
        "scheme": "http",
        "path": address,
        "raw_path": address.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "server": ("desk110.test", 80),
        "client": ("127.0.0.1", 1),
    }
    await lab.citizen(scope, receive, send)
    return sent
