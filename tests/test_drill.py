"""A drill: a play comes to the desk that practises through the public protocol, is accepted by a dispatcher who is
there, and nobody else's desk learns of it; what is real goes elsewhere meanwhile."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from commands import play as plays
from commands.play import Play, acts, seconds
from commands.playing import Outcome, Played, picture
from dispatch.boundaries import boundaries_file
from dispatch.cipher import FieldCipher
from dispatch.errors import Unfit
from dispatch.exercises import Player, enlist
from dispatch.models import TABLES
from dispatch.settings import CHECKOUT
from tests.domain import done, writing
from tests.people import Dispatcher, People, Reporter, eventually
from tests.stack import DESK, XIHU, Stack
from tests.truth import assert_whole, log_of, rows
from tests.witness import assert_problem, counts

CITY, NEIGHBOUR = "330100", "330108"
SMALL = """
title = "小演练"
minutes = 2

[[report]]
at = "0:01"
who = "周女士"
text = "有人打架 < & 演练"
photos = 1
answers = ["一个穿白衬衫"]
answer_after_s = 1
later = [{ after_s = 4, say = "往北跑了" }, { after_s = 5, move = { east_m = 90 } }]

[[report]]
at = "0:02"
who = "小林"
covert = true
east_m = 900000

[[report]]
at = "0:03"
who = "孙奶奶"
text = "老伴没回来"
later = [{ after_s = 2, withdraw = "人找到了" }]

