"""A shift's routes, with real processes: begun, handed over, ended; and no reporter reads what colleagues write."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from starlette.routing import Route

import asgi
from tests.people import Dispatcher, People, eventually
from tests.stack import DESK, Stack
from tests.truth import assert_whole, log_of
from tests.witness import assert_problem, nothing_written

pytestmark = pytest.mark.anyio

FIRST, SECOND, THIRD = f"{DESK}01", f"{DESK}02", f"{DESK}03"
NEIGHBOUR = "33010801"
NOBODYS = "00000000-0000-7000-8000-000000000000"
SECRET = "邻居说他有刀，别让报警人知道"


@pytest.fixture
async def crew(stack: Stack) -> AsyncIterator[tuple[Dispatcher, Dispatcher]]:
    pair = [await Dispatcher.signed_in(stack.consoles[0], number) for number in (FIRST, SECOND)]
    yield pair[0], pair[1]
    for someone in pair:
        held = re.findall(r'name="(to-[0-9a-f-]{36})"', (await someone.http.get("/console/shift")).text)
        await act(someone, "shift/end", **dict.fromkeys(held, ""))
        await someone.leave()


async def act(dispatcher: Dispatcher, address: str, **form: str) -> Any:
    return await dispatcher.http.post(
        f"/console/{address}", headers={"x-csrf-token": dispatcher.csrf}, data=form
    )


async def in_hand(stack: Stack, people: People, dispatcher: Dispatcher, text: str = "有人敲门") -> str:
    phone = await people.reporter(stack.citizens[0])
    report: str = (await phone.filed(text))["id"]
    assert (await dispatcher.accept(report)).status_code == 200
    return report


async def test_a_shift_is_handed_over_and_the_next_reads_what_is_left_until_it_is_done(
    stack: Stack, people: People, crew: tuple[Dispatcher, Dispatcher]
) -> None:
    first, second = crew
    for someone in crew:
        begun = await act(someone, "shift")
        assert begun.status_code == 200
        assert re.search(r'data-since="2\d{3}-', begun.text)
    given, back = [await in_hand(stack, people, first) for _ in range(2)]
    panel = (await first.http.get("/console/shift")).text
    assert f'name="to-{given}"' in panel
    assert f'<option value="{SECOND}">' in panel
    half = await act(first, "shift/end", **{f"to-{given}": SECOND})
    assert_problem(half, "reports_in_hand")
    stranger = await act(first, "shift/end", **{f"to-{given}": THIRD, f"to-{back}": ""})
    assert assert_problem(stranger, "not_on_shift")["dispatcher"] == THIRD
    form = {
        f"to-{given}": SECOND,
        f"note-{given}": "等家属来电",
        f"to-{back}": "",
        "note": "备用钥匙在值班室",
    }
    ended = await act(first, "shift/end", **form)
    assert ended.status_code == 200
    assert 'data-since=""' in ended.text
    page = (await second.http.get("/console/queue")).text
    assert re.search(rf'data-report="{given}"[^>]*data-dispatcher="{SECOND}"', page)
    assert re.search(rf'data-report="{back}"[^>]*data-released="released"', page)
    assert "等家属来电" in (await second.http.get(f"/console/reports/{given}")).text
    left = await act(second, "shift")
    assert "备用钥匙在值班室" in left.text
    note = re.findall(r'data-done="([^"]+)"', left.text)[0]
    for _ in range(2):
        done = await act(second, "shift/notes/done", note=note)
        assert done.status_code == 200
        assert "备用钥匙在值班室" not in done.text
    assert_whole(stack.database, DESK)


async def test_colleagues_are_listed_with_what_they_have_and_look_at(
    stack: Stack, people: People, crew: tuple[Dispatcher, Dispatcher]
) -> None:
    first, second = crew
    await act(first, "shift")
    report = await in_hand(stack, people, first)
    await second.watch()
    await second.socket.send(json.dumps({"type": "looking", "report": report}))  # type: ignore[union-attr]
    number = (await first.http.get(f"/console/reports/{report}")).text.partition('data-number="')[2][:22]

    async def rows() -> dict[str, str]:
        text = (await first.http.get("/console/colleagues")).text
        return {row[0]: row[1] for row in re.findall(r"<tr[^>]*>.*?(\d{8})(.*?)</tr>", text, re.DOTALL)}

    async def looks() -> bool:
        return number in (await rows()).get(SECOND, "")

    await eventually(looks, 20, "what the second looks at")
    found = await rows()
    assert "未值班" in found[SECOND]
    assert "自 " in found[FIRST]
    assert '<td class="figure">1</td>' in found[FIRST]
    neighbour = await Dispatcher.signed_in(stack.consoles[0], NEIGHBOUR)
    elsewhere = (await neighbour.http.get("/console/colleagues")).text
    assert FIRST not in elsewhere
    assert number not in elsewhere
    await neighbour.leave()
    await second.hang_up()


async def test_no_reporters_route_or_socket_shows_a_note(
    stack: Stack, people: People, crew: tuple[Dispatcher, Dispatcher]
) -> None:
    first, _ = crew
    await act(first, "shift")
    phone = await people.reporter(stack.citizens[0])
    report = (await phone.filed("有人跟着我"))["id"]
    assert (await first.accept(report)).status_code == 200
    await phone.listen()
    noted = await act(first, f"reports/{report}/notes", client_id="n1", text=SECRET)
    assert noted.status_code == 200
    assert SECRET in noted.text
    assert (await act(first, f"reports/{report}/notes", client_id="n1", text=SECRET)).text.count(SECRET) == 1
    assert (await act(first, f"reports/{report}/release", reason=SECRET)).status_code == 200
    await first.answer(report, "请说")
    await eventually(lambda: "请说" in str(phone.frames), 20, "what the reporter may read")
    asked = 0
    for route in asgi.citizen.routes:
        if not isinstance(route, Route) or "GET" not in (route.methods or ()):
            continue
        if re.search(r"\{(?!id\})", route.path):
            continue
        answer = await phone.http.get(route.path.replace("{id}", report))
        asked += answer.status_code == 200
        assert SECRET not in answer.text, route.path
    assert asked > 10
    assert SECRET not in str(phone.frames)
    again = people.also(phone.at(stack.citizens[0]))
    await again.listen(known={})
    assert SECRET not in str(again.frames)
    assert SECRET not in str([event.data for event in log_of(stack.database, DESK)])


@pytest.mark.parametrize(
    ("address", "form", "code"),
    [
        ("shift/end", {"to-x": ""}, "field_invalid"),
        ("shift/end", {f"to-{NOBODYS}": "'; drop"}, "field_invalid"),
        ("shift/end", {"note": "长" * 4001}, "text_too_long"),
        ("shift/end", {f"to-{NOBODYS}": "", f"note-{NOBODYS}": "长" * 201}, "text_too_long"),
        ("shift/notes/done", {}, "note_unknown"),
        ("shift/notes/done", {"note": "x"}, "note_unknown"),
        ("shift/notes/done", {"note": NOBODYS}, "note_unknown"),
        (f"reports/{NOBODYS}/notes", {"client_id": "a", "text": "x"}, "report_unknown"),
        (f"reports/{NOBODYS}/notes", {"client_id": "a", "text": " "}, "field_invalid"),
        (f"reports/{NOBODYS}/notes", {"client_id": "a b", "text": "x"}, "field_invalid"),
        (f"reports/{NOBODYS}/notes", {"client_id": "a", "text": "长" * 4001}, "text_too_long"),
    ],
)
async def test_what_cannot_be_done_gets_a_clear_no(
    stack: Stack, crew: tuple[Dispatcher, Dispatcher], address: str, form: dict[str, str], code: str
) -> None:
    with nothing_written(stack):
        assert_problem(await act(crew[0], address, **form), code)
        unsigned = await crew[0].http.post(f"/console/{address}", data=form)
        assert_problem(unsigned, "csrf_refused")


async def test_who_is_nobody_has_no_shift(stack: Stack) -> None:
    app = stack.consoles[0]
    addresses = (("GET", "shift"), ("GET", "colleagues"), ("POST", "shift"), ("POST", "shift/end"))
    async with httpx2.AsyncClient(base_url=app.url, headers={"origin": app.url}) as nobody:
        for method, address in addresses:
            assert_problem(await nobody.request(method, f"/console/{address}"), "sign_in_required")
