"""Where the two apps are put together: routes, middleware, lifespan.

Nothing is built when this module is imported but the two apps; each reads its settings and opens its database
when it starts.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import structlog
from prometheus_client import start_http_server
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute

from api import (
    boundaries,
    consents,
    covert,
    desks,
    documents,
    duress,
    icons,
    me,
    media,
    media_shown,
    my_data,
    pages,
    release,
    reports,
    sessions,
    shell,
)
from api import hub as reporters_hub
from api import live as reporters_live
from api.known import KnownSessions
from api.parts import Parts as CitizenParts
from api.placing import Placing
from console import acknowledgements, desk, location_codes, messages, requests, sign_in, sound
from console import duress as console_duress
from console import hub as consoles_hub
from console import live as consoles_live
from console import media as console_media
from console.parts import Parts as ConsoleParts
from console.rendering import Rendering
from dispatch.boundaries import boundaries_file
from dispatch.cipher import FieldCipher
from dispatch.database import FEEDERS, READERS, Database
from dispatch.duress import Ears
from dispatch.errors import Unfit
from dispatch.events import Recorded, heads
from dispatch.gateways import Gateway, GatewaySecrets
from dispatch.jurisdiction import Jurisdiction
from dispatch.keys import KeyPaths, load_receipt_key, load_receipt_public
from dispatch.laboratory import Laboratory
from dispatch.logs import configure, place_of
from dispatch.reads import Reads
from dispatch.receipts import Signer
from dispatch.senders import DemoSender, HttpSender, Sender
from dispatch.settings import CHECKOUT, Settings
from dispatch.store import MediaStore
from dispatch.verifiers import DemoVerifier, HttpVerifier, Verifier
from dispatch.words import look_also_in
from dispatch.writer import Writer
from realtime.background import in_background
from realtime.doorbell import Doorbell, connect
from realtime.feed import Feed
from realtime.presence import Presence
from web import health
from web.assets import Assets
from web.headers import SecurityHeaders
from web.limits import Limits
from web.problems import HANDLERS, Defects

log = structlog.get_logger()

STATIC = CHECKOUT / "static"
READY_WITHIN_S = 5.0

Life = Callable[[Starlette], AbstractAsyncContextManager[None]]


def _told(life: Life) -> Life:
    """The same life; when it cannot begin or ends badly, the log says where, which the server's own does not."""

    @asynccontextmanager
    async def told(app: Starlette) -> AsyncIterator[None]:
        try:
            async with life(app):
                yield
        except Exception as error:
            log.critical("life_failed", error=type(error).__name__, where=place_of(error))
            if isinstance(error, Unfit):  # a sentence for the operator, and no word of anybody else in it
                sys.stderr.write(f"desk110: {error}\n")
            raise

    return told


@dataclass(frozen=True, slots=True)
class _Ground:
    """What both apps stand on."""

    settings: Settings
    keys: KeyPaths
    database: Database
    read: Reads
    feeding: Reads
    redis: Redis
    presence: Presence


@asynccontextmanager
async def _ground(process: str) -> AsyncIterator[_Ground]:
    settings = Settings.load()
    configure(process, settings.log_level)
    look_also_in(settings.words)
    database = Database(settings.database_url)
    read, feeding = Reads(database, READERS), Reads(database, FEEDERS)
    redis = connect(settings.redis_url)
    keys = KeyPaths.under(settings.home)
    try:
        yield _Ground(settings, keys, database, read, feeding, redis, Presence(redis))
    finally:
        read.close()
        feeding.close()
        await redis.aclose()
        database.close()


@asynccontextmanager
async def _writing(database: Database, doorbell: Doorbell) -> AsyncIterator[Writer]:
    """A writer that rings for what it has committed; at the end, what waits is written first."""
    loop = asyncio.get_running_loop()

    def ring(events: list[Recorded]) -> None:
        loop.call_soon_threadsafe(doorbell.ring, events)

    writer = Writer(database, ring)
    writer.start()
    try:
        yield writer
    finally:
        await asyncio.to_thread(writer.stop)


@_told
@asynccontextmanager
async def _citizen_life(app: Starlette) -> AsyncIterator[None]:
    async with _ground("citizen") as ground:
        known = KnownSessions()
        hub = reporters_hub.Hub(ground.read, ground.presence, known)
        feed = Feed(ground.feeding, hub.load, hub.deliver, hub.resync)
        url = ground.settings.redis_url
        doorbell = Doorbell(ground.redis, url, feed.heard, feed.missed, hub.screens_moved)
        async with _writing(ground.database, doorbell) as writer:
            parts = app.state.parts = _citizen_parts(ground, known, hub, feed, doorbell, writer)
            if ground.settings.metrics_port:
                start_http_server(ground.settings.metrics_port, addr="127.0.0.1")
            # Reporters of any desk may come to this process, so it follows all.
            await feed.follow()
            async with in_background(
                ring=doorbell.ring_all(),
                listen=doorbell.listen(),
                heads=feed.watch_heads(),
                keep_alive=hub.keep_alive(),
                recount_screens=hub.recount_screens(),
                close_ended=hub.close_ended(),
            ):
                yield
                await hub.close_all()
            await parts.sender.aclose()
            await parts.verifier.aclose()
            parts.laboratory.close()


