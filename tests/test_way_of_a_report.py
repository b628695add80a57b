"""The way of a report through real processes: two citizen, two console and a worker, a real Valkey, both databases.

docs/way-of-a-report.md tells it in words.
"""

import asyncio
import time
from typing import Any
from uuid import UUID

import pytest

from dispatch import receipts
from dispatch.clock import iso
from tests.people import Dispatcher, People, Reporter, eventually
from tests.places import Place
from tests.promises import promised
from tests.stack import Stack
from tests.truth import assert_whole, kinds_of, log_of, rows

pytestmark = pytest.mark.anyio

SOON_S = 10


async def test_a_report_is_filed_shown_accepted_and_read_as_received(
    whole: Stack, place: Place, people: People
) -> None:
    one, other = await _consoles(people, whole, place)
    phone = await people.reporter(whole.citizens[0], place.location)
    tablet = people.also(phone.at(whole.citizens[1]))
    await tablet.listen()

    began = time.monotonic()
    report = await phone.filed("有人在楼下打架")
    promised("POST /reports answered", time.monotonic() - began, 1.0)
    id_ = report["id"]
    assert (report["status"], report["received"], report["receipt"]) == ("filed", None, None)
    assert report["desk"]["adcode"] == place.desk

    for console in (one, other):
        await eventually(
            lambda at=console: id_ in at.cards, SOON_S, "the card is on the screen without a reload"
        )
        promised("filed, then seen", console.first_seen[id_] - began, 1.0)
        assert console.cards[id_]["status"] == "filed"
        assert console.cards[id_]["desk"] == place.desk
        assert "有人在楼下打架" in console.words[id_]

    accepted = time.monotonic()
    answer = await one.accept(id_)
    assert answer.status_code == 200
    await eventually(lambda: tablet.status(id_) == "received", SOON_S, "已接收 at the other process")
    promised("accepted, then read as 已接收", time.monotonic() - accepted, 1.0)
    received = tablet.reports[id_]
    assert received["status_label"] == "已接收"
    assert received["received"]["dispatcher_number"] == place.number()
    assert received["received"]["desk_adcode"] == place.desk
    for asked in (await phone.report(id_), await tablet.report(id_)):
        assert asked["received"] == received["received"]
        assert asked["version"] == received["version"] == 2
    await eventually(lambda: other.status(id_) == "received", SOON_S, "the other console shows it as taken")
    assert other.cards[id_]["dispatcher"] == place.number()

    assert kinds_of(whole.database, id_) == ["ReportFiled", "ReportReceived"]
    assert_whole(whole.database, place.desk)


async def test_the_receipt_says_what_was_received_and_verifies_with_the_published_key(
    whole: Stack, place: Place, people: People
) -> None:
    _one, other = await _consoles(people, whole, place)
    phone = await people.reporter(whole.citizens[0], place.location)
    report = await phone.filed("家里进了贼", place_text="三单元")
    await other.accept(report["id"])
    received = await phone.report(report["id"])
    published = (await people.also(phone.at(whole.citizens[1])).http.get("/.well-known/jwks.json")).json()
    statement = receipts.verify(received["receipt"], published)
    assert str(statement.report) == report["id"]
    assert statement.number == report["number"]
    assert statement.desk == place.desk
    assert statement.dispatcher_number == place.number("02")
    assert iso(statement.filed_at) == report["filed_at"]
    assert iso(statement.received_at) == received["received"]["at"]
    assert statement.text_sha256 == receipts.text_digest("家里进了贼")
    here = (place.location["lat"], place.location["lon"], place.location["crs"])
    assert statement.place_sha256 == receipts.place_digest("三单元", here)


async def test_a_screen_counts_from_when_it_has_painted_the_report_and_until_it_closes(
    whole: Stack, place: Place, people: People
) -> None:
    one, other = await _consoles(people, whole, place)
    other.shows = False
    phone = await people.reporter(whole.citizens[0], place.location)
    await phone.listen()
    id_ = (await phone.filed())["id"]
    await eventually(lambda: id_ in other.cards and id_ in one.cards, SOON_S, "both consoles have the card")
    await eventually(lambda: phone.screens(id_) == 1, SOON_S, "the screen that painted it counts")
    await asyncio.sleep(1.0)
    assert phone.screens(id_) == 1, "a console that has it and has not painted it must not count"
    assert (await phone.report(id_))["screens"] == 1
    await other.paint()
    await eventually(lambda: phone.screens(id_) == 2, SOON_S, "both have painted it")
    await people.dispatcher(whole.consoles[1], place.number("03"))
    await eventually(lambda: phone.screens(id_) == 3, SOON_S, "one who comes later counts too")
    await one.hang_up()
    await eventually(lambda: phone.screens(id_) == 2, SOON_S, "one that has closed counts no more")
    assert (await phone.report(id_))["screens"] == 2


