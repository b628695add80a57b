"""Duress words: the desk is alarmed in whatever they were said, and nothing that the phone is sent differs."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch import duress, messages, reports
from dispatch.cipher import FieldCipher
from dispatch.database import Database
from dispatch.duress import Ears, normalised
from dispatch.errors import Refused
from dispatch.events import DURESS_WORD_HEARD, DURESS_WORD_SAID, OFFERED_CHANGED
from dispatch.filing import file as store
from dispatch.keys import KeyRing
from dispatch.words import Words
from dispatch.writer import Writer
from tests.dispatcher import card_attributes
from tests.domain import DESK, OTHER_DESK, acknowledge, add_reporter, done, filing, writing
from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import Place
from tests.stack import Stack
from tests.truth import assert_whole, kinds_of, log_of, rows
from tests.witness import Logs, assert_problem, nothing_written

pytestmark = pytest.mark.anyio

AGREED = Words.of("zh-CN")("terms.duress.agreed")
# As long as the agreed phrase, and said by nobody who is in distress.
HARMLESS = "帮我给楼下那只猫咪喂点水"
CIPHER = FieldCipher(KeyRing(b"k" * 4, {b"k" * 4: b"a" * 32}), b"i" * 32)
EARS = Ears.of(CIPHER)


def hears(text: str, *own: str) -> bool:
    reporter = UUID(int=1)
    sealed = [CIPHER.seal("reporter", "duress_word", reporter, normalised(word)) for word in own]
    return EARS.hear(reporter, sealed[0] if sealed else None, [text])


# --- what is heard


@pytest.mark.parametrize(
    "text",
    [
        AGREED,
        f"我没事了，{AGREED}！谢谢",
        " ".join(AGREED),
        "，".join(AGREED),
        "\n".join(AGREED),
        "\u200b".join(AGREED),
        "Please WATER the jasmine on the balcony",
        "please, water-the jasmine: on the balcony.",
        "ＰＬＥＡＳＥ　ＷＡＴＥＲ　ＴＨＥ　ＪＡＳＭＩＮＥ　ＯＮ　ＴＨＥ　ＢＡＬＣＯＮＹ",
    ],
)
def test_an_agreed_word_is_heard_however_it_is_written(text: str) -> None:
    assert hears(text)


@pytest.mark.parametrize("text", ["", "。。。", "🙂", HARMLESS, AGREED[:-1], "please water the jasmine"])
def test_nothing_else_is_heard(text: str) -> None:
    assert not hears(text)


def test_ones_own_word_is_heard_and_another_persons_is_not() -> None:
    assert hears("外婆家的 桂花-糕 真好吃", "外婆家的桂花糕")
    assert hears("８ ８ ４ ８", "8848")
    assert not hears("外婆家的桂花糕")
    stranger = CIPHER.seal("reporter", "duress_word", UUID(int=2), "桂花糕")
    assert not EARS.hear(UUID(int=1), stranger, ["桂花糕"])  # does not open, and nothing is lost by it
    assert EARS.hear(UUID(int=1), stranger, [AGREED])


@given(st.text(max_size=40), st.lists(st.sampled_from(" .,-_　、\u200b\n"), max_size=40))
def test_what_stands_between_letters_never_matters(text: str, between: list[str]) -> None:
    spread = "".join(sign + gap for sign, gap in zip(text, [*between, *[""] * len(text)], strict=False))
    assert normalised(normalised(text)) == normalised(text)
    assert normalised(spread) == normalised(text) or not text.isascii()


@pytest.mark.parametrize("word", ["a", "abc", "好", "。。。。", " 1 2 3 ", "🙂🙂🙂🙂"])
def test_a_word_that_would_be_said_by_accident_is_refused(database: Database, word: str) -> None:
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        with pytest.raises(Refused, match="duress_word_unfit"):
            done(writer, lambda session: duress.set_word(session, CIPHER, reporter, word))


@pytest.mark.parametrize(
    "facts",
    [
        {"transfers": [{"number": "1"}, {"name": f"张三 {AGREED}"}]},
        {"contacts": [{"channel": "call", "contact": AGREED}]},
        {"a_field_of_tomorrow": {"deeper": [AGREED]}},
        {"when": "about", "at_text": AGREED},
        {"who": AGREED},
    ],
)
def test_it_is_heard_in_whatever_words_stand_among_the_facts(facts: dict[str, Any]) -> None:
    assert EARS.hear(UUID(int=1), None, duress.words_in(facts))


def test_a_code_or_a_moment_among_the_facts_is_nobodys_word() -> None:
    facts = {
        "scheme": "police",
        "at": "2026-11-23T09:20:00Z",
        "when": "unknown",
        "paid_by": ["wechat", "bank"],
    }
    sealed = [
        CIPHER.seal("reporter", "duress_word", UUID(int=1), word)
        for word in ("police", "2026", "wechat", "unknown")
    ]
    assert not [word for word in sealed if EARS.hear(UUID(int=1), word, duress.words_in(facts))]
    assert not list(duress.words_in(None))


# --- in the transaction of what was said


@contextmanager
def report_of(database: Database, text: str = "有人打架") -> Iterator[tuple[Writer, UUID, UUID]]:
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        wanted = filing(reporter, text=text)
        filed = done(writer, lambda session: store(session, wanted, "never", EARS))
        yield writer, filed.id, reporter
    assert_whole(database, DESK)


def say(writer: Writer, report: UUID, reporter: UUID, text: str) -> None:
    def command(session: Any) -> None:
        messages.send_from_reporter(session, report, reporter, str(uuid4()), text)
        duress.listen(session, EARS, report, reporter, text)

    done(writer, command)


def counts(database: Database, report: UUID) -> tuple[int, int, bool, int]:
    with database.read() as session:
        row = rows(session, "report", id=report)[0]
    return row.duress_said, row.duress_heard, row.duress_at is not None, row.version


def test_a_report_filed_with_the_word_is_alarmed_from_its_first_moment(database: Database) -> None:
    with report_of(database, f"没事。{AGREED}") as (_, report, _reporter):
        assert counts(database, report) == (1, 0, True, 1)
        assert sorted(kinds_of(database, str(report))) == [DURESS_WORD_SAID, "ReportFiled"]


def test_said_again_after_it_was_heard_it_alarms_again_and_late_notice_takes_nothing_away(
    database: Database,
) -> None:
    with report_of(database) as (writer, report, reporter):
        say(writer, report, reporter, AGREED)
        say(writer, report, reporter, AGREED)
        assert counts(database, report) == (2, 0, True, 3)
        for _ in range(2):
            done(writer, lambda session: duress.hear(session, report, DESK, "33010601", 1))
        assert counts(database, report)[:2] == (2, 1)
        done(writer, lambda session: duress.hear(session, report, DESK, "33010601", 99))
        assert counts(database, report) == (2, 2, True, 3)
        say(writer, report, reporter, AGREED)
        assert counts(database, report)[:2] == (3, 2)
        assert kinds_of(database, str(report)).count(DURESS_WORD_HEARD) == 2
        with pytest.raises(Refused, match="report_unknown"):
            done(writer, lambda session: duress.hear(session, report, OTHER_DESK, "33010201", 3))


def test_no_event_holds_the_word_and_none_reaches_the_reporters_screens(database: Database) -> None:
    with report_of(database) as (writer, report, reporter):
        say(writer, report, reporter, AGREED)
        with database.read() as session:
            events = [event for event in rows(session, "event", report=report) if "Duress" in event.kind]
        assert [(event.kind, event.reporter, event.data) for event in events] == [
            (DURESS_WORD_SAID, None, {"said": 1})
        ]


def test_the_desk_across_the_border_is_alarmed_as_well_and_either_takes_notice_for_both(
    database: Database,
) -> None:
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        wanted = replace(filing(reporter), others=(OTHER_DESK,))
        report = done(writer, lambda session: store(session, wanted, "never", EARS)).id
        say(writer, report, reporter, AGREED)
        told = [event.kind for event in log_of(database, OTHER_DESK) if event.report == report]
        done(writer, lambda session: duress.hear(session, report, OTHER_DESK, "33010201", 1))
        assert counts(database, report)[:2] == (1, 1)
        again = [event.kind for event in log_of(database, OTHER_DESK) if event.report == report]
        assert (told[-1], len(again)) == (OFFERED_CHANGED, len(told) + 1)
        assert DURESS_WORD_HEARD in [event.kind for event in log_of(database, DESK)]


@pytest.mark.parametrize("turn", range(3))
def test_said_and_accepted_at_once_both_stand(database: Database, turn: int) -> None:
    """Two processes, at the same moment: the report is received and alarmed, whoever came first."""
    with (
        report_of(database) as (writer, report, reporter),
        closing(Database(database.url)) as elsewhere,
        writing(elsewhere) as other,
    ):

        def command(session: Any) -> None:
            messages.send_from_reporter(session, report, reporter, "m", AGREED)
            duress.listen(session, EARS, report, reporter, AGREED)

        def withdrawal(session: Any) -> None:
            reports.withdraw(session, report, reporter, AGREED)

        both = [writer.submit(command, ()), other.submit(acknowledge(report, "33010601"), (DESK,))]
        if turn == 1:
            both.append(other.submit(withdrawal, ()))
        for each in both:
            each.result(60)
        with database.read() as session:
            row = rows(session, "report", id=report)[0]
            assert rows(session, "acknowledgement", report=report)
        assert (row.duress_said, row.status) == (1, "withdrawn" if turn == 1 else "received")


# --- over the wire


@pytest.fixture
async def dispatcher(stack: Stack, people: People, place: Place) -> Dispatcher:
    return await people.dispatcher(stack.consoles[0], place.number())


@pytest.fixture
async def colleague(stack: Stack, people: People, place: Place) -> Dispatcher:
    return await people.dispatcher(stack.consoles[0], place.number("02"))


@pytest.fixture
async def reporter(stack: Stack, people: People) -> Reporter:
    return people.also(await Reporter.signed_in(stack.citizens[0], verified=True))


async def set_word(reporter: Reporter, word: object) -> Any:
    return await reporter.http.put("/api/v1/me/duress-word", json={"word": word})


async def alarmed(dispatcher: Dispatcher, report: str, sign: str | None = "alarm") -> None:
    await eventually(lambda: dispatcher.cards.get(report, {}).get("duress") == sign, 20, f"duress {sign}")


# Every free text of a report beside its own words and place: all of them in one entry, each with the path to it.
FRAUD_WORDS = {
    "contact": {"contacts": [{"channel": "call", "contact": AGREED}]},
    "payee": {"transfers": [{"number": "6222020000000000000"}, {"name": AGREED}]},
    "account": {"transfers": [{"number": AGREED}]},
    "bank": {"transfers": [{"bank": AGREED}]},
    "newer": {"said_by_a_newer_client": [AGREED]},
}
DEED_WORDS = ("at_text", "place_text", "who", "vehicle")


@pytest.mark.parametrize("way", [*FRAUD_WORDS, *DEED_WORDS])
async def test_the_desk_is_alarmed_by_the_word_in_a_form(
    reporter: Reporter, dispatcher: Dispatcher, place: Place, way: str
) -> None:
    at = place.location
    if way in FRAUD_WORDS:
        filed = await reporter.filed("被骗了", kind="fraud", location=at, fraud=FRAUD_WORDS[way])
    else:
        deed = {"when": "about", way: AGREED}
        filed = await reporter.filed("有人贩卖", kind="tip", location=at, deed=deed)
    await alarmed(dispatcher, filed["id"])


@pytest.mark.parametrize("way", ["report", "place", "message", "frame", "answer", "answer frame", "reason"])
async def test_the_desk_is_alarmed_whatever_the_word_stands_in(
    reporter: Reporter, dispatcher: Dispatcher, colleague: Dispatcher, place: Place, way: str
) -> None:
    at = place.location
    if way in {"report", "place"}:
        text, place_text = (AGREED, None) if way == "report" else ("", AGREED)
        report = (await reporter.filed(text, location=at, place_text=place_text))["id"]
    else:
        report = (await reporter.filed(location=at))["id"]
        await alarmed(dispatcher, report, None)
        await reporter.listen()
        path = f"/api/v1/reports/{report}"
        if way == "message":
            await reporter.http.post(f"{path}/messages", json={"client_id": "a", "text": AGREED})
        elif way == "frame":
            await reporter.say(type="message", report_id=report, client_id="a", text=AGREED)
        elif way == "reason":
            await reporter.http.post(f"{path}/withdrawal", json={"reason": AGREED})
        else:
            asked = {"client_id": "q", "kind": "answer", "text": "还好吗？"}
            csrf = {"x-csrf-token": dispatcher.csrf}
            await dispatcher.http.post(f"/console/reports/{report}/requests", headers=csrf, data=asked)
            request = (await reporter.report(report))["requests"][0]["id"]
            if way == "answer":
                said = {"request_id": request, "answer": AGREED}
                assert (await reporter.http.post(f"{path}/answers", json=said)).status_code == 200
            else:
                await reporter.say(type="answer", report_id=report, request_id=request, answer=AGREED)
    for screen in (dispatcher, colleague):
        await alarmed(screen, report)
        assert "胁迫暗语" in screen.words[report]
    # It stays, also on a page that is opened anew, until somebody takes notice; then all screens know.
    await colleague.open_page()
    assert colleague.cards[report]["duress"] == "alarm"
    answer = await dispatcher.http.post(
        f"/console/reports/{report}/duress-acknowledgement",
        headers={"x-csrf-token": dispatcher.csrf},
        data={"said": "1"},
    )
    assert answer.status_code == 200
    for screen in (dispatcher, colleague):
        await alarmed(screen, report, "heard")


async def test_a_retry_says_the_word_once(reporter: Reporter, dispatcher: Dispatcher, place: Place) -> None:
    key = str(uuid4())
    report = (await reporter.filed(AGREED, key=key, location=place.location))["id"]
    assert (await reporter.file(AGREED, key=key, location=place.location)).status_code == 200
    for _ in range(2):
        message = {"client_id": "a", "text": AGREED}
        await reporter.http.post(f"/api/v1/reports/{report}/messages", json=message)
    await eventually(lambda: dispatcher.cards[report].get("duress-said") == "2", 20, "said twice")
    await reporter.http.post(f"/api/v1/reports/{report}/messages", json={"client_id": "b", "text": "好"})
    await eventually(lambda: dispatcher.cards[report]["version"] == "3", 20, "the plain message")
    assert dispatcher.cards[report]["duress-said"] == "2"


async def test_ones_own_word_works_until_it_is_cleared_and_is_sealed(
    stack: Stack, reporter: Reporter, dispatcher: Dispatcher, place: Place
) -> None:
    word = "外婆家的桂花糕"
    me = (await reporter.http.get("/api/v1/me")).content
    logs = Logs(stack)
    assert (await set_word(reporter, word)).status_code == 204
    assert (await reporter.http.get("/api/v1/me")).content == me  # nothing tells whether there is one
    with stack.database.read() as session:
        kept = [row.duress_word for row in rows(session, "reporter") if row.duress_word]
    assert kept
    assert all(word.encode() not in blob for blob in kept)
    first = await reporter.filed("我在吃外婆家的「桂花糕」", location=place.location)
    await alarmed(dispatcher, first["id"])
    assert (await set_word(reporter, None)).status_code == 204
    second = await reporter.filed("我在吃外婆家的桂花糕", location=place.location)
    await eventually(lambda: second["id"] in dispatcher.cards, 20, "the second report")
    assert "duress" not in dispatcher.cards[second["id"]]
    assert not [line for line in logs.lines() if "桂花糕" in line]
    with stack.database.read() as session:
        assert not [event for event in rows(session, "event") if "桂花糕" in str(event.data)]


@pytest.mark.parametrize("word", ["", 1, True, [], "字" * 61])
async def test_what_is_no_word_is_refused_and_nothing_changes(
    stack: Stack, reporter: Reporter, word: object
) -> None:
    with nothing_written(stack):
        assert_problem(await set_word(reporter, word), "field_invalid")
        assert_problem(await set_word(reporter, "abc"), "duress_word_unfit")
        assert_problem(await reporter.http.put("/api/v1/me/duress-word", json={}), "field_invalid")


@pytest.mark.parametrize("said", ["", "x", "-1", "0", "1.5", "9" * 30, "１"])
async def test_notice_of_no_number_is_refused(
    stack: Stack, reporter: Reporter, dispatcher: Dispatcher, place: Place, said: str
) -> None:
    report = (await reporter.filed(AGREED, location=place.location))["id"]
    path = f"/console/reports/{report}/duress-acknowledgement"
    with nothing_written(stack):
        answer = await dispatcher.http.post(
            path, headers={"x-csrf-token": dispatcher.csrf}, data={"said": said}
        )
        assert_problem(answer, "field_invalid")


# --- nothing that the phone is sent differs

VARIES = re.compile(
    rb'"[0-9a-f]{8}-[0-9a-f-]{27}"|"\d{4}-\d\d-\d\dT[^"]*"|"\d{6}-\d{8}-\d{6}"|"eyJ[\w.-]+"|"139[^"]*"'
)


async def conversation(reporter: Reporter, dispatcher: Dispatcher, place: Place, said: str) -> list[bytes]:
    """All that a phone is sent of a report in which `said` stands everywhere, ids and times left out."""
    sent: list[bytes] = []

    async def keep(answer: Any) -> None:
        await answer.aread()
        names = sorted(f"{name}:{len(value)}" for name, value in answer.headers.items() if name != "date")
        sent.append(f"{answer.status_code} {names} ".encode() + answer.content)

    await reporter.listen()
    await dispatcher.hang_up()  # so that no count of screens moves meanwhile
    reporter.http.event_hooks["response"].append(keep)
    report = (await reporter.filed(said, location=place.location))["id"]
    path = f"/api/v1/reports/{report}"
    # One after the other, so that nothing is told together with something else.
    await eventually(lambda: report in reporter.reports, 20, "version 1")
    await dispatcher.accept(report)
    await eventually(lambda: reporter.reports.get(report, {}).get("version") == 2, 20, "version 2")
    await reporter.http.post(f"{path}/messages", json={"client_id": "a", "text": said})
    await eventually(lambda: reporter.reports[report]["version"] == 3, 20, "version 3")
    await reporter.say(type="message", report_id=report, client_id="b", text=said)
    await eventually(lambda: reporter.reports.get(report, {}).get("version") == 4, 20, "version 4")
    hearing = {"said": "3"}
    csrf = {"x-csrf-token": dispatcher.csrf}
    await dispatcher.http.post(
        f"/console/reports/{report}/duress-acknowledgement", headers=csrf, data=hearing
    )
    await dispatcher.answer(report, "好的")
    await eventually(lambda: reporter.reports[report]["version"] == 5, 20, "version 5")
    await reporter.http.post(f"{path}/withdrawal", json={"reason": said})
    await reporter.http.get(path)
    await reporter.http.get("/api/v1/reports")
    await reporter.http.get("/api/v1/me")
    await eventually(lambda: reporter.reports[report]["version"] == 6, 20, "version 6")
    await asyncio.sleep(2.5)  # longer than a look at all heads takes: a frame too many would have come
    frames = [orjson.dumps(frame) for frame in reporter.frames if frame["type"] != "ping"]
    await reporter.hang_up()
    return [VARIES.sub(b'""', each.replace(said.encode(), b"...")) for each in (*sent, *frames)]


@pytest.fixture
async def another(stack: Stack, people: People) -> Reporter:
    return people.also(await Reporter.signed_in(stack.citizens[0], verified=True))


async def test_not_one_byte_that_the_phone_is_sent_tells_that_the_desk_was_alarmed(
    reporter: Reporter, another: Reporter, dispatcher: Dispatcher, place: Place
) -> None:
    assert len(AGREED) == len(HARMLESS)
    harmless = await conversation(another, dispatcher, place, HARMLESS)
    forced = await conversation(reporter, dispatcher, place, AGREED)
    assert forced == harmless
    page = await dispatcher.http.get("/console/queue")
    signs = [card_attributes(card).get("duress") for card in re.findall(r"<article[^>]*>", page.text)]
    assert sorted(filter(None, signs)) == ["heard"] or "alarm" in signs
