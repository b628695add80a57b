"""The plain pages and other sites, other people, nobody: a form is of our page, of this session, or it does nothing."""

from collections.abc import AsyncIterator
from uuid import uuid4

import httpx2
import pytest
from starlette.routing import Route

import asgi
from tests.people import ID_NUMBER
from tests.pictures import jpeg
from tests.plain import SESSION, Visitor
from tests.stack import Stack
from tests.test_pages_are_safe import assert_guarded, assert_inert
from tests.witness import nothing_written, unharmed

pytestmark = pytest.mark.anyio

MARKUP = "\"'><img src=x onerror=alert(1)><script>alert(1)</script></textarea>{{7*7}}"
# Whatever any of the forms needs, so that nothing is lacking but the right.
FIELDS = {
    "phone": "13512345678",
    "code": "123456",
    "name": "张三",
    "id_number": ID_NUMBER,
    "text": "x",
    "place": "西湖区",
    "answer": "x",
    "reason": "mistake",
    "shown": "1",
}
ROUTES = [
    (method, route.path)
    for route in asgi.citizen.routes
    if isinstance(route, Route) and route.path.startswith("/plain")
    for method in sorted((route.methods or set()) - {"HEAD"})
]
POSTS = [path for method, path in ROUTES if method == "POST"]
OF_ONE = [(method, path) for method, path in ROUTES if "{id}" in path]


@pytest.fixture(scope="module")
async def visitor(stack: Stack) -> AsyncIterator[Visitor]:
    someone = await Visitor.signed_in(stack.citizens[0])
    await someone.filed("只有本人看得到")
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
async def stranger(stack: Stack) -> AsyncIterator[Visitor]:
    someone = await Visitor.signed_in(stack.citizens[0])
    await someone.filed("陌生人自己的")
    yield someone
    await someone.leave()


@pytest.fixture(autouse=True)
async def without_defects(stack: Stack) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield


async def report_of(visitor: Visitor) -> str:
    """Their newest report."""
    await visitor.get("/plain/reports")
    assert visitor.last is not None
    return visitor.last.text.partition('href="/plain/reports/')[2][:36]


async def token_of(visitor: Visitor) -> str:
    """That of the forms of their session."""
    await visitor.get("/plain")
    return visitor.form("/plain/reports").fields["form_token"]


def fields(token: str | None) -> dict[str, str]:
    typed = {**FIELDS, "key": str(uuid4()), "client_id": str(uuid4()), "request_id": str(uuid4())}
    return typed if token is None else {**typed, "form_token": token}


async def test_no_form_is_forgotten() -> None:
    assert len(POSTS) >= 9
    assert len(OF_ONE) >= 9


@pytest.mark.parametrize("path", POSTS)
async def test_another_sites_form_does_nothing_whatever_the_browser_says_of_it(
    stack: Stack, visitor: Visitor, stranger: Visitor, path: str
) -> None:
    """The last rows are of browsers of before 2020: they say nothing, and the token alone decides."""
    token, theirs = await token_of(visitor), await token_of(stranger)
    address = path.format(id=await report_of(visitor))
    own = stack.citizens[0].url
    wrong: list[tuple[str | None, dict[str, str]]] = [
        (token, {"origin": "https://evil.example"}),
        (token, {"origin": "null"}),
        (token, {"origin": f"{own}.evil.example"}),
        (token, {"origin": stack.consoles[0].url}),
        (token, {"sec-fetch-site": "cross-site"}),
        (token, {"sec-fetch-site": "same-site", "origin": own}),
        (None, {"origin": own, "sec-fetch-site": "same-origin"}),
        (None, {}),
        ("", {}),
        (theirs, {}),
        (token[:-1], {}),
        ("é" * 32, {}),
    ]
    with nothing_written(stack):
        for given, headers in wrong:
            for files in (None, [("photo", ("a.jpg", jpeg((8, 8)), "image/jpeg"))]):
                if files and path not in {"/plain/reports", "/plain/reports/{id}/photos"}:
                    continue
                answer = await visitor.post(address, fields(given), files, **headers)
                assert answer.status_code == 403, (given, headers)
                assert_guarded(answer, address)
                if headers.get("origin", own) != own or headers.get("sec-fetch-site") == "cross-site":
                    # What another site has typed is not shown on a page of ours.
                    assert f'value="{FIELDS["name"]}"' not in answer.text
                    assert "<textarea" not in answer.text
        in_query = await visitor.post(f"{address}?form_token={token}", fields(None))
        assert in_query.status_code == 403


async def test_nobody_is_signed_in_unawares_by_another_sites_form(stack: Stack) -> None:
    """Login CSRF: an attacker's own number and code, sent by a victim's browser that says nothing of its forms."""
    attacker, victim = Visitor.at(stack.citizens[0]), Visitor.at(stack.citizens[0])
    await attacker.get("/plain")
    await attacker.submit("/plain/codes", phone=attacker.number)
    proof = attacker.form("/plain/sessions").fields
    for opened in (False, True):
        if opened:
            await victim.get("/plain")
        answer = await victim.post("/plain/sessions", proof)
        assert answer.status_code == 403
        assert SESSION not in victim.http.cookies
    assert (await attacker.post("/plain/sessions", proof)).status_code == 303
    await attacker.leave()
    await victim.leave()


