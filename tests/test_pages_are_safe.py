"""What every answer carries, what a page may hold, and what a foreign page gets: nothing."""

import re
from collections.abc import AsyncIterator, Iterator
from html.parser import HTMLParser
from typing import Any

import httpx2
import pytest

from tests.faults.defective import WORD
from tests.people import Dispatcher, Reporter, eventually
from tests.stack import App, Stack
from tests.witness import assert_problem, unharmed

pytestmark = pytest.mark.anyio

# What a reporter could write to be run by somebody's browser.
MARKUP = "\"'><img src=x onerror=alert(1)><script>alert(1)</script><a href=javascript:alert(1)>x</a>{{7*7}}</textarea>"

POLICY = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' blob: data:",
    "media-src": "'self' blob:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "default",
}
# What is the same for everyone may be kept; a document of the protocol, a public key.
PUBLIC = {"/.well-known/jwks.json", "/api/v1/openapi.json", "/api/v1/asyncapi.json", "/counties.geojson"}


@pytest.fixture(scope="module")
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
async def report(reporter: Reporter) -> dict[str, Any]:
    """A report that is full of markup."""
    fraud = {MARKUP: MARKUP}
    filed = await reporter.filed(MARKUP, place_text=MARKUP, kind="fraud", fraud=fraud)
    path = f"/api/v1/reports/{filed['id']}/messages"
    assert (await reporter.http.post(path, json={"client_id": "a", "text": MARKUP})).status_code == 201
    path = f"/api/v1/reports/{filed['id']}/withdrawal"
    assert (await reporter.http.post(path, json={"reason": MARKUP})).status_code == 200
    return filed


@pytest.fixture(scope="module")
async def dispatcher(stack: Stack) -> AsyncIterator[Dispatcher]:
    someone = await Dispatcher.signed_in(stack.consoles[0])
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
def defective(stack: Stack) -> Iterator[dict[str, App]]:
    """A citizen and a console process with a defect in them."""
    apps = {name: stack.add(name, "tests.faults.defective") for name in ("citizen", "console")}
    for app in apps.values():
        app.start()
    yield apps
    for app in apps.values():
        app.kill()
        (stack.citizens if app in stack.citizens else stack.consoles).remove(app)


def assert_guarded(answer: httpx2.Response, path: str) -> None:
    """The headers of every answer, whatever it is."""
    headers = answer.headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy == POLICY, path
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "geolocation=(self)" in headers["permissions-policy"]
    assert "server" not in headers
    assert not [name for name in headers if name.startswith(("access-control-", "x-powered", "via"))]
    if path.partition("?")[0] in PUBLIC:
        assert headers["cache-control"].startswith("public, max-age=")
    elif not path.startswith("/static/"):
        assert headers["cache-control"] == "no-store", path


CITIZEN: list[tuple[str, str, int]] = [
    ("GET", "/", 200),
    ("GET", "/?lang=en", 200),
    ("GET", "/reports", 200),
    ("GET", "/reports/x", 200),
    ("GET", "/manifest.webmanifest", 200),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/.well-known/jwks.json", 200),
    ("GET", "/api/v1/openapi.json", 200),
    ("GET", "/api/v1/asyncapi.json", 200),
    ("GET", "/static/citizen/app.js", 200),
    ("GET", "/static/absent.js", 404),
    ("GET", "/static/", 404),
    ("GET", "/static/..%2f..%2fasgi.py", 404),
    ("GET", "/static/%00", 404),
    ("GET", "/static/" + "x" * 400, 404),
    ("GET", "/static/vendor/../../../asgi.py", 404),
    ("POST", "/static/citizen/app.js", 405),
    ("GET", "/metrics", 404),
    ("GET", "/console", 404),
    ("GET", "/absent", 404),
    ("GET", "/%2f%2fevil.example", 404),
    ("GET", "/.env", 404),
    ("GET", "/.git/config", 404),
    ("POST", "/", 405),
    ("TRACE", "/", 405),
    ("OPTIONS", "/api/v1/reports", 405),
    ("PUT", "/api/v1/reports", 405),
    ("GET", "/api/v1/me", 200),
    ("GET", "/api/v1/reports", 200),
    ("GET", "/api/v1/reports/x", 404),
    ("GET", "/api/v1/reports?cursor=x", 400),
    ("GET", "/api/v1/desks/nearest", 422),
    ("GET", "/api/v1/desks/nearest?area=330106", 200),
    ("GET", "/counties.geojson", 200),
    ("GET", "/api/v1/live", 404),
    ("POST", "/api/v1/sessions", 415),
]
CONSOLE: list[tuple[str, str, int]] = [
    ("GET", "/", 303),
    ("GET", "/console", 200),
    ("GET", "/console?lang=en", 200),
    ("GET", "/console/queue", 200),
    ("GET", "/console/counties.geojson", 200),
    ("GET", "/console/wallboard", 200),
    ("GET", "/console/wallboard/board", 200),
    ("GET", "/console/figures", 403),
    ("GET", "/console/figures.csv", 403),
    ("GET", "/console/sign-in", 200),
    ("POST", "/console/sign-in", 403),
    ("POST", "/console/sign-out", 403),
    ("GET", "/console/sign-out", 405),
    ("GET", "/console/reports/x", 404),
    ("POST", "/console/reports/x/acknowledgement", 403),
    ("GET", "/console/live", 404),
    ("GET", "/console/absent", 404),
    ("GET", "/metrics", 200),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/static/console/console.css", 200),
    ("GET", "/static/absent.js", 404),
    ("GET", "/api/v1/me", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), CITIZEN, ids=[f"{m} {p[:40]}" for m, p, _ in CITIZEN])
