"""The socket `/api/v1/live` as an AsyncAPI 3.0 document, made from the frames' models and types."""

from typing import Final

from api import answers, bodies, hub, live
from api.documents import examples
from api.documents.openapi import VERSION
from api.documents.schemas import Json, reference, schemas
from api.sessions import COOKIE

ADDRESS: Final = "/api/v1/live"

# Key in the document: type, summary, example. Keys differ where both sides say `message`.
SENT: Final[dict[str, tuple[type, str]]] = {
    "hello": (bodies.Hello, "问候：身份与已有版本 · Who it is, and what it has"),
    "shown": (bodies.Shown, "屏幕已显示此版本 · The screen shows this version"),
    "messageFromReporter": (bodies.MessageFrame, "报警人发送消息 · The reporter says something"),
    "answer": (bodies.AnswerFrame, "报警人回答问题 · The reporter answers a question"),
    "location": (bodies.LocationFrame, "报警人更新位置 · The reporter shares a position"),
    "typing": (bodies.Typing, "报警人正在输入 · The reporter is writing"),
    "pong": (bodies.Pong, "在线 · Still here"),
}
SAID: Final[dict[str, tuple[type, str, str, object]]] = {
    "welcome": (
        answers.WelcomeFrame,
        "欢迎：较新的未结警情 · Open reports that are newer",
        "重新连接",
        examples.WELCOME,
    ),
    "report": (answers.ReportFrame, "警情最新状态 · A report's newest state", "已接收", examples.CHANGED),
    "message": (answers.MessageSaidFrame, "一条消息 · A line of the conversation", "接警员", examples.LINE),
    "request": (answers.RequestFrame, "接警员的请求 · The dispatcher asks", "提问", examples.ASKS),
    "error": (answers.ErrorFrame, "未受理 · A frame was refused", "警情已结", examples.REFUSED),
    "ping": (answers.PingFrame, "是否在线 · Is anybody there", "心跳", examples.PING),
}

# Codes that an `error` frame can carry.
ERRORS: Final = (
    "already_answered",
    "answer_unknown",
    "frame_invalid",
    "internal",
    "position_invalid",
    "report_closed",
    "report_unknown",
    "request_unknown",
    "text_too_long",
    "too_many_requests",
)

# Code: what has happened, and what the client does.
CLOSES: Final[dict[int, tuple[str, str]]] = {
    hub.SILENT: ("久未应答", "Nothing was heard of the client for too long. Reconnect."),
    live.TOO_MANY_FRAMES: (
        "帧过于频繁",
        f"More than {live.FRAMES_IN_WINDOW} frames in {live.WINDOW_S} s. Use HTTP, reconnect later.",
    ),
    live.TOO_BIG: ("帧过大", f"A frame of more than {live.FRAME_LIMIT // 1024} KiB."),
    hub.RESTARTING: ("服务重启", "The server goes down. Reconnect after a random pause."),
    live.OVERLOADED: ("系统繁忙", "Overloaded, or the client reads too slowly. Use HTTP, reconnect later."),
    hub.SIGN_IN_AGAIN: ("请重新登录", "There is no such session, or it was ended. Sign in again."),
    live.NOT_ALLOWED: (
        "不允许",
        "A foreign `Origin`. The handshake is answered with HTTP 403, the code is not seen.",
    ),
    live.NO_HELLO: (
        "没有问候",
        f"No `hello` within {live.HELLO_WITHIN_S} s, {live.KNOWN_HELLO_WITHIN_S} s after a cookie that proves a "
        "session, or one that cannot be read.",
    ),
}

_DESCRIPTION: Final = f"""
报警状态实时通道。每帧一个 JSON 对象，`type` 在前；服务器只发最新状态，客户端保留版本号最高的一份。

Text frames, one JSON object each, `type` first. The client's first frame is `hello`, within
{live.HELLO_WITHIN_S} s; it proves itself by the `token` in it, or, as the page does, by the cookie `{COOKIE}`
together with an `Origin` of ours. Then comes `welcome`, and from then on whatever changes. What the server says is
state, not difference: a client keeps the highest version of a report, and passes over types and fields that it
does not know.
""".strip()


