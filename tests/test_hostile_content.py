"""What reporters send runs, loads and styles nothing at the desk: every field, in a real browser, under the policy.

Each payload would call `ran(field)` if anything ran, ask for `/hostile` if anything was loaded, and paint the page red
if anything was styled.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from PIL import ExifTags, Image
from playwright.async_api import Browser, Frame, Page, Request, expect

from tests import test_console_page as console
from tests.people import ID_NUMBER, Dispatcher, People, Reporter, eventually
from tests.stack import Stack
from tests.truth import rows
from tests.witness import assert_problem, change, nothing_written

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = console.browser

PAINT = "<style>*{background:rgb(255,0,0)!important}</style>"


def payloads(name: str) -> list[str]:
    """Markup that does something wherever a field is not words; each fits into 120 characters."""
    return [
        f"'\"><img src=/hostile onerror=ran('{name}')>",
        f"<svg/onload=ran('{name}')><script>ran('{name}')</script>",
        f"</script></textarea></bdi></article><script>ran('{name}')</script>",
        f'<b hx-get="/hostile" hx-trigger=load data-hx-get="/hostile" data-hx-trigger=load>x</b>{PAINT}',
        f"<a href=\"javascript:ran('{name}')\" autofocus onfocus=ran('{name}')>x</a><iframe src=/hostile></iframe>",
        f"<hx-partial hx-target=body hx-swap=innerHTML><img src=/hostile onerror=ran('{name}')></hx-partial>",
        f"{{{{7*7}}}}{{%raw%}}${{ran('{name}')}}<link rel=stylesheet href=/hostile><base href=/hostile>",
    ]


def hostile(name: str, longest: int = 1000) -> str:
    """As many of them as fit."""
    found = ""
    for payload in payloads(name):
        if len(found) + len(payload) <= longest:
            found += payload
    assert found
    return found


def photo_with_notes() -> bytes:
    """A photo whose EXIF strings, comment and tail are markup."""
    notes = Image.Exif()
    for tag in ("Make", "Model", "Software", "Artist", "Copyright", "ImageDescription", "DateTime"):
        notes[getattr(ExifTags.Base, tag)] = hostile(tag)
    notes.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2026:11:23 <b>10:00:00"
    notes.get_ifd(ExifTags.IFD.GPSInfo).update(
        {
            ExifTags.GPS.GPSAreaInformation: hostile("area").encode(),
            ExifTags.GPS.GPSMapDatum: "<svg onload=ran('g')>",
        }
    )
    out = BytesIO()
    Image.new("RGB", (320, 240), "grey").save(
        out, "JPEG", exif=notes.tobytes(), comment=hostile("comment").encode()
    )
    return out.getvalue() + f"<html><script>ran('tail')</script>{PAINT}".encode()


@dataclass
class Watched:
    """A desk's page, and what happened on it that must not."""

    page: Page
    wrong: list[str] = field(default_factory=list)

    def asked(self, request: Request) -> None:
        if "hostile" in request.url and "/console/search" not in request.url:
            self.wrong.append(f"asked {request.url}")

    def framed(self, frame: Frame) -> None:
        if frame != self.page.main_frame:
            self.wrong.append("a frame")


@pytest.fixture
async def watched(stack: Stack, browser: Browser) -> AsyncIterator[Watched]:
    context = await browser.new_context(
        base_url=stack.consoles[0].url, locale="zh-CN", viewport={"width": 1920, "height": 1080}
    )
    page = await context.new_page()
    found = Watched(page)
    page.on("pageerror", lambda error: found.wrong.append(f"error {error}"))
    page.on("dialog", lambda dialog: found.wrong.append(f"dialog {dialog.message}"))
    page.on("request", found.asked)
    page.on("framenavigated", found.framed)
    await context.expose_function("ran", lambda name: found.wrong.append(f"ran {name}"))
    await context.expose_function("violated", lambda directive: found.wrong.append(f"violated {directive}"))
    await page.add_init_script(
        "addEventListener('securitypolicyviolation', event => violated(event.violatedDirective))"
    )
    await console.sign_in(page, "33010601")
    await expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=20_000)
    yield found
    await context.close()


