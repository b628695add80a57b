"""The console's templates: every state in both languages, what reporters write escaped, the fixed attributes."""

import itertools
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from console.rendering import Rendering, SignInError
from dispatch.states import AcknowledgementState, Caller, MediaState, MessageState, Place, ReportState

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
    answer = RENDERING.lost(replace(REPORT, status="received", acknowledgement=ACKNOWLEDGEMENT), language)
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
