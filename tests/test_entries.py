"""Frauds and tip-offs over HTTP: what is known of them is checked, the rest kept, and the deed decides the desk."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import select

from dispatch.models import TABLES
from tests.people import Dispatcher, Reporter
from tests.stack import Stack
from tests.witness import CALL, assert_problem, nothing_written, unharmed

pytestmark = pytest.mark.anyio

FRAUD: dict[str, Any] = {
    "scheme": "police",
    "at": "2026-11-23T09:20:00.000Z",
    "contacts": [{"channel": "meeting", "contact": "会议号 123 456"}],
    "lost": True,
    "amount_fen": 1_234_567,
    "paid_at": "2026-11-23T17:41:00+08:00",
    "paid_by": ["bank", "crypto"],
    "transfers": [{"name": "王某", "number": "6222000011112222", "bank": "某银行", "amount_fen": 1_000_000}],
    "in_contact": False,
}
IN_TIANTAI = {"lat": 29.1430, "lon": 121.0060, "crs": "wgs84", "accuracy_m": 20, "source": "manual"}
IN_SHANGHAI = {"lat": 31.23, "lon": 121.47, "crs": "wgs84", "accuracy_m": 20, "source": "gnss"}


@pytest.fixture(autouse=True)
async def without_defects(stack: Stack) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield


@pytest.fixture(scope="module")
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
async def dispatcher(stack: Stack) -> AsyncIterator[Dispatcher]:
    someone = await Dispatcher.signed_in(stack.consoles[0], "33010601")
    yield someone
    await someone.leave()


def stored(stack: Stack, id_: str) -> Any:
    report = TABLES["report"]
    with stack.database.read() as session:
        return next(row for row in session.connection().execute(select(report)).all() if str(row.id) == id_)


async def test_a_fraud_is_kept_as_it_was_told_and_read_as_facts(
    stack: Stack, reporter: Reporter, dispatcher: Dispatcher
) -> None:
    newer = {"of a newer client": {"deep": [1, None]}}
    filed = await reporter.filed("被骗了", kind="fraud", fraud={**FRAUD, **newer})
    kept = stored(stack, filed["id"]).fraud
    assert kept["amount_fen"] == 1_234_567
    assert kept["transfers"] == FRAUD["transfers"]
    assert kept["paid_at"] == "2026-11-23T09:41:00Z"
    assert kept["of a newer client"] == newer["of a newer client"]
    view = (await dispatcher.http.get(f"/console/reports/{filed['id']}")).text
    for words in (
        "冒充公检法",
        "视频会议 会议号 123 456",
        "损失 ¥12,345.67",
        "2026-11-23 17:41",
        "银行转账 · 虚拟币",
        'data-copy="6222000011112222"',
        "已断开",
        "of a newer client",
    ):
        assert words in view, words


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"amount_fen": -1}, "fraud.amount_fen"),
        ({"amount_fen": 12.5}, "fraud.amount_fen"),
        ({"amount_fen": "12"}, "fraud.amount_fen"),
        ({"amount_fen": True}, "fraud.amount_fen"),
        ({"amount_fen": 10**13}, "fraud.amount_fen"),
        ({"at": "昨天"}, "fraud.at"),
        ({"at": "2026-11-23T09:20:00"}, "fraud.at"),
        ({"scheme": "无此手法"}, "fraud.scheme"),
        ({"paid_by": ["bank"] * 9}, "fraud.paid_by"),
        ({"paid_by": "bank"}, "fraud.paid_by"),
        ({"contacts": [{"channel": "call"}] * 11}, "fraud.contacts"),
        ({"contacts": [{"contact": "1"}]}, "fraud.contacts.0.channel"),
        ({"transfers": [{}] * 21}, "fraud.transfers"),
        ({"transfers": [{"number": "1" * 201}]}, "fraud.transfers.0.number"),
        ({"transfers": [1]}, "fraud.transfers.0"),
        ({"lost": "yes"}, "fraud.lost"),
    ],
    ids=str,
)
async def test_what_is_known_of_a_fraud_is_checked_and_named_without_its_value(
    stack: Stack, reporter: Reporter, facts: dict[str, Any], field: str
) -> None:
    with nothing_written(stack):
        answer = await reporter.file("x", kind="fraud", fraud={**FRAUD, **facts})
    problem = assert_problem(answer, "field_invalid", call=True)
    assert problem["fields"] == [field]


@pytest.mark.parametrize(
    ("deed", "field"),
    [
        ({"when": "sometimes"}, "deed.when"),
        ({"at": "x"}, "deed.at"),
        ({"at_text": "x" * 201}, "deed.at_text"),
        ({"place_text": "x" * 501}, "deed.place_text"),
        ({"who": "x" * 1001}, "deed.who"),
        ({"unnamed": "yes"}, "deed.unnamed"),
        ({"location": {"lat": 30}}, "deed.location.lon"),
        ("x", "deed"),
    ],
    ids=str,
)
async def test_a_deed_is_checked_field_by_field(
    stack: Stack, reporter: Reporter, deed: Any, field: str
) -> None:
    with nothing_written(stack):
        answer = await reporter.file("x", kind="tip", deed=deed)
    assert assert_problem(answer, "field_invalid", call=True)["fields"] == [field]


@pytest.mark.parametrize(
    ("fields", "desk"),
    [
        ({"deed": {"location": IN_TIANTAI, "place_text": "西湖区"}}, "331023"),
        ({"deed": {"place_text": "天台县白鹤镇"}}, "331023"),
        ({"deed": {"area": "331023", "place_text": "白鹤镇"}}, "331023"),
        ({"deed": {"place_text": "天台县白鹤镇"}, "location": None}, "331023"),
        ({"deed": {"place_text": "天台县白鹤镇"}, "location": IN_SHANGHAI}, "331023"),
        ({"deed": {"place_text": "桥下"}}, "330106"),
        ({"deed": {"location": {"source": "none"}}}, "330106"),
        ({"deed": {"place_text": "桥下"}, "location": None, "place_text": "温州市瓯海区"}, "330304"),
        ({"location": None}, "330000"),
        ({"location": None, "kind": "fraud"}, "330000"),
    ],
    ids=str,
)
async def test_the_place_of_the_deed_decides_before_the_reporters_own(
    reporter: Reporter, fields: dict[str, Any], desk: str
) -> None:
    filed = await reporter.filed("线索", **{"kind": "tip", **fields})
    assert filed["desk"]["adcode"] == desk


async def test_a_deed_outside_the_province_is_refused_with_whom_to_call(
    stack: Stack, reporter: Reporter
) -> None:
    with nothing_written(stack):
        answer = await reporter.file("线索", kind="tip", deed={"location": IN_SHANGHAI})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "outside_jurisdiction")
    assert problem["call"] == CALL


@pytest.mark.parametrize("kind", ["quick", "location"])
async def test_who_needs_help_where_they_are_must_say_where(reporter: Reporter, kind: str) -> None:
    answer = await reporter.file("x", kind=kind, location=None)
    assert_problem(answer, "place_required", call=True)


async def test_the_deed_is_stored_with_the_wgs84_made_from_its_position(
    stack: Stack, reporter: Reporter
) -> None:
    filed = await reporter.filed(
        "线索", kind="tip", deed={"when": "ongoing", "location": {**IN_TIANTAI, "crs": "gcj02"}}
    )
    deed = stored(stack, filed["id"]).deed
    assert deed["location"]["crs"] == "gcj02"
    assert (
        100 < abs(deed["lat"] - IN_TIANTAI["lat"]) * 111_000 < 800
        or abs(deed["lon"] - IN_TIANTAI["lon"]) > 0.001
    )


HERE: dict[str, Any] = {**IN_TIANTAI, "lat": 30.25, "lon": 120.12}


@pytest.mark.parametrize(
    "deed", [{}, {"when": "ongoing"}, {"who": "两个人"}, {"vehicle": "面包车"}, {"location": HERE}], ids=str
)
async def test_a_card_shows_a_deed_whatever_is_missing_of_it(
    reporter: Reporter, dispatcher: Dispatcher, deed: dict[str, Any]
) -> None:
    filed = await reporter.filed("有人在桥下倾倒废油", kind="tip", deed=deed)
    queue = (await dispatcher.http.get("/console/queue")).text
    [card] = [one for one in queue.split("<article")[1:] if filed["id"] in one]
    assert "有人在桥下倾倒废油" in card


async def test_accounts_stand_in_no_event_and_no_log(stack: Stack, reporter: Reporter) -> None:
    canary = "6222999988887777"
    await reporter.filed("x", kind="fraud", fraud={"transfers": [{"number": canary, "name": "无名氏甲"}]})
    refused = {"transfers": [{"number": canary, "name": "无名氏甲", "amount_fen": -5}]}
    answer = await reporter.file("x", kind="fraud", fraud=refused)
    assert canary not in answer.text
    event = TABLES["event"]
    with stack.database.read() as session:
        events = str(session.connection().execute(select(event.c.data)).all())
    logs = "".join(app.log.read_text(encoding="utf-8") for app in stack.apps)
    for secret in (canary, "无名氏甲"):
        assert secret not in events
        assert secret not in logs
