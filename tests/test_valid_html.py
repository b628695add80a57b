"""Every document that the two apps send is valid HTML, in each language, by the Nu checker.

What scripts make of them is checked state by state by `tests/for_everybody.py`.
"""

from collections.abc import Iterator

import httpx2
import pytest
from starlette.routing import Route

import asgi
from dispatch.words import languages
from tests.html_checker import Checker, html_checker
from tests.people import Dispatcher, People
from tests.stack import PASSWORD, Stack

pytestmark = pytest.mark.anyio

NOWHERE = "01900000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checker]:
    with html_checker(tmp_path_factory.mktemp("checker")) as running:
        yield running


def addresses(app: str) -> list[str]:
    """Every address of an app that answers GET, with an identifier of nothing where it wants one."""
    routes = [route for route in getattr(asgi, app).routes if isinstance(route, Route)]
    paths = [route.path for route in routes if "GET" in (route.methods or ())]
    return sorted({part_filled(path) for path in paths})


def part_filled(path: str) -> str:
    """`/reports/{id}` with something in its place."""
    parts = [NOWHERE if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)


async def invalid(
    client: httpx2.AsyncClient, paths: list[str], checker: Checker
) -> tuple[list[str], set[str]]:
    """What is wrong with the documents of HTML at the addresses, and at which of them there was one."""
    wrong, seen = [], set()
    for path in paths:
        answer = await client.get(path)
        if not answer.text.lower().startswith("<!doctype"):
            continue  # a part of a page, or no HTML at all
        seen.add(path)
        wrong += [f"{path} ({answer.status_code}): {one}" for one in await checker.complaints(answer.text)]
    return wrong, seen


async def test_the_checker_finds_what_is_wrong(checker: Checker) -> None:
    assert await checker.complaints('<!doctype html><html lang="en"><title>x</title><p><b></p></html>')


@pytest.mark.parametrize("language", languages())
async def test_every_page_of_the_citizen_app_is_valid(stack: Stack, checker: Checker, language: str) -> None:
    headers = {"accept-language": language, "accept": "text/html"}
    async with httpx2.AsyncClient(base_url=stack.citizens[0].url, headers=headers, timeout=30) as client:
        wrong, seen = await invalid(client, [*addresses("citizen"), "/no-such-page"], checker)
        assert {"/", "/reports", f"/reports/{NOWHERE}", "/weather", "/notes"} <= seen
        assert wrong == []


@pytest.mark.parametrize("language", languages())
async def test_every_page_of_the_console_is_valid(
    stack: Stack, checker: Checker, people: People, language: str
) -> None:
    headers = {"accept-language": language, "accept": "text/html", "origin": stack.consoles[0].url}
    pages = [*addresses("console"), "/console/no-such-page"]
    async with httpx2.AsyncClient(base_url=stack.consoles[0].url, headers=headers, timeout=30) as client:
        wrong, seen = await invalid(client, pages, checker)
        assert "/console/sign-in" in seen
    reporter = await people.reporter(stack.citizens[0])
    report = await reporter.filed("<b>楼上打架</b>")
    dispatcher = people.also(await Dispatcher.signed_in(stack.consoles[0]))
    dispatcher.http.headers.update(headers)
    more, seen = await invalid(dispatcher.http, pages, checker)
    assert "/console" in seen
    card = (await dispatcher.http.get(f"/console/reports/{report['id']}")).text
    document = f'<!doctype html><html lang="en"><title>x</title><main><h1>x</h1>{card}</main></html>'
    assert [*wrong, *more, *await checker.complaints(document)] == []


async def test_a_sign_in_that_was_refused_is_valid(stack: Stack, checker: Checker) -> None:
    url = stack.consoles[0].url
    async with httpx2.AsyncClient(base_url=url, headers={"origin": url}, timeout=30) as client:
        answer = await client.post(
            "/console/sign-in", data={"number": "33010601", "password": f"{PASSWORD}?"}
        )
        assert answer.status_code == 403
        assert await checker.complaints(answer.text) == []
