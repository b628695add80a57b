"""What the page of a report says just now, from what is committed and what is known of the desk's screens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Final

from api.views import screens_showing
from dispatch.desks import DESKS
from dispatch.states import SENT, MediaState, MessageState, ReportState, RequestState
from dispatch.tongues import in_chinese
from dispatch.words import Words
from realtime.presence import Screen

CHINA: Final = timezone(timedelta(hours=8))
# From then on the telephone is offered (docs/protocol.md, "Times to hold").
LATE_S: Final = 15
# Seconds after which the page is asked for again: while it waits, and afterwards, when messages may come.
WAITING_S: Final = 4
AFTERWARDS_S: Final = 10
# No emergency: it waits to be read, unless it goes on just now.
CALM: Final = frozenset({"fraud", "tip"})
_RECEIVED: Final = frozenset({"received", "dispatched", "on_scene", "closed"})


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder: `state` is done, now or todo."""

    name: str
    state: str
    title: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the conversation, or a question of the desk's; `question` while it waits for an answer."""

    at: datetime
    author: str
    who: str
    text: str
    state: str
    question: RequestState | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Everything that the page says; `alarm` is what stands first: its title and its sentence."""

    phase: str  # waiting, received, withdrawn or closed
    rungs: tuple[Rung, ...]
    alarm: tuple[str, str] | None
    waits: str
    notes: tuple[str, ...]
    after: tuple[str, str] | None
    calls: tuple[tuple[str, str], ...]  # addresses to call instead, and what they are called
    questions: tuple[Line, ...]
    lines: tuple[Line, ...]
    media: tuple[tuple[MediaState, str], ...]
    again_s: int
    unseen: bool  # something of the desk's that the reporter has not said to have seen
    clock: str


def tell(report: ReportState, screens: Sequence[Screen] | None, words: Words, at: datetime) -> Told:
    """What is true at `at`. `screens` are the desk's; None where nobody knows."""
    phase = _phase(report)
    showing = screens_showing(report, screens)
    waited = (at - report.filed_at).total_seconds()
    waiting = phase == "waiting"
    lines = sorted(
        (*_messages(report, words), *_requests(report, words)), key=lambda line: line.at, reverse=True
    )
    return Told(
        phase=phase,
        rungs=_rungs(report, showing, words),
        alarm=_alarm(report, screens, waited, words) if waiting else None,
        waits=words("citizen.plain.waiting", duration=duration(waited, words)) if waiting else "",
        notes=_notes(report, showing, waited, words) if waiting else (),
        after=_after(report, phase, words),
        calls=calls(report, words),
        questions=tuple(line for line in lines if line.question and phase not in {"closed", "withdrawn"}),
        lines=tuple(line for line in lines if not line.question),
        media=tuple((one, _state_of(one, words)) for one in report.media),
        again_s={"waiting": WAITING_S, "received": AFTERWARDS_S, "withdrawn": AFTERWARDS_S}.get(phase, 0),
        unseen=_newest_of_desk(report) > report.reporter_saw,
        clock=clock(at),
    )


def _phase(report: ReportState) -> str:
    if report.status in {"withdrawn", "closed"}:
        return report.status
    # Only an acknowledgement that is committed makes it received.
    return "received" if report.acknowledgement and report.status in _RECEIVED else "waiting"


