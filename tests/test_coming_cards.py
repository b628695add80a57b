"""Who has changed a report is answered with the card that the screens get: of that change or a later one, or none."""

import asyncio
from uuid import UUID

import pytest

from console import coming_cards
from console.coming_cards import ComingCards

pytestmark = pytest.mark.anyio

REPORT, OTHER = UUID(int=1), UUID(int=2)
DESK, LANGUAGE = "330106", "zh-CN"


async def test_a_card_that_came_before_the_change_is_not_taken_for_it() -> None:
    cards = ComingCards()
    with cards.of(DESK, REPORT, LANGUAGE) as coming:
        cards.bring(DESK, LANGUAGE, {REPORT: "filed"}, {REPORT: 1})
        waiting = asyncio.create_task(coming.of(2))
        await asyncio.sleep(0)
        assert not waiting.done()
        cards.bring(DESK, LANGUAGE, {REPORT: "received"}, {REPORT: 2})
        assert await waiting == "received"


async def test_a_later_state_counts_too_and_an_older_one_does_not_replace_it() -> None:
    cards = ComingCards()
    with cards.of(DESK, REPORT, LANGUAGE) as coming:
        cards.bring(DESK, LANGUAGE, {REPORT: "closed"}, {REPORT: 3})
        cards.bring(DESK, LANGUAGE, {REPORT: "received"}, {REPORT: 2})
        assert await coming.of(2) == "closed"


async def test_nobody_is_given_anothers_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coming_cards, "WITHIN_S", 0.05)
    cards = ComingCards()
    with cards.of(DESK, REPORT, LANGUAGE) as coming:
        cards.bring(DESK, LANGUAGE, {OTHER: "another"}, {OTHER: 2})
        cards.bring("330102", LANGUAGE, {REPORT: "another desk's"}, {REPORT: 2})
        cards.bring(DESK, "en", {REPORT: "another language's"}, {REPORT: 2})
        assert await coming.of(2) is None


async def test_all_who_wait_for_a_report_are_given_its_card_and_nothing_is_kept_for_nobody() -> None:
    cards = ComingCards()
    with cards.of(DESK, REPORT, LANGUAGE) as one, cards.of(DESK, REPORT, LANGUAGE) as other:
        cards.bring(DESK, LANGUAGE, {REPORT: "received"}, {REPORT: 2})
        assert [await one.of(2), await other.of(2)] == ["received", "received"]
    assert not cards._waiting