[[flood]]
who = "老马"
at = "0:05"
every_s = 1
count = 3
texts = ["喂"]
"""


async def desk110(stack: Stack, *arguments: str) -> tuple[int, str, str]:
    """The command on this installation."""
    port = {"DESK110_CITIZEN_PORT": str(stack.citizens[0].port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(CHECKOUT / "cli.py"),
        *arguments,
        env={**stack.environment, **port},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, complaints = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode(), complaints.decode()


@pytest.fixture
def small(tmp_path: Path) -> str:
    path = tmp_path / "small.toml"
    path.write_text(SMALL, "utf-8")
    return str(path)


@pytest.fixture
async def practising(stack: Stack) -> AsyncIterator[None]:
    """西湖区 practises as long as the test; what it leaves open is closed by the database."""
    status, output, complaints = await desk110(stack, "desk", "exercise", DESK)
    assert status == 0, (output, complaints)
    yield
    with stack.database.writing.begin() as connection:
        connection.execute(TABLES["offering"].delete())
        connection.execute(TABLES["report"].update().values(status="closed", outcome="handled"))
    status, output, complaints = await desk110(stack, "desk", "exercise", DESK, "--off")
    assert status == 0, (output, complaints)


def reports(stack: Stack, **equal: Any) -> list[Any]:
    with stack.database.read() as session:
        return rows(session, "report", **equal)


@pytest.mark.anyio
async def test_a_desk_that_does_not_practise_is_not_played_into(stack: Stack, small: str) -> None:
    before = counts(stack.database)
    status, _, complaints = await desk110(stack, "drill", small, "--desk", DESK, "--speed", "50")
    assert (status, "Practice and real reports are kept apart" in complaints) == (1, True)
    for arguments in (
        ("drill", small, "--desk", "999999"),
        ("drill", "nothing", "--desk", DESK),
        ("drill", small, "--desk", DESK, "--url", "http://110.example.cn"),
        ("drill", small, "--desk", DESK, "--url", "ftp://127.0.0.1"),
    ):
        status, _, complaints = await desk110(stack, *arguments)
        assert (status in {1, 2}, bool(complaints)) == (True, True), arguments
    assert counts(stack.database) == before


@pytest.mark.anyio
async def test_a_play_is_accepted_answered_and_summed_up_and_no_other_desk_learns_of_it(
    stack: Stack, small: str, people: People, practising: None
) -> None:
    earlier = {row.id for row in reports(stack)}
    dispatcher = await people.dispatcher(stack.consoles[0])
    neighbour = await people.dispatcher(stack.consoles[0], f"{NEIGHBOUR}01")
    running = asyncio.create_task(
        desk110(stack, "drill", small, "--desk", DESK, "--speed", "4", "--wait", "2")
    )
    accepted: set[str] = set()

    def mine() -> list[Any]:
        return [row for row in reports(stack) if row.id not in earlier]

    async def accept(text: str) -> str:
        await eventually(lambda: [row for row in mine() if row.text.startswith(text)], 60, text)
        (row,) = [row for row in mine() if row.text.startswith(text)]
        await eventually(lambda: dispatcher.status(str(row.id)), 30, "its card")
        assert (await dispatcher.accept(str(row.id))).status_code == 200
        accepted.add(row.number)
        return str(row.id)

    first = await accept("有人打架")
    asked = await dispatcher.http.post(
        f"/console/reports/{first}/requests",
        data={"kind": "answer", "text": "穿什么衣服", "client_id": "q1"},
        headers={"x-csrf-token": dispatcher.csrf},
    )
    assert asked.status_code == 200, asked.text
    status, output, complaints = await running
    assert (status, complaints.count("33010") >= 6) == (1, True), (output, complaints)
    assert "filed 6, accepted 1, withdrawn 1" in output
    assert "questions 1, answered 1, photos 1" in output
    assert "nobody accepted:" in output
    listed = output.split("nobody accepted:")[1]
    assert len(re.findall(r"\d{6}-\d{8}-\d{6}", listed)) == 4
    assert not accepted & set(re.findall(r"\d{6}-\d{8}-\d{6}", listed))
    played = mine()
    assert [(row.desk, row.exercise) for row in played] == [(DESK, True)] * 6
    ids = {row.id for row in played}
    with stack.database.read() as session:
        event = TABLES["event"]
        desks = session.connection().execute(select(event.c.desk).where(event.c.report.in_(ids)).distinct())
        assert set(desks.scalars()) == {DESK}
        (request,) = rows(session, "request", report=next(row.id for row in played if str(row.id) == first))
        assert request.answer == "一个穿白衬衫"
        said = rows(session, "message", author="reporter")
        assert [line.text for line in said] == ["往北跑了"]
        assert len(rows(session, "location")) == 1
    assert not any(str(id_) in "".join(map(str, neighbour.cards)) for id_ in ids)
    card = dispatcher.cards[first]
    assert card
    assert_whole(stack.database, DESK)
    assert [one.kind for one in log_of(stack.database, DESK) if one.kind == "PlayersEnlisted"]


@pytest.mark.anyio
async def test_what_is_real_goes_to_the_desk_above_and_who_plays_reaches_no_real_desk(
    stack: Stack, people: People, practising: None
) -> None:
    someone = await people.reporter(stack.citizens[0])

    async def goes_above() -> bool:
        return bool((await someone.filed("真的警情"))["desk"]["adcode"] == CITY)

    await asyncio.sleep(1.2)  # as long as the process keeps what it has asked
    assert await goes_above()
    (real,) = reports(stack, text="真的警情")
    assert (real.desk, real.exercise) == (CITY, False)
    asked = await someone.http.get("/api/v1/desks/nearest", params={"lat": 30.25, "lon": 120.12})
    assert asked.json()["adcode"] == CITY
    one = player(stack)
    playing = Reporter(stack.citizens[0], someone.http, one.token)
    token = {"authorization": f"Bearer {one.token}"}
    for body in (
        {"kind": "quick", "text": "演练", "location": {"lat": 30.20, "lon": 120.21}},  # 滨江区
        {"kind": "quick", "text": "演练", "place_text": "宁波市海曙区"},
        {"kind": "tip", "text": "演练", "deed": {"place_text": "温州市鹿城区"}},
    ):
        before = counts(stack.database)
        key = {"idempotency-key": "7f3c2b1e-5a94-4d08-b6e7-91c0d2f4a835"}
        answer = await playing.http.post("/api/v1/reports", json=body, headers={**token, **key})
        assert_problem(answer, "no_desk_open", call=True)
        assert counts(stack.database)["report"] == before["report"]
    inside = {"kind": "quick", "text": "演练", "location": XIHU}
    key = {"idempotency-key": "7f3c2b1e-5a94-4d08-b6e7-91c0d2f4a836"}
    answer = await playing.http.post("/api/v1/reports", json=inside, headers={**token, **key})
    assert (answer.status_code, answer.json()["exercise"], answer.json()["desk"]["adcode"]) == (
        201,
        True,
        DESK,
    )
    assert (await someone.report(str(real.id)))["exercise"] is False
    dispatcher = people.also(await Dispatcher.signed_in(stack.consoles[0]))
    assert (await dispatcher.accept(answer.json()["id"])).status_code == 200
    shown = await playing.http.get(f"/api/v1/reports/{answer.json()['id']}", headers=token)
    assert "演练" in receipt_of(shown.json()["receipt"])
    page = await dispatcher.http.get(f"/console/reports/{answer.json()['id']}")
    assert 'class="banner banner-exercise"' in page.text
    assert 'class="top-exercise"' in (await dispatcher.http.get("/console")).text
    assert "sign-exercise" in (await dispatcher.http.get("/console/queue")).text


def receipt_of(receipt: str) -> str:
    from dispatch.receipts import from_base64url

    return from_base64url(receipt.split(".")[1]).decode()


def player(stack: Stack) -> Player:
    cipher = FieldCipher.load(stack.keys)
    with writing(stack.database) as writer:
        (one,) = done(writer, lambda s: enlist(s, cipher, DESK, [("甲", "zh-CN")], "operator:test"), DESK)
    return one


# --- the files


@pytest.mark.parametrize("name", plays.names())
def test_the_plays_that_come_along_can_be_played_and_are_the_same_for_a_seed(name: str) -> None:
    found = plays.load(name)
    first, again, other = (acts(found, seed) for seed in (1, 1, 2))
    assert first == again
    assert [act.report for act in first] == [act.report for act in again]
    assert [act.report for act in first] != [act.report for act in other]
    assert [act.at_s for act in first] == sorted(act.at_s for act in first)
    assert first[-1].at_s <= found.minutes * 60
    assert any(act.report.later for act in first)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("title = 1", "title"),
        ('title = "x"\nminutes = 0', "minutes"),
        ('title = "x"\nminutes = 1\n[[report]]\nat = "0:01"\nwho = "a"\ncolour = "red"', "colour"),
        ('title = "x"\nminutes = 1\n[[report]]\nat = "0:01"\nwho = "a"\nlater = [{after_s = 1}]', "later"),
        ("title", "Expected"),
    ],
)
def test_a_file_that_is_no_play_is_told_by_its_place(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(Unfit, match=says):
        plays.load(str(path))


def test_moments_are_minutes_and_seconds_and_there_are_not_too_many() -> None:
    assert (seconds("1:05"), seconds("1:00:05")) == (65, 3605)
    with pytest.raises(Unfit, match="no moment"):
        seconds("65")
    flood = {"who": "a", "at": "0:00", "every_s": 1, "count": 1500, "texts": ["x"]}
    with pytest.raises(Unfit, match="at most"):
        acts(Play.model_validate({"title": "x", "minutes": 1, "flood": [flood, {**flood, "who": "b"}]}), 1)


def test_the_bands_are_those_of_the_standard_and_what_was_taken_back_is_not_missing() -> None:
    def one(took: float | None, withdrawn: bool = False) -> Played:
        return Played("a", "n", "i", "t", 100.0, None if took is None else 100 + took, withdrawn)

    outcome = Outcome([one(3), one(15), one(16), one(59), one(61), one(None), one(None, True)])
    assert outcome.bands() == {"≤ 15 s": 2, "≤ 20 s": 1, "≤ 60 s": 1, "> 60 s": 1}
    assert len(outcome.not_accepted) == 1


def test_a_spot_of_a_play_is_inside_the_desks_area_however_far_it_was_put(stack: Stack) -> None:
    from commands.drill import locator
    from commands.play import Spot
    from dispatch.jurisdiction import Jurisdiction

    jurisdiction = Jurisdiction.load(boundaries_file(stack.home))
    for desk in (DESK, "330225", CITY):
        locate = locator(stack.home, desk)
        found = {locate(Spot(east_m=east, north_m=1000)) for east in (0, 3_000, 900_000)}
        counties = {jurisdiction.place(*at).county for at in found}
        assert len(counties) == 1
        assert counties.pop().startswith(desk[:4])
    assert picture("周女士 1").startswith(b"\xff\xd8\xff")
