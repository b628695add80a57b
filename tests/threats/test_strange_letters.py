"""Text that is not what it looks like: turned around, with something unseen in it, in letters that look like others.

What a reporter writes stands on the console as what it is, turns nothing around but itself, and is no word of the
system's.
"""

import unicodedata
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from console.plainly import plainly
from tests import test_console_page as console
from tests.people import Dispatcher, Reporter
from tests.stack import Stack

browser = console.browser

TOLD = {
    "a turn of the line": ("金额\u202e001元", "金额⟦U+202E⟧001元"),
    "an isolate": ("a\u2067b\u2069", "a⟦U+2067⟧b⟦U+2069⟧"),
    "marks of direction": ("a\u200eb\u200fc\u061cd", "a⟦U+200E⟧b⟦U+200F⟧c⟦U+061C⟧d"),
    "a space that is none": ("炸\u200b弹", "炸⟦U+200B⟧弹"),
    "many of one": ("a" + "\u200b" * 500, "a⟦U+200B×500⟧"),
    "many of several": ("\u200b\u200c" * 50, "⟦U+200B⟧⟦U+200C⟧" * 4 + "⟦+92⟧"),
    "a letter that is blank": ("a\u3164b", "a⟦U+3164⟧b"),
    "a mark of byte order": ("\ufeffa", "⟦U+FEFF⟧a"),
    "a hyphen that is not seen": ("pass\u00adword", "pass⟦U+00AD⟧word"),
    "tags": ("a\U000e0041", "a⟦U+E0041⟧"),
    "a control": ("a\x00b\x1b[2Jc", "a⟦U+0000⟧b⟦U+001B⟧[2Jc"),
    "a line end of another kind": ("a\u2028b", "a⟦U+2028⟧b"),
    "accents piled up": ("z" + "\u0301" * 40, "z" + "\u0301" * 3 + "⟦+37⟧"),
    "Cyrillic among Latin": ("раypal", "р⟦U+0440⟧а⟦U+0430⟧ypal"),
    "Greek among Latin": ("gοοgle", "gο⟦U+03BF⟧ο⟦U+03BF⟧gle"),
    "a radical": ("\u2f00", "\u2f00⟦U+2F00⟧"),
    "a compatibility form": ("\uf9d1", "\uf9d1⟦U+F9D1⟧"),
}
# All that Unicode has to turn a line with (UAX 9).
TURNS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
LEFT = [
    "西湖区文三路有人打架，穿黑衣服",
    "已接收",
    "Straße Việt Nam, naïve",
    "привет из Москвы",
    "Καλημέρα",
    "سلام",
    "ئۇيغۇرچە",
    "བོད་ཡིག",
    "👨\u200d👩\u200d👧 ❤\ufe0f",
    "葛\U000e0100城区",
    "a\tb\r\nc",
    "１１０",
]


@pytest.mark.parametrize("name", TOLD)
def test_what_would_not_be_seen_or_looks_like_another_is_told(name: str) -> None:
    written, shown = TOLD[name]
    assert plainly(written) == shown


@pytest.mark.parametrize("text", LEFT)
def test_what_people_write_in_any_script_stays_as_it_is(text: str) -> None:
    assert plainly(text) == text


def test_no_character_that_formats_gets_through_by_itself() -> None:
    # Signs around a number, and Mongolian's own: they are drawn.
    drawn = {"AN", "AL", "L"}
    for code in range(0x110000):
        character = chr(code)
        if unicodedata.category(character) != "Cf" or unicodedata.bidirectional(character) in drawn - {"L"}:
            continue
        if character in TURNS or (unicodedata.bidirectional(character) not in drawn and code != 0x180E):
            assert character not in str(plainly(f"一{character}二")), f"U+{code:04X}"


# --- in the page

HOSTILE: dict[str, str] = {
    "text": "求助\u202e收接已\u202c \u2067נגד\u200b炸\u200b弹 раypal " + "z" + "\u0301" * 60,
    "place_text": "\u202e口门局公安市\u2067",
    "name": "evil\u202egpj.exe.jpg",
}
UNSEEN = "\u202e\u202c\u2067\u200b"


@pytest.fixture
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0])
    yield someone
    await someone.leave()


@pytest.mark.anyio
@pytest.mark.browser
async def test_a_report_that_turns_the_line_reorders_nothing_on_the_console(
    stack: Stack, browser: Browser, reporter: Reporter
) -> None:
    report = await reporter.filed(HOSTILE["text"], place_text=HOSTILE["place_text"])
    dispatcher = await Dispatcher.signed_in(stack.consoles[0], "33010601")
    assert (await dispatcher.accept(report["id"])).status_code == 200
    said = f"/api/v1/reports/{report['id']}/messages"
    assert (
        await reporter.http.post(said, json={"client_id": "m", "text": "已接收\u202e" + HOSTILE["name"]})
    ).status_code == 201
    context = await browser.new_context(
        base_url=dispatcher.app.url, viewport={"width": 1920, "height": 1080}, locale="zh-CN"
    )
    await context.add_cookies(
        [
            {
                "name": "desk110_console",
                "value": dispatcher.http.cookies["desk110_console"],
                "url": dispatcher.app.url,
            }
        ]
    )
    page = await context.new_page()
    try:
        await page.goto("/console")
        card = page.locator(f"#report-{report['id']}")
        await expect(card).to_contain_text("⟦U+202E⟧收接已⟦U+202C⟧")
        await expect(card).to_contain_text("⟦U+202E⟧口门局公安市⟦U+2067⟧")
        await card.click()
        hand = page.locator("#in-hand")
        await expect(hand.locator("#line-filed")).to_contain_text("炸⟦U+200B⟧弹")
        await expect(hand.locator("#line-filed")).to_contain_text("р⟦U+0440⟧а⟦U+0430⟧ypal")
        line = hand.locator(".line[data-author=reporter]", has_text="已接收⟦U+202E⟧evil⟦U+202E⟧gpj")
        await expect(line).to_be_visible()
        text = await page.evaluate("document.documentElement.outerHTML")
        assert not [f"U+{ord(one):04X}" for one in UNSEEN if one in text]
        # What is of the right-to-left scripts stands in an element that isolates it.
        isolated = await page.evaluate(
            """() => {
                const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
                const found = [];
                while (walker.nextNode()) {
                    const text = walker.currentNode;
                    if (!/[\\u0590-\\u08ff]/.test(text.data)) continue;
                    let at = text.parentElement;
                    while (at && !/isolate|plaintext/.test(getComputedStyle(at).unicodeBidi)) at = at.parentElement;
                    found.push(at !== null);
                }
                return found;
            }"""
        )
        assert isolated
        assert all(isolated)
    finally:
        await context.close()
        await dispatcher.leave()