async def test_every_answer_of_the_citizen_app_is_guarded(
    stack: Stack, reporter: Reporter, method: str, path: str, status: int
) -> None:
    async with unharmed(stack):
        answer = await reporter.http.request(method, path)
        assert answer.status_code == status, answer.text
        assert_guarded(answer, path)


@pytest.mark.parametrize(("method", "path", "status"), CONSOLE, ids=[f"{m} {p}" for m, p, _ in CONSOLE])
async def test_every_answer_of_the_console_is_guarded(
    stack: Stack, dispatcher: Dispatcher, method: str, path: str, status: int
) -> None:
    async with unharmed(stack):
        answer = await dispatcher.http.request(method, path)
        assert answer.status_code == status, answer.text
        assert_guarded(answer, path)


async def test_a_file_that_a_browser_has_is_not_sent_again_and_still_guarded(reporter: Reporter) -> None:
    first = await reporter.http.get("/static/citizen/app.js")
    again = await reporter.http.get(
        "/static/citizen/app.js", headers={"if-none-match": first.headers["etag"]}
    )
    part = await reporter.http.get("/static/citizen/app.js", headers={"range": "bytes=999999-"})
    assert (again.status_code, part.status_code) == (304, 416)
    for answer in (first, again, part):
        assert_guarded(answer, "/static/citizen/app.js")


async def test_an_answer_to_a_defect_is_guarded_and_the_connection_goes_on(
    defective: dict[str, App], reporter: Reporter, dispatcher: Dispatcher
) -> None:
    someone = reporter.at(defective["citizen"])
    answer = await someone.file(WORD)
    problem = assert_problem(answer, "internal", call=True)
    assert WORD not in str(problem)
    assert_guarded(answer, "/api/v1/reports")
    assert (await someone.file("下一条")).status_code == 201
    await someone.leave()
    at_desk = await Dispatcher.signed_in(defective["console"], "33010602")
    broken = await reporter.filed(WORD)
    answer = await at_desk.http.get(f"/console/reports/{broken['id']}")
    assert_problem(answer, "internal")
    assert_guarded(answer, "/console/reports")
    assert (await at_desk.http.get("/healthz")).status_code == 200
    await at_desk.leave()


async def test_one_report_that_cannot_be_shown_hides_no_other_nor_itself(
    defective: dict[str, App], reporter: Reporter
) -> None:
    at_desk = await Dispatcher.signed_in(defective["console"], "33010603")
    before, broken, after = [await reporter.filed(text) for text in ("前一条", WORD, "后一条")]
    filed = {report["id"] for report in (before, broken, after)}
    for path in ("/console", "/console/queue"):
        page = await at_desk.http.get(path)
        assert page.status_code == 200
        assert filed <= set(re.findall(r'data-report="([^"]+)"', page.text))
        assert "内容无法显示" in page.text
        assert_inert(page.text)
    await at_desk.watch()
    latest = await reporter.filed(WORD)
    await eventually(lambda: filed | {latest["id"]} <= set(at_desk.cards), 20, "all of them on the screen")
    for report in (broken, latest):
        assert (await at_desk.accept(report["id"])).status_code == 200
        assert (await reporter.report(report["id"]))["status"] == "received"
    await eventually(lambda: at_desk.status(latest["id"]) == "received", 20, "received on the screen")
    await at_desk.leave()


