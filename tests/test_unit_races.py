"""Fifty times two dispatchers want one unit at once, through two processes: it goes to one report, and the other
dispatcher is told who was first, for which report, and is offered the nearest free one instead."""

import asyncio
import re
from uuid import UUID

import pytest

from dispatch.coordinates import LatLon
from dispatch.states import SendingState
from dispatch.units import nearest_first
from tests.people import People
from tests.places import Place
from tests.stack import Stack
from tests.truth import assert_whole, rows
from tests.unit_work import all_clear, send, sendings_of, units_at

pytestmark = pytest.mark.anyio

RACES = 50


async def test_of_two_who_send_one_unit_at_once_one_does_and_the_other_is_offered_the_next(
    whole: Stack, place: Place, people: People
) -> None:
    pair = [
        await people.dispatcher(console, place.number(suffix))
        for console, suffix in zip(whole.consoles, ("01", "02"), strict=True)
    ]
    phone = await people.reporter(whole.citizens[0], place.location)
    filed = [await phone.filed("两边都要人") for _ in pair]
    for dispatcher, report in zip(pair, filed, strict=True):
        assert (await dispatcher.accept(report["id"])).status_code == 200
    there = LatLon(place.location["lat"], place.location["lon"])
    won = [0, 0]
    for nth in range(RACES):
        wanted, following, *_ = [
            near.unit for near in nearest_first(units_at(whole.database, place.desk), there)
        ]
        # Each begins the pair in turn: neither process is always the later one.
        order = (0, 1) if nth % 2 else (1, 0)
        answers = dict(
            zip(
                order,
                await asyncio.gather(*(send(pair[one], filed[one]["id"], wanted) for one in order)),
                strict=True,
            )
        )
        assert sorted(answer.status_code for answer in answers.values()) == [200, 409]
        winner = next(one for one, answer in answers.items() if answer.status_code == 200)
        loser = 1 - winner
        told = answers[loser].text
        assert f"{wanted.call_sign} 已由 {pair[winner].number} 先派出" in told
        assert filed[winner]["number"] in told
        offered = re.findall(r'aria-pressed="true" data-unit="([0-9a-f-]{36})"', told)
        assert offered == [str(following.id)]
        assert [out.unit for out in _out(whole, filed[winner]["id"])] == [wanted.id]
        assert _out(whole, filed[loser]["id"]) == []
        await all_clear(pair[winner], whole.database, filed[winner]["id"])
        won[winner] += 1
    print(f"won by the two processes: {won}")
    with whole.database.read() as session:
        booked = [row for report in filed for row in rows(session, "sending", report=UUID(report["id"]))]
    assert len(booked) == RACES
    assert_whole(whole.database, place.desk)


def _out(stack: Stack, report: str) -> list[SendingState]:
    return [sending for sending in sendings_of(stack.database, report) if sending.cleared_at is None]
