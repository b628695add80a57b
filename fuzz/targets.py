"""The targets by name, each with its seeds."""

import asyncio
import base64
import io
import json
import time
import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx2
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import KeySet, RSAKey
from PIL import Image
from starlette.datastructures import Headers, UploadFile
from starlette.requests import Request

from api import bodies, photo_form, placing, tus
from api.devices import device_of
from api.plain import forms
from api.sessions import token_of
from console.frames import understood
from console.identity_provider import Provider, ProviderFailed
from console.location_codes import typed
from dispatch import coordinates, decoding, developing
from dispatch.errors import Refused
from dispatch.media_bounds import checked
from dispatch.reporters import token_digest
from dispatch.wechat import Token, WechatFailed, WechatSecret, WechatServer
from web.bodies import parse, read_form
from web.languages import page_language
from web.playing import asked_range

Run = Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Target:
    """A parser to be fed, and what it is fed with first. `slow`: it decodes, so a hundredth of the others' count."""

    name: str
    run: Run
    seeds: tuple[bytes, ...]
    slow: bool = False


TARGETS: dict[str, Target] = {}


def target(*seeds: bytes | str, slow: bool = False) -> Callable[[Run], Run]:
    """Registers a target under its function's name."""

    def registered(run: Run) -> Run:
        given = tuple(seed.encode() if isinstance(seed, str) else seed for seed in seeds)
        TARGETS[run.__name__] = Target(run.__name__, run, given, slow)
        return run

    return registered


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def _request(headers: dict[str, str], body: bytes = b"", query: str = "") -> Request:
    sent = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    pieces = [body[at : at + 1000] for at in range(0, len(body), 1000)] or [b""]

    async def receive() -> dict[str, Any]:
        piece = pieces.pop(0) if pieces else b""
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    scope = {"type": "http", "method": "POST", "path": "/", "headers": sent, "query_string": query.encode()}
    return Request(scope, receive)


def _lines(data: bytes, count: int) -> list[str]:
    """As headers come: Latin-1, without what no server lets through."""
    text = data.decode("latin-1").replace("\r", "").replace("\0", "")
    return [*text.split("\n"), *[""] * count][:count]


# --- frames


@target(
    '{"type":"message","report_id":"01a22a4c-77b4-7070-b39d-b895b5031c8c","client_id":"a1","text":"有人打架"}',
    '{"type":"location","report_id":"01a22a4c-77b4-7070-b39d-b895b5031c8c","client_id":"a1","lat":30.25,"lon":120.1,'
    '"crs":"gcj02","accuracy_m":15,"source":"gnss","at":"2026-11-23T10:00:00Z"}',
    '{"type":"answer","report_id":"01a22a4c-77b4-7070-b39d-b895b5031c8c","request_id":"01a22a4c-77b4-7070-b39d-b895b503'
    '1c8c","answer":"是"}',
    '{"type":"shown","report_id":"01a22a4c-77b4-7070-b39d-b895b5031c8c","version":2}',
    '{"type":"typing","report_id":"01a22a4c-77b4-7070-b39d-b895b5031c8c"}',
    '{"type":"pong"}',
)
def reporters_frame(data: bytes) -> None:
    """A frame of a reporter's client; it may be refused as a frame alone."""
    text = data.decode(errors="replace")
    try:
        bodies.parse_frame(text)
    except Refused as refused:
        assert refused.code in {"frame_invalid", "text_too_long"}, refused.code


@target('{"type":"hello","token":"abc","known":{"01a22a4c-77b4-7070-b39d-b895b5031c8c":3}}')
def hello(data: bytes) -> None:
    """The first frame of a reporter's client."""
    with suppress(Refused):
        said = parse(bodies.Hello, data.decode(errors="replace"))
        if said.token:
            token_digest(said.token)


@target(
    '{"type":"shown","seq":17}',
    '{"type":"looking","report":null}',
    '{"type":"seen","report":"01a22a4c-77b4-7070-b39d-b895b5031c8c","version":3}',
)
def consoles_frame(data: bytes) -> None:
    """A frame of a desk's page."""
    with suppress(ValueError):
        understood(data.decode(errors="replace"))


# --- headers


