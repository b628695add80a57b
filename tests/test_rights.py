"""Nothing crosses from one person or desk to another without the right (I5): every route, asked by the wrong one."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import insert
from sqlmodel import Session
from starlette.applications import Starlette
from starlette.routing import Route
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

import asgi
from dispatch.clock import now
from dispatch.ids import new_id
from dispatch.models import TABLES
from tests.people import Dispatcher, Reporter, eventually
from tests.pictures import jpeg
from tests.rights import (
    CITIZEN,
    CONSOLE,
    DESKS,
    REPORTERS,
    SPENDS,
    filled,
    form_token,
    routes_of,
    said,
    table,
)
from tests.stack import PASSWORD, XIHU, App, Stack
from tests.witness import assert_problem, nothing_written, unharmed

pytestmark = pytest.mark.anyio

NOBODYS = "00000000-0000-7000-8000-000000000000"
TUS = {"tus-resumable": "1.0.0"}
# Whatever any of the plain forms needs, so that nothing is lacking but the right.
PLAIN_FORM = {"phone": "13512345678", "text": "x", "reason": "mistake", "answer": "x", "shown": "1"}


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
async def stranger(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0], verified=True)
    await someone.filed("陌生人自己的报警")
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
async def report(reporter: Reporter) -> dict[str, Any]:
    """A report of `reporter` at 西湖区."""
    return await reporter.filed("只有本人和西湖区看得到")


@pytest.fixture(scope="module")
def photo(stack: Stack, report: dict[str, Any]) -> str:
    """The identifier of a photo of that report, as if it had been sent."""
    id_ = new_id()
    row = {
        "id": id_,
        "report": UUID(report["id"]),
        "client_id": "a",
        "kind": "photo",
        "filename": "现场.jpg",
        "content_type": "image/jpeg",
        "length": 1000,
        "state": "uploading",
        "begun_at": now(),
    }
    with Session(stack.database.writing) as session:
        session.connection().execute(insert(TABLES["media"]), row)
        session.commit()
    return str(id_)


async def door(app: App, number: str) -> Dispatcher:
    """Someone with an account, signed in; the page is not opened, since not everyone has one."""
    http = httpx2.AsyncClient(base_url=app.url, timeout=15, headers={"origin": app.url})
    page = await http.get("/console/sign-in")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
    form = {"number": number, "password": PASSWORD, "csrf_token": token}
    assert (await http.post("/console/sign-in", data=form)).status_code == 303
    return Dispatcher(app, number, http)


@pytest.fixture(scope="module")
async def neighbour(stack: Stack) -> AsyncIterator[Dispatcher]:
    """A dispatcher of the desk next door, 滨江区."""
    someone = await Dispatcher.signed_in(stack.consoles[0], "33010801")
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
async def own(stack: Stack) -> AsyncIterator[Dispatcher]:
    """A dispatcher of 西湖区."""
    someone = await Dispatcher.signed_in(stack.consoles[0], "33010601")
    yield someone
    await someone.leave()


# --- no route is forgotten


def addresses(app: Starlette, prefix: str) -> set[tuple[str, str]]:
    """The methods and addresses of an app that name something of somebody's; below `/me` all is one's own."""
    found = set()
    for route in app.routes:
        of_somebody = isinstance(route, Route) and "{" in route.path and "/me/" not in route.path
        if isinstance(route, Route) and of_somebody and route.path.startswith(prefix):
            path = re.sub(r"\{\w+\}", "{}", route.path.removeprefix("/api/v1"))
            found |= {(method, path) for method in route.methods or ()}
    # What answers HEAD with the head of a GET, and OPTIONS with the same to everyone, tells no more than these.
    return {(method, path) for method, path in found if method != "OPTIONS" and (method, path) not in ASIDE}


ASIDE = {("HEAD", path) for path in ("/reports/{}", "/media/{}", "/media/{}/view", "/media/{}/thumb")} | {
    ("HEAD", f"/console/{path}")
    for path in (
        "reports/{}",
        "reports/{}/flood",
        "reports/{}/units",
        "reports/{}/transfer-desks",
        "media/{}",
        "media/{}/view",
        "media/{}/thumb",
    )
}
# Anybody at a desk may ask for a code; what another desk's is told is tested in test_location_codes.
ASIDE |= {(method, "/console/location-codes/{}") for method in ("GET", "HEAD")}
# An auditor looks back at reports of all desks, and nobody else; tested in test_audit_page.
ASIDE |= {(method, "/console/audit/reports/{}") for method in ("GET", "HEAD")}
# An administrator administers all desks and accounts, and nobody else; tested in test_admin_pages.
ASIDE |= {
    (method, f"/console/admin/{path}")
    for method, path in (
        *(
            (method, f"{thing}/{{}}")
            for method in ("GET", "HEAD")
            for thing in ("accounts", "cities", "desks")
        ),
        *((method, "desks/{}/settings") for method in ("GET", "HEAD")),
        *(("POST", f"desks/{{}}/{act}") for act in ("opening", "hours", "settings/{}")),
        ("POST", "cities/{}/opening"),
        ("POST", "accounts/{}/{}"),
    )
}
# Names a passkey of one's own account, and nobody else's is found; tested in test_passkeys.
ASIDE |= {("POST", f"/console/account/passkeys/{{}}/{act}") for act in ("name", "removal")}
# A mark of another desk is as unknown as none; tested in test_marks_page.
ASIDE |= {("POST", "/console/appeals/{}")}
# Names a section of one's own desk's settings; who may change them is tested in test_desk_settings.
ASIDE |= {("POST", "/console/settings/{}")}


async def test_every_address_that_names_something_is_asked_by_the_wrong_one_below() -> None:
    def asked(routes: list[tuple[str, str, Any]]) -> set[tuple[str, str]]:
        return {(method, re.sub(r"\{\w+\}", "{}", path)) for method, path, _ in routes}

    assert addresses(asgi.citizen, "/api/v1/") == asked(REPORTERS_ROUTES)
    assert addresses(asgi.console, "/console/") == asked(CONSOLE_ROUTES)


# --- reporters

REPORTERS_ROUTES: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/reports/{report}", {}),
    ("POST", "/reports/{report}/messages", {"json": {"client_id": "a", "text": "让我看看"}}),
    ("POST", "/reports/{report}/locations", {"json": XIHU}),
    ("POST", "/reports/{report}/answers", {"json": {"request_id": NOBODYS, "answer": "是"}}),
    ("POST", "/reports/{report}/withdrawal", {"json": {"reason": "不用来了"}}),
    ("PUT", "/reports/{report}/covert", {"json": {"covert": True}}),
    ("POST", "/reports/{report}/wechat-notice", {"json": {"wechat_code": "a code"}}),
    (
        "POST",
        "/reports/{report}/media",
        {"headers": {**TUS, "upload-length": "100", "upload-metadata": "filename YS5qcGc=,client_id YQ=="}},
    ),
    ("POST", "/reports/{report}/media/form", {"files": {"file": ("a.jpg", b"\xff\xd8\xff" * 40)}}),
    ("HEAD", "/reports/{report}/media/{photo}", {"headers": TUS}),
    (
        "POST",
        "/reports/{report}/media/{photo}",
        {"headers": {**TUS, "x-http-method-override": "DELETE"}},
    ),
    (
        "PATCH",
        "/reports/{report}/media/{photo}",
        {
            "headers": {**TUS, "upload-offset": "0", "content-type": "application/offset+octet-stream"},
            "content": b"x" * 10,
        },
    ),
    ("DELETE", "/reports/{report}/media/{photo}", {"headers": TUS}),
    ("GET", "/media/{photo}", {}),
    ("GET", "/media/{photo}/view", {}),
    ("GET", "/media/{photo}/thumb", {}),
]


@pytest.mark.parametrize(
    ("method", "path", "rest"), REPORTERS_ROUTES, ids=[f"{m} {p}" for m, p, _ in REPORTERS_ROUTES]
)
async def test_another_persons_report_is_as_unknown_as_one_that_is_not(
    stack: Stack,
    stranger: Reporter,
    report: dict[str, Any],
    photo: str,
    method: str,
    path: str,
    rest: dict[str, Any],
) -> None:
    def ask(report_: str, photo_: str) -> Any:
        return stranger.http.request(method, "/api/v1" + path.format(report=report_, photo=photo_), **rest)

    with nothing_written(stack):
        another = await ask(report["id"], photo)
        none = await ask(NOBODYS, NOBODYS)
    assert another.status_code == 404
    assert (another.status_code, another.content) == (none.status_code, none.content)
    assert sorted(another.headers) == sorted(none.headers)
    if method != "HEAD":
        assert another.json()["code"] in {"report_unknown", "upload_unknown", "media_unknown"}


async def test_the_owner_is_served_where_the_stranger_was_not(
    reporter: Reporter, report: dict[str, Any]
) -> None:
    assert (await reporter.http.get(f"/api/v1/reports/{report['id']}")).status_code == 200


async def test_everyone_lists_their_own_reports_alone(
    reporter: Reporter, stranger: Reporter, report: dict[str, Any]
) -> None:
    mine = (await reporter.http.get("/api/v1/reports")).json()["reports"]
    theirs = (await stranger.http.get("/api/v1/reports")).json()["reports"]
    assert report["id"] in {found["id"] for found in mine}
    assert not {found["id"] for found in mine} & {found["id"] for found in theirs}


async def test_a_key_is_ones_own(reporter: Reporter, stranger: Reporter) -> None:
    key = str(uuid4())
    first = await reporter.file("甲的", key=key)
    second = await stranger.file("乙的", key=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["id"] != second.json()["id"]


async def test_a_socket_tells_of_ones_own_reports_alone(
    reporter: Reporter, stranger: Reporter, own: Dispatcher
) -> None:
    await stranger.listen(known={NOBODYS: 0})
    filed = await reporter.filed("别人的")
    assert (await own.accept(filed["id"])).status_code == 200
    await own.answer(filed["id"], "只说给本人听")
    theirs = await stranger.filed("自己的")
    await eventually(lambda: theirs["id"] in stranger.reports, 20, "the stranger's own report")
    assert filed["id"] not in str(stranger.frames)
    assert "只说给本人听" not in str(stranger.frames)
    await stranger.hang_up()


# --- desks

CONSOLE_ROUTES: list[tuple[str, str, dict[str, str]]] = [
    ("GET", "/console/reports/{report}", {}),
    ("POST", "/console/reports/{report}/acknowledgement", {}),
    ("POST", "/console/reports/{report}/messages", {"client_id": "a", "text": "您好"}),
    (
        "POST",
        "/console/reports/{report}/requests",
        {"client_id": "a", "kind": "answer", "text": "您受伤了吗？", "answers": "是\n不是"},
    ),
    ("POST", "/console/reports/{report}/duress-acknowledgement", {"said": "1"}),
    ("POST", "/console/reports/{report}/scene", {"client_id": "a", "lat": "30.2", "lon": "120.1"}),
    ("POST", "/console/reports/{report}/release", {"reason": "要离开座位"}),
    ("POST", "/console/reports/{report}/take-over", {"handler": "33010601", "reason": "对方在忙"}),
    ("GET", "/console/reports/{report}/flood", {}),
    ("POST", "/console/reports/{report}/flood-act", {"do": "accept", "until": "2026-11-23T10:00:00Z"}),
    ("POST", "/console/reports/{report}/mark", {"category": "harassment", "reason": "反复空报"}),
    ("POST", "/console/reports/{report}/mark-removal", {"reason": "认错人了"}),
    ("GET", "/console/reports/{report}/units", {}),
    ("POST", "/console/reports/{report}/sendings", {"units": NOBODYS}),
    ("POST", "/console/reports/{report}/arrivals", {"sending": NOBODYS}),
    ("POST", "/console/reports/{report}/clearings", {"sendings": NOBODYS, "reason": "已处置"}),
    ("POST", "/console/reports/{report}/closing", {"outcome": "handled"}),
    ("POST", "/console/reports/{report}/reopening", {"reason": "又有消息"}),
    ("POST", "/console/reports/{report}/pick-up", {}),
    ("GET", "/console/reports/{report}/transfer-desks", {}),
    ("POST", "/console/reports/{report}/transfer", {"desk": "330102", "reason": "在上城"}),
    ("POST", "/console/reports/{report}/transfer-acceptance", {}),
    ("POST", "/console/reports/{report}/transfer-return", {"reason": "不是我们的"}),
    ("POST", "/console/reports/{report}/transfer-recall", {}),
    ("POST", "/console/reports/{report}/proposal", {"outcome": "false_report", "reason": "空报"}),
    ("POST", "/console/reports/{report}/proposal-confirmation", {}),
    ("POST", "/console/reports/{report}/proposal-refusal", {"reason": "再问问"}),
    ("POST", "/console/reports/{report}/proposal-withdrawal", {}),
    ("POST", "/console/reports/{report}/notes", {"client_id": "a", "text": "给同事"}),
    ("POST", "/console/reports/{report}/incident", {"with": NOBODYS}),
    ("POST", "/console/reports/{report}/incident/leaving", {}),
    ("POST", "/console/reports/{report}/incident/messages", {"client_id": "a", "text": "警车已到"}),
    ("POST", "/console/reports/{report}/phone", {"reason": "asked"}),
    ("POST", "/console/reports/{report}/export", {"reason": ""}),
    ("POST", "/console/reports/{report}/hold", {"reason": "", "on": "report"}),
    ("POST", "/console/reports/{report}/hold/{photo}/lifting", {"reason": "结案"}),
    ("POST", "/console/media/{photo}/original", {"reason": "evidence"}),
    ("GET", "/console/media/{photo}", {}),
    ("GET", "/console/media/{photo}/view", {}),
    ("GET", "/console/media/{photo}/thumb", {}),
]


@pytest.mark.parametrize("number", ["33010801", "33010090", "33000090", "33078201"])
@pytest.mark.parametrize(
    ("method", "path", "form"), CONSOLE_ROUTES, ids=[path for _, path, _ in CONSOLE_ROUTES]
)
async def test_another_desks_report_is_as_unknown_as_one_that_is_not(
    stack: Stack,
    report: dict[str, Any],
    photo: str,
    number: str,
    method: str,
    path: str,
    form: dict[str, str],
) -> None:
    someone = await on_duty(stack, number)

    def ask(report_: str, photo_: str) -> Any:
        return someone.http.request(
            method,
            path.format(report=report_, photo=photo_),
            headers={"x-csrf-token": someone.csrf},
            data=form or None,
        )

    with nothing_written(stack):
        another = await ask(report["id"], photo)
        none = await ask(NOBODYS, NOBODYS)
    problem = assert_problem(another, "media_unknown" if "media" in path else "report_unknown")
    assert problem == none.json()


# What a desk does with a report that it is asked to take over: it looks, and answers.
ASKED = {"transfer-acceptance", "transfer-return"}


async def test_a_desk_that_is_asked_to_take_a_report_over_looks_and_answers_and_does_nothing_else(
    stack: Stack, reporter: Reporter, own: Dispatcher
) -> None:
    asked = (await reporter.filed("移交给拱墅"))["id"]
    assert (await own.accept(asked)).status_code == 200
    form = {"desk": "330105", "reason": "在拱墅"}
    headers = {"x-csrf-token": own.csrf}
    answer = await own.http.post(f"/console/reports/{asked}/transfer", headers=headers, data=form)
    assert answer.status_code == 200
    there = await on_duty(stack, "33010501")
    # Acts first: that something was looked at is written beside the answer, and may come later.
    for method, path, fields in sorted(CONSOLE_ROUTES, key=lambda route: route[0] == "GET"):
        act = path.partition("{report}")[2].strip("/")
        # To hand a report out and to hold it is its shift leader's right, whoever asks.
        if (
            "{photo}" in path
            or act == "export"
            or act.startswith("hold")
            or (method != "GET" and act in ASKED)
        ):
            continue
        route = path.format(report=asked)
        if method == "GET":  # that it was looked at is told to the log
            assert (await there.http.get(route)).status_code == 200, path
            continue
        with nothing_written(stack):
            answer = await there.http.request(
                method, route, headers={"x-csrf-token": there.csrf}, data=fields or None
            )
        assert_problem(answer, "report_unknown")


_on_duty: dict[str, Dispatcher] = {}


async def on_duty(stack: Stack, number: str) -> Dispatcher:
    """The dispatcher of that number, signed in once."""
    if number not in _on_duty:
        _on_duty[number] = await Dispatcher.signed_in(stack.consoles[0], number)
    return _on_duty[number]


@pytest.fixture(scope="module", autouse=True)
async def all_leave() -> AsyncIterator[None]:
    yield
    for someone in _on_duty.values():
        await someone.leave()
    _on_duty.clear()


async def test_another_desks_page_queue_and_socket_hold_nothing_of_it(
    reporter: Reporter, neighbour: Dispatcher, own: Dispatcher, report: dict[str, Any]
) -> None:
    await neighbour.watch()
    await own.watch()
    filed = await reporter.filed("西湖区的第二条")
    await eventually(lambda: filed["id"] in own.cards, 20, "the report is at its own desk")
    await asyncio.sleep(1.5)  # longer than a look at all heads takes
    pages = [(await neighbour.http.get(path)).text for path in ("/console", "/console/queue")]
    await neighbour.hang_up()
    await own.hang_up()
    assert not {report["id"], filed["id"]} & set(neighbour.cards)
    assert all(id_ not in page for page in pages for id_ in (report["id"], filed["id"]))
    assert "西湖区的第二条" not in "".join(pages)


# --- those without a desk, and nobody


@pytest.mark.parametrize("number", ["auditor", "admin"])
async def test_an_account_without_a_desk_sees_and_does_nothing_at_one(
    stack: Stack, report: dict[str, Any], photo: str, number: str
) -> None:
    someone = await door(stack.consoles[0], number)
    page = await someone.http.get("/console", follow_redirects=True)
    # Each has pages of their own (tests/test_audit_page.py, tests/test_admin_pages.py).
    assert page.status_code == 200
    csrf = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
    with nothing_written(stack):
        assert_problem(await someone.http.get("/console/queue"), "role_refused")
        for method, path, form in CONSOLE_ROUTES:
            answer = await someone.http.request(
                method,
                path.format(report=report["id"], photo=photo),
                headers={"x-csrf-token": csrf},
                data=form or None,
            )
            # To hand a report out an auditor needs no desk, but a reason; so do both to hold it.
            code = "reason_required" if path.endswith("/hold") else "role_refused"
            if number == "auditor" and path.endswith("/export"):
                code = "reason_required"
            assert_problem(answer, "hold_unknown" if path.endswith("/lifting") else code)
        assert await console_line(someone) == 4403
    await someone.leave()


async def console_line(someone: Dispatcher, **headers: str) -> int | None:
    """The code that the console's socket closes with, opened with the cookies of `someone` from our own page."""
    cookies = "; ".join(f"{name}={value}" for name, value in someone.http.cookies.items())
    url = someone.app.url.replace("http", "ws", 1) + "/console/live"
    async with connect(
        url, additional_headers={"origin": someone.app.url, "cookie": cookies, **headers}, proxy=None
    ) as line:
        try:
            await asyncio.wait_for(line.recv(), 20)
        except ConnectionClosed:
            return line.close_code
    return None