async def test_the_desk_learns_that_the_reporter_has_read_it(
    whole: Stack, place: Place, people: People
) -> None:
    one, other = await _consoles(people, whole, place)
    phone = await people.reporter(whole.citizens[0], place.location)
    await phone.listen()
    id_ = (await phone.filed())["id"]
    await phone.say(type="shown", report_id=id_, version=1)
    await one.accept(id_)
    await eventually(lambda: phone.status(id_) == "received", SOON_S, "已接收")
    assert _shown_at(whole, id_) is None, "an earlier version that was shown is no sign of having read 已接收"
    await phone.say(type="shown", report_id=id_, version=2)
    shown_at = await eventually(
        lambda: _shown_at(whole, id_), SOON_S, "the acknowledgement notes that it was shown"
    )
    await phone.say(type="shown", report_id=id_, version=2)
    told = log_of(whole.database, place.desk)[-1].seq
    await eventually(lambda: other.seqs[-1] >= told, SOON_S, "the other console is told")
    assert "已显示" in (await other.http.get(f"/console/reports/{id_}")).text
    await phone.say(type="message", report_id=id_, client_id="after", text="谢谢")
    await eventually(lambda: phone.reports[id_]["version"] == 3, SOON_S, "what came after has been taken")
    assert _shown_at(whole, id_) == shown_at, "the first time counts"
    assert kinds_of(whole.database, id_).count("ReceiptShown") == 1
    assert_whole(whole.database, place.desk)


async def test_words_go_both_ways(whole: Stack, place: Place, people: People) -> None:
    one, other = await _consoles(people, whole, place)
    phone = await people.reporter(whole.citizens[0], place.location)
    tablet = people.also(phone.at(whole.citizens[1]))
    await phone.listen()
    await tablet.listen()
    id_ = (await phone.filed())["id"]
    await eventually(lambda: id_ in one.cards, SOON_S, "the card")

    assert (await one.answer(id_, "请待在安全的地方")).status_code == 200
    for device in (phone, tablet):
        said = await eventually(lambda at=device: _messages(at), SOON_S, "the dispatcher's words")
        assert said[0]["report_id"] == id_
        assert said[0]["message"]["text"] == "请待在安全的地方"
        assert said[0]["message"]["dispatcher_number"] == place.number()
    await tablet.say(type="message", report_id=id_, client_id="m1", text="好的")
    by_http = await phone.http.post(
        f"/api/v1/reports/{id_}/messages", json={"client_id": "m2", "text": "在二楼"}
    )
    assert by_http.status_code == 201
    again = await tablet.http.post(
        f"/api/v1/reports/{id_}/messages", json={"client_id": "m2", "text": "在二楼"}
    )
    assert again.status_code == 200
    assert again.json() == by_http.json()
    await eventually(lambda: other.cards[id_]["version"] == "4", SOON_S, "both reach the other console")
    in_hand = (await other.http.get(f"/console/reports/{id_}")).text
    assert in_hand.index("请待在安全的地方") < in_hand.index("好的")
    assert "在二楼" in in_hand
    assert_whole(whole.database, place.desk)


async def test_a_position_sent_later_reaches_the_desk(whole: Stack, place: Place, people: People) -> None:
    one, _other = await _consoles(people, whole, place)
    phone = await people.reporter(whole.citizens[0], place.location)
    tablet = people.also(phone.at(whole.citizens[1]))
    await tablet.listen()
    id_ = (await phone.filed())["id"]
    await eventually(lambda: id_ in one.cards, SOON_S, "the card")
    pushed = len(one.history)
    moved = {**place.location, "lat": place.location["lat"] + 0.0001}
    assert (await phone.http.post(f"/api/v1/reports/{id_}/locations", json=moved)).status_code == 204
    await tablet.say(type="location", report_id=id_, **moved)
    await eventually(
        lambda: kinds_of(whole.database, id_).count("LocationShared") == 2, SOON_S, "two positions"
    )
    await eventually(lambda: len(one.history) > pushed, SOON_S, "the desk is told")
    in_hand = (await one.http.get(f"/console/reports/{id_}")).text
    assert f"{moved['lat']:.6f}, {moved['lon']:.6f}" in in_hand
    assert "共 3 个位置" in in_hand
    assert_whole(whole.database, place.desk)


