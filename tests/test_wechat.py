"""Asking WeChat: what it is sent, what its answers and errors mean, what is asked again, and one token for all."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from dispatch.cipher import FieldCipher
from dispatch.errors import Refused, Unfit
from dispatch.keys import KeyPaths, set_up
from dispatch.wechat import Fetch, Notice, Token, WechatFailed, WechatSecret, WechatServer
from realtime.redis_at import connect
from realtime.wechat_token import SharedToken
from tests.servers import LOOPBACK, Valkey, free_port
from tests.wechat_stand_in import (
    APPID,
    HANG_UP,
    LOGIN,
    PHONE,
    SECRET,
    SEND,
    SILENCE,
    TEMPLATE,
    TOKEN,
    Raw,
    WechatStandIn,
    error,
    wechat_stand_in,
)

pytestmark = pytest.mark.anyio

OPENID, MOBILE = "oABCdef-0123456789_ghijklmno", "+8613912345678"
NOTICE = Notice(
    TEMPLATE, "pages/report/report?id=1", {"thing1": "西湖区", "time2": "2026-11-23 18:00"}, "zh-CN"
)
BUSY = error(-1, "system error")


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatch.wechat.PAUSE_S", 0.01)


@pytest.fixture
def wechat() -> Iterator[WechatStandIn]:
    with wechat_stand_in() as standing:
        yield standing


@pytest.fixture
def cipher(tmp_path: Path) -> FieldCipher:
    paths = KeyPaths.under(tmp_path)
    set_up(paths, old_data=False)
    return FieldCipher.load(paths)


class Kept:
    """A token kept in memory."""

    def __init__(self) -> None:
        self.token: str | None = None

    async def current(self, fetch: Fetch) -> str:
        if self.token is None:
            self.token = (await fetch()).value
        return self.token

    async def refused(self, token: str) -> None:
        if self.token == token:
            self.token = None

    async def aclose(self) -> None:
        pass


async def ask(wechat: WechatStandIn, what: Callable[[WechatServer], Any], *, timeout_s: float = 5.0) -> Any:
    """What one call gives, or the refusal or failure that it raises; with the counts."""
    server = WechatServer(WechatSecret(APPID, SECRET), Kept(), wechat.url, timeout_s=timeout_s)
    try:
        return await what(server), dict(server.counts)
    except (Refused, WechatFailed) as refused:
        return refused, dict(server.counts)
    finally:
        await server.aclose()


async def code_of(wechat: WechatStandIn, said: Any, **options: Any) -> tuple[str, dict[str, int]]:
    """The code of the refusal when WeChat answers a sign-in like this."""
    wechat.next_answers[LOGIN].extend(said if isinstance(said, list) else [said])
    refused, counts = await ask(wechat, lambda server: server.openid_of("a code"), **options)
    assert isinstance(refused, Refused)
    return refused.code, counts


async def test_a_code_is_exchanged_for_its_openid(wechat: WechatStandIn) -> None:
    code = wechat.code(OPENID)
    assert await ask(wechat, lambda server: server.openid_of(code)) == (OPENID, {"ok": 1})
    [asked] = wechat.asked
    wanted = {"appid": APPID, "secret": SECRET, "js_code": code, "grant_type": "authorization_code"}
    assert (asked.method, asked.path, asked.query) == ("GET", LOGIN, wanted)


async def test_a_code_that_was_used_and_one_that_never_was_are_refused_alike(wechat: WechatStandIn) -> None:
    code = wechat.code(OPENID)
    await ask(wechat, lambda server: server.openid_of(code))
    for tried in (code, "made up"):
        refused, _ = await ask(wechat, lambda server, tried=tried: server.openid_of(tried))  # type: ignore[misc]
        assert refused.code == "wechat_code_refused"


@pytest.mark.parametrize(
    ("errcode", "code"),
    [
        (40029, "wechat_code_refused"),
        (40163, "wechat_code_refused"),
        (41008, "wechat_code_refused"),
        (45011, "too_many_requests"),
        (40226, "wechat_user_blocked"),
        (40013, "wechat_failed"),
        (40125, "wechat_failed"),
        (40164, "wechat_failed"),
        (99999, "wechat_failed"),
    ],
)
async def test_each_errcode_means_one_of_our_codes_and_is_final(
    wechat: WechatStandIn, errcode: int, code: str
) -> None:
    assert await code_of(wechat, error(errcode, "as documented")) == (code, {f"errcode_{errcode}": 1})
    assert len(wechat.asked) == 1


async def test_a_busy_wechat_has_done_nothing_and_is_asked_again(wechat: WechatStandIn) -> None:
    code = wechat.code(OPENID)
    wechat.next_answers[LOGIN].extend([BUSY, BUSY])
    assert await ask(wechat, lambda server: server.openid_of(code)) == (OPENID, {"ok": 1})
    assert len(wechat.asked) == 3


async def test_a_wechat_that_stays_busy_is_asked_three_times_and_no_more(wechat: WechatStandIn) -> None:
    assert await code_of(wechat, [BUSY] * 3) == ("wechat_failed", {"errcode_-1": 1})
    assert len(wechat.asked) == 3


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (HANG_UP, "broken"),
        (Raw(200, b"<html>a portal</html>"), "broken"),
        (Raw(200, b"[]"), "broken"),
        (Raw(200, b'{"errcode": "0"}'), "broken"),
        (Raw(200, b'{"session_key": "only"}'), "broken"),
        (Raw(200, b"x" * 70_000), "too_long"),
        (Raw(302, b""), "status_302"),
        (Raw(502, b""), "status_502"),
    ],
    ids=["cut off", "no JSON", "no object", "no number", "no openid", "too long", "elsewhere", "away"],
)
async def test_what_may_have_used_the_code_up_is_not_repeated(
    wechat: WechatStandIn, said: object, reason: str
) -> None:
    refused, counts = await code_of(wechat, said)
    assert refused == "wechat_failed"
    assert counts[reason] == 1
    assert len(wechat.asked) == 1


async def test_a_silent_wechat_is_given_up_within_the_time_out(wechat: WechatStandIn) -> None:
    assert await code_of(wechat, SILENCE, timeout_s=0.3) == ("wechat_failed", {"timeout": 1})
    assert len(wechat.asked) == 1


async def test_where_nobody_listens_it_is_tried_again_for_nothing_was_sent() -> None:
    nowhere = WechatStandIn(url=f"http://{LOOPBACK}:{free_port()}")
    refused, counts = await ask(nowhere, lambda server: server.openid_of("a code"))
    assert (refused.code, counts) == ("wechat_failed", {"connect": 1})


@pytest.mark.parametrize("phone", [MOBILE, "+85261550000"])
async def test_a_phone_comes_with_its_country(wechat: WechatStandIn, phone: str) -> None:
    code = wechat.phone_code(phone)
    found, counts = await ask(wechat, lambda server: server.phone_of(code))
    assert (found, counts) == (phone, {"ok": 2})  # the token, and the phone
    [asked] = wechat.calls(PHONE)
    assert (asked.method, asked.query, asked.body) == ("POST", {"access_token": "token-1"}, {"code": code})


async def test_a_phone_that_another_mini_program_was_given_is_none(wechat: WechatStandIn) -> None:
    wechat.phone_appid = "wxffffffffffffffff"
    code = wechat.phone_code(MOBILE)
    refused, _ = await ask(wechat, lambda server: server.phone_of(code))
    assert refused.code == "wechat_failed"


async def test_a_token_that_is_refused_is_renewed_and_the_call_made_once_more(wechat: WechatStandIn) -> None:
    async def twice(server: WechatServer) -> str:
        await server.phone_of(wechat.phone_code(MOBILE))
        wechat.refuse_token()
        return await server.phone_of(wechat.phone_code(MOBILE))

    found, _ = await ask(wechat, twice)
    assert found == MOBILE
    assert [one.query["access_token"] for one in wechat.calls(PHONE)] == ["token-1", "token-1", "token-2"]
    assert len(wechat.calls(TOKEN)) == 2


async def test_a_token_that_is_refused_again_ends_it(wechat: WechatStandIn) -> None:
    wechat.next_answers[PHONE].extend([error(42001, "access_token expired")] * 2)
    refused, _ = await ask(wechat, lambda server: server.phone_of("a code"))
    assert refused.code == "wechat_failed"
    assert len(wechat.calls(PHONE)) == 2


async def test_a_message_is_sent_as_its_template_wants_it(wechat: WechatStandIn) -> None:
    wechat.code(OPENID)
    wechat.subscribe(OPENID)
    assert (await ask(wechat, lambda server: server.send(OPENID, NOTICE)))[0] is True
    [asked] = wechat.calls(SEND)
    assert asked.body == {
        "touser": OPENID,
        "template_id": TEMPLATE,
        "page": "pages/report/report?id=1",
        "miniprogram_state": "formal",
        "lang": "zh_CN",
        "data": {"thing1": {"value": "西湖区"}, "time2": {"value": "2026-11-23 18:00"}},
    }


async def test_a_message_that_nobody_subscribed_to_is_no_failure(wechat: WechatStandIn) -> None:
    wechat.code(OPENID)
    assert (await ask(wechat, lambda server: server.send(OPENID, NOTICE)))[0] is False


@pytest.mark.parametrize("said", [HANG_UP, Raw(503, b""), error(47003, "argument invalid!")])
async def test_a_message_that_may_be_on_its_way_is_not_sent_again(
    wechat: WechatStandIn, said: object
) -> None:
    wechat.next_answers[SEND].append(said)
    failed, _ = await ask(wechat, lambda server: server.send(OPENID, NOTICE))
    assert isinstance(failed, WechatFailed)
    assert len(wechat.calls(SEND)) == 1


@pytest.mark.parametrize("said", [HANG_UP, Raw(503, b""), BUSY])
async def test_a_token_may_be_asked_for_twice_so_it_is(wechat: WechatStandIn, said: object) -> None:
    wechat.next_answers[TOKEN].append(said)
    token, _ = await ask(wechat, lambda server: server.fetch_token())
    assert token == Token("token-1", 7200)
    asked = wechat.calls(TOKEN)[-1]
    assert asked.body == {"grant_type": "client_credential", "appid": APPID, "secret": SECRET}


async def test_nothing_of_a_call_is_in_log_or_exception(
    wechat: WechatStandIn, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    wechat.next_answers[PHONE].append(error(40013, f"invalid appid {APPID}"))
    refused, _ = await ask(wechat, lambda server: server.phone_of("phone-code"))
    assert refused.__cause__ is None
    said = caplog.text + "".join(capsys.readouterr()) + repr(refused) + repr(WechatSecret(APPID, SECRET))
    for private in (SECRET, "token-1", "phone-code", "access_token="):
        assert private not in said


@pytest.mark.parametrize("content", [None, "", "short", f"{SECRET}\n{SECRET}", "秘密" * 20])
def test_a_secret_file_that_holds_no_secret_stops_the_start(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(Unfit, match="DESK110_WECHAT_SECRET_FILE"):
        WechatSecret.read(APPID, path, "DESK110_WECHAT_SECRET_FILE")


# --- one token for all processes


class Source:
    """Where tokens come from, counted; slow enough that all ask at once."""

    def __init__(self, expires_in: float = 7200, slow_s: float = 0.3) -> None:
        self.asked = 0
        self.expires_in, self.slow_s = expires_in, slow_s

    async def fetch(self) -> Token:
        self.asked += 1
        mine = self.asked
        await asyncio.sleep(self.slow_s)
        return Token(f"token-{mine}", self.expires_in)


@pytest.fixture
async def shared(valkey_of_session: Valkey, cipher: FieldCipher) -> AsyncIterator[Callable[[], SharedToken]]:
    """Makes what another process has."""
    made: list[SharedToken] = []

    def make() -> SharedToken:
        made.append(SharedToken(valkey_of_session.url, cipher, APPID))
        return made[-1]

    yield make
    for one in made:
        await one.aclose()


@pytest.fixture
async def redis(valkey_of_session: Valkey) -> Any:
    valkey_of_session.flushall()
    client = connect(valkey_of_session.url)
    yield client
    await client.aclose()


async def test_of_many_processes_one_asks_and_all_get_the_same_token(
    redis: Redis, shared: Callable[[], SharedToken]
) -> None:
    source = Source()
    processes = [shared() for _ in range(8)]
    found = await asyncio.gather(*(one.current(source.fetch) for one in processes for _ in range(3)))
    assert set(found) == {"token-1"}
    assert source.asked == 1


async def test_the_token_lies_sealed_and_no_longer_than_it_may_be_used(
    redis: Redis, shared: Callable[[], SharedToken]
) -> None:
    await shared().current(Source(slow_s=0).fetch)
    [key] = await redis.keys("wechat:*")
    assert b"token-1" not in (await redis.get(key) or b"")
    assert 6800 < await redis.ttl(key) <= 6900  # WeChat has the next one ready five minutes before the end


async def test_a_refused_token_is_renewed_once_for_all(
    redis: Redis, shared: Callable[[], SharedToken]
) -> None:
    source = Source(slow_s=0.1)
    processes = [shared() for _ in range(4)]
    assert await processes[0].current(source.fetch) == "token-1"

    async def meets_refusal(one: SharedToken) -> str:
        await one.refused("token-1")
        return await one.current(source.fetch)

    assert set(await asyncio.gather(*map(meets_refusal, processes))) == {"token-2"}
    await processes[0].refused("token-1")  # somebody who comes late does not take the new one away
    assert await processes[1].current(source.fetch) == "token-2"
    assert source.asked == 2


async def test_who_dies_while_asking_holds_the_others_up_for_a_moment_alone(
    redis: Redis, shared: Callable[[], SharedToken], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("realtime.wechat_token.ASKING_S", 0.3)
    await redis.set(f"wechat:asking:{APPID}", "1")
    assert await shared().current(Source().fetch) == "token-1"


async def test_a_failure_to_ask_is_told_and_the_next_may_try(
    redis: Redis, shared: Callable[[], SharedToken]
) -> None:
    async def fails() -> Token:
        raise WechatFailed("timeout")

    token = shared()
    with pytest.raises(WechatFailed):
        await token.current(fails)
    assert await token.current(Source(slow_s=0).fetch) == "token-1"


async def test_without_redis_each_process_keeps_its_own(cipher: FieldCipher) -> None:
    source = Source(slow_s=0)
    token = SharedToken(f"redis://{LOOPBACK}:{free_port()}/0", cipher, APPID)
    assert [await token.current(source.fetch) for _ in range(3)] == ["token-1"] * 3
    await token.refused("token-1")
    assert await token.current(source.fetch) == "token-2"
    assert source.asked == 2
    await token.aclose()