async def media(reporter: Reporter, report: str, data: bytes, filetype: str) -> int:
    answer = await reporter.http.post(
        f"/api/v1/reports/{report}/media/form",
        files={"file": (hostile("filename", 200).replace("/", "_"), data, filetype)},
    )
    return answer.status_code


async def said(reporter: Reporter, dispatcher: Dispatcher, report: str) -> None:
    """Everything else that a reporter can write about a report."""
    path = f"/api/v1/reports/{report}"
    message = {"client_id": "a", "text": hostile("message")}
    assert (await reporter.http.post(f"{path}/messages", json=message)).status_code == 201
    form = {"client_id": "q", "kind": "answer", "text": hostile("question", 300)}
    headers = {"x-csrf-token": dispatcher.csrf}
    asked = await dispatcher.http.post(f"/console/reports/{report}/requests", data=form, headers=headers)
    assert asked.status_code == 200, asked.text
    request = (await reporter.report(report))["requests"][0]["id"]
    answer = {"request_id": request, "answer": hostile("answer", 300)}
    assert (await reporter.http.post(f"{path}/answers", json=answer)).status_code < 300


async def of_each_kind(reporter: Reporter) -> list[str]:
    """A report of each kind with markup in all its fields."""
    line = hostile("line", 120)
    fraud: dict[str, Any] = {
        "scheme": "shop",
        "contacts": [{"channel": "call", "contact": line}],
        "transfers": [{"name": line, "number": line, "bank": line, "amount_fen": 1}],
        line: line,
        "newer": {"deep": [hostile("deep", 300)]},
    }
    deed = {
        "at_text": line,
        "place_text": line,
        "who": hostile("who", 300),
        "vehicle": line,
        "when": "unknown",
    }
    fields: list[dict[str, Any]] = [{}, {"kind": "fraud", "fraud": fraud}, {"kind": "tip", "deed": deed}]
    filed = []
    for each in fields:
        text, place = hostile("text"), hostile("place", 200)
        filed.append((await reporter.filed(text, place_text=place, media_expected=3, **each))["id"])
    return filed


async def test_nothing_that_a_reporter_sent_runs_loads_or_styles_anything_at_the_desk(
    stack: Stack, people: People, watched: Watched
) -> None:
    reporter = people.also(await Reporter.signed_in(stack.citizens[0], verified=True))
    dispatcher = await people.dispatcher(stack.consoles[0], "33010602")
    page = watched.page
    painted = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    reports = await of_each_kind(reporter)
    quick = reports[0]
    assert await media(reporter, quick, photo_with_notes(), "image/jpeg") == 201
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"ran('svg')\"><script>ran('svg')</script>{PAINT}</svg>"
    assert await media(reporter, quick, svg.encode(), "image/svg+xml") >= 400
    await media(reporter, quick, f"<html><script>ran('html')</script>{PAINT}</html>".encode(), "image/jpeg")
    for report in reports:
        await expect(page.locator(f"#report-{report}")).to_be_visible()
        assert (await dispatcher.accept(report)).status_code == 200
    await said(reporter, dispatcher, quick)
    withdrawal = {"reason": hostile("reason", 200)}
    assert (
        await reporter.http.post(f"/api/v1/reports/{reports[1]}/withdrawal", json=withdrawal)
    ).status_code == 200
    for report in reports:
        await page.locator(f"#report-{report}").click()
        await expect(page.locator(f"#in-hand[data-report='{report}']")).to_be_visible()
        await expect(page.locator("#lines")).to_contain_text("ran('text')")
    await page.locator(f"#report-{quick}").click()
    await expect(page.locator(f"#in-hand[data-report='{quick}']")).to_be_visible()
    for name in ("message", "question", "answer"):
        await expect(page.locator("#lines")).to_contain_text(f"ran('{name}')")
    # The photo at large, with what its file is called.
    await page.keyboard.press("Escape")
    await page.keyboard.press("i")
    await expect(page.locator("#viewer img")).to_have_js_property("naturalWidth", 320)
    await page.keyboard.press("Escape")
    # The command line: typed, on the screen, and found.
    await page.keyboard.press("/")
    await page.keyboard.insert_text("<img src=/hostile onerror=ran('typed')>")
    await expect(page.locator("#command-search")).to_contain_text("ran('typed')")
    await page.fill("#command-words", "ran('text')")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#found-{quick}")).to_be_visible()
    await page.keyboard.press("Escape")
    # As the first page has it, too.
    await page.reload()
    await expect(page.locator("#live")).to_have_attribute("data-state", "live", timeout=20_000)
    await page.locator(f"#report-{quick}").click()
    await expect(page.locator("#lines")).to_contain_text("ran('answer')")
    assert watched.wrong == []
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == painted
    assert await page.locator("main :is(script, style, iframe, link, base, [onerror], [onload])").count() == 0


