"""The reporters' sockets of this process, and what the feed brings for them."""

import asyncio
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog
from sqlmodel import Session

from api.known import KnownSessions
from api.views import frame, message_view, question_view, report_view, screens_showing
from dispatch import figures, reading, reporters
from dispatch.clock import now
from dispatch.events import MESSAGE_SENT, REQUEST_SENT, Recorded
from dispatch.reads import Reads
from dispatch.states import ReportState
from realtime.presence import Presence, Screen
from realtime.socket import LiveSocket, Update

log = structlog.get_logger()

HEARTBEAT_S = 20
SILENT_S = 2.5 * HEARTBEAT_S
SWEEP_EVERY_S = 2.0
SCREENS_KEPT_S = 2.0

# Of one person in one process. Each is told everything: somebody with a thousand would make others wait.
SOCKETS_EACH = 16

# Why a socket is closed.
SILENT, TOO_MANY, RESTARTING, SIGN_IN_AGAIN = 1001, 1008, 1012, 4401


@dataclass(slots=True, eq=False)
class Listener:
    """An open session of a reporter."""

    socket: LiveSocket
    reporter: UUID
    session: bytes
    language: str
    typing: UUID | None = (
        None  # about which report somebody was last said to be writing, and when (loop time)
    )
    typed_at: float = 0.0


@dataclass(slots=True)
class Loaded:
    """What the feed read for the reporters who listen: states, and how many messages and requests came with each."""

    reports: list[ReportState]
    messages: dict[UUID, int] = field(default_factory=dict)
    requests: dict[UUID, int] = field(default_factory=dict)


