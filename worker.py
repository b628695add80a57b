"""The worker: what must happen without anyone asking. Put together here, as the apps are in `asgi.py`."""

import asyncio
import signal
from dataclasses import asdict
from datetime import timedelta
from functools import partial

import structlog

from dispatch import closing, escalation, reporters, tidying
from dispatch.clock import now
from dispatch.database import Database
from dispatch.events import Recorded
from dispatch.incoming import Incoming
from dispatch.laboratory import Laboratory
from dispatch.logs import configure
from dispatch.reads import Reads
from dispatch.settings import Settings
from dispatch.store import MediaStore
from dispatch.uploads import Uploads
from dispatch.writer import Writer
from realtime.doorbell import Doorbell, connect

log = structlog.get_logger()

EVERY_S = 60.0
LATE_EVERY_S = 0.5
KEPT_AFTER_END = timedelta(days=1)


def run(settings: Settings) -> None:
    """Work until told to stop."""
    configure("worker", settings.log_level)
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    database = Database(settings.database_url)
    redis = connect(settings.redis_url)
    doorbell = Doorbell(redis, settings.redis_url, lambda _desk, _seq: None, lambda: None, lambda _desk: None)

    def ring(events: list[Recorded]) -> None:
        loop.call_soon_threadsafe(doorbell.ring, events)

    writer = Writer(database, ring)
    writer.start()
    ringing = asyncio.create_task(doorbell.ring_all())
    read, laboratory = Reads(database, 1), Laboratory.small(photos=1)
    uploads = Uploads(Incoming.of(settings.home), MediaStore(settings.media_url), laboratory, writer)
    sweeping = asyncio.create_task(_sweep(uploads, read))
    escalating = asyncio.create_task(_escalate(writer, read))
    log.info("worker_started")
    while not stop.is_set():
        await _tidy(writer)
        try:
            async with asyncio.timeout(EVERY_S):
                await stop.wait()
        except TimeoutError:
            continue
    # A photo cut off here is finished in the next round: nothing of it is lost.
    sweeping.cancel()
    escalating.cancel()
    await asyncio.to_thread(laboratory.close)
    read.close()
    ringing.cancel()
    await asyncio.to_thread(writer.stop)
    await redis.aclose()
    database.close()


async def _sweep(uploads: Uploads, read: Reads) -> None:
    """Finish photos that nobody else will, give up those that nobody goes on with; again and again."""
    while True:
        try:
            swept = await uploads.sweep(read)
            for kind, count in asdict(swept).items():
                if count:
                    log.info("uploads_swept", kind=kind, count=count)
        except Exception as error:  # noqa: BLE001 - the database is away: the next round will do it
            log.warning("sweeping_failed", error=type(error).__name__)
        await asyncio.sleep(EVERY_S)


async def _escalate(writer: Writer, read: Reads) -> None:
    """Take what nobody accepts to its next step, again and again; each step is in the database once."""
    while True:
        try:
            due = await read(lambda session: escalation.due(session, now()))
            # Together, so that they share commits; and what one of them fails with holds up no other.
            ended = await asyncio.gather(
                *(writer.do(partial(escalation.escalate, late=late), *_desks(late)) for late in due),
                return_exceptions=True,
            )
            for error in ended:
                if isinstance(error, Exception):
                    log.warning("escalating_failed", error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the database is away: the next round will do it
            log.warning("escalating_failed", error=type(error).__name__)
        await asyncio.sleep(LATE_EVERY_S)


def _desks(late: escalation.Due) -> list[str]:
    return [late.desk, *([late.parent] if late.parent else [])]


async def _tidy(writer: Writer) -> None:
    """One round. What fails is tried again in the next."""
    try:
        before = now() - KEPT_AFTER_END
        removed = await writer.do(lambda session: tidying.remove_ended(session, before))
        if removed:
            log.info("tidied", count=removed)
        erased = await writer.do(closing.erase_due, reporters.PROVINCE)
        if erased:
            log.info("erased", count=erased)
    except Exception as error:  # noqa: BLE001 - the database is away: the next round will do it
        log.warning("tidying_failed", error=type(error).__name__)