@pytest.mark.parametrize(("method", "path"), OF_ONE)
async def test_another_persons_report_is_as_unknown_as_one_that_is_not(
    stack: Stack, visitor: Visitor, stranger: Visitor, method: str, path: str
) -> None:
    report, nobodys = await report_of(visitor), str(uuid4())
    token = await token_of(stranger)
    said = []
    with nothing_written(stack):
        for id_ in (report, nobodys, "x"):
            address = path.format(id=id_)
            if method == "GET":
                answer = await stranger.get(address)
            else:
                answer = await stranger.post(address, fields(token))
            assert answer.status_code == 404
            said.append(answer.text)
    assert len(set(said)) == 1
    assert "只有本人看得到" not in said[0]


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_nobody_signed_out_sees_or_does_anything(
    stack: Stack, visitor: Visitor, method: str, path: str
) -> None:
    report = await report_of(visitor)
    nobody = Visitor.at(stack.citizens[0])
    await nobody.get("/plain")
    token = nobody.form("/plain/codes").fields["form_token"]
    address = path.format(id=report)
    with nothing_written(stack, "phone_code"):
        answer = await (nobody.get(address) if method == "GET" else nobody.post(address, fields(token)))
    assert answer.status_code in ({200} if path in {"/plain", "/plain/sign-in", "/plain/codes"} else {401})
    assert SESSION not in nobody.http.cookies
    assert "只有本人看得到" not in answer.text
    assert_inert(answer.text)
    await nobody.leave()


@pytest.mark.parametrize("path", sorted({path for _, path in ROUTES}))
async def test_looking_changes_nothing(stack: Stack, visitor: Visitor, path: str) -> None:
    address = path.format(id=await report_of(visitor))
    posts_alone = {path for method, path in ROUTES} - {path for method, path in ROUTES if method == "GET"}
    with nothing_written(stack):
        for method in ("GET", "HEAD"):
            answer = await visitor.http.request(method, address)
            assert (answer.status_code == 405) == (path in posts_alone)
        for method in ("PUT", "DELETE", "PATCH"):
            assert (await visitor.http.request(method, address)).status_code == 405


async def test_a_token_of_the_api_is_none_for_a_page(stack: Stack, visitor: Visitor) -> None:
    """Only the cookie counts, and a form of a page counts with it alone."""
    bare = Visitor.at(stack.citizens[0], authorization=f"Bearer {visitor.http.cookies[SESSION]}")
    assert (await bare.get(f"/plain/reports/{await report_of(visitor)}")).status_code == 401
    await bare.leave()


async def test_what_was_written_is_words_on_every_plain_page(stack: Stack) -> None:
    visitor = await Visitor.signed_in(stack.citizens[0])
    report = await visitor.filed(MARKUP, MARKUP, area="330106")
    pages = [f"/plain/reports/{report}{rest}" for rest in ("", "/message", "/photos", "/withdrawal")]
    for path in ("/plain", "/plain/reports", f"/plain?lang={MARKUP}", "/plain/identity", *pages):
        answer = await visitor.get(path)
        assert answer.status_code == 200
        assert_guarded(answer, path)
        assert MARKUP not in answer.text
        page = assert_inert(answer.text)
        assert not any(tag == "img" and of.get("src") == "x" for tag, of in page.tags)
        assert not any(tag == "script" for tag, _ in page.tags)
    await visitor.get("/plain")
    typed = dict.fromkeys(("text", "place", "area", "category"), MARKUP)
    answer = await visitor.submit("/plain/reports", **typed)
    assert answer.status_code == 422
    assert_inert(answer.text)
    assert visitor.form("/plain/reports").fields["text"] == MARKUP
    identity = await visitor.submit("/plain/reports", text=MARKUP, place=MARKUP, area="", category="")
    assert identity.status_code == 403
    assert_inert(identity.text)
    answer = await visitor.submit("/plain/identity", name=MARKUP, id_number=MARKUP)
    assert answer.status_code == 422
    assert_inert(answer.text)
    await visitor.leave()


async def test_the_session_and_the_forms_token_are_kept_from_scripts_and_other_sites(stack: Stack) -> None:
    visitor = Visitor.at(stack.citizens[0])
    answer = await visitor.get("/plain")
    for part in ("HttpOnly", "SameSite=strict", "Path=/plain"):
        assert part in answer.headers["set-cookie"]
    await visitor.submit("/plain/codes", phone=visitor.number)
    answer = await visitor.submit("/plain/sessions")
    for part in ("HttpOnly", "SameSite=strict"):
        assert part in answer.headers["set-cookie"]
    assert (
        "content-encoding"
        not in (await visitor.http.get("/plain", headers={"accept-encoding": "gzip"})).headers
    )
    await visitor.leave()


@pytest.mark.parametrize("path", sorted({path for method, path in ROUTES if method == "GET"}))
async def test_while_the_page_is_disguised_no_address_shows_what_it_is(
    stack: Stack, visitor: Visitor, path: str
) -> None:
    address = path.format(id=await report_of(visitor))
    cookies = {**dict(visitor.http.cookies), "look": "weather"}
    async with httpx2.AsyncClient(base_url=stack.citizens[0].url, cookies=cookies) as client:
        answer = await client.get(address)
        assert (answer.status_code, answer.headers["location"], answer.text) == (303, "/", "")


async def test_a_report_written_before_the_disguise_is_filed_all_the_same(stack: Stack) -> None:
    visitor = await Visitor.signed_in(stack.citizens[0])
    form = visitor.form("/plain/reports").fields
    visitor.http.cookies.set("look", "notes.rest")
    assert Visitor.report_in(await visitor.post("/plain/reports", {**form, "text": "快", "place": "西湖区"}))
    await visitor.leave()
