"""Consent by purpose, over HTTP: nothing before it was said, each by itself, taken back as easily."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from dispatch.consents import EDITIONS
from dispatch.models import TABLES
from tests.people import Reporter
from tests.stack import Stack
from tests.witness import assert_problem, nothing_written, unharmed

pytestmark = pytest.mark.anyio

AT = "/api/v1/me/consents"


@pytest.fixture(autouse=True)
async def without_defects(stack: Stack) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield


@pytest.fixture
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0])
    yield someone
    await someone.leave()


async def standing(reporter: Reporter, purpose: str) -> dict[str, Any]:
    answer = await reporter.http.get(f"{AT}/{purpose}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def put(reporter: Reporter, purpose: str, **body: Any) -> Any:
    return await reporter.http.put(f"{AT}/{purpose}", json=body)


def rows(stack: Stack, table: str, reporter: str) -> list[Any]:
    chosen = TABLES[table]
    with stack.database.read() as session:
        found = select(chosen).where(chosen.c.reporter == UUID(reporter)).order_by(chosen.c.at)
        return [*session.connection().execute(found)]


async def id_of(reporter: Reporter) -> str:
    return str((await reporter.http.get("/api/v1/me")).json()["id"])


async def test_nothing_is_agreed_to_before_it_was_said(stack: Stack, reporter: Reporter) -> None:
    found = (await reporter.http.get(AT)).json()["consents"]
    assert [one["purpose"] for one in found] == list(EDITIONS)
    assert not any(one["agreed"] or one["outdated"] or one["at"] for one in found)
    assert rows(stack, "consent", await id_of(reporter)) == []


async def test_each_purpose_is_agreed_to_and_taken_back_by_itself(stack: Stack, reporter: Reporter) -> None:
    agreed = await put(reporter, "follow_up", given=True, wording=EDITIONS["follow_up"])
    assert (agreed.status_code, agreed.json()["agreed"]) == (200, True)
    others = [one for one in (await reporter.http.get(AT)).json()["consents"] if one["agreed"]]
    assert [one["purpose"] for one in others] == ["follow_up"]
    assert (await put(reporter, "follow_up", given=False)).json()["agreed"] is False
    kept = rows(stack, "consent", await id_of(reporter))
    assert [(row.purpose, row.given, row.wording) for row in kept] == [
        ("follow_up", True, EDITIONS["follow_up"]),
        ("follow_up", False, EDITIONS["follow_up"]),
    ]


async def test_every_answer_is_an_event_that_names_purpose_and_edition_alone(
    stack: Stack, reporter: Reporter
) -> None:
    for given in (True, False):
        await put(reporter, "notices", given=given, wording=EDITIONS["notices"])
    events = [row for row in rows(stack, "event", await id_of(reporter)) if "Consent" in row.kind]
    assert [row.kind for row in events] == ["ConsentGiven", "ConsentWithdrawn"]
    assert {str(row.data) for row in events} == {str({"purpose": "notices", "wording": EDITIONS["notices"]})}


async def test_the_same_answer_again_changes_nothing(stack: Stack, reporter: Reporter) -> None:
    with nothing_written(stack):
        assert (await put(reporter, "notices", given=False)).status_code == 200
    first = (await put(reporter, "notices", given=True, wording=EDITIONS["notices"])).json()
    with nothing_written(stack):
        assert (await put(reporter, "notices", given=True, wording=EDITIONS["notices"])).json() == first


@pytest.mark.parametrize("wording", [None, "2001-01", "x"])
async def test_nobody_agrees_to_a_wording_that_they_have_not_read(
    stack: Stack, reporter: Reporter, wording: str | None
) -> None:
    with nothing_written(stack):
        assert_problem(await put(reporter, "statistics", given=True, wording=wording), "wording_outdated")


async def test_what_is_nobodys_purpose_is_unknown(stack: Stack, reporter: Reporter) -> None:
    with nothing_written(stack):
        assert_problem(await reporter.http.get(f"{AT}/advertising"), "purpose_unknown")
        assert_problem(await put(reporter, "advertising", given=True, wording="2026-11"), "purpose_unknown")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"given": "true"},
        {"given": None},
        {"given": 1},
        {"given": True, "wording": 5},
        {"given": True, "wording": ""},
        {"given": True, "wording": "x" * 33},
    ],
    ids=range(7),
)
async def test_an_answer_that_cannot_be_read_is_none(
    stack: Stack, reporter: Reporter, body: dict[str, Any]
) -> None:
    with nothing_written(stack):
        assert_problem(await reporter.http.put(f"{AT}/notices", json=body), "field_invalid")


async def test_nobody_is_asked_without_a_session_and_no_foreign_page_answers(
    stack: Stack, reporter: Reporter
) -> None:
    stranger = Reporter(stack.citizens[0], type(reporter.http)(base_url=stack.citizens[0].url))
    with nothing_written(stack):
        for path in (AT, f"{AT}/notices"):
            assert_problem(await stranger.http.get(path), "sign_in_required")
        assert_problem(await put(stranger, "notices", given=False), "sign_in_required")
        stranger.http.cookies.set("desk110_session", reporter.token)
        foreign = {"origin": "https://evil.example"}
        answer = await stranger.http.put(f"{AT}/notices", json={"given": False}, headers=foreign)
        assert_problem(answer, "origin_refused")
    await stranger.leave()


async def test_everyone_answers_for_themselves_alone(stack: Stack, reporter: Reporter) -> None:
    other = await Reporter.signed_in(stack.citizens[0])
    await put(reporter, "notices", given=True, wording=EDITIONS["notices"])
    assert (await standing(other, "notices"))["agreed"] is False
    await other.leave()
