"""Telling 已接收 in WeChat to who has left before it and asked for that: what the worker does."""

import asyncio
import time
from functools import partial

import structlog

from dispatch import wechat_notices
from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.reads import Reads
from dispatch.settings import Settings
from dispatch.wechat import Wechat, WechatFailed
from dispatch.wechat_notices import How, Open
from dispatch.writer import Writer
from realtime.phones import Phone, Phones

log = structlog.get_logger()

EVERY_S = 1.0
# Nothing was sent, so it may be sent again, once it is nobody's any more (`wechat_notices.TAKEN_FOR`).
UNSENT = frozenset({"connect", "errcode_-1"})


class Notices:
    """The notices that are open, each settled once, whoever else looks after them."""

    def __init__(
        self,
        settings: Settings,
        writer: Writer,
        read: Reads,
        phones: Phones,
        cipher: FieldCipher,
        wechat: Wechat,
    ) -> None:
        self._settings, self._writer, self._read = settings, writer, read
        self._phones, self._cipher, self._wechat = phones, cipher, wechat

    async def look_after(self) -> None:
        """Settle what can be settled, again and again."""
        while True:
            try:
                await self.settle()
            except Exception as error:  # noqa: BLE001 - the database is away: the next round will do it
                log.warning("notices_failed", error=type(error).__name__)
            await asyncio.sleep(EVERY_S)

    async def settle(self) -> None:
        """One round: together, so that a WeChat that hangs keeps nobody else waiting."""
        found = await self._read(wechat_notices.open_ones)
        phones = await self._phones.of({one.report: one.reporter for one in found})
        ended = await asyncio.gather(
            *(self._settle(one, phones.get(one.report)) for one in found), return_exceptions=True
        )
        for error in ended:
            if isinstance(error, Exception):
                log.warning("notices_failed", error=type(error).__name__)

    async def _settle(self, one: Open, phone: Phone | None) -> None:
        gone_for_s = None if phone is None else 0.0 if phone.on else time.time() - (phone.since or 0.0)
        todo = one.to_do(now(), gone_for_s)
        how = await self._sent(one) if todo == "send" else todo
        if how is not None and how != "wait":
            await self._writer.do(partial(wechat_notices.end, report=one.report, how=how), one.desk)

    async def _sent(self, one: Open) -> How | None:
        """What came of it; None where it is another's to send, not to be sent any more, or to be tried again."""
        openid = await self._writer.do(partial(wechat_notices.take, cipher=self._cipher, report=one.report))
        if openid is None:
            return None
        template, fields = self._settings.wechat_received_template, self._settings.wechat_fields
        try:
            sent = await self._wechat.send(openid, wechat_notices.notice_of(one, template, fields))
        except WechatFailed as failed:
            log.error("notice_not_sent", code=failed.reason)
            return None if failed.reason in UNSENT else "failed"
        return "sent" if sent else "refused"