async def test_nobody_sees_or_does_anything_at_a_console(
    stack: Stack, reporter: Reporter, report: dict[str, Any], photo: str
) -> None:
    app = stack.consoles[0]
    strangers: list[dict[str, str]] = [
        {},
        {"cookie": f"desk110_console={reporter.token}"},
        {"cookie": f"desk110_session={reporter.token}"},
        {"authorization": f"Bearer {reporter.token}"},
    ]
    with nothing_written(stack):
        for headers in strangers:
            async with httpx2.AsyncClient(base_url=app.url, headers={"origin": app.url, **headers}) as http:
                page = await http.get("/console")
                assert (page.status_code, page.headers["location"]) == (303, "/console/sign-in")
                assert_problem(await http.get("/console/queue"), "sign_in_required")
                for method, path, form in [
                    *CONSOLE_ROUTES,
                    ("GET", "/console/queue", {}),
                    ("POST", "/console/sign-out", {}),
                ]:
                    answer = await http.request(
                        method, path.format(report=report["id"], photo=photo), data=form or None
                    )
                    assert_problem(answer, "sign_in_required")
                assert await console_line(Dispatcher(app, "", http), **headers) == 4401


async def test_a_dispatchers_session_is_none_for_a_reporter(stack: Stack, own: Dispatcher) -> None:
    token = own.http.cookies["desk110_console"]
    async with httpx2.AsyncClient(base_url=stack.citizens[0].url) as http:
        for headers in (
            {"authorization": f"Bearer {token}"},
            {"cookie": f"desk110_session={token}; desk110_console={token}"},
        ):
            assert_problem(await http.get("/api/v1/me", headers=headers), "sign_in_required")


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "{citizen}", "{own}.evil.example", ""])
async def test_a_foreign_page_or_none_gets_no_console_socket_at_all(
    stack: Stack, own: Dispatcher, origin: str
) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in own.http.cookies.items())
    headers = {"cookie": cookies}
    if origin:
        headers["origin"] = origin.format(citizen=stack.citizens[0].url, own=own.app.url)
    with pytest.raises(InvalidStatus) as refused:
        await connect(
            own.app.url.replace("http", "ws", 1) + "/console/live", additional_headers=headers, proxy=None
        )
    assert refused.value.response.status_code == 403


