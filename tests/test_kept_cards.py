"""Cards are kept as they were rendered: what is kept is what would be rendered now."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from console.kept_cards import KeptCards
from console.rendering import Rendering
from dispatch import danger_words
from dispatch.clock import now
from dispatch.database import Database
from tests.domain import done, writing
from tests.test_console_rendering import REPORT


def test_what_is_shown_alike_is_rendered_once_and_what_changed_anew() -> None:
    rendering = Rendering()
    card = rendering.card(REPORT, "zh-CN")
    assert rendering.card(replace(REPORT), "zh-CN") is card
    assert rendering.card(replace(REPORT, version=REPORT.version + 1), "zh-CN") != card
    assert rendering.card(replace(REPORT, text="有人砸窗"), "zh-CN") != card
    assert rendering.card(REPORT, "en") != card
    assert rendering.card(REPORT, "zh-CN") == card


def test_new_danger_words_count_on_cards_that_were_rendered_before(database: Database) -> None:
    rendering = Rendering()
    with database.read() as session:
        rendering.dangers.load(session)
    before = rendering.card(REPORT, "zh-CN")
    assert "sign-danger" not in before
    with writing(database) as writer:
        trouble = done(writer, lambda session: danger_words.put(session, REPORT.desk, "33010690", "砸门", 30))
    assert trouble is None
    assert rendering.card(REPORT, "zh-CN") == before
    with database.read() as session:
        rendering.dangers.load(session)
    assert "sign-danger" in rendering.card(REPORT, "zh-CN")


def test_a_card_that_says_something_of_the_hour_is_not_kept() -> None:
    rendering = Rendering()
    until = now() + timedelta(minutes=5)
    found = replace(REPORT, kind="location", location_code="481207", location_code_until=until)
    assert "sign-code" in rendering.card(found, "zh-CN")
    assert rendering.card(found, "zh-CN") is not rendering.card(found, "zh-CN")


def test_a_card_that_could_not_be_rendered_is_tried_again() -> None:
    rendering = Rendering()
    broken = replace(REPORT, fraud={"amount_fen": object()}, media=(None,))  # type: ignore[arg-type]
    assert "内容无法显示" in rendering.card(broken, "zh-CN")
    assert rendering.card(broken, "zh-CN") is not rendering.card(broken, "zh-CN")


def test_of_what_is_closed_nothing_is_kept_in_any_language() -> None:
    kept, dangers = KeptCards(), object()
    for language in ("zh-CN", "en"):
        kept.keep(REPORT, language, dangers, "words of a person")
    kept.keep(replace(REPORT, status="closed"), "zh-CN", dangers, "closed")
    assert not kept._cards


def test_no_more_cards_are_kept_than_there_is_room_for() -> None:
    kept, dangers = KeptCards(most=2), object()
    reports = [replace(REPORT, id=UUID(int=n)) for n in range(3)]
    for report in reports:
        kept.keep(report, "zh-CN", dangers, str(report.id))
    found = [kept.find(report, "zh-CN", dangers) for report in reports]
    assert found == [None, str(UUID(int=1)), str(UUID(int=2))]
    assert kept.find(reports[2], "zh-CN", object()) is None