@target(
    "1000\nfilename YS5qcGc=,filetype aW1hZ2UvanBlZw==,client_id YTE=\n0\napplication/offset+octet-stream",
    "5\nfilename w6k=, is_confidential\n3\ntext/plain",
    "5\nfilename é\n3\ntext/plain",
)
def tus_headers(data: bytes) -> None:
    """A creation and a piece of an upload."""
    length, metadata, offset, kind = _lines(data, 4)
    request = _request(
        {"upload-length": length, "upload-metadata": metadata, "upload-offset": offset, "content-type": kind}
    )
    with suppress(Refused):
        checked(tus.offer_of(request))
    with suppress(Refused):
        tus.number(request, "Upload-Offset")
    tus.has_body_type(request)


@target(
    "Bearer abc.def\ndesk110_session=x; theme=dark\nzh-CN,en;q=0.5\nbytes=0-99\nMozilla/5.0 (Linux; Android 14)",
    'Basic eDp5\ndesk110_session="a b"\n*\nbytes=-5\n',
)
def cookies_and_tokens(data: bytes) -> None:
    """Who asks, in which language, for which piece."""
    authorization, cookie, language, piece, agent = _lines(data, 5)
    request = _request({"authorization": authorization, "cookie": cookie, "accept-language": language})
    token, _ = token_of(request)
    if token:
        token_digest(token)
    page_language(request)
    part = asked_range(piece, 1000)
    assert part is None or 0 <= part[0] <= part[1] <= 1000, part
    device_of(agent)


# --- bodies


_BODIES = (
    bodies.PhoneCodeBody,
    bodies.SessionBody,
    bodies.MeBody,
    bodies.PhoneBody,
    bodies.ConsentBody,
    bodies.AppealBody,
    bodies.IdentityBody,
    bodies.LocationBody,
    bodies.ReportBody,
    bodies.MessageBody,
    bodies.AnswerBody,
    bodies.CovertBody,
    bodies.DuressWordBody,
    bodies.WithdrawalBody,
    bodies.WechatNoticeBody,
)


@target(
    b'\x08{"kind":"quick","text":"x","covert":false,"location":{"lat":30.25,"lon":120.12,"crs":"wgs84",'
    b'"accuracy_m":15,"source":"gnss","at":"2026-11-23T10:00:00Z"},"area":"330106","media_expected":2}',
    b'\x08{"kind":"fraud","text":"","fraud":{"amount_yuan":100,"account":"6222"}}',
    b'\x00{"phone":"+8613900000000"}',
    b'\x01{"phone":"13900000000","code":"123456"}',
    b'\x06{"name":"x","id_number":"330106199001011234"}',
    b'\x09{"client_id":"a","text":"x"}',
)
def json_bodies(data: bytes) -> None:
    """Every body of the API, the first byte choosing which."""
    model = _BODIES[(data[0] if data else 0) % len(_BODIES)]
    with suppress(Refused):
        found = parse(model, data[1:])
        if isinstance(found, bodies.ReportBody):
            placing.deed_of(found)
            if isinstance(found.location, bodies.LocationBody):
                placing.place_of(found.location)


@target("a=b&c=%E4%BD%A0&d", "phone=139&code=1&" + "x=1&" * 90)
def plain_fields(data: bytes) -> None:
    """A form without files."""
    request = _request({"content-type": "application/x-www-form-urlencoded"}, data)
    with suppress(Refused):
        _loop().run_until_complete(read_form(request))


_PART = (
    b'--b\r\nContent-Disposition: form-data; name="text"\r\n\r\nx\r\n'
    b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    b"\xff\xd8\xff\r\n--b--\r\n"
)


@target(
    b"multipart/form-data; boundary=b\n" + _PART,
    b'multipart/form-data; boundary="b"; charset=utf-7\n' + _PART,
    b"multipart/form-data; boundary=b\n--b\r\nContent-Disposition: form-data; name*=utf-8''x\r\n\r\n--b--\r\n",
)
def plain_multipart(data: bytes) -> None:
    """The form of the page without scripts, with photos."""
    kind, _, body = data.partition(b"\n")
    request = _request({"content-type": _lines(kind, 1)[0]}, body)

    async def read() -> None:
        async for found in forms.read(request):
            if isinstance(found, UploadFile):
                await found.read()
                await found.close()

    with suppress(Refused):
        _loop().run_until_complete(read())