# --- acts come from our own page

ACTS = [(path, form) for method, path, form in CONSOLE_ROUTES if method == "POST"]


@pytest.mark.parametrize(("path", "form"), ACTS, ids=[path for path, _ in ACTS])
async def test_an_act_needs_the_token_of_ones_own_session_and_our_own_origin(
    stack: Stack,
    own: Dispatcher,
    neighbour: Dispatcher,
    report: dict[str, Any],
    path: str,
    form: dict[str, str],
) -> None:
    address = path.format(report=report["id"], photo=NOBODYS)
    wrong: list[tuple[dict[str, str], str]] = [
        ({}, "csrf_refused"),
        ({"x-csrf-token": ""}, "csrf_refused"),
        ({"x-csrf-token": "x"}, "csrf_refused"),
        ({"x-csrf-token": own.csrf[:-1]}, "csrf_refused"),
        ({"x-csrf-token": own.csrf + "="}, "csrf_refused"),
        ({"x-csrf-token": neighbour.csrf}, "csrf_refused"),
        ({"x-csrf-token": own.csrf, "origin": "https://evil.example"}, "origin_refused"),
        ({"x-csrf-token": own.csrf, "origin": "null"}, "origin_refused"),
        ({"x-csrf-token": own.csrf, "origin": stack.citizens[0].url}, "origin_refused"),
    ]
    with nothing_written(stack):
        for headers, code in wrong:
            assert_problem(await own.http.post(address, headers=headers, data=form or None), code)
        in_form = {**form, "csrf_token": neighbour.csrf}
        assert_problem(await own.http.post(address, data=in_form), "csrf_refused")
        for in_query in (f"{address}?csrf_token={own.csrf}", f"{address}?x-csrf-token={own.csrf}"):
            assert_problem(await own.http.post(in_query, data=form or None), "csrf_refused")


