"""I5: nothing crosses from one desk or person to another, by any route that there is, nor over a socket.

test_rights.py says it route by route; here they are taken from the apps, so that one added tomorrow is asked too.
"""

import re
from collections.abc import Iterable
from uuid import uuid4

import httpx2
import pytest
from starlette.routing import BaseRoute, Route

import asgi
from tests.people import Dispatcher, People, Reporter, eventually
from tests.pictures import encoded, scene
from tests.places import Place
from tests.stack import Stack
from tests.truth import assert_whole
from tests.witness import nothing_written

pytestmark = pytest.mark.anyio

SOON_S = 15
SECRET = "只给这个台看的话"
# Whatever any of the routes needs, so that nothing is lacking but the right. A new route may need more.
FIELDS = {
    "client_id": "m9",
    "text": "x",
    "reason": "x",
    "lat": 30.2,
    "lon": 120.1,
    "request_id": str(uuid4()),
    "answer": "x",
    "covert": True,
    "wechat_code": "x",
}
FORM = {"client_id": "c9", "text": "x", "reason": "x", "kind": "photo", "said": "1", "handler": "33010601"}
FORM |= {"lat": "30.2", "lon": "120.1", "outcome": "handled"}
# The shell says nothing of a report; the plain pages have cookies and forms, and test_plain_rights.py.
PAGES = ("/reports/", "/plain/")
THING = re.compile(r"\{(id|media)\}")
TUS = {
    "tus-resumable": "1.0.0",
    "upload-length": "10",
    "upload-offset": "0",
    "upload-metadata": "filename cC5qcGc=,filetype aW1hZ2UvanBlZw==,client_id cDk=",
    "content-type": "application/offset+octet-stream",
    "x-http-method-override": "PATCH",
}


def of_one_thing(routes: Iterable[BaseRoute]) -> list[tuple[str, str]]:
    """Every method and path that names a report or a photo, as the app has them: also those added tomorrow."""
    return [
        (method, route.path)
        for route in routes
        if isinstance(route, Route) and THING.search(route.path) and not route.path.startswith(PAGES)
        for method in sorted((route.methods or set()) - {"OPTIONS"})
    ]


async def test_another_persons_report_and_photo_are_out_of_reach_by_every_route(
    whole: Stack, place: Place, people: People
) -> None:
    owner = await people.reporter(whole.citizens[0], place.location)
    stranger = await people.reporter(whole.citizens[0], place.location)
    report, photo = await _report_with_photo(owner)
    own = await stranger.filed("自己的")
    routes = of_one_thing(asgi.citizen.routes)
    assert len(routes) >= 14
    with nothing_written(whole):
        for method, path in routes:
            things = [(report, photo), (uuid4(), uuid4())]
            if "{media}" in path:
                things.append((own["id"], photo))
            answers = [
                await _ask(stranger.http, method, path.format(id=id_, media=media)) for id_, media in things
            ]
            assert {answer.status_code for answer in answers} == {404}, (method, path)
            assert len({answer.text for answer in answers}) == 1, f"{method} {path} tells that it exists"
        mine = (await stranger.http.get("/api/v1/reports")).json()["reports"]
        assert [found["id"] for found in mine] == [own["id"]]
    assert (await _ask(owner.http, "GET", f"/api/v1/media/{photo}/view")).status_code == 200
    assert_whole(whole.database, place.desk)


