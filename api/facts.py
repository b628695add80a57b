"""The facts of a telecom fraud (非接触性诈骗), as a guided form or any other client gives them.

What is known is checked; what a newer client says beyond it is kept as it came, if every database takes it.
Account numbers and names in here are personal data: they stand in the report and nowhere else.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ConfigDict, Field

from api.fields import Strict, clean, plausible, tame

SCHEMES: Final = ("shop", "brushing", "loan", "invest", "police", "romance", "friend", "game", "other")
CHANNELS: Final = ("call", "sms", "wechat", "qq", "app", "website", "meeting", "other")
WAYS: Final = ("bank", "wechat", "alipay", "card", "crypto", "cash", "gift_card", "other")

# A hundred million yuan a hundred times over: beyond it somebody's finger slipped.
MOST_FEN: Final = 1_000_000_000_000

Fen = Annotated[int, Field(ge=0, le=MOST_FEN)]
Moment = Annotated[AwareDatetime, Field(strict=False), AfterValidator(plausible)]
Line = Annotated[str, AfterValidator(clean), Field(max_length=200)]
Scheme = Literal["shop", "brushing", "loan", "invest", "police", "romance", "friend", "game", "other"]
Channel = Literal["call", "sms", "wechat", "qq", "app", "website", "meeting", "other"]
Way = Literal["bank", "wechat", "alipay", "card", "crypto", "cash", "gift_card", "other"]


class _Facts(Strict):
    """What a newer client says beyond these fields is kept."""

    model_config = ConfigDict(extra="allow")


class ContactBody(_Facts):
    """One way by which the fraudster came."""

    channel: Channel
    """电话, 短信, 微信, QQ, 应用, 网站, 视频会议, 其他."""
    contact: Line | None = None
    """The number, account, name or address of the other side there."""


class TransferBody(_Facts):
    """One account that money went to."""

    name: Line | None = None
    """Of whom the account is said to be."""
    number: Line | None = None
    """As it was given: of a bank account, a card, a wallet."""
    bank: Line | None = None
    at: Moment | None = None
    amount_fen: Fen | None = None


class FraudBody(_Facts):
    """The facts of a telecom fraud. Amounts are whole fen (分, a hundredth of a yuan), so that no sum is ever rounded.

    Fields beyond these are kept as they come, as JSON nested at most four deep.
    """

    scheme: Scheme | None = None
    """冒充客服退款, 刷单, 贷款, 投资, 冒充公检法, 交友, 冒充熟人, 游戏交易, 其他."""
    at: Moment | None = None
    """When it happened."""
    contacts: Annotated[list[ContactBody], Field(max_length=10)] | None = None
    lost: bool | None = None
    """Whether money is gone. `false`: not lost yet."""
    amount_fen: Fen | None = None
    """All that is gone."""
    paid_at: Moment | None = None
    """When the last of it went. Within the last half hour it may still be stopped."""
    paid_by: Annotated[list[Way], Field(max_length=8)] | None = None
    """银行转账, 微信, 支付宝, 刷卡, 虚拟币, 上门取现, 礼品卡, 其他."""
    transfers: Annotated[list[TransferBody], Field(max_length=20)] | None = None
    in_contact: bool | None = None
    """Whether the reporter is still in contact with the fraudster."""


def _tame_facts(facts: Any) -> Any:
    """Tame before it is looked at: what no database takes is refused whole."""
    return tame(facts) if isinstance(facts, dict) else facts


Fraud = Annotated[FraudBody, BeforeValidator(_tame_facts, json_schema_input_type=FraudBody)]
