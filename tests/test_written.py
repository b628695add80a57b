"""A report that was written without a network comes later: when it was written is known where it can be."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from console.rendering import Rendering
from dispatch.clock import iso, now
from dispatch.written import AHEAD, LATE, LONGEST, NEVER, late_by, written_when
from tests.people import People, Reporter, eventually
from tests.places import Place
from tests.stack import XIHU, Stack
from tests.test_console_rendering import REPORT

pytestmark = pytest.mark.anyio

AT = datetime(2026, 11, 24, 6, 39, tzinfo=UTC)
MOMENTS = st.none() | st.datetimes(timezones=st.timezones() | st.just(UTC)) | st.just(NEVER)
NEAR = st.timedeltas(-LONGEST * 2, LONGEST * 2)


# --- the rule


@given(written=MOMENTS | NEAR.map(lambda by: AT + by), sent=MOMENTS | NEAR.map(lambda by: AT + by))
def test_whatever_a_clock_says_the_moment_is_none_or_one_that_can_be(
    written: datetime | None, sent: datetime | None
) -> None:
    found = written_when(AT, written, sent)
    assert found is None or AT - LONGEST - timedelta(milliseconds=1) <= found <= AT


@given(
    lay=st.timedeltas(timedelta(0), LONGEST),
    wrong=st.timedeltas(-timedelta(days=9999), timedelta(days=9999)),
)
def test_what_a_clock_is_wrong_by_does_not_matter(lay: timedelta, wrong: timedelta) -> None:
    sent = AT + wrong
    found = written_when(AT, sent - lay, sent)
    assert found is not None
    assert abs(AT - found - lay) < timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (AT + timedelta(hours=1), AT),  # the clock was set back meanwhile
        (AT - LONGEST - timedelta(seconds=1), AT),
        (AT - LONGEST - timedelta(seconds=1), None),
        (AT + AHEAD + timedelta(seconds=1), None),
        (datetime(1970, 1, 1, tzinfo=UTC), None),
        (NEVER, AT),
        (NEVER, NEVER),
    ],
)
def test_what_cannot_be_is_passed_over(written: datetime, sent: datetime | None) -> None:
    assert written_when(AT, written, sent) is None


def test_a_clock_that_is_a_little_ahead_makes_no_report_of_the_future() -> None:
    assert written_when(AT, AT + AHEAD, None) == AT


def test_a_minute_late_is_not_late_and_a_second_more_is() -> None:
    assert late_by(AT, AT - LATE) is None
    assert late_by(AT, None) is None
    assert late_by(AT, AT - LATE - timedelta(seconds=1)) == timedelta(seconds=61)


# --- over HTTP


@pytest.fixture(scope="module")
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield someone
    await someone.leave()


async def post(reporter: Reporter, key: str | None = None, **fields: Any) -> httpx2.Response:
    body = json.dumps({"kind": "quick", "text": "写好的", "location": XIHU, **fields}).encode()
    headers = {"content-type": "application/json", "idempotency-key": key or str(uuid4())}
    return await reporter.http.post("/api/v1/reports", content=body, headers=headers)


def lay_s(report: dict[str, Any]) -> float:
    """How long it lay on the phone, as the report tells."""
    filed, written = (datetime.fromisoformat(report[name]) for name in ("filed_at", "written_at"))
    return (filed - written).total_seconds()


async def test_the_report_says_when_it_was_written_now_and_later(reporter: Reporter) -> None:
    sent = now()
    answer = await post(reporter, written_at=iso(sent - timedelta(minutes=37)), sent_at=iso(sent))
    assert answer.status_code == 201
    filed = answer.json()
    assert 37 * 60 <= lay_s(filed) < 37 * 60 + 5
    assert (await reporter.http.get(f"/api/v1/reports/{filed['id']}")).json() == filed


async def test_a_phone_that_thinks_it_is_1970_is_understood(reporter: Reporter) -> None:
    answer = await post(reporter, written_at="1970-01-01T00:10:00+08:00", sent_at="1970-01-01T00:50:00+08:00")
    assert 40 * 60 <= lay_s(answer.json()) < 40 * 60 + 5


async def test_the_same_key_with_another_moment_is_the_same_report(reporter: Reporter) -> None:
    key = str(uuid4())
    first = await post(reporter, key, written_at=iso(now()), sent_at=iso(now()))
    await asyncio.sleep(0.01)
    assert first.status_code == 201
    for moments in ({"written_at": iso(now()), "sent_at": iso(now())}, {}, {"written_at": "gestern"}):
        again = await post(reporter, key, **moments)
        assert again.status_code == 200
        assert again.json() == first.json()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SAID = (
    JSON_VALUES
    | st.datetimes().map(lambda at: f"{at.isoformat()}Z")
    | st.datetimes().map(lambda at: at.isoformat())
    | st.sampled_from(["", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
)


@given(written=SAID, sent=SAID)
@with_settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
async def test_no_report_is_refused_for_what_its_phone_takes_for_the_time(
    stack: Stack, reporter: Reporter, written: Any, sent: Any
) -> None:
    answer = await post(reporter, written_at=written, sent_at=sent)
    assert answer.status_code == 201, answer.text
    report = answer.json()
    assert report["written_at"] is None or 0 <= lay_s(report) <= LONGEST.total_seconds() + 60


async def test_the_desk_reads_when_it_was_written_and_waiting_counts_from_its_filing(
    stack: Stack, place: Place, people: People
) -> None:
    reporter = people.also(
        await Reporter.signed_in(stack.citizens[0], verified=True, location=place.location)
    )
    dispatcher = await people.dispatcher(stack.consoles[0], place.number())
    sent = now()
    early = await reporter.filed("先到的")
    late = await reporter.filed(
        "早写晚到的", written_at=iso(sent - timedelta(hours=2, minutes=5)), sent_at=iso(sent)
    )
    odd = await reporter.filed("钟不准的", written_at="2150-01-01T00:00:00Z")
    await eventually(lambda: odd["id"] in dispatcher.cards, 10, "the desk has all three")
    page = (await dispatcher.http.get("/console")).text
    order = [page.index(f'id="report-{report["id"]}"') for report in (early, late, odd)]
    assert order == sorted(order)
    assert "迟到 2 小时 5 分" in page[order[1] : order[2]]
    assert "迟到" not in page[order[0] : order[1]]
    in_hand = await dispatcher.http.get(f"/console/reports/{late['id']}")
    assert 'id="report-written"' in in_hand.text
    in_hand = await dispatcher.http.get(f"/console/reports/{odd['id']}")
    assert 'id="report-written"' not in in_hand.text
    assert in_hand.text.count("手机时钟不准") == 1


# --- as the desk reads it


@pytest.mark.parametrize(
    ("lay", "zh", "en"),
    [
        (timedelta(seconds=61), "迟到 1 分钟", "1 min late"),
        (timedelta(minutes=37, seconds=59), "迟到 37 分钟", "37 min late"),
        (timedelta(hours=47), "迟到 47 小时 0 分", "47 h 0 min late"),
        (timedelta(days=12), "迟到 12 天", "12 days late"),
    ],
)
def test_how_late_it_came_is_said_in_words(lay: timedelta, zh: str, en: str) -> None:
    report = replace(REPORT, filed_at=AT, written_at=AT - lay)
    for language, words in (("zh-CN", zh), ("en", en)):
        assert words in Rendering().card(report, language)
        assert words in Rendering().report(report, language)


def test_the_moment_of_writing_is_chinas_and_names_the_day_when_it_was_another() -> None:
    filed = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)  # half past midnight of the 24th
    for written, words in (
        (filed - timedelta(minutes=20), "写于 00:10，"),
        (filed - timedelta(minutes=40), "写于 11-23 23:50，"),
    ):
        assert words in Rendering().card(replace(REPORT, filed_at=filed, written_at=written), "zh-CN")
