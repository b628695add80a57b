"""Phones with a memory for the tests: a browser with its own folder, that can be killed and started again."""

import os
import re
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import (
    BrowserContext,
    CDPSession,
    Locator,
    Page,
    Playwright,
    ViewportSize,
    expect,
)

from tests.promises import eventually
from tests.servers import whole_chromium

PHONE: ViewportSize = {"width": 390, "height": 844}
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-audio-output",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class LastingPhone:
    """A phone whose browser keeps what it knows over its own death."""

    playwright: Playwright
    folder: Path
    url: str
    number: str
    at: tuple[float, float]
    language: str = "zh-CN"
    complaints: list[str] = field(default_factory=list)
    _context: BrowserContext | None = None

    @property
    def context(self) -> BrowserContext:
        assert self._context is not None
        return self._context

    @property
    def page(self) -> Page:
        return self.context.pages[-1]

    async def start(self) -> None:
        """The browser is opened; nothing is in it."""
        self._context = await self.playwright.chromium.launch_persistent_context(
            str(self.folder),
            executable_path=whole_chromium(),
            args=FLAGS,
            base_url=self.url,
            viewport=PHONE,
            is_mobile=True,
            has_touch=True,
            locale=self.language,
            geolocation={"latitude": self.at[0], "longitude": self.at[1], "accuracy": 8},
            permissions=["geolocation"],
        )
        self._context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    async def kill(self) -> None:
        """SIGKILL to the browser, as a phone's battery does it."""
        pids = _browsers(self.folder)
        assert pids, "the browser runs"
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        await eventually(lambda: not _browsers(self.folder), 10, "the browser is dead")
        for lock in self.folder.glob("Singleton*"):
            lock.unlink()
        self._context = None

    async def close(self) -> None:
        if self._context is not None:
            await self._context.close()
            self._context = None

    async def settle(self) -> None:
        """Signed in a while ago: Chromium writes a cookie to the disk after half a minute, or when it is closed."""
        await self.kept()
        await self.close()
        await self.start()

    async def sign_in(self) -> None:
        await self.page.goto("/#account")
        await self.prove("#account-sign-in")
        await expect(self.page.locator("#account-me")).to_be_visible()
        await self.page.tap("#back")
        await expect(self.page.locator("#where[data-state=found]")).to_be_visible()

    async def prove(self, form: str) -> None:
        await self.page.fill(f"{form} [name=phone]", self.number)
        await self.page.tap(f"{form} [type=submit]")
        await expect(self.page.locator(f"{form} [name=code]")).to_have_value(re.compile(r"\d{6}"))
        await self.page.tap(f"{form} [type=submit]")

    def rung(self, name: str) -> Locator:
        """The rung of the ladder, once it is the highest that was reached."""
        return self.page.locator(f"[data-rung={name}][data-state=now]")

    def reached(self, name: str) -> Locator:
        """The rung of the ladder, once it was reached; a desk that is quick may have taken the report further."""
        return self.page.locator(f"[data-rung={name}]:is([data-state=now], [data-state=done])")

    async def kept(self) -> None:
        """Returns once the page is in the worker's hands."""
        await self.page.wait_for_function("() => navigator.serviceWorker.controller !== null", timeout=30_000)

    async def worker_evaluate(self, script: str) -> object:
        """Runs something in the service worker."""
        await eventually(lambda: self.context.service_workers, 20, "the worker runs")
        return await self.context.service_workers[-1].evaluate(script)

    async def session(self) -> CDPSession:
        """What Chromium's own tools can do to this page."""
        return await self.context.new_cdp_session(self.page)


def _browsers(folder: Path) -> list[int]:
    """The processes of this profile's browser, itself first."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if f"--user-data-dir={folder}".encode() in words and state != "Z":
            found.append(int(entry.name))
    return sorted(found)


@asynccontextmanager
async def lasting_phone(
    playwright: Playwright, url: str, number: str, at: dict[str, Any], **named: Any
) -> AsyncIterator[LastingPhone]:
    """A phone, switched on; at the end it is thrown away."""
    with tempfile.TemporaryDirectory(prefix="desk110-phone-", ignore_cleanup_errors=True) as folder:
        phone = LastingPhone(playwright, Path(folder), url, number, (at["lat"], at["lon"]), **named)
        await phone.start()
        try:
            yield phone
        finally:
            await phone.close()
        assert phone.complaints == []