async def test_a_withdrawal_is_seen_and_the_report_may_still_be_received(
    whole: Stack, place: Place, people: People
) -> None:
    one, other = await _consoles(people, whole, place)
    phone = await people.reporter(whole.citizens[0], place.location)
    tablet = people.also(phone.at(whole.citizens[1]))
    await phone.listen()
    id_ = (await phone.filed())["id"]
    await eventually(lambda: id_ in one.cards and id_ in other.cards, SOON_S, "the cards")
    answer = await tablet.http.post(f"/api/v1/reports/{id_}/withdrawal", json={"reason": "已解决"})
    assert (answer.status_code, answer.json()["status"]) == (200, "withdrawn")
    for console in (one, other):
        await eventually(
            lambda at=console: at.status(id_) == "withdrawn", SOON_S, "the desk sees it withdrawn"
        )
    await eventually(lambda: phone.status(id_) == "withdrawn", SOON_S, "the other device too")
    assert (await other.accept(id_)).status_code == 200
    await eventually(lambda: phone.reports[id_]["received"], SOON_S, "withdrawn, and received all the same")
    assert phone.status(id_) == "withdrawn"
    assert_whole(whole.database, place.desk)


async def test_a_phone_that_was_away_during_the_accept_reads_it_on_coming_back(
    whole: Stack, place: Place, people: People
) -> None:
    """I4: on any session that is opened again, by the socket's greeting and by GET."""
    one, _other = await _consoles(people, whole, place)
    phone = await people.reporter(whole.citizens[0], place.location)
    await phone.listen()
    id_ = (await phone.filed())["id"]
    await eventually(lambda: phone.status(id_) == "filed", SOON_S, "the page knows its report")
    await phone.hang_up()
    assert (await one.accept(id_)).status_code == 200
    back = people.also(phone.at(whole.citizens[1]))
    await back.listen(known={id_: 1})
    welcome = back.frames[0]
    assert welcome["type"] == "welcome"
    assert [(report["id"], report["status"]) for report in welcome["reports"]] == [(id_, "received")]
    assert (await back.report(id_))["status"] == "received"
    mine = (await back.http.get("/api/v1/reports")).json()["reports"]
    assert [(report["id"], report["status"]) for report in mine] == [(id_, "received")]
    await back.hang_up()
    known = people.also(phone.at(whole.citizens[0]))
    await known.listen(known={id_: 2})
    assert known.frames[0]["reports"] == [], "what a client has is not sent again"


async def test_a_page_opened_late_shows_what_waits_and_its_socket_goes_on_from_there(
    whole: Stack, place: Place, people: People
) -> None:
    phone = await people.reporter(whole.citizens[0], place.location)
    waiting = [(await phone.filed(f"第{n}件"))["id"] for n in range(3)]
    one, other = await _consoles(people, whole, place)
    assert one.order == other.order == waiting
    waiting.append((await phone.filed("第四件"))["id"])
    for console in (one, other):
        await eventually(lambda at=console: at.order == waiting, SOON_S, "the next comes by the socket")
        assert sorted(console.history) == sorted((id_, 1) for id_ in waiting), "and nothing twice"


def _shown_at(whole: Stack, id_: str) -> Any:
    with whole.database.read() as session:
        found = rows(session, "acknowledgement", report=UUID(id_))
        return found[0].shown_at if found else None


def _messages(device: Reporter) -> list[dict[str, Any]]:
    return [frame for frame in device.frames if frame["type"] == "message"]


async def _consoles(people: People, whole: Stack, place: Place) -> tuple[Dispatcher, Dispatcher]:
    """A dispatcher at each console process, watching."""
    return (
        await people.dispatcher(whole.consoles[0], place.number("01")),
        await people.dispatcher(whole.consoles[1], place.number("02")),
    )