def _rungs(report: ReportState, showing: int, words: Words) -> tuple[Rung, ...]:
    receipt = report.acknowledgement
    reached = "received" if receipt else "shown" if showing else "filed"
    order = ("filed", "shown", "received")

    def state(name: str) -> str:
        if name == reached and report.status != "withdrawn":
            return "now"
        return "done" if order.index(name) <= order.index(reached) else "todo"

    filed = (f"{words('citizen.rung.stored')} · {desk_name(report, words)} · {clock(report.filed_at)}",)
    if showing:
        shown = counted(words, "citizen.rung.shown", showing)
    else:
        shown = words("citizen.rung.shown_done" if receipt else "citizen.rung.shown_todo")
    notes: tuple[str, ...] = ()
    if receipt:
        took = duration((receipt.at - report.filed_at).total_seconds(), words)
        desk = receipt.desk_name if in_chinese(words.language) else receipt.desk_name_en
        by = words("citizen.rung.by", number=receipt.dispatcher_number)
        notes = (desk, by, words("citizen.rung.at", time=clock(receipt.at), duration=took))
        if report.desk != receipt.desk and report.status != "closed":
            notes = (*notes, words("citizen.rung.moved", desk=desk_name(report, words)))
    received = words("citizen.rung.received" if receipt else "citizen.rung.received_todo")
    return (
        Rung("filed", state("filed"), words("terms.status.filed"), filed),
        Rung("shown", state("shown"), shown),
        Rung("received", state("received"), received, notes),
    )


def _alarm(
    report: ReportState, screens: Sequence[Screen] | None, waited: float, words: Words
) -> tuple[str, str] | None:
    if _calm(report):
        return None
    if waited >= LATE_S:
        return words("citizen.alarm.late"), words("citizen.alarm.late_note")
    # None: nobody knows, and then nothing is claimed.
    if screens is not None and not screens:
        nobody = words("citizen.position.nobody", desk=desk_name(report, words))
        return words("citizen.position.nobody_title"), nobody
    return None


def _notes(report: ReportState, showing: int, waited: float, words: Words) -> tuple[str, ...]:
    notes = []
    if "parent_desk" in report.notes:
        picked = next(
            (note.removeprefix("picked:") for note in report.notes if note.startswith("picked:")), None
        )
        if picked and picked in DESKS:
            area = DESKS[picked].name_zh if in_chinese(words.language) else DESKS[picked].name_en
            notes.append(words("citizen.position.parent", area=area, desk=desk_name(report, words)))
    if report.escalation and (said := words.get(f"citizen.alarm.escalation_{report.escalation}")):
        notes.append(said)
    if _calm(report):
        notes.append(words("citizen.entries.calm"))
    elif waited >= LATE_S and not showing:
        notes.append(words("citizen.wait.nobody"))
    return tuple(notes)


def _calm(report: ReportState) -> bool:
    """A fraud that is over, a tip-off about what is over; as `static/citizen/progress.js` has it."""
    going_on = (report.fraud or {}).get("in_contact") or (report.deed or {}).get("when") == "ongoing"
    return report.kind in CALM and not going_on


def _after(report: ReportState, phase: str, words: Words) -> tuple[str, str] | None:
    if phase == "received":
        if report.status_told in SENT:
            return words(f"citizen.state.{report.status_told}"), _steps(report, words)
        return "", words("citizen.state.received_note")
    if phase == "closed":
        return words("citizen.state.closed"), " ".join(filter(None, _ended(report, words)))
    if phase == "withdrawn":
        return words("citizen.state.withdrawn"), words("citizen.state.withdrawn_note")
    return None


def _steps(report: ReportState, words: Words) -> str:
    """When somebody was sent, and until they arrive what to do meanwhile."""
    sent, there = report.dispatched_told_at, report.on_scene_told_at
    told = [words("citizen.state.sent_at", time=clock(sent))] if sent else []
    told.append(
        words("citizen.state.arrived_at", time=clock(there))
        if there
        else words("citizen.state.received_note")
    )
    return " · ".join(told)


def _ended(report: ReportState, words: Words) -> tuple[str, str]:
    """The outcome, and what that means for its reporter; as `static/citizen/outcome.js` has it."""
    closure = report.closure
    where = (closure.referred_where if closure else None) or ""
    kind = f"{report.outcome}_elsewhere" if where else report.outcome
    values = {
        "desk": desk_name(report, words),
        "where": where,
        "number": (closure.referred_to if closure else None) or "",
    }
    said = (words.get(f"citizen.outcome.{kind}"), words.get(f"citizen.outcome_note.{kind}"))
    word, note = (text.format_map(values) if text else "" for text in said)
    return word, note


