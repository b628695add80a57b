"""What a morning's traffic looks like: examples of every body, answer and frame, for the published documents."""

from typing import Final

from api.answers import (
    ErrorFrame,
    IdentityVerified,
    Media,
    Message,
    MessageSaidFrame,
    NearestDesk,
    PhoneCodeSent,
    PingFrame,
    Question,
    Report,
    Reporter,
    ReportFrame,
    ReportPage,
    RequestFrame,
    SessionOpened,
    WelcomeFrame,
)
from api.documents.schemas import Json
from dispatch.receipts import Jwks

REPORT_ID: Final = "01a207d9-2100-7c4e-9a53-6f1d0b2e8c47"
_MEDIA_ID: Final = "01a207d9-9a18-7b06-8f21-c3a95d7e0142"
_REQUEST_ID: Final = "01a207da-4c10-7e55-b2a8-5d90c3f7e114"
_CLIENT_ID: Final = "p-1"
_MESSAGE_CLIENT_ID: Final = "5e0f8c1a-77d2-4b0e-9f6a-2d6c1b9a4e30"
_DESK: Final = "西湖区110报警服务台"
_TEXT: Final = "两辆电动自行车相撞，一人腿部受伤不能走动，请派人来。"
_PLACE: Final = "文三路与学院路路口东北角"
_TOKEN: Final = "Vq3n0mJ7yT5kXc2RzP8hLw4uE9sBdG6fAo1iNjK-tQY"  # noqa: S105 - nobody's
_FIGURES: Final = {"lat": 30.27635, "lon": 120.12918, "crs": "gcj02", "accuracy_m": 15, "source": "gnss"}
_POSITION: Final = {**_FIGURES, "at": "2026-11-23T09:59:58.000Z"}

# --- what clients send

BODIES: Final[dict[str, dict[str, tuple[str, Json]]]] = {
    "PhoneCodeBody": {"phone": ("手机号", {"phone": "13905711234"})},
    "SessionBody": {
        "phone": ("手机号与验证码", {"phone": "13905711234", "code": "402917"}),
        "wechat": ("微信，已关联", {"wechat_code": "0b3kLmFa1Xq0yK0mTzGa1ABCde2kLmFh"}),
        "wechat_first": (
            "微信，首次，附手机号授权",
            {
                "wechat_code": "0b3kLmFa1Xq0yK0mTzGa1ABCde2kLmFh",
                "wechat_phone_code": "e31968a7f94cc5ee25fafc2aef27",
            },
        ),
    },
    "WechatNoticeBody": {"me": ("本机微信", {"wechat_code": "0b3kLmFa1Xq0yK0mTzGa1ABCde2kLmFh"})},
    "MeBody": {"impaired": ("听障或言语障碍", {"hearing_speech_impaired": True, "language": "zh-CN"})},
    "IdentityBody": {"person": ("实名认证", {"name": "张三", "id_number": "33010619900101000X"})},
    "ReportBody": {
        "quick": (
            "快速报警求助",
            {
                "kind": "quick",
                "text": _TEXT,
                "category": "traffic",
                "place_text": _PLACE,
                "location": _POSITION,
                "media_expected": 1,
            },
        ),
        "covert": (
            "静默报警：不便说话，没有定位",
            {
                "kind": "quick",
                "text": "有人在砸门，我一个人在家，不敢出声。",
                "covert": True,
                "place_text": "绍兴市柯桥区华舍街道某小区3幢",
            },
        ),
        "location": ("位置上传：正在与110通话", {"kind": "location", "location": _POSITION}),
        "fraud": (
            "非接触性诈骗警情登记",
            {
                "kind": "fraud",
                "text": "接到自称网购客服的电话，按对方要求转账。",
                "category": "fraud",
                "place_text": "丽水市莲都区",
                "fraud": {
                    "scheme": "shop",
                    "at": "2026-11-23T09:20:00.000Z",
                    "contacts": [{"channel": "call", "contact": "00852 6155 0000"}],
                    "lost": True,
                    "amount_fen": 3_800_000,
                    "paid_at": "2026-11-23T09:41:00.000Z",
                    "paid_by": ["bank"],
                    "transfers": [
                        {
                            "name": "王某",
                            "number": "6222 0000 0000 0000 000",
                            "bank": "某某银行",
                            "amount_fen": 3_800_000,
                        }
                    ],
                    "in_contact": False,
                },
            },
        ),
        "tip": (
            "违法犯罪线索举报",
            {
                "kind": "tip",
                "text": "桥下夜间有人聚众赌博。",
                "category": "tip_off",
                "deed": {
                    "when": "about",
                    "at_text": "每天夜里十一点以后",
                    "place_text": "温州市瓯海区茶山街道某桥下",
                    "who": "二十来人，有人望风",
                    "unnamed": True,
                },
            },
        ),
    },
    "MessageBody": {
        "answer": ("回答接警员", {"client_id": _MESSAGE_CLIENT_ID, "text": "清醒，坐在路边，出血已止住。"})
    },
    "LocationBody": {"here": ("当前位置", _POSITION)},
    "AnswerBody": {"yes": ("回答", {"request_id": _REQUEST_ID, "answer": "是"})},
    "CovertBody": {"on": ("有人在旁边", {"covert": True})},
    "DuressWordBody": {"own": ("自设暗语", {"word": "外婆家的桂花糕"}), "none": ("取消", {"word": None})},
    "WithdrawalBody": {"settled": ("撤回原因", {"reason": "双方已自行协商解决。"})},
    "Hello": {"again": ("重新连接", {"type": "hello", "token": _TOKEN, "known": {REPORT_ID: 3}})},
    "Shown": {"received": ("屏幕已显示已接收", {"type": "shown", "report_id": REPORT_ID, "version": 2})},
    "MessageFrame": {
        "answer": (
            "回答接警员",
            {
                "type": "message",
                "report_id": REPORT_ID,
                "client_id": _MESSAGE_CLIENT_ID,
                "text": "清醒，坐在路边，出血已止住。",
            },
        )
    },
    "AnswerFrame": {
        "yes": (
            "回答",
            {"type": "answer", "report_id": REPORT_ID, "request_id": _REQUEST_ID, "answer": "是"},
        )
    },
    "LocationFrame": {"here": ("当前位置", {"type": "location", "report_id": REPORT_ID, **_POSITION})},
    "Typing": {"typing": ("正在输入", {"type": "typing", "report_id": REPORT_ID})},
    "Pong": {"pong": ("在线", {"type": "pong"})},
}

