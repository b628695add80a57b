"""How many taps and keys there are between opening the page and a report that the server has. What
`docs/way-of-a-report.md` says of it is counted here."""

import re
from dataclasses import dataclass

import pytest
from playwright.async_api import expect

from dispatch.settings import CHECKOUT
from tests import test_citizen_page as citizen
from tests.people import Dispatcher, eventually
from tests.test_citizen_page import OpenPhone, Phone

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

browser = citizen.browser
phone = citizen.phone
dispatcher = citizen.dispatcher

# Each finger on the screen and each key counts, wherever it lands and whatever the page makes of it; over reloads too.
COUNT = """
  for (const [kind, name] of [["pointerdown", "taps"], ["keydown", "keys"]]) {
    addEventListener(kind, ({ isTrusted }) => {
      if (isTrusted) sessionStorage[name] = Number(sessionStorage[name] ?? 0) + 1;
    }, { capture: true });
  }
"""


@dataclass
class Fingers:
    """What somebody does with their fingers from the moment the page is open."""

    held: Phone

    async def open(self) -> None:
        await self.held.page.add_init_script(COUNT)
        await self.held.page.goto("/")
        await expect(self.held.page.locator("html[data-ready]")).to_be_attached()

    async def tap(self, where: str) -> None:
        await self.held.page.tap(where)

    async def keys(self, text: str) -> None:
        await self.held.page.keyboard.type(text)

    async def counted(self) -> tuple[int, int]:
        """Taps and keys until the server had the report."""
        await expect(self.held.page).to_have_url(re.compile(r"/reports/[0-9a-f-]{36}$"))
        stored = self.held.page.locator("#ladder[data-phase=storing], #ladder[data-phase=waiting]")
        await expect(stored).to_be_visible()
        taps, keys = await self.held.page.evaluate(
            "[sessionStorage.taps ?? 0, sessionStorage.keys ?? 0].map(Number)"
        )
        return taps, keys


@pytest.fixture
async def signed_in(phone: OpenPhone) -> Fingers:
    held = await phone()
    await held.sign_in()
    fingers = Fingers(held)
    await fingers.open()
    # What is still moving under a finger is tapped twice by the hand that drives the browser.
    await expect(held.page.locator("#where")).to_contain_text("约 10 米")
    return fingers


@pytest.mark.parametrize("entry", ["#quick", "#to-location"])
async def test_signed_in_and_with_the_position_allowed_it_is_one_tap(signed_in: Fingers, entry: str) -> None:
    await signed_in.tap(entry)
    assert await signed_in.counted() == (1, 0)


async def test_without_a_position_it_is_two_for_whoever_cannot_say_where(phone: OpenPhone) -> None:
    held = await phone(at=None)
    await held.sign_in()
    fingers = Fingers(held)
    await fingers.open()
    await fingers.tap("#quick")
    await fingers.tap("#need [data-part=send-now]")
    assert await fingers.counted() == (2, 0)


async def test_what_was_written_before_costs_no_tap_more(signed_in: Fingers) -> None:
    await signed_in.held.page.fill("#first-words", "着火了")
    await signed_in.tap("#quick")
    assert await signed_in.counted() == (1, 0)


async def test_not_signed_in_the_phone_is_proved_after_the_tap(
    phone: OpenPhone, dispatcher: Dispatcher
) -> None:
    held = await phone()
    fingers = Fingers(held)
    await fingers.open()
    await fingers.tap("#quick")
    await fingers.tap("#need [name=phone]")
    await fingers.keys(held.number)
    await fingers.tap("#need [type=submit]")
    code = held.page.locator("#need [name=code]")
    await expect(code).to_have_value(re.compile(r"\d{6}"))
    digits = await code.input_value()
    # In the field nobody fills the code in; the field has the focus already.
    await code.evaluate("field => (field.value = '')")
    await expect(code).to_be_focused()
    await fingers.keys(digits)
    await fingers.tap("#need [type=submit]")
    assert await fingers.counted() == (4, 17)
    await eventually(lambda: len(dispatcher.cards) == 1, 20, "the desk has it")


def test_the_figures_that_are_written_down_are_those() -> None:
    written = (CHECKOUT / "docs/way-of-a-report.md").read_text(encoding="utf-8")
    table = dict(re.findall(r"^\| ([^|]+?) \| (\d+ taps?(?:, \d+ keys)?) \|", written, re.MULTILINE))
    assert list(table.values()) == ["1 tap", "2 taps", "4 taps, 17 keys", "2 taps"]
