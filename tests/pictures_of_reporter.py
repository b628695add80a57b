"""Makes `docs/reporter.md` and its pictures anew: every state of the reporter's side, in Chinese and in English.

    python -m tests.pictures_of_reporter [name …]

takes all of them, or those named, and writes the page from what the states say of themselves (`tests/states`).
"""

import asyncio
import io
import sys
import tempfile
from itertools import groupby
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, async_playwright

from dispatch.settings import CHECKOUT
from tests.servers import chromium, valkey
from tests.stack import Stack, stack
from tests.states import STATES, State, scene
from tests.states.scene import BROWSER

PAGE = CHECKOUT / "docs" / "reporter.md"
PICTURES = CHECKOUT / "docs" / "pictures" / "reporter"
LANGUAGES = {"zh-CN": "zh", "en": "en"}
# As a person meets them; a group that is not named here comes last.
ORDER = (
    "The first screen",
    "The other entries",
    "The way of a report",
    "Where somebody is",
    "Photos, videos, voice",
    "Talking",
    "Phone and name",
    "My reports",
    "Covert",
    "Law, data and receipts",
    "Without scripts, without a network",
)
SETTLE_MS = 700

INTRODUCTION = """# The reporter's page, state by state

Every state of the mobile page in Chinese and English, at 390 × 844, as a person meets them. The pictures are those of
the states that the tests walk (`tests/states`: axe, the Nu HTML checker, large type, 320 pixels, Chromium 107, a third
language), and are made anew by `python -m tests.pictures_of_reporter`. What happens behind them is told in
[way-of-a-report.md](way-of-a-report.md); the words are in [glossary.md](glossary.md).
"""


def states() -> list[State]:
    """The reporter's states, group by group."""
    return sorted((state for state in STATES if state.app == "citizen"), key=_place)


def _place(state: State) -> int:
    return ORDER.index(state.group) if state.group in ORDER else len(ORDER)


async def photograph(running: Stack, browser: Browser, state: State, language: str, into: Path) -> None:
    """One picture, some twenty kilobytes of WebP."""
    async with scene(running, browser, state, language) as found:
        await found.page.wait_for_timeout(SETTLE_MS)
        picture = Image.open(io.BytesIO(await found.page.screenshot(animations="disabled")))
        picture.convert("RGB").save(into / f"{state.name}-{LANGUAGES[language]}.webp", quality=70, method=6)


async def photograph_all(running: Stack, wanted: list[State], into: Path) -> list[str]:
    """All pictures; what could not be reached is told, and the others are made."""
    missed = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=BROWSER)
        for state in wanted:
            for language in LANGUAGES:
                try:
                    await photograph(running, browser, state, language, into)
                except Exception as error:  # noqa: BLE001 - one that fails must not cost the others
                    missed.append(f"{state.name} ({language}): {str(error)[:300]}")
        await browser.close()
    return missed


def page() -> str:
    """The document."""
    lines = [INTRODUCTION]
    for group, members in groupby(states(), key=lambda state: state.group):
        lines += [f"## {group}\n", "| | 中文 | English |", "|---|---|---|"]
        lines += [row(state, PICTURES.name, width=240) for state in members]
        lines.append("")
    return "\n".join(lines)


def row(state: State, folder: str, width: int) -> str:
    """The table's row of a state: what it is, and how it looks in each language."""
    says = " ".join(state.says.split())
    pictures = " | ".join(
        f'<img src="pictures/{folder}/{state.name}-{short}.webp" width="{width}" alt="{state.name}, {language}">'
        for language, short in LANGUAGES.items()
    )
    return f"| {says} | {pictures} |"


def main(names: list[str]) -> int:
    """The exit status: 1 when a state could not be reached."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    wanted = [state for state in states() if not names or state.name in names]
    with valkey() as server, tempfile.TemporaryDirectory() as folder, stack(Path(folder), server) as running:
        missed = asyncio.run(photograph_all(running, wanted, PICTURES))
    PAGE.write_text(page(), encoding="utf-8")
    print("\n".join(missed))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
