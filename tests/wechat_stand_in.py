"""WeChat's server for the tests, on loopback: the four calls that desk110 makes, as WeChat documents them.

What it holds it checks as WeChat does: AppID and secret, a code good once, a token that is current, a subscription that
was given and not used up. `next_answers` come before that, for what a test wants to see go wrong.
"""

import json
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

APPID, SECRET = "wx0123456789abcdef", "0123456789abcdef0123456789abcdef"
TEMPLATE = "TEMPLATE-received-0123456789abcdefghijklmno"

LOGIN, PHONE = "/sns/jscode2session", "/wxa/business/getuserphonenumber"
SEND, TOKEN = "/cgi-bin/message/subscribe/send", "/cgi-bin/stable_token"

PERSON = "/person"
"""What somebody does in WeChat, for phones that are played by another process."""

SILENCE = object()
"""Takes the request and does not answer."""
HANG_UP = object()
"""Takes the request and closes the line."""


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    body: dict[str, Any]
    at: float


@dataclass
class Raw:
    """An answer that is none of the documented ones."""

    status: int
    body: bytes


@dataclass
class WechatStandIn:
    """What WeChat knows: codes, phones, tokens, and who wants which message how often."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    logins: dict[str, str] = field(default_factory=dict)  # code → openid
    phones: dict[str, str] = field(default_factory=dict)  # code → number with country code
    used: set[str] = field(default_factory=set)
    wanted: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    sent: list[dict[str, Any]] = field(default_factory=list)
    next_answers: dict[str, deque[object]] = field(default_factory=lambda: defaultdict(deque))
    slow_s: float = 0.0
    expires_in: int = 7200
    phone_appid: str = APPID
    _token: str = "token-1"
    _tokens: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def code(self, openid: str) -> str:
        """What `wx.login` gives this person now."""
        with self._lock:
            code = f"login-{len(self.logins)}-{openid}"
            self.logins[code] = openid
        return code

    def phone_code(self, phone: str) -> str:
        """What a `getPhoneNumber` button gives who has this phone (`+86…`)."""
        with self._lock:
            code = f"phone-{len(self.phones)}"
            self.phones[code] = phone
        return code

    def subscribe(self, openid: str, template: str = TEMPLATE) -> None:
        """The person has tapped 允许 once."""
        self.wanted[openid, template] += 1

    def do(self, act: dict[str, Any]) -> dict[str, Any]:
        """What a person does: `{login: openid}`, `{phone: number}`, `{subscribe: openid}`, `{sent: true}`."""
        if "login" in act:
            return {"code": self.code(act["login"])}
        if "phone" in act:
            return {"code": self.phone_code(act["phone"])}
        if "subscribe" in act:
            self.subscribe(act["subscribe"])
        return {"sent": self.sent}

    def refuse_token(self) -> None:
        """Somebody forced a new token: the one before is good no more."""
        self._tokens += 1
        self._token = f"token-{self._tokens}"

    def calls(self, path: str) -> list[Asked]:
        """The requests for one address, in the order in which they came."""
        return [one for one in self.asked if one.path == path]

    # --- the answers

    def answer(self, asked: Asked) -> object:
        """What WeChat says to a request."""
        with self._lock:
            self.asked.append(asked)
            waiting = self.next_answers[asked.path]
            if waiting:
                return waiting.popleft()
        if self.slow_s:
            time.sleep(self.slow_s)
        with self._lock:
            answer = {LOGIN: self._login, PHONE: self._phone, SEND: self._send, TOKEN: self._stable}[
                asked.path
            ]
            return answer(asked)

    def _login(self, asked: Asked) -> dict[str, Any]:
        if asked.method != "GET" or asked.query.get("grant_type") != "authorization_code":
            return error(40002, "invalid grant_type")
        if (wrong := self._wrong_account(asked.query)) is not None:
            return wrong
        code = asked.query.get("js_code", "")
        if code in self.used:
            return error(40163, "code been used")
        if code not in self.logins:
            return error(40029, "invalid code")
        self.used.add(code)
        return {"openid": self.logins[code], "session_key": "c2Vzc2lvbi1rZXktMDEyMw=="}

    def _phone(self, asked: Asked) -> dict[str, Any]:
        if (wrong := self._wrong_token(asked)) is not None:
            return wrong
        code = asked.body.get("code", "")
        if code not in self.phones or code in self.used:
            return error(40029, "invalid code")
        self.used.add(code)
        number = self.phones[code]
        country = "86" if number.startswith("+86") else number[1:4]
        pure = number.removeprefix(f"+{country}")
        info = {
            "phoneNumber": pure if country == "86" else f"{country}{pure}",
            "purePhoneNumber": pure,
            "countryCode": country,
            "watermark": {"timestamp": int(time.time()), "appid": self.phone_appid},
        }
        return {"errcode": 0, "errmsg": "ok", "phone_info": info}

    def _send(self, asked: Asked) -> dict[str, Any]:
        if (wrong := self._wrong_token(asked)) is not None:
            return wrong
        body = asked.body
        if body.get("template_id") != TEMPLATE:
            return error(40037, "invalid template_id")
        if body.get("touser") not in self.logins.values():
            return error(40003, "invalid openid")
        if not _fits(body.get("data")):
            return error(47003, "argument invalid!")
        if not str(body.get("page", "")).startswith("pages/"):
            return error(41030, "invalid page")
        if self.wanted[body["touser"], TEMPLATE] < 1:
            return error(43101, "user refuse to accept the msg")
        self.wanted[body["touser"], TEMPLATE] -= 1
        self.sent.append(body)
        return {"errcode": 0, "errmsg": "ok", "msgid": len(self.sent)}

    def _stable(self, asked: Asked) -> dict[str, Any]:
        if asked.method != "POST":
            return error(43002, "require POST method")
        if asked.body.get("grant_type") != "client_credential":
            return error(40002, "invalid grant_type")
        if (wrong := self._wrong_account(asked.body)) is not None:
            return wrong
        return {"access_token": self._token, "expires_in": self.expires_in}

    def _wrong_account(self, said: dict[str, Any]) -> dict[str, Any] | None:
        if said.get("appid") != APPID:
            return error(40013, "invalid appid")
        return None if said.get("secret") == SECRET else error(40125, "invalid appsecret")

    def _wrong_token(self, asked: Asked) -> dict[str, Any] | None:
        token = asked.query.get("access_token")
        return None if token == self._token else error(40001, "invalid credential, access_token is invalid")


def _fits(data: object) -> bool:
    """Each field as long as its kind may be (a `thing` has 20 characters, a `character_string` 32)."""
    most = {"thing": 20, "character_string": 32, "time": 20}
    if not isinstance(data, dict) or not data:
        return False
    return all(
        isinstance(value, dict) and 0 < len(value.get("value", "")) <= most.get(name.rstrip("0123456789"), 0)
        for name, value in data.items()
    )


def error(errcode: int, errmsg: str) -> dict[str, Any]:
    """A refusal as WeChat writes it."""
    return {"errcode": errcode, "errmsg": f"{errmsg} rid: 692ad0f1-1a2b3c4d-5e6f7a8b"}


def _handler(wechat: WechatStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._do()

        def do_POST(self) -> None:
            self._do()

        def _do(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length", 0))
            body = json.loads(self.rfile.read(length) or b"{}")
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == PERSON:
                self._answer(Raw(200, json.dumps(wechat.do(body)).encode()))
                return
            said = wechat.answer(Asked(self.command, parts.path, query, body, time.monotonic()))
            if said is SILENCE:
                time.sleep(3)
            if said is SILENCE or said is HANG_UP:
                self.close_connection = True
                return
            self._answer(said if isinstance(said, Raw) else Raw(200, json.dumps(said).encode()))

        def _answer(self, raw: Raw) -> None:
            self.send_response(raw.status)
            self.send_header("Content-Type", "text/plain")  # so it says, of JSON
            self.send_header("Content-Length", str(len(raw.body)))
            self.end_headers()
            self.wfile.write(raw.body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    return Handler


@contextmanager
def wechat_stand_in() -> Iterator[WechatStandIn]:
    """WeChat, listening while the block runs."""
    wechat = WechatStandIn()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(wechat))
    server.daemon_threads = True
    wechat.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield wechat
    finally:
        server.shutdown()
        server.server_close()
