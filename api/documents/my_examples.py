"""Examples of what is said about oneself, for the published documents."""

from typing import Final

from api.answers import AccountClosed, Consent, Consents, KeptReport, Marked, MyData
from api.documents.examples import RECEIVED, REPORTER
from api.documents.schemas import Json

BODIES: Final[dict[str, dict[str, tuple[str, Json]]]] = {
    "PhoneBody": {"another": ("新手机号与验证码", {"phone": "13805715678", "code": "402917"})},
    "ConsentBody": {
        "agree": ("同意", {"given": True, "wording": "2026-11"}),
        "take_back": ("撤回", {"given": False}),
    },
    "AppealBody": {"appeal": ("申诉", {"text": "那几次是我的孩子按的，手机已经收起来了。"})},
}

CONSENT: Final[Consent] = {
    "purpose": "keep_identity",
    "edition": "2026-11",
    "agreed": True,
    "outdated": False,
    "at": "2026-11-23T10:20:00.000Z",
}
CONSENTS: Final[Consents] = {
    "consents": [
        CONSENT,
        *(
            Consent(purpose=purpose, edition="2026-11", agreed=False, outdated=False, at=None)
            for purpose in ("notices", "statistics", "follow_up")
        ),
    ]
}
_KEPT: Final[KeptReport] = {"number": "330106-20261123-000017", "until": None}
CLOSED: Final[AccountClosed] = {"at": "2026-11-23T11:00:00.000Z", "erased": False, "kept": [_KEPT]}
DATA: Final[MyData] = {
    "at": "2026-11-23T10:30:00.000Z",
    "reporter": {
        "id": REPORTER["id"],
        "phone": REPORTER["phone"],
        "identity": "verified",
        "name": "张三",
        "id_number": "3****************X",
        "verified_at": "2026-11-20T08:00:00.000Z",
        "hearing_speech_impaired": False,
        "language": "zh-CN",
        "made_at": "2026-11-20T07:58:00.000Z",
    },
    "replaced": [{"phone": "138****0000", "name": None, "at": "2026-11-21T09:00:00.000Z"}],
    "consents": [
        {"purpose": "keep_identity", "edition": "2026-11", "given": True, "at": "2026-11-23T10:20:00.000Z"}
    ],
    "wechat": ["2026-11-20T07:58:00.000Z"],
    "sessions": [
        {
            "system": "android",
            "browser": "wechat",
            "made_at": "2026-11-23T09:58:40.218Z",
            "seen_at": "2026-11-23T10:30:00.000Z",
            "current": True,
        }
    ],
    "reports": [
        {
            "report": RECEIVED,
            "position": {
                "lat": 30.27635,
                "lon": 120.12918,
                "crs": "gcj02",
                "accuracy_m": 15,
                "source": "gnss",
                "at": "2026-11-23T09:59:58.000Z",
            },
            "trail": [],
            "withdrawn_reason": None,
            "fraud": None,
            "deed": None,
        }
    ],
    "kept": [_KEPT],
    "marks": [],
    "name_erasable": False,
}
MARKED: Final[Marked] = {
    "mark": {
        "category": "empty",
        "since": "2026-11-23T10:00:00.000Z",
        "until": "2026-12-23T10:00:00.000Z",
        "standing": True,
        "appeal": "那几次是我的孩子按的，手机已经收起来了。",
        "appealed_at": "2026-11-23T12:00:00.000Z",
        "answer": "upheld",
        "answered_at": "2026-11-24T08:00:00.000Z",
    }
}
