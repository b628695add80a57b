"""What we ask of WeChat's server: whose a sign-in code is, which phone, and to tell somebody who has left.

The four calls as WeChat documents them for mini programs (服务端 API): `/sns/jscode2session`,
`/wxa/business/getuserphonenumber`, `/cgi-bin/message/subscribe/send`, `/cgi-bin/stable_token`. Its answers are HTTP 200
even when they refuse; `errcode` says why, and 0 or no `errcode` means done.

Secret and token travel in the query, as WeChat wants it: addresses are never logged here. `counts` tells how calls
ended: `ok`, `connect`, `timeout`, `broken`, `too_long`, `status_<n>`, `errcode_<n>`.
"""

import hmac
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import anyio
import httpx2
import orjson
import structlog

from dispatch.errors import Refused, Unfit
from dispatch.gateways import check_address

# It would log every address it calls, query and all, at INFO.
logging.getLogger("httpx2").setLevel(logging.WARNING)
log = structlog.get_logger()

WECHAT: Final = "https://api.weixin.qq.com"
TIMEOUT_S: Final = 5.0
ATTEMPTS: Final = 3
PAUSE_S = 0.2  # doubled after each attempt
LONGEST_ANSWER: Final = 64 * 1024
AWAY: Final = frozenset({502, 503, 504})

BUSY: Final = -1  # 系统繁忙，此时请开发者稍候再试: nothing was done
TOKEN_REFUSED: Final = frozenset({40001, 40014, 42001})  # not valid, malformed, expired
CODE_REFUSED: Final = frozenset({40029, 40163, 41008})  # not valid or expired, used, missing
TOO_OFTEN: Final = frozenset({45009, 45011})  # of the day; of the minute
BLOCKED: Final = 40226  # 高风险等级用户，小程序登录拦截
NOT_WANTED: Final = 43101  # 用户拒绝接受消息: not subscribed, or used up
AGAIN_S: Final = 60


LONGEST_TOKEN_S = 86_400  # WeChat says 7,200


