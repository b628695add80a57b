"""Bad photos through real processes, by tus and by form: a code for each, none kept, and the next go through."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import select

from dispatch.media_bounds import PHOTO_BYTES
from dispatch.models import TABLES
from tests.people import Reporter
from tests.pictures import animated, honest_bomb, jpeg, png_bomb, polyglot, svg
from tests.stack import Stack
from tests.uploading import appended, created
from tests.witness import assert_problem, unharmed

pytestmark = pytest.mark.anyio

PHOTO = jpeg()
Send = Callable[[Reporter, str, str, bytes], Awaitable[httpx2.Response]]


@pytest.fixture(scope="module")
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield someone
    await someone.leave()


@pytest.fixture(autouse=True)
async def taken_again(stack: Stack, reporter: Reporter) -> AsyncIterator[None]:
    """After every test: no defect in any log, and a good report with a good photo is taken."""
    async with unharmed(stack):
        yield
        report = await reporter.filed()
        assert (await by_form(reporter, report["id"], "现场.jpg", PHOTO)).status_code == 201
        assert [item["state"] for item in (await reporter.report(report["id"]))["media"]] == ["ready"]


async def by_form(reporter: Reporter, report: str, name: str, data: bytes) -> httpx2.Response:
    """As `wx.uploadFile` sends it."""
    return await reporter.http.post(
        f"/api/v1/reports/{report}/media/form",
        data={"client_id": uuid4().hex},
        files={"file": (name, data, "image/jpeg")},
    )


async def by_tus(reporter: Reporter, report: str, name: str, data: bytes) -> httpx2.Response:
    """As the page sends it; the first answer that is a refusal, or the last one."""
    fields = {"filename": name, "filetype": "image/jpeg", "client_id": uuid4().hex}
    answer = await created(reporter.http, UUID(report), len(data), **fields)
    if answer.status_code >= 400:
        return answer
    return await appended(reporter.http, answer.headers["location"], 0, data)


BAD: dict[str, tuple[Callable[[], bytes], str]] = {
    "text named .jpg": (lambda: "这不是照片\n".encode() * 200, "photo_unreadable"),
    "an SVG with a script": (svg, "photo_unreadable"),
    "half a photo": (lambda: PHOTO[: len(PHOTO) // 2], "photo_unreadable"),
    "a photo's first bytes": (lambda: PHOTO[:20], "photo_unreadable"),
    "zeros": (lambda: bytes(100_000), "photo_unreadable"),
    "a bomb by its header": (png_bomb, "photo_too_many_pixels"),
    "a bomb that keeps its word": (honest_bomb, "photo_too_many_pixels"),
    "a GIF": (lambda: animated("GIF"), "photo_unreadable"),
    "a moving picture": (lambda: animated("PNG"), "photo_animated"),
    "a program": (lambda: b"\x7fELF" + bytes(5000), "photo_unreadable"),
    "an archive": (lambda: b"PK\x03\x04" + bytes(5000), "photo_unreadable"),
}


# Both ways end in one darkroom; by the second only what is refused at different steps.
BY_TUS = ("text named .jpg", "a bomb by its header", "a bomb that keeps its word")
CASES = [(name, by_form) for name in BAD if name != BY_TUS[-1]] + [(name, by_tus) for name in BY_TUS]


@pytest.mark.parametrize(("name", "send"), CASES, ids=[f"{name}, {send.__name__}" for name, send in CASES])
async def test_what_is_no_photo_is_refused_and_never_shown(
    stack: Stack, reporter: Reporter, name: str, send: Send
) -> None:
    make, code = BAD[name]
    report = await reporter.filed()
    answer = await send(reporter, report["id"], "现场.jpg", make())
    assert_problem(answer, code)
    assert not ready(stack, report["id"])


@pytest.mark.parametrize("send", [by_form, by_tus], ids=["by form", "by tus"])
async def test_thirty_megabytes_are_too_large_for_a_photo(
    stack: Stack, reporter: Reporter, send: Send
) -> None:
    report = await reporter.filed()
    data = PHOTO + bytes(30 * 1024 * 1024)
    problem = assert_problem(await send(reporter, report["id"], "大.jpg", data), "photo_too_large")
    assert "20" in problem["detail"]
    assert not ready(stack, report["id"])
    incoming = stack.home / "media" / "incoming"
    assert sum(path.stat().st_size for path in incoming.rglob("*") if path.is_file()) < PHOTO_BYTES


async def test_a_page_in_a_photos_clothes_is_shown_as_the_photo_alone(reporter: Reporter) -> None:
    report = await reporter.filed()
    sent = await by_form(reporter, report["id"], "现场.jpg", polyglot())
    assert sent.status_code == 201
    for part in ("view", "thumb"):
        seen = await reporter.http.get(f"/api/v1/media/{sent.json()['id']}/{part}")
        assert seen.headers["content-type"] == "image/webp"
        assert seen.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert seen.headers["x-content-type-options"] == "nosniff"
        assert b"script" not in seen.content.lower()


NAMES = [
    "../../etc/passwd.jpg",
    "a\x00b.jpg",
    "\u202egpj.exe",
    "<img src=x onerror=alert(1)>.jpg",
    "x" * 4000,
    "",
]


@pytest.mark.parametrize("name", NAMES, ids=[repr(name)[:24] for name in NAMES])
async def test_an_odd_name_is_only_a_name(stack: Stack, reporter: Reporter, name: str) -> None:
    report = await reporter.filed()
    answer = await by_form(reporter, report["id"], name, PHOTO)
    if answer.status_code >= 400:  # a form's file without a name is none
        assert_problem(answer, "body_unreadable")
        assert not ready(stack, report["id"])
        return
    (kept,) = ready(stack, report["id"])
    assert not {"/", "\\", "\x00"} & set(kept.filename)
    assert len(kept.filename) <= 255
    assert not [path for path in stack.home.rglob("*") if "passwd" in path.name]


def ready(stack: Stack, report: str) -> list[Any]:
    """The report's photos that can be seen."""
    media = TABLES["media"]
    with stack.database.read() as session:
        found = select(media).where(media.c.report == UUID(report), media.c.state == "ready")
        return list(session.connection().execute(found))