def _citizen_parts(
    ground: _Ground,
    known: KnownSessions,
    hub: reporters_hub.Hub,
    feed: Feed[reporters_hub.Loaded],
    doorbell: Doorbell,
    writer: Writer,
) -> CitizenParts:
    settings, cipher = ground.settings, FieldCipher.load(ground.keys)
    return CitizenParts(
        settings=settings,
        database=ground.database,
        writer=writer,
        read=ground.read,
        cipher=cipher,
        ears=Ears.of(cipher),
        sender=_sender(settings),
        verifier=_verifier(settings),
        placing=Placing(Jurisdiction.load(boundaries_file(settings.home)), ground.read),
        store=MediaStore(settings.media_url),
        laboratory=Laboratory.small(photos=2),
        doorbell=doorbell,
        feed=feed,
        presence=ground.presence,
        hub=hub,
        known=known,
        limits=Limits(settings.limits, settings.redis_url),
        templates=shell.templates(),
        jwks=load_receipt_public(ground.keys),
    )


@_told
@asynccontextmanager
async def _console_life(app: Starlette) -> AsyncIterator[None]:
    async with _ground("console") as ground:
        settings, presence = ground.settings, ground.presence
        rendering = Rendering()
        hub = consoles_hub.Hub(ground.read, presence, rendering)
        feed = Feed(ground.feeding, hub.load, hub.deliver, hub.resync)
        hub.epoch = lambda: feed.epoch
        doorbell = Doorbell(ground.redis, settings.redis_url, feed.heard, feed.missed, lambda _desk: None)
        async with _writing(ground.database, doorbell) as writer:
            app.state.parts = ConsoleParts(
                settings=settings,
                database=ground.database,
                writer=writer,
                read=ground.read,
                cipher=FieldCipher.load(ground.keys),
                signer=Signer(load_receipt_key(ground.keys)),
                store=MediaStore(settings.media_url),
                doorbell=doorbell,
                feed=feed,
                presence=presence,
                hub=hub,
                rendering=rendering,
                limits=Limits(settings.limits, settings.redis_url),
            )
            async with in_background(
                ring=doorbell.ring_all(),
                listen=doorbell.listen(),
                heads=feed.watch_heads(),
                presence=presence.tell(doorbell),
                colleagues=hub.ask_colleagues(),
                tick=hub.tick(lambda: feed.heads_at, feed.cursor),
                close_ended=hub.close_ended(),
            ):
                yield
                await hub.close_all()


def _sender(settings: Settings) -> Sender:
    if not settings.sms_url or settings.sms_secret_file is None:
        return DemoSender()
    secrets = GatewaySecrets.read(settings.sms_secret_file, "DESK110_SMS_SECRET_FILE")
    return HttpSender(Gateway(settings.sms_url, secrets))


def _verifier(settings: Settings) -> Verifier:
    if not settings.verifier_url or settings.verifier_secret_file is None:
        return DemoVerifier()
    secrets = GatewaySecrets.read(settings.verifier_secret_file, "DESK110_VERIFIER_SECRET_FILE")
    return HttpVerifier(Gateway(settings.verifier_url, secrets))


def _checks(request: Request) -> Mapping[str, health.Check]:
    """What both apps need to do their work."""
    parts: CitizenParts | ConsoleParts = request.app.state.parts

    async def database() -> bool:
        return bool(await parts.read(heads))

    async def redis() -> bool:
        return parts.doorbell.connected

    async def feed() -> bool:
        return asyncio.get_running_loop().time() - parts.feed.heads_at < READY_WITHIN_S

    named: dict[str, Callable[[], Awaitable[bool]]] = {"database": database, "redis": redis, "head": feed}
    return named


async def _jwks(request: Request) -> Response:
    """The public keys that receipts verify with (RFC 7517)."""
    return JSONResponse(request.app.state.parts.jwks, headers={"cache-control": "public, max-age=300"})


def _static() -> Mount:
    """Scripts and styles, compressed: the first load of a phone on a poor line is most of them.

    Answers are not: what holds a secret beside what others chose must not be (BREACH).
    """
    return Mount(
        "/static",
        Assets(STATIC, release.version),
        middleware=[Middleware(GZipMiddleware, minimum_size=1024)],
    )


citizen = Starlette(
    routes=[
        *pages.routes(),
        *shell.routes(),
        *icons.routes(),
        *sessions.routes(),
        *me.routes(),
        *my_data.routes(),
        *consents.routes(),
        *desks.routes(),
        *boundaries.routes(),
        *media.routes(),
        *media_shown.routes(),
        *reports.routes(),
        *covert.routes(),
        *duress.routes(),
        *documents.routes(),
        WebSocketRoute("/api/v1/live", reporters_live.live),
        Route("/.well-known/jwks.json", _jwks, methods=["GET"]),
        *health.routes(_checks),
        _static(),
    ],
    middleware=[Middleware(SecurityHeaders), Middleware(Defects)],
    exception_handlers=dict(HANDLERS),
    lifespan=_citizen_life,
)

console = Starlette(
    routes=[
        *sign_in.routes(),
        *desk.routes(),
        *acknowledgements.routes(),
        *messages.routes(),
        *requests.routes(),
        *location_codes.routes(),
        *console_duress.routes(),
        *sound.routes(),
        *console_media.routes(),
        WebSocketRoute("/console/live", consoles_live.live),
        *health.routes(_checks),
        Route("/metrics", health.metrics, methods=["GET"]),
        _static(),
    ],
    middleware=[Middleware(SecurityHeaders), Middleware(Defects)],
    exception_handlers=dict(HANDLERS),
    lifespan=_console_life,
)

for app in (citizen, console):
    # No address has two spellings, and no redirect is made of a Host that anyone can write.
    app.router.redirect_slashes = False
