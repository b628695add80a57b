"""The worker: what must happen without anyone asking. Put together here, as the apps are in `asgi.py`."""

import asyncio
import signal
from dataclasses import asdict
from datetime import timedelta
from functools import partial

import structlog

from dispatch import (
    again,
    canary,
    closing,
    counting,
    escalation,
    marks,
    published,
    removing,
    reporters,
    tidying,
    unanswered,
)
from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.database import Database
from dispatch.incoming import Incoming
from dispatch.keys import KeyPaths, load_receipt_key
from dispatch.laboratory import Laboratory
from dispatch.reads import Reads
from dispatch.settings import Settings
from dispatch.signatures import HEADS, Seal
from dispatch.store import MediaStore
from dispatch.uploads import Uploads
from dispatch.writer import Writer
from ground import ground, wechat_of, writing
from processes.notices import Notices
from realtime.absence import Absences
from realtime.background import in_background
from realtime.canary_watch import Watch
from realtime.doorbell import Doorbell
from realtime.phones import Phones

log = structlog.get_logger()

EVERY_S = 60.0
LATE_EVERY_S = 0.5
AGAIN_EVERY_S = 2.0
COUNT_EVERY_S = 1.0
# Counting rests so many times as long as it took: a storm at one desk is counted late rather than felt by all.
COUNT_RESTS = 2
KEPT_AFTER_END = timedelta(days=1)
# So many reports are removed in one go, then the others have their turn.
REMOVED_AT_ONCE = 200
REMOVING_RESTS_S = 5.0


def run(settings: Settings) -> None:
    """Work until told to stop."""
    asyncio.run(_work(settings))