# --- what the server answers

REPORTER: Final[Reporter] = {
    "id": "01a1f8c4-3b70-7e15-b2d9-48c06a7f1e93",
    "phone": "139****1234",
    "identity": "verified",
    "hearing_speech_impaired": False,
    "language": "zh-CN",
    "reports": 1,
}
MEDIA: Final[Media] = {
    "id": _MEDIA_ID,
    "client_id": _CLIENT_ID,
    "kind": "photo",
    "filename": "事故现场.jpg",
    "length": 2_481_337,
    "state": "ready",
    "width": 2048,
    "height": 1536,
    "duration_s": None,
    "refused": None,
    "at": "2026-11-23T10:00:31.000Z",
}
MEDIA_BEGUN: Final[Media] = {
    **MEDIA,
    "state": "uploading",
    "width": None,
    "height": None,
    "at": "2026-11-23T10:00:27.344Z",
}
VIDEO: Final[Media] = {
    **MEDIA,
    "id": "01a207d9-b5c2-7d41-9f06-58e7d1a4c3b2",
    "client_id": "5d0f6f53-74a8-4a7e-9c31-0e2b8f6d1a90",
    "kind": "video",
    "filename": "现场.mp4",
    "length": 18_204_551,
    "state": "uploading",
    "width": None,
    "height": None,
}
VOICE: Final[Media] = {
    **MEDIA,
    "id": "01a207d9-c3e8-7a15-8d27-2f94b6e0a7c1",
    "client_id": "b81c3e02-6f5d-4d19-a7e4-93c5d0f2e6a8",
    "kind": "voice",
    "filename": "语音.webm",
    "length": 96_408,
    "width": None,
    "height": None,
    "duration_s": 12.4,
}
ASKED: Final[Message] = {
    "id": "01a207d9-d140-7a92-84fe-0b7c5e2d9f16",
    "client_id": "c7d1",
    "author": "dispatcher",
    "dispatcher_number": "33010601",
    "text": "民警已经出发。请问伤者是否清醒？",
    "at": "2026-11-23T10:00:45.120Z",
    "seen": True,
}
SAID: Final[Message] = {
    "id": "01a207da-0d40-7f38-9c65-e21a4b8d7053",
    "client_id": _MESSAGE_CLIENT_ID,
    "author": "reporter",
    "dispatcher_number": None,
    "text": "清醒，坐在路边，出血已止住。",
    "at": "2026-11-23T10:01:00.480Z",
    "seen": True,
}
QUESTION: Final[Question] = {
    "id": _REQUEST_ID,
    "request": "answer",
    "dispatcher_number": "33010601",
    "text": "您现在安全吗？",
    "answers": ["是", "否"],
    "at": "2026-11-23T10:01:20.300Z",
    "answer": None,
    "answered_at": None,
}
FILED: Final[Report] = {
    "id": REPORT_ID,
    "number": "330106-20261123-000017",
    "version": 1,
    "kind": "quick",
    "status": "filed",
    "status_label": "已提交",
    "text": _TEXT,
    "category": "traffic",
    "covert": False,
    "place_text": _PLACE,
    "written_at": "2026-11-23T09:59:58.700Z",
    "filed_at": "2026-11-23T10:00:00.000Z",
    "desk": {"adcode": "330106", "name": _DESK, "sms": "12110"},
    "received": None,
    "dispatched_at": None,
    "on_scene_at": None,
    "screens": 0,
    "escalation": 0,
    "outcome": None,
    "referral": None,
    "withdrawn_at": None,
    "media_expected": 1,
    "media": [],
    "messages": [],
    "requests": [],
    "location_code": None,
    "location_code_expires_at": None,
    "receipt": None,
    "exercise": False,
}
RECEIVED: Final[Report] = {
    **FILED,
    "version": 6,
    "status": "received",
    "status_label": "已接收",
    "received": {
        "at": "2026-11-23T10:00:06.412Z",
        "desk": _DESK,
        "desk_adcode": "330106",
        "dispatcher_number": "33010601",
    },
    "screens": 3,
    "media": [MEDIA],
    "messages": [ASKED, SAID],
    "requests": [QUESTION],
    "receipt": "eyJhbGciOiJFZERTQSIs….eyJpc3MiOiJkZXNrMTEwIiwi….kQ3v…",
}
DISPATCHED: Final[Report] = {
    **RECEIVED,
    "version": 7,
    "status": "dispatched",
    "status_label": "已派警",
    "dispatched_at": "2026-11-23T10:00:41.187Z",
}
WITHDRAWN: Final[Report] = {
    **DISPATCHED,
    "version": 8,
    "status": "withdrawn",
    "status_label": "已撤回",
    "withdrawn_at": "2026-11-23T10:04:12.905Z",
}
CODE_SENT: Final[PhoneCodeSent] = {"expires_in": 300, "resend_in": 60}
SESSION: Final[SessionOpened] = {
    "token": _TOKEN,
    "expires_at": "2026-12-23T09:58:40.218Z",
    "reporter": REPORTER,
}
VERIFIED: Final[IdentityVerified] = {"identity": "verified"}
NEAREST: Final[NearestDesk] = {
    "adcode": "330106",
    "name": _DESK,
    "open": True,
    "online": True,
    "sms": "12110",
    "usual_acceptance_s": 6.4,
    "area": {"adcode": "330106", "name": "西湖区"},
    "others": [{"adcode": "330110", "name": "余杭区", "offered": True}],
    "sea": False,
}
PAGE: Final[ReportPage] = {"reports": [RECEIVED], "next_cursor": None}
KEYS: Final[Jwks] = {
    "keys": [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            "use": "sig",
            "alg": "EdDSA",
        }
    ]
}

# --- what the server says over the socket

WELCOME: Final[WelcomeFrame] = {
    "type": "welcome",
    "epoch": "5f0c7a52-6f0e-4b7a-9d43-0c6f4f1b2a9e",
    "heartbeat_s": 20,
    "reports": [RECEIVED],
}
CHANGED: Final[ReportFrame] = {"type": "report", "report": RECEIVED}
LINE: Final[MessageSaidFrame] = {"type": "message", "report_id": REPORT_ID, "message": ASKED}
ASKS: Final[RequestFrame] = {
    "type": "request",
    "report_id": REPORT_ID,
    "request": "answer",
    "question": QUESTION,
}
REFUSED: Final[ErrorFrame] = {
    "type": "error",
    "code": "report_closed",
    "detail": "这条警情已处置完毕。",
}
PING: Final[PingFrame] = {"type": "ping"}