@pytest.mark.parametrize("payload", payloads("name"), ids=range(len(payloads("name"))))
async def test_markup_is_no_real_name(stack: Stack, people: People, payload: str) -> None:
    reporter = await people.reporter(stack.citizens[0])
    for name in (payload[:100], f"张{payload[:99]}", payload[:2], "<b>张三</b>"):
        with nothing_written(stack):
            answer = await reporter.http.put(
                "/api/v1/me/identity", json={"name": name, "id_number": ID_NUMBER}
            )
            assert_problem(answer, "identity_rejected")


async def test_a_real_name_that_came_another_way_runs_loads_and_styles_nothing_either(
    stack: Stack, people: People, watched: Watched
) -> None:
    """No door of ours takes such a name; a table that somebody else filled may hold one."""
    reporter = people.also(await Reporter.signed_in(stack.citizens[0], verified=True))
    page = watched.page
    painted = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    report = (await reporter.filed("谁在报警"))["id"]
    change(stack, "reporter", {"id": whose(stack, report)}, name_masked=hostile("name"))
    # A change that the desk is told of brings the name to the open page.
    await reporter.http.patch("/api/v1/me", json={"hearing_speech_impaired": True})
    card = page.locator(f"#report-{report}")
    await expect(card.locator(".card-identity")).to_contain_text("ran('name')")
    await card.click()
    await expect(page.locator("#in-hand")).to_contain_text("ran('name')")
    await page.keyboard.press("a")
    await expect(page.locator("#call-back")).to_be_enabled()
    await page.keyboard.press("h")
    await expect(page.locator("#call")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.reload()
    await expect(card.locator(".card-identity")).to_contain_text("ran('name')")
    assert watched.wrong == []
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == painted
    assert await page.locator("main :is(script, style, iframe, link, base, [onerror], [onload])").count() == 0


def whose(stack: Stack, report: str) -> UUID:
    with stack.database.read() as session:
        (row,) = rows(session, "report", id=UUID(report))
    return UUID(str(row.reporter))


async def test_a_payload_that_did_run_would_be_seen_by_this_test(watched: Watched) -> None:
    page = watched.page
    # By way of a document, as htmx puts in what the server sends: the page's policy lets no other markup into it.
    put_in = (
        "html => document.body.append(...new DOMParser().parseFromString(html, 'text/html').body.childNodes)"
    )
    await page.evaluate(put_in, '<img src=/hostile onerror="ran(1)">')
    await page.evaluate(put_in, '<b style="color:red">x</b>')
    for what in ("asked", "violated script-src", "violated style-src"):
        await eventually(
            lambda what=what: any(wrong.startswith(what) for wrong in watched.wrong), 20, f"{what} is seen"
        )