@target(b"multipart/form-data; boundary=b\n" + _PART, b"multipart/form-data\n" + _PART)
def photo_multipart(data: bytes) -> None:
    """A photo sent as a form."""
    kind, _, body = data.partition(b"\n")

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), 1000):
            yield body[at : at + 1000]

    async def read() -> None:
        headers = Headers({"content-type": _lines(kind, 1)[0]})
        file, _ = await photo_form.read_photo_form(headers, pieces(), len(body))
        await file.close()

    with suppress(Refused):
        _loop().run_until_complete(read())


# --- places


@target("30.25 120.12 15 gcj02", "0 0 0 wgs84", "1e308 -180 1e9 bd09", "nan inf -1 wgs84")
def positions(data: bytes) -> None:
    """Any two numbers, in any system: refused, or a place on Earth that goes there and back."""
    lat, lon, _accuracy, system = [*data.decode(errors="replace").split(" "), "", "", "", ""][:4]
    crs: Any = system if system in {"wgs84", "gcj02", "bd09"} else "gcj02"
    try:
        numbers = float(lat), float(lon)
    except ValueError:
        return
    with suppress(Refused):
        found = coordinates.to_wgs84(*coordinates.validated(*numbers), crs)
        back = coordinates.from_wgs84(*found, crs)
        assert abs(found.lat) <= 90, found
        assert abs(found.lon) <= 180, found
        assert -90.1 <= back.lat <= 90.1, back


@target("浙江省杭州市西湖区断桥", "Xihu District, opposite Shangcheng District", "330106", "３３０１０６")
def addresses(data: bytes) -> None:
    """The words of a place, and the code of an area."""
    words = data.decode(errors="replace")
    assert len(placing.area_in(words)) == 6
    bodies.standing_area(words)


@target("234567", "２３４ ５６７", "234-567", "٢٣٤٥٦٧")
def location_codes(data: bytes) -> None:
    """A code as somebody types it."""
    with suppress(Refused):
        code = typed(data.decode(errors="replace"))
        assert len(code) == 6, code
        assert code.isascii(), code


# --- media, up to the decoder


@cache
def _photo() -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (8, 8), "green").save(held, "JPEG")
    return held.getvalue()


def _exif_seed() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (30.0, 15.0, 1.5), 3: "E", 4: (120.0, 7.0, 1.0), 29: "2026:11:23"}
    )
    exif.get_ifd(0x8769).update({0x9003: "2026:11:23 10:00:00", 0x9011: "+08:00"})
    return exif.tobytes()


@target(_exif_seed(), b"Exif\0\0MM\0*\0\0\0\x08\0\0", b"Exif\0\0II*\0\x08\0\0\0\0\0", slow=True)
def exif(data: bytes) -> None:
    """What a photo says of itself: it never costs the photo, and a place is one on Earth."""
    if len(data) > 60_000:
        return
    length = (len(data) + 2).to_bytes(2, "big")
    photo = _photo()
    made = developing.develop(io.BytesIO(photo[:2] + b"\xff\xe1" + length + data + photo[2:]))
    assert {made.width, made.height} == {8}
    if made.taken is not None:
        assert abs(made.taken.lat) <= 90, made.taken
        assert abs(made.taken.lon) <= 180, made.taken


@target(
    _photo(),
    b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde",
    b"GIF89a\x01\0\x01\0\0\0\0;",
    b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
    slow=True,
)
def photo_headers(data: bytes) -> None:
    """A file that says that it is a photo: it is one, or refused."""
    try:
        developing.develop(io.BytesIO(data))
    except Refused as refused:
        assert refused.code in {"photo_unreadable", "photo_too_many_pixels", "photo_animated"}, refused.code


@target(
    b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08free\0\0\0\x08mdat",
    b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webmB\x87\x81\x04B\x85\x81\x02",
    b"#!AMR\n\x3c\x48\xf5\x1f",
    b"OggS\0\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x13OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0",
    slow=True,
)
def footage_headers(data: bytes) -> None:
    """A file that says that it is a video or a voice note: opened, or refused."""
    for kind in ("video", "voice"):
        with suppress(Refused):
            decoding.opened(io.BytesIO(data), kind).container.close()


# --- answers of others


def _answers(status: int, body: bytes) -> httpx2.MockTransport:
    return httpx2.MockTransport(lambda _request: httpx2.Response(status, stream=httpx2.ByteStream(body)))


@cache
def _provider() -> Provider:
    return Provider("https://id.example.cn", "desk", "s")