def document() -> Json:
    """The whole document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "浙江110互联网报警实时通道 · desk110, the reporter's socket",
            "version": VERSION,
            "description": _DESCRIPTION,
            "externalDocs": {"description": "HTTP · OpenAPI 3.1", "url": "/api/v1/openapi.json"},
        },
        "defaultContentType": "application/json",
        "servers": _servers(),
        "channels": {"live": _channel()},
        "operations": _operations(),
        "components": {
            "messages": _messages(),
            "schemas": schemas(
                [*(found[0] for found in SENT.values()), *(found[0] for found in SAID.values())]
            ),
        },
    }


def _servers() -> Json:
    return {
        "public": {
            "host": "{host}",
            "protocol": "wss",
            "description": "互联网 · On the internet",
            "variables": {"host": {"default": "110.example.cn"}},
        },
        "local": {
            "host": "127.0.0.1:{port}",
            "protocol": "ws",
            "description": "本机 · As `scripts/run` starts it",
            "variables": {"port": {"default": "8110"}},
        },
    }


def _channel() -> Json:
    closes = "\n".join(f"| {code} | {zh} | {en} |" for code, (zh, en) in sorted(CLOSES.items()))
    return {
        "address": ADDRESS,
        "title": "报警人的实时通道 · A reporter's session",
        "description": f"How it ends:\n\n| | | |\n|---|---|---|\n{closes}",
        "servers": [{"$ref": "#/servers/public"}, {"$ref": "#/servers/local"}],
        "messages": {key: {"$ref": f"#/components/messages/{key}"} for key in (*SENT, *SAID)},
        "bindings": {"ws": {"method": "GET", "headers": _handshake(), "bindingVersion": "0.1.0"}},
        "x-close-codes": {str(code): {"zh-CN": zh, "en": en} for code, (zh, en) in sorted(CLOSES.items())},
    }


def _handshake() -> Json:
    return {
        "type": "object",
        "properties": {
            "Sec-WebSocket-Protocol": {"const": live.SUBPROTOCOL},
            "Origin": {
                "type": "string",
                "description": "Of a browser; this site's, or the handshake ends with 403.",
            },
            "Cookie": {"type": "string", "description": f"The page's session, `{COOKIE}`."},
            "Accept-Language": {
                "type": "string",
                "description": "Of what people read; else the reporter's own.",
            },
        },
    }


def _operations() -> Json:
    return {
        "greet": _operation("receive", "问候 · The client's first frame", "hello"),
        "hear": _operation(
            "receive",
            "接收报警人的帧 · What the client says",
            "shown",
            "messageFromReporter",
            "answer",
            "location",
        ),
        "tell": _operation(
            "send", "推送最新状态 · What the server says", "welcome", "report", "message", "request", "error"
        ),
        "ask": {
            **_operation("send", "心跳 · Whether the client is there", "ping"),
            "description": f"Every {hub.HEARTBEAT_S} s.",
            "reply": {
                "channel": {"$ref": "#/channels/live"},
                "messages": [{"$ref": "#/channels/live/messages/pong"}],
            },
        },
    }


def _operation(action: str, title: str, *messages: str) -> Json:
    """`receive` and `send` are the server's."""
    return {
        "action": action,
        "title": title,
        "channel": {"$ref": "#/channels/live"},
        "messages": [{"$ref": f"#/channels/live/messages/{message}"} for message in messages],
    }


def _messages() -> Json:
    found: Json = {}
    for key, (shape, title) in SENT.items():
        shown = [
            {"name": name, "summary": says, "payload": value}
            for name, (says, value) in examples.BODIES[shape.__name__].items()
        ]
        found[key] = {"name": key, "title": title, "payload": reference(shape), "examples": shown}
    for key, (shape, title, says, value) in SAID.items():
        one = {"name": key, "summary": says, "payload": value}
        found[key] = {"name": key, "title": title, "payload": reference(shape), "examples": [one]}
    found["error"]["payload"] = {
        "allOf": [reference(answers.ErrorFrame), {"properties": {"code": {"enum": list(ERRORS)}}}]
    }
    return found