class Page(HTMLParser):
    """What a browser would find in a page that it could run, load or leave to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.data.append(data)


LEADING_OUT = {"href", "src", "action", "formaction", "srcset", "poster", "data", "ping", "background"}
# Ours, on this origin, or a phone's own programs.
OURS = re.compile(r"/(?!/)[^\\]*|\?[^\\]*|#[^\\]*|tel:\+?\d+|sms:\d+")


def assert_inert(html: str) -> Page:
    """A page with nothing in it that the policy would stop, and nothing from elsewhere."""
    page = Page(html)
    for tag, attributes in page.tags:
        assert tag not in {"style", "iframe", "object", "embed", "base", "frame", "applet"}, tag
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        assert "style" not in attributes, (tag, attributes)
        if tag == "script":
            assert attributes.get("type") == "application/json" or attributes.get("src"), attributes
        if tag == "meta":
            assert (attributes.get("http-equiv") or "").lower() != "refresh"
        for name in LEADING_OUT & set(attributes):
            assert OURS.fullmatch(attributes[name] or ""), (tag, name, attributes[name])
        if attributes.get("target") == "_blank":
            assert "noopener" in (attributes.get("rel") or "")
    return page


@pytest.mark.parametrize("path", ["/", "/?lang=en", "/reports", f"/reports/{MARKUP}", f"/?lang={MARKUP}"])
async def test_a_page_of_the_citizen_app_holds_nothing_that_a_browser_should_not_run(
    reporter: Reporter, report: dict[str, Any], path: str
) -> None:
    answer = await reporter.http.get(path, headers={"accept-language": MARKUP.replace('"', "")})
    assert answer.status_code in {200, 404}
    if answer.status_code == 200:
        page = assert_inert(answer.text)
        assert not any(attributes.get("src") == "x" for _, attributes in page.tags)
    assert MARKUP not in answer.text


async def test_what_a_reporter_writes_is_words_on_every_page_of_a_console(
    dispatcher: Dispatcher, report: dict[str, Any]
) -> None:
    paths = [
        *("/console", "/console?lang=en", "/console/queue", f"/console/reports/{report['id']}"),
        *(f"/console/reports/{report['id']}?lang=en", "/console/sign-in", f"/console/sign-in?lang={MARKUP}"),
    ]
    for path in paths:
        answer = await dispatcher.http.get(path)
        assert answer.status_code == 200, path
        page = assert_inert(answer.text)
        assert not any(tag == "img" and attributes.get("src") == "x" for tag, attributes in page.tags)
        assert not any(tag == "a" and "alert" in str(attributes) for tag, attributes in page.tags)
        if report["id"] in path:
            words = "".join(page.data)
            assert words.count("<script>alert(1)</script>") >= 4  # text, place, message, reason
            assert "{{7*7}}" in words
            assert "49" not in words.partition("{{7*7}}")[2][:3]


async def test_what_is_typed_at_the_door_comes_back_as_words(dispatcher: Dispatcher) -> None:
    async with httpx2.AsyncClient(
        base_url=dispatcher.app.url, headers={"origin": dispatcher.app.url}
    ) as door:
        found = re.search(r'name="csrf_token" value="([^"]+)"', (await door.get("/console/sign-in")).text)
        assert found
        form = {"number": MARKUP, "password": MARKUP, "csrf_token": found[1]}
        answer = await door.post("/console/sign-in", data=form)
    assert answer.status_code == 401
    page = assert_inert(answer.text)
    assert not any(tag == "img" for tag, _ in page.tags)


async def test_no_answer_is_for_another_site(
    stack: Stack, reporter: Reporter, dispatcher: Dispatcher
) -> None:
    evil = {"origin": "https://evil.example"}
    preflight = {
        **evil,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
    }
    for client, path in (
        *((reporter.http, path) for path in ("/api/v1/me", "/api/v1/reports", "/", "/static/citizen/app.js")),
        *((dispatcher.http, path) for path in ("/console", "/console/queue")),
    ):
        answer = await client.get(path, headers=evil)
        assert_guarded(answer, path)
        answer = await client.request("OPTIONS", path, headers=preflight)
        assert answer.status_code == 405
        assert_guarded(answer, path)


async def test_nobody_is_ever_sent_to_another_site(dispatcher: Dispatcher) -> None:
    async with httpx2.AsyncClient(base_url=dispatcher.app.url) as client:
        for path in ("/", "/console", "/console?next=https://evil.example"):
            answer = await client.get(path, headers={"host": "evil.example"})
            assert answer.headers["location"] in {"/console", "/console/sign-in"}
        for path in ("/static", "/console/", "/console/sign-in/"):
            answer = await client.get(path, headers={"host": "evil.example"})
            assert_problem(answer, "not_found")
