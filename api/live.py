"""One reporter's socket: `/api/v1/live`, subprotocol `desk110.v1`."""

import asyncio
from collections.abc import Iterable
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from starlette.websockets import WebSocket

from api.bodies import AnswerFrame, Hello, LocationFrame, MessageFrame, Pong, Shown, Typing, parse_frame
from api.hub import SIGN_IN_AGAIN, Listener
from api.parts import Parts, parts_of
from api.reports import answer_from_reporter, send_from_reporter, share_from_reporter
from api.sessions import COOKIE, reporter_of
from api.views import frame, message_view
from dispatch import reports, showing
from dispatch.errors import Overloaded, Refused
from dispatch.logs import place_of
from dispatch.words import Words
from realtime.socket import LiveSocket
from web.bodies import parse
from web.languages import COOKIE as LANGUAGE
from web.languages import page_language
from web.origins import foreign, of_mini_program, origin_fits
from web.problems import sentence

log = structlog.get_logger()

SUBPROTOCOL = "desk110.v1"
HELLO_WITHIN_S = 5
# For who is known by the cookie before anything is said, as the page is: over a slow line its first words take longer.
KNOWN_HELLO_WITHIN_S = 30
FRAME_LIMIT = 32 * 1024  # bytes; a message of 4,000 characters fits twice over, in any script
FRAMES_IN_WINDOW = 200
WINDOW_S = 10
TYPED_EVERY_S = 2.0

NOT_ALLOWED, NO_HELLO = 4403, 4408
TOO_MANY_FRAMES, TOO_BIG, OVERLOADED = 1008, 1009, 1013


async def live(websocket: WebSocket) -> None:
    """One reporter's socket, from its opening to its end."""
    parts = parts_of(websocket)
    origins = parts.settings.citizen_origins
    if foreign(websocket, origins) and not (parts.wechat is not None and of_mini_program(websocket)):
        await websocket.close(NOT_ALLOWED)  # before it is accepted: the client sees HTTP 403
        return
    cookie = websocket.cookies.get(COOKIE) if origin_fits(websocket, origins) else None
    offered = websocket.scope.get("subprotocols", [])
    await websocket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
    socket = LiveSocket(websocket, _as_they_are)
    listener, hello = await _greeted(parts, socket, cookie, _wanted_language(websocket))
    if listener is None or hello is None:
        return
    parts.phones.arrived(listener.reporter)
    try:
        await parts.hub.listen(listener, hello.known, hello.epoch)
        await _hear(parts, listener)
    finally:
        parts.phones.left(listener.reporter)
        parts.hub.leave(listener)
        socket.closed = True


def _as_they_are(_seq: int, parts: Iterable[str]) -> list[str]:
    """Frames of parts that were gathered: every part is a frame of its own."""
    return list(parts)


def _wanted_language(websocket: WebSocket) -> str | None:
    """The language that the client asks for, if it asks for one."""
    if websocket.cookies.get(LANGUAGE) or websocket.headers.get("accept-language"):
        return page_language(websocket)
    return None


async def _greeted(
    parts: Parts, socket: LiveSocket, cookie: str | None, wanted: str | None
) -> tuple[Listener | None, Hello | None]:
    """The hello, and who says it; closes the socket when there is none or it proves nobody."""
    try:
        async with asyncio.timeout(await _patience(parts, cookie)):
            text = await socket.receive()
    except TimeoutError:
        await socket.close(NO_HELLO)
        return None, None
    if text is None:
        return None, None
    try:
        hello = parse(Hello, text)
        token = hello.token or cookie
        if token is None:
            raise Refused("sign_in_required")
        reporter = await reporter_of(parts, token)
    except Refused as refused:
        await socket.close(SIGN_IN_AGAIN if refused.code == "sign_in_required" else NO_HELLO)
        return None, None
    language = wanted or reporter.language
    return Listener(socket, reporter.id, reporter.token_digest, language), hello


async def _patience(parts: Parts, cookie: str | None) -> float:
    if cookie is None:
        return HELLO_WITHIN_S
    try:
        await reporter_of(parts, cookie)
    except Refused:
        return HELLO_WITHIN_S  # the cookie of a session that is over proves nobody
    return KNOWN_HELLO_WITHIN_S


async def _hear(parts: Parts, listener: Listener) -> None:
    """Take the client's frames until it leaves or is let go."""
    loop = asyncio.get_running_loop()
    window_from, frames = loop.time(), 0
    while (text := await listener.socket.receive()) is not None:
        if loop.time() - window_from > WINDOW_S:
            window_from, frames = loop.time(), 0
        frames += 1
        if frames > FRAMES_IN_WINDOW:
            await listener.socket.close(TOO_MANY_FRAMES)
            return
        if len(text.encode()) > FRAME_LIMIT:
            await listener.socket.close(TOO_BIG)
            return
        try:
            await _take(parts, listener, text)
        except Refused as refused:
            _say_error(listener, refused)
        except Overloaded:
            await listener.socket.close(OVERLOADED)
            return
        except Exception as error:  # noqa: BLE001 - a defect or the database away must not end the session
            log.error("frame_failed", error=type(error).__name__, where=place_of(error))
            away = isinstance(error, DBAPIError)
            _say_error(listener, Refused("database_unavailable" if away else "internal"))


async def _take(parts: Parts, listener: Listener, text: str) -> None:
    match parse_frame(text):
        case Pong():
            return
        case Typing() as typing:
            await _note_typing(parts, listener, typing.report_id)
        case Shown() as shown:
            await parts.writer.do(
                lambda session: showing.shown_to_reporter(
                    session, shown.report_id, listener.reporter, shown.version
                )
            )
        case MessageFrame() as message:
            said, _new = await send_from_reporter(parts, message.report_id, listener.reporter, message)
            listener.socket.say(
                frame({"type": "message", "report_id": str(message.report_id), "message": message_view(said)})
            )
        case AnswerFrame() as answer:
            await answer_from_reporter(parts, answer.report_id, listener.reporter, answer)
        case LocationFrame() as location:
            await share_from_reporter(parts, location.report_id, listener.reporter, location)


async def _note_typing(parts: Parts, listener: Listener, report: UUID) -> None:
    """More often than it is shown changes nothing."""
    at = asyncio.get_running_loop().time()
    if listener.typing == report and at - listener.typed_at < TYPED_EVERY_S:
        return
    await parts.read(lambda session: reports.own(session, report, listener.reporter))
    listener.typing, listener.typed_at = report, at
    parts.phones.writes(report)


def _say_error(listener: Listener, refused: Refused) -> None:
    detail = sentence(Words.of(listener.language), refused)
    listener.socket.say(frame({"type": "error", "code": refused.code, "detail": detail}))
