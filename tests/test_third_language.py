"""A third language by its catalogue alone: a folder that a setting names, and no line of code.

It is a language that nobody speaks, as long as German: where a page still shows English, that word is in no catalogue.
Whether longer words are cut off is seen, state by state, in `test_old_browser.py`.
"""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Browser, async_playwright, expect

from api import release
from dispatch.errors import Unfit
from dispatch.words import Words, choose, languages, look_also_in
from tests.people import Dispatcher, People
from tests.pseudo import NAME, TAG, pseudo, speaking
from tests.servers import Valkey, chromium
from tests.stack import Stack
from tests.states.scene import BROWSER

pytestmark = pytest.mark.anyio

ENGLISH = {"accept-language": "en"}
THIRD = {"accept-language": TAG}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey) -> Iterator[Stack]:
    """Processes that know a third language."""
    valkey_of_session.flushall()
    with speaking(tmp_path_factory.mktemp("third"), valkey_of_session) as running:
        yield running


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=chromium(), args=BROWSER)
        yield launched
        await launched.close()


async def test_a_refusal_is_said_in_it(stack: Stack) -> None:
    async with httpx2.AsyncClient(base_url=stack.citizens[0].url) as client:
        english = await client.get("/api/v1/me", headers=ENGLISH)
        third = await client.get("/api/v1/me", headers=THIRD)
    assert third.headers["content-language"] == TAG
    assert third.json()["detail"] == pseudo(english.json()["detail"]) != english.json()["detail"]


async def test_a_reporter_chooses_it_and_the_document_names_it(stack: Stack, people: People) -> None:
    reporter = await people.reporter(stack.citizens[0])
    # What is documented to this test's own process has two languages.
    reporter.http.event_hooks = {}
    changed = await reporter.http.patch("/api/v1/me", json={"language": TAG})
    assert changed.json()["language"] == TAG
    assert (await reporter.http.patch("/api/v1/me", json={"language": "de"})).status_code == 422
    document = (await reporter.http.get("/api/v1/openapi.json")).json()
    enum = document["components"]["schemas"]["MeBody"]["properties"]["language"]
    assert TAG in str(enum)


async def test_a_report_is_labelled_in_it_and_the_desk_named_in_latin_letters(
    stack: Stack, people: People
) -> None:
    reporter = await people.reporter(stack.citizens[0])
    reporter.http.event_hooks = {}
    report = await reporter.filed("x")
    answer = await reporter.http.get(f"/api/v1/reports/{report['id']}", headers=THIRD)
    assert answer.json()["status_label"] == pseudo("Filed")
    assert re.fullmatch(r"[A-Za-z0-9 ]+", answer.json()["desk"]["name"])


async def test_the_console_speaks_it(stack: Stack) -> None:
    async with httpx2.AsyncClient(base_url=stack.consoles[0].url) as client:
        english = (await client.get("/console/sign-in")).text
        assert english.count("?lang=") == 2
        assert f'?lang={TAG}" lang="{TAG}" hreflang="{TAG}"' in english
        assert NAME in english
    dispatcher = await Dispatcher.signed_in(stack.consoles[0])
    page = (await dispatcher.http.get(f"/console?lang={TAG}")).text
    await dispatcher.leave()
    assert f'<html lang="{TAG}">' in page
    assert pseudo("Sign out") in page
    assert ">Sign out" not in page


@pytest.mark.browser
async def test_it_is_chosen_on_the_page_and_kept(stack: Stack, browser: Browser) -> None:
    context = await browser.new_context(base_url=stack.citizens[0].url, locale="zh-CN")
    page = await context.new_page()
    await page.goto("/")
    await page.click("#language summary")
    await expect(page.locator("#language a")).to_have_count(2)
    await page.click(f"#language [hreflang={TAG}]")
    await expect(page.locator("html")).to_have_attribute("lang", TAG)
    await expect(page.locator(".quick-title")).to_have_text(pseudo("Report now"))
    await page.goto("/reports")
    await expect(page.locator("html")).to_have_attribute("lang", TAG)
    await context.close()


def test_a_folder_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(Unfit, match="DESK110_WORDS"):
        look_also_in(tmp_path / "nowhere")


def test_what_is_no_language_is_no_language_and_the_very_tag_comes_before_its_kin(tmp_path: Path) -> None:
    for name in ("en-GB", "zh-HK", "__pycache__", "notes"):
        (tmp_path / name).mkdir()
    before = languages()
    look_also_in(tmp_path)
    try:
        assert languages() == (*before, "en-GB", "zh-HK") or set(languages()) == {*before, "en-GB", "zh-HK"}
        assert choose("zh-HK") == "zh-HK"
        assert choose("zh-TW") == "zh-CN"
        assert choose("en-GB,en;q=0.9") == "en-GB"
        assert choose("en-US") == "en"
        assert Words.of("en-GB")("terms.status.received") == Words.of("en")("terms.status.received")
        assert Words.of("zh-HK")("terms.status.received") == "已接收"
    finally:
        forget(tmp_path)


def test_a_kind_of_a_language_is_that_language_where_it_is_silent_and_then_chinese(tmp_path: Path) -> None:
    for name, text in {
        "en-GB/terms.toml": '[status]\nreceived = "Taken up"',
        "de/terms.toml": '[status]\nreceived = "Empfangen"\nclosed = "Beendet"',
        "de-AT/terms.toml": '[status]\nclosed = "Erledigt"',
    }.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text, encoding="utf-8")
    look_also_in(tmp_path)
    try:
        english, chinese = Words.of("en"), Words.of("zh-CN")
        assert Words.of("en-GB")("terms.status.received") == "Taken up"
        assert Words.of("en-GB")("terms.status.closed") == english("terms.status.closed")
        austrian = [Words.of("de-AT")(f"terms.status.{status}") for status in ("closed", "received", "filed")]
        assert austrian == ["Erledigt", "Empfangen", chinese("terms.status.filed")]
        assert set(Words.of("de-AT").under("citizen")) == set(chinese.under("citizen"))
        assert english("terms.status.received") != "Taken up"
    finally:
        forget(tmp_path)


def test_words_that_an_operator_adds_or_changes_make_another_version_of_the_page(tmp_path: Path) -> None:
    fresh = release.version.__wrapped__
    before, found = fresh(), []
    look_also_in(tmp_path)
    try:
        for path, text in (
            ("fr/citizen.toml", "a = 1"),
            ("fr/citizen.toml", "a = 2"),
            ("de/citizen/page.toml", "a = 2"),
            ("de/terms.toml", "a = 2"),
        ):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
            languages.cache_clear()
            found.append(fresh())
        assert len({before, *found}) == 5
        (tmp_path / "de" / "console.toml").write_text("a = 2", encoding="utf-8")
        assert fresh() == found[-1]  # nothing of the page
    finally:
        forget(tmp_path)
    assert fresh() == before


def forget(folder: Path) -> None:
    """As if the folder had never been named."""
    from dispatch import words

    words._folders.remove(folder)
    languages.cache_clear()
    Words.of.cache_clear()