class Hub:
    """The reporters' sockets of this process."""

    def __init__(self, read: Reads, presence: Presence, known: KnownSessions) -> None:
        self._read = read
        self._known = known
        self._presence = presence
        self._listeners: dict[UUID, set[Listener]] = {}
        self._waiting: dict[str, dict[UUID, tuple[ReportState, int]]] = defaultdict(dict)
        self._screens: dict[str, tuple[float, list[Screen] | None]] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    # --- what the feed asks for and brings

    def load(self, session: Session, _desk: str, events: list[Recorded]) -> Loaded:
        """The newest states of the reports of those who listen here. Runs off the loop."""
        concerned: dict[UUID, None] = {}
        said: dict[UUID, int] = defaultdict(int)
        asked: dict[UUID, int] = defaultdict(int)
        for event in events:
            if event.report is not None and event.reporter in self._listeners:
                concerned[event.report] = None
                said[event.report] += event.kind == MESSAGE_SENT
                asked[event.report] += event.kind == REQUEST_SENT
        return Loaded(list(reading.states(session, list(concerned)).values()), said, asked)

    def deliver(self, _desk: str, seq: int, loaded: Loaded) -> None:
        """Hand the new states to the sockets of their reporters."""
        for report in loaded.reports:
            self._offer(report, seq, loaded.messages.get(report.id, 0), loaded.requests.get(report.id, 0))

    def resync(self, _desk: str) -> None:
        """The log is another one: every client shall come again and ask anew."""
        for listener in self._everyone():
            self._close_soon(listener, RESTARTING)

    def _offer(self, report: ReportState, seq: int, messages: int = 0, requests: int = 0) -> None:
        listeners = self._listeners.get(report.caller.reporter)
        if not listeners:
            return
        screens = screens_showing(report, self.screens(report.desk))
        self._keep_waiting(report, screens)
        frames: dict[str, dict[Hashable, str]] = {}
        for listener in listeners:
            if listener.language not in frames:
                frames[listener.language] = _frames_of(report, screens, listener.language, messages, requests)
            parts = frames[listener.language]
            listener.socket.offer(Update(seq, parts, tuple(parts.values())))

    # --- on how many screens a report is

    def screens(self, desk: str) -> list[Screen] | None:
        """The desk's screens as last heard; asks again in the background when that is old."""
        at, screens = self._screens.get(desk, (float("-inf"), None))
        if asyncio.get_running_loop().time() - at > SCREENS_KEPT_S:
            self.screens_moved(desk)
        return screens

    async def known_screens(self, desk: str) -> list[Screen] | None:
        """The desk's screens, asked for when what is known is old."""
        at, screens = self._screens.get(desk, (float("-inf"), None))
        if asyncio.get_running_loop().time() - at > SCREENS_KEPT_S:
            await self._ask_screens(desk)
            screens = self._screens[desk][1]
        return screens

    def screens_moved(self, desk: str) -> None:
        """A ring: what the desk's screens show has moved."""
        if desk not in self._asking:
            self._asking[desk] = asyncio.create_task(self._ask_and_tell(desk))

    async def _ask_and_tell(self, desk: str) -> None:
        try:
            await self._ask_screens(desk)
        finally:
            self._asking.pop(desk, None)
        screens = self._screens[desk][1]
        if screens is None:
            return
        for report, told in list(self._waiting.get(desk, {}).values()):
            count = screens_showing(report, screens)
            if count != told:
                self._offer(report, 0)

    async def recount_screens(self) -> None:
        """Look again, for ever, where reports wait: a screen whose process died does not say that it is gone."""
        while True:
            await asyncio.sleep(SCREENS_KEPT_S)
            for desk in [desk for desk, waiting in self._waiting.items() if waiting]:
                self.screens_moved(desk)

    async def _ask_screens(self, desk: str) -> None:
        found = await self._presence.screens(desk)
        self._screens[desk] = (asyncio.get_running_loop().time(), found)

    def _keep_waiting(self, report: ReportState, screens: int) -> None:
        """Remember to tell how many screens it is on, whenever that moves: of the newest state alone, and at the desk
        that has it now."""
        for waiting in self._waiting.values():
            waiting.pop(report.id, None)
        # Who accepted it has it on a screen: where none is known, as of one that another desk took over, one will be.
        if report.status == "filed" or (report.status == "received" and not screens):
            self._waiting[report.desk][report.id] = (report, screens)

    # --- who listens

    async def listen(self, listener: Listener, known: dict[UUID, int], of: str | None = None) -> None:
        """Begin: register, read, greet; what comes in between waits behind the greeting. `of` is the epoch that `known`
        is of, where the client knows it."""
        figures.SOCKETS.inc()
        mine = self._listeners.setdefault(listener.reporter, set())
        if len(mine) >= SOCKETS_EACH:  # whoever comes now is more likely to be looked at
            self._close_soon(min(mine, key=lambda other: other.socket.heard_at), TOO_MANY)
        mine.add(listener)
        here, found = await self._read(lambda session: reading.open_of_reporter(session, listener.reporter))
        if of not in {None, here}:
            known = {}  # versions of what was, before a backup was restored
        views, later = [], []
        for report in found:
            screens = screens_showing(report, await self.known_screens(report.desk))
            if not listener.socket.holds(
                (report.id, "")
            ):  # else something newer came while we read and asked
                self._keep_waiting(report, screens)
            if report.version > known.get(report.id, 0):
                views.append(report_view(report, screens, listener.language))
            elif report.status == "filed":  # the client has the version, but `screens` moves without one
                later.append(
                    frame({"type": "report", "report": report_view(report, screens, listener.language)})
                )
        welcome = frame({"type": "welcome", "epoch": here, "heartbeat_s": HEARTBEAT_S, "reports": views})
        listener.socket.begin([welcome, *later], seq=-1)

    def leave(self, listener: Listener) -> None:
        """The socket closed."""
        figures.SOCKETS.dec()
        listeners = self._listeners.get(listener.reporter, set())
        listeners.discard(listener)
        if not listeners:
            self._listeners.pop(listener.reporter, None)
            for waiting in self._waiting.values():
                for id_ in [
                    id_ for id_, (report, _) in waiting.items() if report.caller.reporter == listener.reporter
                ]:
                    del waiting[id_]

    async def close_session(self, session: bytes) -> None:
        """Close the sockets of a session that was revoked."""
        for listener in self._everyone():
            if listener.session == session:
                await listener.socket.close(SIGN_IN_AGAIN)

    async def close_all(self) -> None:
        """The server goes down: clients come again, elsewhere."""
        await asyncio.gather(*(listener.socket.close(RESTARTING) for listener in self._everyone()))

    async def keep_alive(self) -> None:
        """Ask every client now and then whether it is there, for ever; let the silent ones go."""
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            ping = frame({"type": "ping"})
            silent_since = asyncio.get_running_loop().time() - SILENT_S
            for count, listener in enumerate(self._everyone()):
                if listener.socket.heard_at < silent_since:
                    self._close_soon(listener, SILENT)
                else:
                    listener.socket.say(ping)
                if count % 200 == 199:
                    await asyncio.sleep(0)

    async def close_ended(self) -> None:
        """Forget sessions that ended in any process and close their sockets, for ever."""
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            since = now() - timedelta(seconds=30)
            try:
                ended = await self._read(partial(reporters.ended_since, since=since))
            except Exception as error:  # noqa: BLE001 - the database is away: ask again
                log.warning("sessions_unknown", error=type(error).__name__)
                continue
            for session in ended:
                self._known.forget(session)
            for listener in self._everyone() if ended else ():
                if listener.session in ended:
                    self._close_soon(listener, SIGN_IN_AGAIN)

    def _everyone(self) -> list[Listener]:
        return [listener for listeners in self._listeners.values() for listener in listeners]

    def _close_soon(self, listener: Listener, code: int) -> None:
        task = asyncio.create_task(listener.socket.close(code))
        task.add_done_callback(lambda _: None)


def _frames_of(
    report: ReportState, screens: int, language: str, messages: int, requests: int
) -> dict[Hashable, str]:
    """The frames that carry a report's newest state: first what was said and asked, then the whole."""
    parts: dict[Hashable, str] = {}
    for message in report.messages[-messages:] if messages else ():
        if message.author != "reporter":
            parts[report.id, str(message.id)] = frame(
                {"type": "message", "report_id": str(report.id), "message": message_view(message, report)}
            )
    for request in report.requests[-requests:] if requests else ():
        parts[report.id, str(request.id)] = frame(
            {
                "type": "request",
                "report_id": str(report.id),
                "request": request.kind,
                "question": question_view(request),
            }
        )
    parts[report.id, ""] = frame({"type": "report", "report": report_view(report, screens, language)})
    return parts
