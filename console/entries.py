"""What a fraud or a tip-off says, as facts that a dispatcher reads: sums in yuan, times of China, accounts to copy."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from dispatch.states import ReportState
from dispatch.words import Words

# China has one time zone and no daylight saving.
BEIJING = timezone(timedelta(hours=8))

_TOLD = {"scheme", "at", "contacts", "lost", "amount_fen", "paid_at", "paid_by", "transfers", "in_contact"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: what it is, what was said, and what a tap copies (nothing, mostly)."""

    name: str
    value: str
    copy: str = ""


def yuan(fen: int) -> str:
    """`¥38,000.00`"""
    return f"¥{fen // 100:,}.{fen % 100:02d}"


def spaced(code: str) -> str:
    """Six digits in two groups, as they are read out."""
    return f"{code[:3]} {code[3:]}"


def loss_in(words: Words) -> Callable[[ReportState], str]:
    """What a card says of a fraud's loss; nothing for other reports or when nothing was said."""

    def loss(report: ReportState) -> str:
        fraud = report.fraud or {}
        amount = fraud.get("amount_fen")
        if fraud.get("lost") is False:
            return words("console.entry.not_lost")
        if isinstance(amount, int) and not isinstance(amount, bool) and amount > 0:
            return words("console.entry.amount", amount=yuan(amount))
        return words("console.entry.lost_unknown") if fraud.get("lost") is True else ""

    return loss


def facts_in(words: Words) -> Callable[[ReportState], list[Fact]]:
    """The facts of a report's own entry, in the order in which they are asked for."""

    def facts(report: ReportState) -> list[Fact]:
        return [*_fraud(report, words), *_deed(report.deed or {}, words)]

    return facts


def _fraud(report: ReportState, words: Words) -> list[Fact]:
    fraud = report.fraud or {}

    def name(field: str, **values: object) -> str:
        return words(f"console.fraud_field.{field}", **values)

    found = [
        Fact(name("scheme"), _term(words, "scheme", fraud.get("scheme"))),
        Fact(name("at"), _time(fraud.get("at"))),
    ]
    for contact in _list(fraud.get("contacts")):
        channel = _term(words, "channel", contact.get("channel"))
        given = _line(contact.get("contact"))
        found.append(Fact(name("contact"), f"{channel} {given}".strip(), given))
    found.append(Fact(name("lost"), loss_in(words)(report)))
    found.append(Fact(name("paid_at"), _time(fraud.get("paid_at"))))
    ways = fraud.get("paid_by")
    listed = ways if isinstance(ways, list) else []
    found.append(Fact(name("paid_by"), " · ".join(_term(words, "paid", way) for way in listed)))
    for n, transfer in enumerate(_list(fraud.get("transfers")), 1):
        found.append(_transfer(name("transfer", n=n), transfer))
    if isinstance(fraud.get("in_contact"), bool):
        found.append(Fact(name("in_contact"), name(f"in_contact_{'yes' if fraud['in_contact'] else 'no'}")))
    found += [Fact(key, _line(value)) for key, value in fraud.items() if key not in _TOLD]
    return [fact for fact in found if fact.value]


def _transfer(name: str, transfer: Mapping[str, Any]) -> Fact:
    amount = transfer.get("amount_fen")
    number = _line(transfer.get("number"))
    parts = [_line(transfer.get("name")), _line(transfer.get("bank")), number, _time(transfer.get("at"))]
    parts.append(yuan(amount) if isinstance(amount, int) else "")
    return Fact(name, " · ".join(part for part in parts if part), number)


def _deed(deed: Mapping[str, Any], words: Words) -> list[Fact]:
    when = [_term(words, "deed_when", deed.get("when")), _time(deed.get("at")), _line(deed.get("at_text"))]
    position = f"{deed['lat']:.6f}, {deed['lon']:.6f}" if "lat" in deed else ""
    found = [
        Fact("when", " · ".join(part for part in when if part)),
        Fact("place", _line(deed.get("place_text"))),
        Fact("position", position, position),
        Fact("who", _line(deed.get("who"))),
        Fact("vehicle", _line(deed.get("vehicle"))),
        Fact("unnamed", words("console.deed_field.unnamed_yes") if deed.get("unnamed") else ""),
    ]
    return [
        Fact(words(f"console.deed_field.{fact.name}"), fact.value, fact.copy) for fact in found if fact.value
    ]


def _list(value: Any) -> list[Mapping[str, Any]]:
    """What is no list of objects is of an older day, when anything was taken."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _line(value: Any) -> str:
    return "" if value is None else str(value)


def _term(words: Words, group: str, code: Any) -> str:
    return "" if code is None else words.get(f"console.{group}.{code}") or str(code)


def _time(value: Any) -> str:
    if not isinstance(value, str):
        return _line(value)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return value
    return moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M") if moment.tzinfo else value