def calls(report: ReportState, words: Words) -> tuple[tuple[str, str], ...]:
    """Whom to call instead, where the report was referred: the address, and the words on its link."""
    number = report.closure.referred_to if report.closure else None
    if number is None:
        return ()
    named = words.get(f"citizen.number.tel_{number}") or words("citizen.number.other_tel", number=number)
    return ((f"tel:{number}", named),)


def _messages(report: ReportState, words: Words) -> list[Line]:
    return [
        Line(
            message.at,
            message.author,
            _who(message, words),
            message.text,
            _ticks(message, report, words),
        )
        for message in report.messages
    ]


def _who(message: MessageState, words: Words) -> str:
    if message.author == "dispatcher":
        return words("citizen.talk.dispatcher", number=message.dispatcher_number or "")
    return words("citizen.talk.me" if message.author == "reporter" else "citizen.talk.system")


def _ticks(message: MessageState, report: ReportState, words: Words) -> str:
    time = clock(message.at)
    if message.author != "reporter":
        return time
    seen = 0 < message.version <= report.desk_saw
    return words("citizen.talk.seen" if seen else "citizen.talk.stored", time=time)


def _requests(report: ReportState, words: Words) -> list[Line]:
    return [
        Line(
            asked.at,
            "dispatcher",
            words("citizen.talk.dispatcher", number=asked.dispatcher_number),
            asked.text or words(f"citizen.ask.{asked.kind}"),
            _answered(asked, words),
            None if asked.answered_at else asked,
        )
        for asked in report.requests
    ]


def _answered(asked: RequestState, words: Words) -> str:
    if asked.answered_at is None:
        return clock(asked.at)
    time = clock(asked.answered_at)
    if asked.answer:
        return words("citizen.ask.answered", answer=asked.answer, time=time)
    return words("citizen.ask.done", time=time)


def _state_of(media: MediaState, words: Words) -> str:
    if media.state == "ready":
        return words("citizen.media.stored")
    if media.state == "uploading":
        return words("citizen.media.checking")
    why = words.get(f"citizen.media.why.{media.refused}") or words("citizen.media.why.other")
    return words("citizen.media.rejected", why=why)


def _newest_of_desk(report: ReportState) -> int:
    """The version in which the desk last did something that the reporter is to see; 0 for never."""
    said = [message.version for message in report.messages if message.author != "reporter"]
    asked = [request.version for request in report.requests]
    # Of an acknowledgement, whether a screen has shown it is kept beside it.
    fresh = [report.version] if report.acknowledgement and report.acknowledgement.shown_at is None else []
    return max((0, *said, *asked, *fresh))


def desk_name(report: ReportState, words: Words) -> str:
    """The desk that the report is at."""
    return report.desk_name if in_chinese(words.language) else report.desk_name_en


def clock(moment: datetime) -> str:
    """A time of day in China; with the day where it is not today's."""
    here, today = moment.astimezone(CHINA), datetime.now(CHINA).date()
    return f"{here:%H:%M:%S}" if here.date() == today else f"{here:%m-%d %H:%M}"


def duration(seconds: float, words: Words) -> str:
    """`12 秒`, `3 分 4 秒`, `2 小时 5 分`: as the page's `words.js`."""
    s = max(0, int(seconds))
    if s < 60:
        return words("citizen.wait.seconds", n=s)
    if s < 3600:
        return words("citizen.wait.minutes", m=s // 60, s=s % 60)
    return words("citizen.wait.hours", h=s // 3600, m=s % 3600 // 60)


def counted(words: Words, key: str, n: int) -> str:
    """The string for a number; `<key>_one` for one."""
    one = words.get(f"{key}_one") if n == 1 else None
    return one.format_map({"n": n}) if one else words(key, n=n)
