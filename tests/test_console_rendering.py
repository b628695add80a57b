"""The console's templates: every state in both languages, what reporters write escaped, the fixed attributes."""

import itertools
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from jinja2 import Environment

from console.rendering import Rendering, SignInError
from console.requests import ANSWER_LIMIT
from dispatch.reading import Queue
from dispatch.ready import KEYS, ReadyWords
from dispatch.ready_words import that_came_with_us
from dispatch.requests import ANSWERS
from dispatch.routing import ClosureState, ProposalState, TransferState
from dispatch.states import (
    AcknowledgementState,
    Caller,
    MediaState,
    MessageState,
    Place,
    ReportState,
    RequestState,
    SendingState,
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
    desk_sms="12110",
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


# Of the desk and of another.
_ON_ITS_WAY = SendingState(
    UUID(int=60), UUID(int=70), HOSTILE, "car", "330106", "33010601", AT, None, None, None, None, None
)
_THERE = replace(_ON_ITS_WAY, id=UUID(int=61), desk="330102", on_scene_at=AT, on_scene_by="33010602")
_CLEAR = replace(_THERE, id=UUID(int=62), cleared_at=AT, cleared_by="33010601", feedback=HOSTILE)
TRANSFER = TransferState(
    id=UUID(int=70),
    from_desk="330106",
    to_desk="330102",
    dispatcher_number="33010602",
    reason=HOSTILE,
    asked_at=AT + timedelta(seconds=20),
    seq=3,
    told=0,
    ended_at=None,
    ended_by=None,
    answered_by=None,
    answer=None,
)
PROPOSAL = ProposalState(
    UUID(int=71), "false_report", HOSTILE, "33010602", AT + timedelta(seconds=30), None, None, None, None
)
CLOSURE = ClosureState(
    UUID(int=72),
    "referred",
    HOSTILE,
    "33010602",
    "33010690",
    "021110",
    HOSTILE,
    1,
    None,
    0,
    AT + timedelta(seconds=40),
    None,
)


def routed() -> list[ReportState]:
    """A received report between two desks, and between two people of one."""
    received = replace(REPORT, status="received", acknowledgement=ACKNOWLEDGEMENT, handler="33010602")
    ended: dict[str, Any] = {
        "ended_at": AT + timedelta(seconds=25),
        "answered_by": "33010201",
        "answer": HOSTILE,
    }
    decided: dict[str, Any] = {
        "ended_at": AT + timedelta(seconds=35),
        "decided_by": "33010690",
        "answer": HOSTILE,
    }
    return [
        *(
            replace(received, transfers=(replace(TRANSFER, told=told),), at=at)
            for at in ("", "330106", "330102")
            for told in (0, 1, 3)
        ),
        *(
            replace(received, transfers=(replace(TRANSFER, ended_by=how, **ended),))
            for how in ("returned", "recalled", "accepted")
        ),
        replace(received, proposals=(PROPOSAL,)),
        *(
            replace(received, proposals=(replace(PROPOSAL, ended_by=how, **decided),))
            for how in ("refused", "withdrawn", "closed")
        ),
        replace(received, status="closed", outcome="referred", handler=None, closures=(CLOSURE,)),
    ]


def queue(*reports: ReportState) -> Queue:
    return Queue(list(reports), [])


def states() -> list[ReportState]:
    """A report in every state, and with as little as a report can have."""
    received = replace(REPORT, acknowledgement=ACKNOWLEDGEMENT)
    shown = replace(ACKNOWLEDGEMENT, shown_at=AT)
    return [
        *routed(),
        REPORT,
        *(replace(received, status=status) for status in ("received", "dispatched", "on_scene")),
        replace(received, status="closed", outcome="handled", acknowledgement=shown),
        replace(
            received,
            status="on_scene",
            sendings=(_ON_ITS_WAY, _THERE, _CLEAR),
            sent=6,
            dispatched_at=AT,
            on_scene_at=AT,
        ),
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


def test_a_card_of_a_transfer_waits_at_the_desk_that_is_asked_and_is_in_hand_at_the_other() -> None:
    there = RENDERING.card_at("330102", routed()[0], "zh-CN")
    here = RENDERING.card_at("330106", routed()[0], "zh-CN")
    assert f'hx-post="/console/reports/{REPORT.id}/transfer-acceptance"' in there
    assert 'data-comes-at="2026-11-23T10:00:20.005Z"' in there
    assert "data-dispatcher" not in there
    assert "移交" in there
    assert "hx-post" not in here
    assert 'data-going="330102"' in here
    assert 'data-dispatcher="33010602"' in here
    # No danger word or sign lifts it above who has waited longer: it waits since it was asked.
    assert _rank(there) == _rank(here) + 20_000
    # A desk that has nothing to do with it gets what takes it out of its queue, and nothing of what it says.
    nowhere = RENDERING.card_at("330105", routed()[0], "zh-CN")
    assert 'data-status="left"' in nowhere
    assert "138****5678" not in nowhere


def test_a_card_that_cannot_be_made_can_be_taken_over_all_the_same() -> None:
    """One report must not hide the others, nor be hidden itself: at the desk that is asked neither."""
    broken = replace(routed()[0], at="330102", fraud={"amount_fen": object()}, media=(None,))  # type: ignore[arg-type]
    card = RENDERING.card(broken, "zh-CN")
    assert "内容无法显示" in card
    assert f'hx-post="/console/reports/{REPORT.id}/transfer-acceptance"' in card
    assert "data-comes-at" in card


def test_what_came_of_it_is_said_to_who_asked_and_to_who_has_it_in_hand() -> None:
    back = next(report for report in routed() if report.sent_back)
    card = RENDERING.card_at("330106", replace(back, handler="33010603"), "zh-CN")
    assert 'data-word-for="33010602 33010603"' in card
    assert "被上城区 33010201 退回" in card
    unanswered = RENDERING.card_at("330106", routed()[2], "zh-CN")
    assert "上城区一直没有接收移交" in unanswered
    assert "data-word-says" not in RENDERING.card_at("330102", routed()[2], "zh-CN")


def _rank(card: str) -> int:
    found = re.search(r'data-rank="(-?\d+)"', card)
    assert found
    return int(found[1])


def test_a_card_that_nobody_has_can_be_accepted_even_if_it_was_withdrawn() -> None:
    for status in ("filed", "withdrawn"):
        card = RENDERING.card(replace(REPORT, status=status), "zh-CN")
        assert f'hx-post="/console/reports/{REPORT.id}/acknowledgement"' in card


@pytest.mark.parametrize(
    ("kind", "status", "patience"),
    [
        ("quick", "filed", "1"),
        ("location", "filed", "1"),
        ("fraud", "filed", "4"),
        ("tip", "filed", "20"),
        ("quick", "withdrawn", "4"),
        ("fraud", "withdrawn", "4"),
        ("tip", "withdrawn", "20"),
    ],
)
def test_a_card_and_the_report_in_hand_say_how_much_longer_it_may_wait(
    kind: str, status: str, patience: str
) -> None:
    report = replace(REPORT, kind=kind, status=status)
    for page in (RENDERING.card(report, "zh-CN"), RENDERING.report(report, "zh-CN")):
        first_tag = page[page.index("<article") : page.index(">", page.index("<article"))]
        assert f'data-patience="{patience}"' in first_tag
        assert " data-waits" in first_tag


def test_what_was_taken_back_waits_until_somebody_has_received_it() -> None:
    taken_back = replace(REPORT, status="withdrawn", withdrawn_at=AT)
    received = replace(taken_back, acknowledgement=ACKNOWLEDGEMENT, handler="33010602", handled=1)
    words = Words.of("zh-CN")
    waits, rests = (RENDERING.card(report, "zh-CN") for report in (taken_back, received))
    assert words("console.card.withdrawn") in waits
    assert " data-waits" in waits
    assert words("console.card.withdrawn") not in rests
    assert " data-waits" not in rests
    page = RENDERING.desk(
        "zh-CN",
        adcode="330106",
        name="西湖区",
        dispatcher="33010601",
        csrf_token="t",
        cursor="e:7",
        queue=queue(taken_back, replace(REPORT, id=UUID(int=2))),
    )
    waiting = page[page.index('id="waiting"') : page.index('id="released"')]
    assert waiting.index(f"report-{UUID(int=2)}") < waiting.index(f"report-{REPORT.id}")


def test_those_who_wait_without_a_card_are_told_by_their_ids() -> None:
    some = Queue([REPORT], [UUID(int=7), UUID(int=8)], {UUID(int=1): [UUID(int=9), UUID(int=10)]})
    ids = f"{UUID(int=7)} {UUID(int=8)}"
    floods = f"{UUID(int=1)}={UUID(int=9)},{UUID(int=10)}"
    assert f'<data class="beyond" value="{ids}" data-floods="{floods}"></data>' in RENDERING.snapshot(
        "e:8", some, "zh-CN"
    )
    page = RENDERING.desk(
        "zh-CN", adcode="1", name="n", dispatcher="1", csrf_token="t", cursor="e:1", queue=some
    )
    assert f'<data id="beyond" value="{ids}" data-floods="{floods}"></data>' in page


def test_the_page_and_the_push_hold_the_same_bytes() -> None:
    card = RENDERING.card(REPORT, "zh-CN")
    page = RENDERING.desk(
        "zh-CN",
        adcode="330106",
        name="西湖区",
        dispatcher="33010601",
        csrf_token="secret-of-one-page",
        cursor="e:7",
        queue=queue(REPORT),
    )
    assert card in page
    assert card in RENDERING.frame("e:8", [card])
    assert card in RENDERING.snapshot("e:8", queue(REPORT), "zh-CN")
    assert card in RENDERING.answer("330106", REPORT, "zh-CN")
    assert "secret-of-one-page" not in card
    assert "33010601" not in card


def test_the_first_partial_of_a_frame_moves_the_cursor() -> None:
    moved = '<hx-partial hx-target="#cursor" hx-swap="outerHTML"><data id="cursor" value="e:8"></data></hx-partial>'
    assert RENDERING.frame("e:8", []).startswith(moved)
    assert RENDERING.snapshot("e:8", queue(), "en").startswith(moved)


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
        "ready": 0,
        "units": 0,
        "late": [15, 20, 60],
        "doorbell": True,
        "canary": "",
        "dispatchers": ["33010601"],
    }


def test_no_page_holds_script_or_style_of_its_own() -> None:
    pages = [
        RENDERING.sign_in("zh-CN", csrf_token="t", demo_number="33010601"),
        RENDERING.problem("zh-CN", sentence="没有这个页面。", csrf_token="t"),
        RENDERING.desk(
            "en", adcode="1", name="n", dispatcher="1", csrf_token="t", cursor="e:1", queue=queue(*states())
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
        all_ = that_came_with_us().questions
        assert offered == {question.key for question in all_ if question.covert or not covert}
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


def test_every_ready_question_is_one_that_the_server_takes_by_a_key_of_its_own() -> None:
    questions = that_came_with_us().questions
    assert {question.key for question in questions} <= set(KEYS)
    for question in questions:
        beside = [other for other in questions if {other.category, question.category} & {None}]
        beside += [other for other in questions if other.category == question.category is not None]
        assert _asked_by(question.key, beside) <= {question.name}
        answers = [question.answers_zh, question.answers_en]
        assert len(answers[0]) == len(answers[1])
        for each in answers:
            assert 2 <= len(set(each)) == len(each) <= ANSWERS
            assert all(answer.strip() == answer and len(answer) <= ANSWER_LIMIT for answer in each)
        assert len(answers[0]) <= 3 or not question.covert


def _asked_by(key: str | None, questions: list[ReadyWords]) -> set[str | None]:
    return {question.name for question in questions if question.key == key}


def test_a_report_that_was_asked_something_no_longer_waits_for_a_reply() -> None:
    said = MessageState(UUID(int=60), "c", "reporter", None, "他在敲门", AT + timedelta(seconds=10), 4)
    waits = replace(REPORT, messages=(said,), requests=())
    assert "待回复 1" in RENDERING.card(waits, "zh-CN")
    assert "待回复" not in RENDERING.card(replace(waits, requests=(asked(),)), "zh-CN")


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_warmed_up_has_nothing_left_to_compile_for_a_desks_page_and_its_cards(
    monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """Else the first report at a process that has just started waits for it on every screen."""
    rendering = Rendering()
    rendering.warm_up(language)

    def compile_late(_self: Environment, *_given: object, **_named: object) -> None:
        raise AssertionError("compiled late")

    monkeypatch.setattr(Environment, "compile", compile_late)
    cards = [rendering.card_at(desk, REPORT, language) for desk in (REPORT.desk, "330108")]
    assert all("data-report" in card for card in cards)
    assert rendering.snapshot("x:1", Queue([REPORT], []), language)
