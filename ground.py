"""What the two apps and the worker stand on: settings, database, Redis, and the writer that rings for what it wrote."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import structlog
from redis.asyncio import Redis
from starlette.applications import Starlette

from dispatch.cipher import FieldCipher
from dispatch.database import FEEDERS, READERS, Database
from dispatch.errors import Unfit
from dispatch.events import Recorded
from dispatch.gateways import Gateway, GatewaySecrets
from dispatch.keys import KeyPaths
from dispatch.logs import configure, place_of
from dispatch.reads import Reads
from dispatch.senders import DemoSender, HttpSender, Sender
from dispatch.settings import Settings
from dispatch.verifiers import DemoVerifier, HttpVerifier, Verifier
from dispatch.wechat import Wechat, WechatSecret, WechatServer
from dispatch.words import look_also_in
from dispatch.writer import Writer
from realtime.doorbell import Doorbell
from realtime.presence import Presence
from realtime.redis_at import connect
from realtime.wechat_token import SharedToken

log = structlog.get_logger()

Life = Callable[[Starlette], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Ground:
    """What every process stands on."""

    settings: Settings
    keys: KeyPaths
    database: Database
    read: Reads
    feeding: Reads
    redis: Redis
    presence: Presence


def told(life: Life) -> Life:
    """The same life; when it cannot begin or ends badly, the log says where, which the server's own does not."""

    @asynccontextmanager
    async def telling(app: Starlette) -> AsyncIterator[None]:
        try:
            async with life(app):
                yield
        except Exception as error:
            log.critical("life_failed", error=type(error).__name__, where=place_of(error))
            if isinstance(error, Unfit):  # a sentence for the operator, and no word of anybody else in it
                sys.stderr.write(f"desk110: {error}\n")
            raise

    return telling


@asynccontextmanager
async def ground(process: str, settings: Settings | None = None) -> AsyncIterator[Ground]:
    """The ground of a process of this name, taken away in the opposite order."""
    settings = settings or Settings.load()
    configure(process, settings.log_level)
    look_also_in(settings.words)
    database = Database(settings.database_url)
    read, feeding = Reads(database, READERS), Reads(database, FEEDERS)
    redis = connect(settings.redis_url)
    keys = KeyPaths.under(settings.home)
    try:
        yield Ground(settings, keys, database, read, feeding, redis, Presence(redis))
    finally:
        read.close()
        feeding.close()
        await redis.aclose()
        database.close()


@asynccontextmanager
async def writing(database: Database, doorbell: Doorbell) -> AsyncIterator[Writer]:
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
        await doorbell.aclose()


def sender_of(settings: Settings) -> Sender:
    """What sends SMS: the operator's gateway, or the demo's."""
    if not settings.sms_url or settings.sms_secret_file is None:
        return DemoSender()
    secrets = GatewaySecrets.read(settings.sms_secret_file, "DESK110_SMS_SECRET_FILE")
    return HttpSender(Gateway(settings.sms_url, secrets))


def verifier_of(settings: Settings) -> Verifier:
    """What verifies identities: the operator's gateway, or the demo's."""
    if not settings.verifier_url or settings.verifier_secret_file is None:
        return DemoVerifier()
    secrets = GatewaySecrets.read(settings.verifier_secret_file, "DESK110_VERIFIER_SECRET_FILE")
    return HttpVerifier(Gateway(settings.verifier_url, secrets))


def wechat_of(settings: Settings, cipher: FieldCipher) -> Wechat | None:
    """WeChat's server, where a mini program is set up."""
    if not settings.wechat_appid or settings.wechat_secret_file is None:
        return None
    secret = WechatSecret.read(
        settings.wechat_appid, settings.wechat_secret_file, "DESK110_WECHAT_SECRET_FILE"
    )
    return WechatServer(secret, SharedToken(settings.redis_url, cipher, secret.appid), settings.wechat_url)