async def test_another_desks_report_and_photo_are_out_of_reach_by_every_route(
    whole: Stack, place: Place, places_left: Iterable[Place], people: People
) -> None:
    elsewhere = next(iter(places_left))
    phone = await people.reporter(whole.citizens[0], place.location)
    theirs = await people.dispatcher(whole.consoles[0], place.number())
    others = [
        await people.dispatcher(whole.consoles[0], elsewhere.number()),
        await people.dispatcher(whole.consoles[1], elsewhere.number("90")),
    ]
    report, photo = await _report_with_photo(phone)
    await eventually(lambda: report in theirs.cards, SOON_S, "their own desk has it")
    routes = of_one_thing(asgi.console.routes)
    assert len(routes) >= 7
    for other in others:
        with nothing_written(whole):
            for method, path in routes:
                thing = photo if "/media/" in path else report
                answers = [
                    await _act(other, method, path.format(id=thing, hold=uuid4())),
                    await _act(other, method, path.format(id=uuid4(), hold=uuid4())),
                ]
                # Where the role or the form is looked at first, that is refused, whatever it is about.
                assert {answer.status_code for answer in answers} in ({403}, {404}, {422}), (method, path)
                assert len({answer.text for answer in answers}) == 1, f"{method} {path} tells that it exists"
                assert SECRET not in answers[0].text
    assert (await _act(theirs, "GET", f"/console/media/{photo}/thumb")).status_code == 200
    assert theirs.status(report) == "filed"


async def test_what_happens_at_one_desk_never_arrives_at_another(
    whole: Stack, place: Place, places_left: Iterable[Place], people: People
) -> None:
    elsewhere = next(iter(places_left))
    here = await people.dispatcher(whole.consoles[0], place.number())
    there = await people.dispatcher(whole.consoles[0], elsewhere.number())
    phone = await people.reporter(whole.citizens[0], place.location)
    stranger = await people.reporter(whole.citizens[0], elsewhere.location)
    await phone.listen()
    await stranger.listen(known={})
    report = (await phone.filed(SECRET))["id"]
    await eventually(lambda: report in here.cards, SOON_S, "the report at its desk")
    await here.accept(report)
    await here.answer(report, SECRET)
    await phone.say(type="message", report_id=report, client_id="m", text=SECRET)
    own = (await stranger.filed("别处的事"))["id"]
    await eventually(lambda: here.cards[report]["version"] == "4", SOON_S, "all of it at its desk")
    await eventually(lambda: own in there.cards and own in stranger.reports, SOON_S, "its own at the other")
    assert list(there.cards) == [own]
    assert list(stranger.reports) == [own]
    assert set(there.words) == {own}
    there.ticks.clear()
    told = await eventually(lambda: there.ticks, SOON_S, "a word of life")
    assert (told[0]["dispatchers"], told[0]["waiting"]) == ([there.number], 1)
    for path in ("/console", "/console/queue"):
        page = (await there.http.get(path)).text
        assert own in page
        assert report not in page
        assert SECRET not in page
    await stranger.hang_up()
    curious = people.also(stranger.at(whole.citizens[1]))
    await curious.listen(known={report: 0})
    assert [found["id"] for found in curious.frames[0]["reports"]] == [own]


async def _report_with_photo(owner: Reporter) -> tuple[str, str]:
    report = (await owner.filed(SECRET))["id"]
    answer = await owner.http.post(
        f"/api/v1/reports/{report}/media/form",
        data={"client_id": "p1"},
        files={"file": ("p.jpg", encoded(scene()), "image/jpeg")},
    )
    assert answer.status_code == 201, answer.text
    return report, answer.json()["id"]


async def _ask(http: httpx2.AsyncClient, method: str, path: str) -> httpx2.Response:
    """A request that lacks nothing but the right."""
    if path.endswith("/media/form"):
        files = {"file": ("p.jpg", encoded(scene((8, 8))), "image/jpeg")}
        return await http.request(method, path, data={"client_id": "p9"}, files=files)
    if method in {"GET", "HEAD"}:
        return await http.request(method, path, headers=TUS if method == "HEAD" else {})
    if path.endswith("/media") or "/media/" in path:
        return await http.request(
            method, path, headers=TUS, content=b"0123456789" if "/media/" in path else b""
        )
    return await http.request(method, path, json=FIELDS)


async def _act(dispatcher: Dispatcher, method: str, path: str) -> httpx2.Response:
    """A dispatcher's request that lacks nothing but the right."""
    if method in {"GET", "HEAD"}:
        return await dispatcher.http.request(method, path)
    headers = {"x-csrf-token": dispatcher.csrf}
    return await dispatcher.http.request(method, path, data=FORM, headers=headers)
