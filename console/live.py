"""The console's socket: what feeds the desk's page (`/console/live`)."""

import asyncio
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session
from starlette.websockets import WebSocket

from console.frames import Looking, Seen, Shown, understood
from console.hub import CARDS, NOT_ALLOWED, RESTARTING, SIGN_IN_AGAIN, Console
from console.parts import Parts, parts_of
from console.sign_in import on_duty
from dispatch import danger_words, reading, states, waiting
from dispatch.desk_times import times_of
from dispatch.errors import Overloaded, Refused
from dispatch.events import changed_by, epoch, heads, read_since
from dispatch.showing import seen_at_desk
from realtime.socket import LiveSocket
from web.languages import page_language
from web.origins import origin_fits

log = structlog.get_logger()

# A console that missed more events than this gets the whole queue: it is less to send.
CATCH_UP = 1000
FRAME_LIMIT = 4096
# A page tells each time that its screen has painted, and a busy desk paints a few dozen times a second.
FRAMES_IN_WINDOW = 2000
WINDOW_S = 10
TOO_MANY_FRAMES, TOO_BIG = 1008, 1009


async def live(websocket: WebSocket) -> None:
    """One console's socket, from its opening to its end."""
    parts = parts_of(websocket)
    if not origin_fits(websocket, parts.settings.console_origins):
        await websocket.close(NOT_ALLOWED)  # before it is accepted: the client sees HTTP 403
        return
    who = await on_duty(websocket)
    await websocket.accept()
    socket = LiveSocket(websocket, parts.hub.compose)
    if who is None:
        await socket.close(SIGN_IN_AGAIN)
        return
    if who.desk is None:
        await socket.close(NOT_ALLOWED)
        return
    console = Console(socket, who.desk, who.number, who.token_digest, page_language(websocket))
    await parts.feed.follow([console.desk])
    parts.hub.arrive(console)
    try:
        await _catch_up(parts, console, websocket.query_params.get("after", ""))
        await _hear(parts, console)
    except Exception as error:  # noqa: BLE001 - the page comes again by itself and reads everything
        log.warning("console_lost", error=type(error).__name__)
        await socket.close(RESTARTING)
    finally:
        socket.closed = True
        if parts.hub.leave(console):
            parts.feed.unfollow(console.desk)


async def _catch_up(parts: Parts, console: Console, after: str) -> None:
    """What the page has missed since its cursor, or everything; what came meanwhile follows it."""

    def read(session: Session) -> tuple[str, int, int, tuple[int, ...]]:
        seq = heads(session, [console.desk]).get(console.desk, 0)
        cursor = f"{epoch(session)}:{seq}"
        # While nobody of the desk was here, nobody told this process that the danger words changed.
        parts.rendering.dangers.load(session)
        known = waiting.count(session, console.desk), times_of(session, console.desk).late_s
        missed = _missed(session, console.desk, after, seq)
        if missed is None:
            queue = reading.open_at_desk(session, console.desk, CARDS, parts.rendering.dangers)
            return parts.rendering.snapshot(cursor, queue, console.language), seq, *known
        cards = [parts.rendering.card_at(console.desk, report, console.language) for report in missed]
        return parts.rendering.frame(cursor, cards), seq, *known

    frame, seq, count, late_s = await parts.read(read)
    parts.hub.set_known(console.desk, seq, count, late_s)
    console.socket.begin([frame], seq)


def _missed(session: Session, desk: str, after: str, head: int) -> list[states.ReportState] | None:
    """The newest states of the reports that changed after the cursor; None when only everything will do."""
    of, _, number = after.partition(":")
    if of != epoch(session) or not number.isascii() or not number.isdigit() or len(number) > 18:
        return None
    seq = int(number)
    if seq > head or head - seq > CATCH_UP:
        return None
    events = read_since(session, desk, seq, CATCH_UP)
    if any(event.kind in danger_words.CHANGES for event in events):
        return None  # any card may say something else now
    return list(reading.states(session, changed_by(events)).values())


async def _hear(parts: Parts, console: Console) -> None:
    """Take the page's frames until it leaves: it only tells how far its screen has come."""
    loop = asyncio.get_running_loop()
    window_from, frames = loop.time(), 0
    while (text := await console.socket.receive()) is not None:
        if loop.time() - window_from > WINDOW_S:
            window_from, frames = loop.time(), 0
        frames += 1
        if frames > FRAMES_IN_WINDOW:
            await console.socket.close(TOO_MANY_FRAMES)
            return
        if len(text) > FRAME_LIMIT:
            await console.socket.close(TOO_BIG)
            return
        try:
            frame = understood(text)
        except ValueError:
            log.info("console_frame_not_understood")
            continue
        match frame:
            case Shown():
                # No further than what was sent to it: a screen cannot have shown what it does not have.
                parts.hub.shown(console, min(frame.seq, console.socket.sent))
            case Looking():
                await parts.company.look(console, frame.report)
            case Seen():
                await _note_seen(parts, console, frame.report, frame.version)


async def _note_seen(parts: Parts, console: Console, report: UUID, version: int) -> None:
    """The dispatcher has this version of the report in hand: the reporter's lines get their second tick."""
    try:
        await parts.writer.do(
            lambda session: seen_at_desk(session, report, console.desk, console.dispatcher, version),
            console.desk,
        )
    except (Refused, Overloaded, DBAPIError) as error:
        # A tick that is missing is mended by the next one; the dispatcher's line must not suffer for it.
        log.info("seen_not_noted", error=type(error).__name__)
