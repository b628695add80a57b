"""The console's templates: every state in both languages, what reporters write escaped, the fixed attributes."""

import itertools
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from console.questions import SITUATIONS
from console.rendering import Rendering, SignInError
from console.requests import ANSWER_LIMIT
from dispatch.requests import ANSWERS
from dispatch.states import (
    AcknowledgementState,
    Caller,
    MediaState,
    MessageState,
    Place,
    ReportState,
    RequestState,
)
from dispatch.words import Words

RENDERING = Rendering()
LANGUAGES = ["zh-CN", "en"]
AT = datetime(2026, 11, 23, 10, 0, 0, 5000, tzinfo=UTC)
HOSTILE = '</article><script>alert(1)</script><hx-partial hx-target="#queue">"\'{{ 7*7 }}'

PLACE = Place(30.25, 120.15, 20, "gnss", AT, "gcj02", 30.2476, 120.1547)
CALLER = Caller(UUID(int=9), "138****5678", "verified", "张*", True, "zh-CN", 12, 3)
ACKNOWLEDGEMENT = AcknowledgementState(
    at=AT + timedelta(seconds=9),
    desk="330106",
    desk_name="西湖区",
    desk_name_en="Xihu",
    dispatcher_number="33010602",
    receipt="…",
    shown_at=None,
)
REPORT = ReportState(
    id=UUID(int=1),
    number="330106-20261123-000017",
    version=3,
    kind="quick",
    status="filed",
    category=None,
    text="有人砸门",
    covert=True,
    place_text=None,
    filed_at=AT,
    filed_seq=7,
    desk="330106",
    desk_name="西湖区",
    desk_name_en="Xihu",
    escalation=1,
    outcome=None,
    withdrawn_at=None,
    withdrawn_reason=None,
    place=PLACE,
    trail=(PLACE,),
    notes=("sea", "a note of a later version"),
    media_expected=5,
    media=tuple(
        MediaState(UUID(int=n), str(n), kind, HOSTILE, "image/jpeg", 2_000_000, state, 640, 480, AT)
        for n, (kind, state) in enumerate(
            itertools.product(("photo", "video"), ("ready", "uploading", "rejected"))
        )
    ),
    messages=tuple(
        MessageState(UUID(int=n), "c", author, "33010602", HOSTILE, AT)
        for n, author in enumerate(("system", "dispatcher", "reporter", "reporter"))
    ),
    acknowledgement=None,
    caller=CALLER,
    fraud=None,
    requests=tuple(
        RequestState(
            UUID(int=40 + n), "c", "33010602", kind, text, answers, 2, AT, answer, AT if answer else None
        )
        for n, (kind, text, answers, answer) in enumerate(
            (
                ("answer", HOSTILE, (HOSTILE, "否"), HOSTILE),
                ("answer", HOSTILE, (HOSTILE, "否"), None),
                ("answer", HOSTILE, (), HOSTILE),
                ("location", "", (), None),
                ("video", HOSTILE, (), None),
            )
        )
    ),
)