class WechatFailed(Exception):
    """WeChat gave no answer that can be used, or an `errcode`; the message is a reason as in `counts`."""

    def __init__(self, reason: str, errcode: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.errcode = reason, errcode


@dataclass(frozen=True, slots=True)
class WechatSecret:
    """What proves the mini program's operator to WeChat."""

    appid: str
    secret: str = field(repr=False)

    @classmethod
    def read(cls, appid: str, path: Path, name: str) -> "WechatSecret":
        """From a file of one line, the AppSecret; `name` is the setting that named it. Raises `Unfit`."""
        try:
            lines = path.read_text("ascii").split()
        except (OSError, ValueError):
            raise Unfit(f"{name}: {path} cannot be read as a file of one line in ASCII.") from None
        if len(lines) != 1 or len(lines[0]) < 16:
            raise Unfit(f"{name}: {path} must hold one line, the mini program's AppSecret.")
        return cls(appid, lines[0])


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and for how many seconds from now it is good."""

    value: str = field(repr=False)
    expires_in: float


Fetch = Callable[[], Awaitable[Token]]


class Tokens(Protocol):
    """Where the access token is kept, for all processes: WeChat counts how often it is asked for one."""

    async def current(self, fetch: Fetch) -> str:
        """The token that is kept, or the one that `fetch` brings. Raises what `fetch` raises."""

    async def refused(self, token: str) -> None:
        """WeChat does not take this one: it is kept no longer, unless another is kept by now."""

    async def aclose(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A subscription message (订阅消息): the template's fields by name, and the page that a tap opens."""

    template: str
    page: str
    data: Mapping[str, str]
    language: str


class Wechat(Protocol):
    """Whatever can ask WeChat."""

    async def openid_of(self, code: str) -> str:
        """Who the code of `wx.login` is of. Raises Refused: `wechat_code_refused`, `wechat_user_blocked`,
        `too_many_requests`, `wechat_failed`."""

    async def phone_of(self, code: str) -> str:
        """The phone that the code of a `getPhoneNumber` button is for, with `+` and country code. Raises as
        `openid_of` does."""

    async def send(self, openid: str, notice: Notice) -> bool:
        """Send a subscription message; False where its reader has not subscribed to it. Raises `WechatFailed`."""

    async def aclose(self) -> None:
        """Let go of connections."""


class WechatServer:
    """WeChat itself, at `url`; asked at most `ATTEMPTS` times, within the time-out over all of them."""

    def __init__(
        self, secret: WechatSecret, tokens: Tokens, url: str = WECHAT, *, timeout_s: float = TIMEOUT_S
    ) -> None:
        """Raises `Unfit` unless the address is https, or http on this machine."""
        check_address(url)
        self.counts: Counter[str] = Counter()
        self._secret, self._tokens, self._timeout_s = secret, tokens, timeout_s
        self._client = httpx2.AsyncClient(
            base_url=url.rstrip("/"), timeout=timeout_s, trust_env=False, follow_redirects=False
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        await self._tokens.aclose()

    async def openid_of(self, code: str) -> str:
        """Who the code of `wx.login` is of. The session key that comes along is of no use here and is let go."""
        query = {
            "appid": self._secret.appid,
            "secret": self._secret.secret,
            "js_code": code,
            "grant_type": "authorization_code",
        }
        try:
            said = await self._ask("GET", "/sns/jscode2session", query)
            openid = said.get("openid")
            if not isinstance(openid, str) or not openid:
                raise self._failed("broken")
        except WechatFailed as failed:
            raise _refusal(failed) from None
        return openid

    async def phone_of(self, code: str) -> str:
        """The phone of a `getPhoneNumber` code, with `+` and country code."""
        try:
            said = await self._ask_with_token("/wxa/business/getuserphonenumber", {"code": code})
            return self._phone(said)
        except WechatFailed as failed:
            raise _refusal(failed) from None

    def _phone(self, said: Mapping[str, Any]) -> str:
        info = said.get("phone_info")
        info = info if isinstance(info, dict) else {}
        mark = info.get("watermark")
        of = mark.get("appid") if isinstance(mark, dict) else None
        number, country = str(info.get("purePhoneNumber") or ""), str(info.get("countryCode") or "")
        if not all(part.isascii() and part.isdecimal() for part in (number, country)):
            raise self._failed("broken")
        # A phone that another mini program was given proves nothing to this one.
        if not isinstance(of, str) or not hmac.compare_digest(of.encode(), self._secret.appid.encode()):
            raise self._failed("broken")
        return f"+{country}{number}"

    async def send(self, openid: str, notice: Notice) -> bool:
        """Send a subscription message; False where its reader has not subscribed to it, or the last was used up."""
        body = {
            "touser": openid,
            "template_id": notice.template,
            "page": notice.page,
            "miniprogram_state": "formal",
            "lang": "zh_CN" if notice.language.startswith("zh") else "en_US",
            "data": {name: {"value": value} for name, value in notice.data.items()},
        }
        try:
            await self._ask_with_token("/cgi-bin/message/subscribe/send", body)
        except WechatFailed as failed:
            if failed.errcode == NOT_WANTED:
                return False
            raise
        return True

    async def fetch_token(self) -> Token:
        """A stable token: the same again as long as it is good, so that asking twice costs nothing. Raises
        `WechatFailed`."""
        body = {
            "grant_type": "client_credential",
            "appid": self._secret.appid,
            "secret": self._secret.secret,
        }
        said = await self._ask("POST", "/cgi-bin/stable_token", {}, body, repeat=True)
        token, expires_in = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not token or type(expires_in) is not int:
            raise self._failed("broken")
        if not 0 < expires_in <= LONGEST_TOKEN_S:
            raise self._failed("broken")
        return Token(token, expires_in)

    async def _ask_with_token(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """With the token that is kept; once more with the next one when WeChat does not take it."""
        token = await self._tokens.current(self.fetch_token)
        try:
            return await self._ask("POST", path, {"access_token": token}, body)
        except WechatFailed as failed:
            if failed.errcode not in TOKEN_REFUSED:
                raise
        await self._tokens.refused(token)
        another = await self._tokens.current(self.fetch_token)
        return await self._ask("POST", path, {"access_token": another}, body)

    async def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
        *,
        repeat: bool = False,
    ) -> Mapping[str, Any]:
        """The answer's object. `repeat`: the call may be made twice, so it is made again after a lost answer too."""
        try:
            with anyio.fail_after(self._timeout_s):
                said = await self._attempts(method, path, query, body, repeat)
        except (TimeoutError, httpx2.TimeoutException):
            raise self._failed("timeout") from None
        self.counts["ok"] += 1
        return said

    async def _attempts(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None,
        repeat: bool,
    ) -> Mapping[str, Any]:
        failed = WechatFailed("connect")
        for attempt in range(ATTEMPTS):
            if attempt:
                await anyio.sleep(PAUSE_S * 2 ** (attempt - 1))
            try:
                return await self._once(method, path, query, body)
            except (httpx2.ConnectError, httpx2.ConnectTimeout):
                failed = WechatFailed("connect")
            # What broke after it was sent may have been done: a code is used up, a message is on its way.
            except (httpx2.TransportError, httpx2.DecodingError) as error:
                if isinstance(error, httpx2.TimeoutException):
                    raise
                failed = WechatFailed("broken")
                if not repeat:
                    break
            except WechatFailed as one:
                failed = one
                away = repeat and one.reason in {f"status_{status}" for status in AWAY}
                if one.errcode != BUSY and not away:
                    break
        raise self._failed(failed.reason, failed.errcode)

    async def _once(
        self, method: str, path: str, query: Mapping[str, str], body: Mapping[str, Any] | None
    ) -> Mapping[str, Any]:
        headers = {"Accept-Encoding": "identity"}  # nothing to unpack, so the length read is the length held
        content = None
        if body is not None:
            headers["Content-Type"], content = "application/json", orjson.dumps(body)
        async with self._client.stream(
            method, path, params=dict(query), content=content, headers=headers
        ) as response:
            answer = bytearray()
            async for chunk in response.aiter_raw():
                answer += chunk
                if len(answer) > LONGEST_ANSWER:
                    raise WechatFailed("too_long")
            if response.status_code != 200:
                raise WechatFailed(f"status_{response.status_code}")
        try:
            said = orjson.loads(bytes(answer))
        except orjson.JSONDecodeError:
            raise WechatFailed("broken") from None
        if not isinstance(said, dict):
            raise WechatFailed("broken")
        errcode = said.get("errcode", 0)
        if not isinstance(errcode, int):
            raise WechatFailed("broken")
        if errcode:
            raise WechatFailed(f"errcode_{errcode}", errcode)
        return said

    def _failed(self, reason: str, errcode: int = 0) -> WechatFailed:
        self.counts[reason] += 1
        return WechatFailed(reason, errcode)


def _refusal(failed: WechatFailed) -> Refused:
    """What a failed sign-in is to the reporter. What only the operator can mend is loud in the log."""
    if failed.errcode in CODE_REFUSED:
        return Refused("wechat_code_refused")
    if failed.errcode in TOO_OFTEN:
        return Refused("too_many_requests", resend_in=AGAIN_S)
    if failed.errcode == BLOCKED:
        return Refused("wechat_user_blocked")
    log.error("wechat_failed", code=failed.reason)
    return Refused("wechat_failed")