@pytest.mark.parametrize("path", [*(path for path, _ in ACTS), "/console/sign-out"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
async def test_nothing_changes_by_any_method_but_post(
    stack: Stack, own: Dispatcher, report: dict[str, Any], path: str, method: str
) -> None:
    with nothing_written(stack):
        answer = await own.http.request(
            method, path.format(report=report["id"], photo=NOBODYS), headers={"x-csrf-token": own.csrf}
        )
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("form", [False, True], ids=["by header", "by form"])
async def test_with_the_token_the_act_is_done(
    stack: Stack, reporter: Reporter, own: Dispatcher, form: bool
) -> None:
    filed = await reporter.filed()
    address = f"/console/reports/{filed['id']}/acknowledgement"
    if form:
        answer = await own.http.post(address, data={"csrf_token": own.csrf})
    else:
        answer = await own.http.post(address, headers={"x-csrf-token": own.csrf})
    assert answer.status_code == 200
    assert (await reporter.report(filed["id"]))["status"] == "received"


# --- every role at every route


RIGHTS = {"citizen": table(CITIZEN, REPORTERS), "console": table(CONSOLE, DESKS)}
CELLS = [(name, *route) for name, rows in RIGHTS.items() for route in rows]
IDS = {"code": "000000", "section": "times", "size": "192", "purpose": "keep_identity"}


def nameless(path: str) -> str:
    """The path whatever it calls its parameters."""
    return re.sub(r"\{\w+\}", "{}", path)


BODIES: dict[tuple[str, str], dict[str, Any]] = {
    **{(method, nameless(f"/api/v1{path}")): rest for method, path, rest in REPORTERS_ROUTES},
    **{(method, nameless(path)): {"data": form} if form else {} for method, path, form in CONSOLE_ROUTES},
}


@pytest.fixture(scope="module")
async def stored(reporter: Reporter, report: dict[str, Any]) -> str:
    """A photo of that report that came whole."""
    sent = await reporter.http.post(
        f"/api/v1/reports/{report['id']}/media/form", files={"file": ("a.jpg", jpeg(), "image/jpeg")}
    )
    assert sent.status_code == 201, sent.text
    return str(sent.json()["id"])


@pytest.mark.parametrize("name", RIGHTS)
async def test_the_table_holds_every_route_and_socket_of_the_app_and_no_other(name: str) -> None:
    """What is not in the table fails: whoever adds a route says who may use it."""
    assert routes_of(getattr(asgi, name)) == sorted(RIGHTS[name])


class Role:
    """Somebody who asks, with what they have to show."""

    def __init__(self, app: App, headers: dict[str, str], cookies: dict[str, str], csrf: str) -> None:
        own = {"origin": app.url, "x-csrf-token": csrf, **headers}
        self.app = app
        self.csrf = csrf
        self.http = httpx2.AsyncClient(base_url=app.url, timeout=30, headers=own, cookies=cookies)

    async def asks(self, method: str, path: str, ids: dict[str, str], rest: dict[str, Any]) -> str:
        """What they are answered, as the table writes it."""
        address = filled(path, ids)
        if method == "WS":
            return await self._socket(address)
        if method == "MOUNT":
            method, address = "GET", f"{address}/console/console.css"
        headers = rest.get("headers", {})
        if method != "GET" and path.startswith("/plain"):
            rest = {"data": {**PLAIN_FORM, "form_token": self.csrf}}
        answer = await self.http.request(method, address, **{**rest, "headers": headers})
        return said(answer.status_code, answer.headers.get("location", ""))

    async def _socket(self, address: str) -> str:
        cookies = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        url = self.app.url.replace("http", "ws", 1) + address
        own = {"origin": self.app.url, "cookie": cookies}
        async with connect(url, additional_headers=own, subprotocols=["desk110.v1"], proxy=None) as line:  # type: ignore[list-item]
            if address == "/api/v1/live":
                await line.send('{"type":"hello","known":{}}')
            try:
                await asyncio.wait_for(line.recv(), 20)
            except ConnectionClosed:
                return str(line.close_code)
        return "ok"


async def role(stack: Stack, name: str, who: str, reporter: Reporter, stranger: Reporter) -> Role:
    """Who has this name in the table of this app."""
    app = (stack.citizens if name == "citizen" else stack.consoles)[0]
    numbers = {"desk": "33010601", "own": "33010601", "next": "33010801", "leader": "33010690"}
    if who == "nobody":
        return Role(app, {}, {}, "")
    if name == "citizen" and who != "desk":
        token = (reporter if who == "own" else stranger).token
        bearer = {"authorization": f"Bearer {token}"}
        return Role(app, bearer, {"desk110_session": token}, form_token(token))
    if who == "reporter":
        cookies = {"desk110_console": reporter.token, "desk110_session": reporter.token}
        return Role(app, {"authorization": f"Bearer {reporter.token}"}, cookies, "")
    someone = await door(stack.consoles[0], numbers.get(who, who))
    page = await someone.http.get("/console", follow_redirects=True)
    found = re.findall(r'name="csrf[-_]token" (?:content|value)="([^"]+)"', page.text)
    token = someone.http.cookies["desk110_console"]
    await someone.leave()
    if name == "citizen":
        bearer = {"authorization": f"Bearer {token}"}
        return Role(app, bearer, {"desk110_session": token, "desk110_console": token}, form_token(token))
    return Role(app, {}, {"desk110_console": token}, found[0])


@pytest.fixture(scope="module")
async def roles(
    stack: Stack, reporter: Reporter, stranger: Reporter
) -> AsyncIterator[Callable[[str, str, bool], Awaitable[Role]]]:
    """Everybody of the table, signed in once; `anew`: somebody else of the same kind."""
    known: dict[tuple[str, str], Role] = {}
    everybody: list[Role] = []

    async def found(name: str, who: str, anew: bool) -> Role:
        if not anew and (name, who) in known:
            return known[name, who]
        whose = [reporter, stranger]
        if anew and name == "citizen" and who != "nobody":
            another = await Reporter.signed_in(stack.citizens[0])
            await another.leave()
            whose = [another, another]
        everybody.append(await role(stack, name, who, *whose))
        if not anew:
            known[name, who] = everybody[-1]
        return everybody[-1]

    yield found
    for one in everybody:
        await one.http.aclose()


@pytest.mark.parametrize(("name", "method", "path"), CELLS, ids=[f"{m} {p}" for _, m, p in CELLS])
async def test_each_role_is_answered_at_each_route_as_the_table_says(
    roles: Callable[[str, str, bool], Awaitable[Role]],
    stored: str,
    report: dict[str, Any],
    name: str,
    method: str,
    path: str,
) -> None:
    ids = {**IDS, "id": report["id"], "media": stored}
    rest = BODIES.get((method, nameless(path)), {})
    answered = {}
    for who in RIGHTS[name][method, path]:
        asking = await roles(name, who, (method, path) in SPENDS)
        answered[who] = await asking.asks(method, path, ids, rest)
    assert answered == RIGHTS[name][method, path]