async def _work(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with ground("worker", settings) as on:
        doorbell = Doorbell(
            on.redis, settings.redis_url, lambda _desk, _seq: None, lambda: None, lambda _desk: None
        )
        laboratory, cipher = Laboratory.small(photos=1), FieldCipher.load(on.keys)
        wechat = wechat_of(settings, cipher)
        async with writing(on.database, doorbell) as writer:
            store = MediaStore(settings.media_url)
            notices = None
            if wechat is not None and settings.wechat_received_template:
                notices = Notices(settings, writer, on.read, Phones(on.redis), cipher, wechat)
            every_s = settings.canary_every_s or 0
            uploads = Uploads(Incoming.of(settings.home), store, laboratory, writer)
            async with in_background(
                ring=doorbell.ring_all(),
                sweep=_sweep(uploads, on.read),
                escalate=_escalate(writer, on.read),
                transfers=_tell_of_transfers(writer, on.read),
                offer_again=_offer_again(writer, on.read, Absences(on.presence)),
                tidy=_tidy(writer),
                publish_heads=_publish_heads(settings, on.keys, on.read),
                count=_count(writer, on.read),
                retain=_retain(settings, on.database, writer, store),
                notices=_send_notices(notices),
                **(
                    {"look": _look(writer, every_s), "canaries": Watch(every_s, on.read, "").look()}
                    if every_s
                    else {}
                ),
            ):
                log.info("worker_started")
                await stop.wait()
            if wechat is not None:
                await wechat.aclose()
            # A photo cut off here is finished in the next round: nothing of it is lost.
            await asyncio.to_thread(laboratory.close)


async def _send_notices(notices: Notices | None) -> None:
    """Tell 已接收 in WeChat, again and again, where a mini program is set up."""
    if notices is not None:
        await notices.look_after()


async def _look(writer: Writer, every_s: float) -> None:
    """Say that this worker is at work, again and again: every other process waits for it."""
    while True:
        try:
            await writer.do(canary.look)
        except Exception as error:  # noqa: BLE001 - the database is away: the others see that nothing is said
            log.warning("look_failed", error=type(error).__name__)
        await asyncio.sleep(every_s / 3)


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


async def _tell_of_transfers(writer: Writer, read: Reads) -> None:
    """Tell of transfers that nobody answers, step by step, again and again; each step is in the database once."""
    while True:
        try:
            due = await read(lambda session: unanswered.due(session, now()))
            ended = await asyncio.gather(
                *(
                    writer.do(partial(unanswered.tell, late=late), late.from_desk, late.to_desk)
                    for late in due
                ),
                return_exceptions=True,
            )
            for error in ended:
                if isinstance(error, Exception):
                    log.warning("telling_of_transfers_failed", error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the database is away: the next round will do it
            log.warning("telling_of_transfers_failed", error=type(error).__name__)
        await asyncio.sleep(LATE_EVERY_S)


async def _offer_again(writer: Writer, read: Reads, absences: Absences) -> None:
    """Offer again, again and again, what is in the hands of who is away or does nothing."""
    while True:
        try:
            held = await read(again.held)
            absent = await absences.look({one.dispatcher: one.sits_at for one in held if one.sits_at})
            at = now()
            due = [(one, why) for one in held if (why := again.lapsed(one, at, absent.get(one.dispatcher)))]
            ended = await asyncio.gather(
                *(writer.do(partial(again.offer_again, holding=one, why=why), one.desk) for one, why in due),
                return_exceptions=True,
            )
            for error in ended:
                if isinstance(error, Exception):
                    log.warning("offering_again_failed", error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - the database is away: the next round will do it
            log.warning("offering_again_failed", error=type(error).__name__)
        await asyncio.sleep(AGAIN_EVERY_S)


async def _count(writer: Writer, read: Reads) -> None:
    """Carry what has happened into the figures, again and again; whoever else counts, nothing is counted twice."""
    loop = asyncio.get_running_loop()
    while True:
        began, more = loop.time(), False
        try:
            found = await read(counting.look)
            if found is not None:
                more = await writer.do(partial(counting.take, found=found)) and found.more
        except Exception as error:  # noqa: BLE001 - the database is away: the next round will do it
            log.warning("counting_failed", error=type(error).__name__)
        rest_s = (loop.time() - began) * COUNT_RESTS
        await asyncio.sleep(rest_s if more else max(COUNT_EVERY_S, rest_s))


def _desks(late: escalation.Due) -> list[str]:
    return [late.desk, *([late.parent] if late.parent else [])]


async def _tidy(writer: Writer) -> None:
    """Remove what has ended, erase what is due; again and again."""
    while True:
        try:
            removed = await writer.do(partial(tidying.remove_ended, before=now() - KEPT_AFTER_END))
            if removed:
                log.info("tidied", count=removed)
            expired = await writer.do(marks.expire, reporters.PROVINCE)
            if expired:
                log.info("marks_expired", count=expired)
            erased = await writer.do(closing.erase_due, reporters.PROVINCE)
            if erased:
                log.info("erased", count=erased)
        except Exception as error:  # noqa: BLE001 - the database is away: the next round will do it
            log.warning("tidying_failed", error=type(error).__name__)
        await asyncio.sleep(EVERY_S)


async def _retain(settings: Settings, database: Database, writer: Writer, store: MediaStore) -> None:
    """Remove what the retention rules keep no longer, again and again; what was cut off is ended first."""
    while True:
        more = False
        try:
            run = partial(removing.run, database, writer.submit, store, "system", REMOVED_AT_ONCE)
            done = await asyncio.to_thread(run)
            if done.reports or done.files:
                log.info("removed", count=done.reports)
            more = done.reports == REMOVED_AT_ONCE
        except Exception as error:  # noqa: BLE001 - the database or the store is away: the next round goes on there
            log.warning("removing_failed", error=type(error).__name__)
        await asyncio.sleep(REMOVING_RESTS_S if more else settings.retention_every_s)


async def _publish_heads(settings: Settings, keys: KeyPaths, read: Reads) -> None:
    """Write the heads of all logs where the database does not reach, again and again; and say at once when what was
    written there last is no longer in the logs."""
    folder, every = settings.home / "heads", timedelta(seconds=settings.heads_every_s)
    while True:
        try:
            seal = Seal(load_receipt_key(keys), HEADS)
            with published.publishing(folder) as ours:
                last = published.latest(folder)
                if ours and published.due(last, now(), every):
                    of, heads = await read(published.now_in)
                    if last is not None and last.epoch != of:
                        log.error("epoch_changed")
                    elif last is not None:
                        for desk, seq in await read(partial(published.no_more, line=last)):
                            log.error("chain_broken", desk=desk, seq=seq)
                    await asyncio.to_thread(published.publish, folder, seal, now(), of, heads)
        except Exception as error:  # noqa: BLE001 - the database, the key or the disk: the next round says it again
            log.error("heads_not_published", error=type(error).__name__)
        await asyncio.sleep(min(settings.heads_every_s, EVERY_S))