def states() -> list[ReportState]:
    """A report in every state, and with as little as a report can have."""
    received = replace(REPORT, acknowledgement=ACKNOWLEDGEMENT)
    shown = replace(ACKNOWLEDGEMENT, shown_at=AT)
    return [
        REPORT,
        *(replace(received, status=status) for status in ("received", "dispatched", "on_scene")),
        replace(received, status="closed", outcome="handled", acknowledgement=shown),
        replace(REPORT, status="withdrawn", withdrawn_at=AT, withdrawn_reason=HOSTILE),
        replace(received, status="withdrawn", withdrawn_at=AT, withdrawn_reason=HOSTILE),
        replace(REPORT, kind="fraud", fraud={"amount": 48000, "channel": HOSTILE}),
        replace(
            REPORT,
            text="",
            place=None,
            place_text=HOSTILE,
            media=(),
            media_expected=0,
            messages=(),
            trail=(),
            notes=(),
            caller=replace(CALLER, identity="none", name_masked=None, earlier_reports=0),
        ),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("report", states(), ids=lambda report: report.status)
def test_every_state_of_a_report_is_rendered_and_its_words_stay_words(
    report: ReportState, language: str
) -> None:
    report = replace(report, text=report.text and HOSTILE)
    for text in (RENDERING.card(report, language), RENDERING.report(report, language)):
        assert "<script" not in text
        assert "<hx-partial" not in text
        assert text.count("<article") == text.count("</article>") == 1
        assert "138****5678" in text


def test_a_card_has_what_others_rely_on() -> None:
    card = RENDERING.card(replace(REPORT, status="received", acknowledgement=ACKNOWLEDGEMENT), "zh-CN")
    attributes = dict(re.findall(r'\s([a-z-]+)="([^"]*)"', card[: card.index(">")]))
    assert attributes["id"] == f"report-{REPORT.id}"
    assert attributes["data-report"] == str(REPORT.id)
    assert attributes["data-status"] == "received"
    assert attributes["data-version"] == "3"
    assert attributes["data-desk"] == "330106"
    assert attributes["data-filed-at"] == "2026-11-23T10:00:00.005Z"
    assert attributes["data-dispatcher"] == "33010602"
    assert "hx-post" not in card  # it is received: nobody is offered to accept it


def test_a_card_that_nobody_has_can_be_accepted_even_if_it_was_withdrawn() -> None:
    for status in ("filed", "withdrawn"):
        card = RENDERING.card(replace(REPORT, status=status), "zh-CN")
        assert f'hx-post="/console/reports/{REPORT.id}/acknowledgement"' in card


def test_the_page_and_the_push_hold_the_same_bytes() -> None:
    card = RENDERING.card(REPORT, "zh-CN")
    page = RENDERING.desk(
        "zh-CN",
        adcode="330106",
        name="西湖区",
        dispatcher="33010601",
        csrf_token="secret-of-one-page",
        cursor="e:7",
        reports=[REPORT],
    )
    assert card in page
    assert card in RENDERING.frame("e:8", [card])
    assert card in RENDERING.snapshot("e:8", [REPORT], "zh-CN")
    assert card in RENDERING.accepted(REPORT, "zh-CN")
    assert "secret-of-one-page" not in card
    assert "33010601" not in card


def test_the_first_partial_of_a_frame_moves_the_cursor() -> None:
    moved = '<hx-partial hx-target="#cursor" hx-swap="outerHTML"><data id="cursor" value="e:8"></data></hx-partial>'
    assert RENDERING.frame("e:8", []).startswith(moved)
    assert RENDERING.snapshot("e:8", [], "en").startswith(moved)


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_came_second_is_told_who_was_first(language: str) -> None:
    answer = RENDERING.lost(
        REPORT.desk, replace(REPORT, status="received", acknowledgement=ACKNOWLEDGEMENT), language
    )
    assert 'hx-target="#notices"' in answer
    assert "33010602" in answer[answer.index('hx-target="#notices"') :]
    assert "33010602 已先接收" in answer or language == "en"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("error", [None, "wrong", "totp", "too_many", "expired", "page_expired"])
@pytest.mark.parametrize("asks_totp", [False, True])
def test_the_sign_in_page_says_what_was_wrong_and_keeps_the_number(
    language: str, error: SignInError | None, asks_totp: bool
) -> None:
    page = RENDERING.sign_in(
        language, csrf_token="t", number='"><script>', error=error, asks_totp=asks_totp, minutes=5
    )
    assert "<script>" not in page
    assert ('role="alert"' in page) == (error is not None)
    assert ('name="totp"' in page) == asks_totp
    assert page.count(" autofocus") == 1


def test_a_tick_is_no_html() -> None:
    tick = orjson.loads(RENDERING.tick(at=AT, seq=7, waiting=2, dispatchers=["33010601"]))
    assert tick == {
        "type": "tick",
        "at": "2026-11-23T10:00:00.005Z",
        "seq": 7,
        "waiting": 2,
        "dispatchers": ["33010601"],
    }


def test_no_page_holds_script_or_style_of_its_own() -> None:
    pages = [
        RENDERING.sign_in("zh-CN", csrf_token="t", demo_number="33010601"),
        RENDERING.problem("zh-CN", sentence="没有这个页面。", csrf_token="t"),
        RENDERING.desk(
            "en", adcode="1", name="n", dispatcher="1", csrf_token="t", cursor="e:1", reports=states()
        ),
        RENDERING.report(REPORT, "en"),
    ]
    for page in pages:
        assert "style=" not in page
        assert "<style" not in page
        assert "hx-on" not in page
        assert not re.search(r"\son[a-z]+=", re.sub(r'"[^"]*"', '""', page))
        for script in re.findall(r"<script[^>]*>", page):
            assert "src=" in script or 'type="application/json"' in script


def asked(
    kind: str = "answer", answers: tuple[str, ...] = ("是", "否"), *, after_s: int = 20, version: int = 5
) -> RequestState:
    """A question at `after_s` seconds, not answered."""
    at = AT + timedelta(seconds=after_s)
    text = "您现在安全吗？" if kind == "answer" else ""
    return RequestState(UUID(int=50), "c", "33010602", kind, text, answers, version, at, None, None)


def in_hand(language: str = "zh-CN", **fields: object) -> str:
    """A received report without anything said, as it is in hand."""
    report = replace(
        REPORT, status="received", acknowledgement=ACKNOWLEDGEMENT, messages=(), requests=(), covert=False
    )
    return RENDERING.report(replace(report, **fields), language)  # type: ignore[arg-type]  # any field


def lines(page: str) -> list[str]:
    """The conversation's lines without markup."""
    found = re.findall(r'<li class="line[ "].*?(?=<li class="line[ "]|</ol>)', page, re.DOTALL)
    return [" ".join(re.sub(r"<[^>]*>", " ", line).split()) for line in found]


def test_a_question_stands_in_its_place_with_its_answers_and_waits() -> None:
    said = MessageState(UUID(int=60), "c", "reporter", None, "他在敲门", AT + timedelta(seconds=30), 6)
    page = in_hand(requests=(asked(),), messages=(said,))
    assert [line.split()[0] for line in lines(page)] == ["报警人", "西湖区", "33010602", "报警人"]
    assert lines(page)[2].endswith("您现在安全吗？ 是 否 等待回答")
    assert "data-chosen" not in page


def test_the_answer_that_was_tapped_is_marked_and_stands_again_where_it_came() -> None:
    answered = replace(asked(), answer="否", answered_at=AT + timedelta(seconds=40))
    alone = in_hand(requests=(answered,))
    assert re.search(r"<li data-chosen>.*?<bdi>否</bdi></li>", alone)
    assert lines(alone)[-1].endswith("是 所选： 否 已回答 18:00:40")
    said = MessageState(UUID(int=60), "c", "reporter", None, "他在敲门", AT + timedelta(seconds=30), 6)
    assert lines(in_hand(requests=(answered,), messages=(said,)))[-1] == "报警人 18:00:40 您现在安全吗？ 否"


def test_a_request_that_an_act_answered_says_so_with_the_time() -> None:
    for kind, waits, came in (
        ("location", "等待位置", "已发来位置"),
        ("photo", "等待照片", "已发来照片"),
        ("video", "等待视频", "已发来视频"),
    ):
        assert lines(in_hand(requests=(asked(kind, ()),)))[-1].endswith(waits)
        done = replace(asked(kind, ()), answer="", answered_at=AT + timedelta(seconds=41))
        assert lines(in_hand(requests=(done,)))[-1].endswith(f"{came} 18:00:41")


@pytest.mark.parametrize(("saw", "version", "word"), [(4, 5, "已存储"), (5, 5, "已送达"), (9, 0, "已存储")])
def test_the_desks_own_lines_say_delivered_only_when_the_phone_has_shown_them(
    saw: int, version: int, word: str
) -> None:
    said = MessageState(UUID(int=60), "c", "dispatcher", "33010602", "马上到", AT, version)
    page = in_hand(messages=(said,), requests=(asked(version=version),), reporter_saw=saw)
    assert re.findall("已存储|已送达", page) == [word, word]
    theirs = replace(said, author="reporter")
    assert not re.findall("已存储|已送达", in_hand(messages=(theirs,), reporter_saw=saw))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_covert_are_asked_what_yes_or_no_can_answer_and_the_reply_warns(language: str) -> None:
    words = Words.of(language)
    for covert in (False, True):
        page = in_hand(language, covert=covert)
        offered = set(re.findall(r'data-key="(.)"', page))
        all_ = [question for questions in SITUATIONS.values() for question in questions]
        assert offered == {question.key for question in all_ if question.yes_no or not covert}
        assert (words("console.ask.guard") in page) == covert
        assert (words("console.report.reply_guard") in page) == covert


def test_a_question_goes_out_in_the_reporters_language_and_is_read_in_the_dispatchers() -> None:
    page = in_hand(caller=replace(CALLER, language="en-GB"))
    assert 'data-text="Are you safe now?" data-answers="Yes\nNo"' in page
    assert "您现在安全吗？" in page
    nobodys = in_hand(caller=replace(CALLER, language="fr"))
    assert 'data-text="您现在安全吗？" data-answers="是\n否"' in nobodys


def test_nothing_can_be_asked_before_a_report_is_received_nor_after_it_is_closed() -> None:
    for fields in ({"status": "filed", "acknowledgement": None}, {"status": "closed"}):
        page = in_hand(**fields)
        asks = page[page.index('id="asks"') : page.index('id="reply"')]
        buttons = re.findall(r"<button[^>]*>", asks)
        assert len(buttons) > 10
        assert all(" disabled" in button for button in buttons)
    assert " disabled" not in in_hand()


def test_every_ready_question_is_one_that_the_server_takes() -> None:
    questions = [question for several in SITUATIONS.values() for question in several]
    assert len({question.key for question in questions}) == len(questions)
    for question in questions:
        texts = [Words.of(language)(f"console.question.{question.name}.answers") for language in LANGUAGES]
        answers = [text.splitlines() for text in texts]
        assert len(answers[0]) == len(answers[1])
        for each in answers:
            assert 2 <= len(set(each)) == len(each) <= ANSWERS
            assert all(answer.strip() == answer and len(answer) <= ANSWER_LIMIT for answer in each)


def test_a_report_that_was_asked_something_no_longer_waits_for_a_reply() -> None:
    said = MessageState(UUID(int=60), "c", "reporter", None, "他在敲门", AT + timedelta(seconds=10), 4)
    waits = replace(REPORT, messages=(said,), requests=())
    assert "待回复 1" in RENDERING.card(waits, "zh-CN")
    assert "待回复" not in RENDERING.card(replace(waits, requests=(asked(),)), "zh-CN")