@cache
def _server() -> WechatServer:
    tokens: Any = _Tokens()
    return WechatServer(WechatSecret("wx0123456789abcdef", "s" * 32), tokens, "https://api.weixin.qq.com")


@cache
def _key() -> RSAKey:
    return RSAKey.generate_key(2048)


_CLAIMS = {"iss": "https://id.example.cn", "aud": "desk", "exp": 1, "iat": 1, "sub": "u1", "nonce": "n"}


@target(
    json.dumps({**_CLAIMS, "amr": ["otp", "pwd"]}),
    json.dumps({**_CLAIMS, "exp": float("inf")}),
    json.dumps({**_CLAIMS, "aud": ["desk", "other"], "azp": "desk", "amr": None}),
    "[]",
)
def oidc_claims(data: bytes) -> None:
    """What a token holds that the provider did sign."""
    try:
        claims = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(claims, dict):
        return
    now = int(time.time())
    claims |= {name: now for name in ("iat", "exp") if claims.get(name) == 1}
    with suppress(ProviderFailed):
        _provider()._read(claims, "n")


@cache
def _token() -> bytes:
    return jwt.encode({"alg": "RS256", "kid": "k"}, _CLAIMS, _key()).encode()


@target(_token(), b"e30.e30.", base64.urlsafe_b64encode(b'{"alg":"none"}') + b".e30.")
def oidc_token(data: bytes) -> None:
    """A token that nobody signed is never taken."""
    provider = _provider()
    provider._keys, provider._keys_at = KeySet([_key()]), time.monotonic()
    token = data.decode(errors="replace")
    with suppress(ProviderFailed):
        claims = _loop().run_until_complete(provider._verified(token))
        assert dict(claims) == _CLAIMS, "only what was signed"


@target(
    b'{"issuer":"https://id.example.cn","token_endpoint":"https://id.example.cn/t","authorization_endpoint":"https://id'
    b'.example.cn/a","jwks_uri":"https://id.example.cn/k"}\n{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"k"}]}',
    b'{"issuer":"https://id.example.cn","jwks_uri":"https://[","token_endpoint":1}\n{}',
)
def oidc_metadata(data: bytes) -> None:
    """What the provider says of itself, and its keys."""
    found, _, keys = data.partition(b"\n")
    provider = _provider()

    def answer(request: httpx2.Request) -> httpx2.Response:
        known = request.url.path.startswith("/.well-known")
        return httpx2.Response(200, content=found if known else keys)

    provider._client = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))

    provider._metadata_at = provider._keys_at = float("-inf")

    async def ask() -> None:
        warnings.simplefilter("ignore", SecurityWarning)
        with suppress(ProviderFailed):
            await provider._signing_keys(anew=False)
        with suppress(ProviderFailed):
            await provider.address("https://110.example.cn/back", "s", "n", "v")
        with suppress(ProviderFailed):
            await provider.proved("c", "https://110.example.cn/back", "n", "v")
        await provider._client.aclose()

    with warnings.catch_warnings():
        _loop().run_until_complete(ask())


class _Tokens:
    async def current(self, _fetch: Any) -> str:
        return "t"

    async def refused(self, _token: str) -> None:
        return None

    async def aclose(self) -> None:
        return None


@target(
    '{"errcode":0,"openid":"o1","session_key":"k"}',
    '{"errcode":0,"phone_info":{"purePhoneNumber":"13900000000","countryCode":"86","watermark":{"appid":"wx0123456789abc'
    'def"}}}',
    '{"access_token":"t","expires_in":7200}',
    '{"access_token":"t","expires_in":-1}',
    '{"phone_info":{"purePhoneNumber":"１３９","countryCode":"86","watermark":{"appid":"wx0123456789abcdef"}}}',
    '{"errcode":40029,"errmsg":"invalid code"}',
)
def wechat_answers(data: bytes) -> None:
    """Whatever WeChat's server answers."""
    server = _server()
    server._client = httpx2.AsyncClient(transport=_answers(200, data), base_url="https://api.weixin.qq.com")

    async def ask() -> None:
        with suppress(Refused):
            assert await server.openid_of("c")
        with suppress(Refused):
            phone = await server.phone_of("c")
            assert phone.isascii(), phone
        with suppress(WechatFailed):
            token = await server.fetch_token()
            assert isinstance(token, Token)
            assert 0 < token.expires_in < 10**6, token.expires_in
        await server._client.aclose()

    _loop().run_until_complete(ask())
