"""What a desk has ready to say: the province's words, a desk's own in their place, and who may change them."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import expect
from sqlmodel import Session

from dispatch import ready, ready_editing
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.ready import Kind, ReadyWords
from dispatch.ready_editing import Draft, Editor
from dispatch.ready_words import that_came_with_us
from dispatch.settings import CHECKOUT
from tests import test_console_page as console
from tests.domain import DESK, OTHER_DESK, done, writing
from tests.people import Dispatcher, People, Reporter, eventually
from tests.stack import Stack
from tests.test_console_page import Desk
from tests.truth import assert_whole, log_of
from tests.witness import assert_problem, nothing_written

browser = console.browser
at_desk = console.at_desk
reporter = console.reporter
OpenDesk = Callable[..., Awaitable[Desk]]

LEADER = Editor(DESK, f"{DESK}90")
DRAFT = Draft(category="traffic", text_zh="请关掉发动机。", text_en="Switch the engine off.", covert=False)
ASKED = Draft(None, "对方上楼了吗？", "Have they come upstairs?", True, ("是", "否"), ("Yes", "No"), key="`")


def said(database: Database, kind: Kind = "reply", desk: str = DESK) -> list[ReadyWords]:
    with database.read() as session:
        return list(ready.at_desk(session, desk).of(kind))


def one(database: Database, name: str, kind: Kind = "reply") -> ReadyWords:
    return next(each for each in said(database, kind) if each.name == name)


def edited(database: Database, *commands: Callable[[Session], Any]) -> list[Any]:
    with writing(database) as writer:
        return [done(writer, command, DESK) for command in commands]


# --- the lists


def test_every_desk_begins_with_what_came_with_us(database: Database) -> None:
    assert said(database) == list(that_came_with_us().replies)
    assert said(database, "question", OTHER_DESK) == list(that_came_with_us().questions)


def test_a_desk_that_changes_a_word_of_the_province_has_its_own_in_its_place_and_no_other_desk_has(
    database: Database,
) -> None:
    before = one(database, "ok")
    changed = replace(DRAFT, category=None, text_zh="嗯。", text_en="Right.", covert=True)
    edited(database, lambda session: ready_editing.change(session, LEADER, "reply", before.id, changed))
    own = next(each for each in said(database) if each.own)
    assert (own.text_zh, own.name, own.place) == ("嗯。", None, before.place)
    assert [each.id for each in said(database)] == [
        own.id if each.id == before.id else each.id for each in that_came_with_us().replies
    ]
    assert said(database, desk=OTHER_DESK) == list(that_came_with_us().replies)
    edited(
        database,
        lambda session: ready_editing.change(
            session, LEADER, "reply", own.id, replace(changed, text_en="Yes.")
        ),
    )
    assert [each.text_en for each in said(database) if each.own] == ["Yes."]


def test_another_category_alone_leaves_the_words_those_that_came_with_us(database: Database) -> None:
    before = one(database, "fire_119")
    other = Draft("help", before.text_zh, before.text_en, before.covert)
    edited(database, lambda session: ready_editing.change(session, LEADER, "reply", before.id, other))
    assert one(database, "fire_119").category == "help"


def test_what_was_removed_is_gone_here_alone_and_can_be_brought_back(database: Database) -> None:
    before = one(database, "safe", "question")
    edited(database, lambda session: ready_editing.remove(session, LEADER, "question", before.id))
    assert "safe" not in {each.name for each in said(database, "question")}
    assert "safe" in {each.name for each in said(database, "question", OTHER_DESK)}
    with database.read() as session:
        (gone,) = ready.at_desk(session, DESK).removed["question"]
    # Its key was given to another meanwhile.
    key = replace(ASKED, key=before.key)
    edited(
        database,
        lambda session: ready_editing.add(session, LEADER, "question", key),
        lambda session: ready_editing.bring_back(session, LEADER, "question", gone.id),
    )
    assert one(database, "safe", "question").key is None
    with database.read() as session:
        assert ready.at_desk(session, DESK).removed["question"] == ()


def test_one_moves_among_those_of_its_category_and_stays_where_there_is_no_further(
    database: Database,
) -> None:
    def order() -> list[str | None]:
        return [each.name for each in ready.in_order(said(database), "traffic")]

    assert order() == ["traffic_triangle", "traffic_injured"]
    for way, then in (("down", True), ("down", True), ("up", False), ("up", False)):
        edited(
            database,
            lambda session, way=way: ready_editing.move(  # type: ignore[misc]
                session, LEADER, "reply", one(database, "traffic_triangle").id, way
            ),
        )
        assert (order()[0] == "traffic_injured") == then


def test_a_key_asks_one_question_of_those_that_are_listed_together(database: Database) -> None:
    edited(database, lambda session: ready_editing.add(session, LEADER, "question", ASKED))
    for draft in (ASKED, replace(ASKED, category="fire"), replace(ASKED, key="1")):
        with pytest.raises(Refused, match="ready_key_taken"):
            edited(database, lambda session, d=draft: ready_editing.add(session, LEADER, "question", d))  # type: ignore[misc]
    # Those of two categories are never listed together.
    edited(
        database,
        lambda session: ready_editing.add(
            session, LEADER, "question", replace(ASKED, category="fire", key="'")
        ),
        lambda session: ready_editing.add(
            session, LEADER, "question", replace(ASKED, category="crime", key="'")
        ),
    )


def test_what_stands_no_longer_cannot_be_changed_and_another_desks_never(database: Database) -> None:
    (added,) = edited(database, lambda session: ready_editing.add(session, LEADER, "reply", DRAFT))
    stranger = Editor(OTHER_DESK, f"{OTHER_DESK}90")
    for editor, id_ in ((stranger, added), (LEADER, uuid4())):
        for command in (
            lambda session, e=editor, i=id_: ready_editing.change(session, e, "reply", i, DRAFT),
            lambda session, e=editor, i=id_: ready_editing.remove(session, e, "reply", i),
            lambda session, e=editor, i=id_: ready_editing.bring_back(session, e, "reply", i),
            lambda session, e=editor, i=id_: ready_editing.move(session, e, "reply", i, "up"),
        ):
            with pytest.raises(Refused, match="ready_unknown"):
                edited(database, command)
    assert "请关掉发动机。" in {each.text_zh for each in said(database)}


def test_there_is_an_end_to_what_a_desk_has_ready(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ready_editing, "MOST", len(said(database)) + 1)
    edited(database, lambda session: ready_editing.add(session, LEADER, "reply", DRAFT))
    with pytest.raises(Refused, match="ready_too_many"):
        edited(database, lambda session: ready_editing.add(session, LEADER, "reply", DRAFT))


def test_each_change_is_an_event_of_the_desk_without_its_words(database: Database) -> None:
    (added,) = edited(database, lambda session: ready_editing.add(session, LEADER, "reply", DRAFT))
    edited(
        database,
        lambda session: ready_editing.change(session, LEADER, "reply", added, DRAFT),  # nothing new
        lambda session: ready_editing.remove(session, LEADER, "reply", added),
    )
    events = [event for event in log_of(database, DESK) if event.kind == "ReadyWordsChanged"]
    assert [event.data["deed"] for event in events] == ["added", "removed"]
    assert {event.actor for event in events} == {f"dispatcher:{DESK}90"}
    assert "发动机" not in str([event.data for event in events])
    assert_whole(database, DESK)


def test_no_key_of_a_question_means_anything_else_on_the_page() -> None:
    script = (CHECKOUT / "static" / "console" / "keys.js").read_text(encoding="utf-8")
    acts = re.search(r"const acts = \{\n(.*?)\n\};", script, re.DOTALL)
    assert acts
    others = {key.strip('"').upper() for key in re.findall(r'^  ("?[^\s":]+"?):', acts[1], re.MULTILINE)}
    assert {"A", "Q", "?", "ESCAPE"} <= others
    # A question's key asks it while the questions are open; these open a dialog while they are not.
    assert set(ready.KEYS) & others == {"2", "5"}


# --- the settings page

FORM = {"do": "add", "text_zh": "请关灯。", "text_en": "Turn the light off.", "category": "help"}
QUESTION = {**FORM, "answers_zh": "好\n不行", "answers_en": "Yes\nNo", "topic": "scene"}


async def post(someone: Dispatcher, section: str, form: dict[str, str]) -> Any:
    return await someone.http.post(
        f"/console/settings/{section}", data=form, headers={"x-csrf-token": someone.csrf}
    )


@pytest.mark.anyio
async def test_the_shift_leader_alone_changes_what_is_ready(stack: Stack, people: People) -> None:
    leader = await people.dispatcher(stack.consoles[0], "33010890")
    dispatcher = await people.dispatcher(stack.consoles[0], "33010801")
    with nothing_written(stack):
        for section, form in (("replies", FORM), ("questions", QUESTION)):
            assert_problem(await post(dispatcher, section, form), "role_refused")
    for section, form in (("replies", FORM), ("questions", QUESTION)):
        assert (await post(leader, section, form)).status_code == 303
    for someone in (leader, dispatcher):
        page = (await someone.http.get("/console/settings")).text
        assert page.count("请关灯。") >= 2
        assert ('value="remove"' in page) == (someone is leader)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("section", "change"),
    [
        ("replies", {"text_zh": " "}),
        ("replies", {"text_en": "x" * 301}),
        ("replies", {"category": "invalid"}),
        ("replies", {"do": "change", "id": "x"}),
        ("replies", {"do": "change", "id": str(uuid4())}),
        ("replies", {"do": "remove", "id": str(uuid4())}),
        ("questions", {"answers_zh": "好"}),
        ("questions", {"answers_zh": "好\n好"}),
        ("questions", {"answers_en": "Yes\nNo\nMaybe"}),
        ("questions", {"answers_zh": "好\n" + "不" * 41}),
        ("questions", {"key": "1"}),
        ("questions", {"key": "A"}),
        ("questions", {"topic": "x"}),
        ("questions", {"answers_zh": "1\n2\n3\n4", "answers_en": "1\n2\n3\n4", "covert": "1"}),
    ],
)
async def test_what_cannot_be_taken_is_said_and_what_was_typed_is_there(
    stack: Stack, people: People, section: str, change: dict[str, str]
) -> None:
    leader = await people.dispatcher(stack.consoles[0], "33010890")
    with nothing_written(stack):
        answer = await post(leader, section, {**QUESTION, "text_zh": "请<关>灯。", **change})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    if change.get("do") != "remove" and "id" not in change and "text_zh" not in change:
        assert "请&lt;关&gt;灯。" in answer.text


@pytest.mark.anyio
async def test_an_unknown_deed_is_refused(stack: Stack, people: People) -> None:
    leader = await people.dispatcher(stack.consoles[0], "33010890")
    with nothing_written(stack):
        assert_problem(
            await post(leader, "replies", {**FORM, "do": "x", "id": str(uuid4())}), "field_invalid"
        )


# --- at the desk


@pytest.mark.anyio
@pytest.mark.browser
async def test_a_digit_puts_a_reply_into_the_field_and_enter_sends_it_in_the_reporters_language(
    at_desk: OpenDesk, reporter: Reporter
) -> None:
    await reporter.http.patch("/api/v1/me", json={"language": "en"})
    desk = await at_desk()
    report = (await reporter.filed("Two cars crashed", category="traffic"))["id"]
    await expect(desk.page.locator(desk.card(report))).to_be_visible()
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#pick-reply")).to_be_enabled()
    await desk.page.keyboard.press("e")
    replies = desk.page.locator(".replies-list button:visible")
    await expect(replies.first).to_be_focused()
    await expect(replies.first).to_contain_text("请打开双闪")  # the report's category first
    await desk.page.keyboard.press("2")
    await expect(desk.page.locator("#replies")).to_be_hidden()
    await expect(desk.page.locator("#reply-text")).to_be_focused()
    await expect(desk.page.locator("#reply-text")).to_have_value(
        "Do not move the injured. If nobody is hurt and the cars can move, take photos and clear the road."
    )
    assert (await reporter.report(report))["messages"] == []  # nothing went yet
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("#lines")).to_contain_text("Do not move the injured")
    # Another category by PageDown, and what somebody has written stays before it.
    await desk.page.keyboard.type("Hello.")
    await desk.page.keyboard.press("Escape")
    await desk.page.keyboard.press("e")
    for _ in range(20):
        if (
            await desk.page.locator(".ready-categories button[aria-pressed=true]:visible").inner_text()
            == "火灾"
        ):
            break
        await desk.page.keyboard.press("PageDown")
    await expect(replies.first).to_contain_text("请弯腰低姿离开")
    await desk.page.keyboard.press("ArrowDown")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("#reply-text")).to_have_value("Hello.\nCall 119 as well.")


@pytest.mark.anyio
@pytest.mark.browser
async def test_who_is_covert_is_sent_nothing_but_what_gives_nothing_away_until_words_are_asked_for(
    at_desk: OpenDesk, reporter: Reporter
) -> None:
    desk = await at_desk()
    report = (await reporter.filed("别出声", covert=True))["id"]
    await expect(desk.page.locator(desk.card(report))).to_be_visible()
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#pick-reply")).to_be_enabled()
    await desk.page.keyboard.press("e")
    await expect(desk.page.locator(".replies-list button")).to_have_count(4)
    await desk.page.keyboard.press("1")
    field = desk.page.locator("#reply-text")
    await expect(field).to_have_value("好的，收到了。")
    await expect(field).to_have_js_property("readOnly", True)
    await desk.page.keyboard.type("民警")
    await expect(field).to_have_value("好的，收到了。")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("#lines")).to_contain_text("好的，收到了。")
    await expect(field).to_be_hidden()
    await desk.page.keyboard.press("Escape")
    await desk.page.keyboard.press("r")
    await expect(desk.page.locator("#reply-guard")).to_be_visible()
    await desk.page.keyboard.type("在")
    await expect(field).to_have_value("在")


@pytest.mark.anyio
@pytest.mark.browser
async def test_words_to_who_turned_covert_this_moment_are_not_sent_before_that_was_seen(
    at_desk: OpenDesk, reporter: Reporter
) -> None:
    desk = await at_desk()
    report = (await reporter.filed("有人跟着我"))["id"]
    await expect(desk.page.locator(desk.card(report))).to_be_visible()
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#reply-text")).to_be_enabled()
    await desk.page.click("#reply-text")
    await desk.page.keyboard.type("民警快到了")
    await desk.line.hang_up()
    desk.line.cut = True  # the screen does not know what comes now
    await reporter.http.put(f"/api/v1/reports/{report}/covert", json={"covert": True})
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("#reply-fault")).to_contain_text("静默")
    assert (await reporter.report(report))["messages"] == []
    desk.line.cut = False
    await expect(desk.page.locator(".banner-covert")).to_be_visible(timeout=20_000)
    await expect(desk.page.locator("#reply-text")).to_have_value("民警快到了")
    await desk.page.focus("#reply-text")
    await desk.page.keyboard.press("Enter")
    await expect(desk.page.locator("#lines")).to_contain_text("民警快到了")


@pytest.mark.anyio
@pytest.mark.browser
async def test_every_console_of_the_desk_has_a_change_at_once_without_reload(
    at_desk: OpenDesk, reporter: Reporter, stack: Stack, people: People
) -> None:
    desk = await at_desk()
    report = (await reporter.filed("等着"))["id"]
    await expect(desk.page.locator(desk.card(report))).to_be_visible()
    await desk.page.keyboard.press("a")
    await expect(desk.page.locator("#pick-reply")).to_be_enabled()
    await desk.page.keyboard.press("e")
    await expect(desk.page.locator("#replies")).to_be_visible()
    leader = await people.dispatcher(stack.consoles[0], "33010690")
    assert (await post(leader, "replies", {**FORM, "category": ""})).status_code == 303
    await expect(desk.page.locator("#replies")).to_contain_text("请关灯。", timeout=20_000)
    await expect(desk.page.locator("#replies")).to_be_visible()  # what came has not closed it
    assert (await post(leader, "questions", {**QUESTION, "category": "", "key": "`"})).status_code == 303
    await desk.page.keyboard.press("Escape")
    await desk.page.keyboard.press("q")
    await expect(desk.page.locator("#questions")).to_contain_text("请关灯。", timeout=20_000)
    await desk.page.keyboard.press("`")
    await eventually(lambda: asked(reporter, report), 20, "the desk's own question is asked")


async def asked(reporter: Reporter, report: str) -> bool:
    return any(each["text"] == "请关灯。" for each in (await reporter.report(report))["requests"])
