"""A state of the pages: how to bring a browser there. One list of them is walked by the tests of accessibility, valid
HTML and languages, and photographed for `docs/reporter.md`.

A state is a function in a module of this package:

    @state("The way of a report")
    async def waiting(scene: Scene) -> None:
        \"""On a screen of the desk, and nobody has accepted yet.\"""
        await scene.sign_in()
        await scene.file()

Its name is the picture's, its docstring the line under it; `scene.page` is a fresh phone near the West Lake. What it
waits for must be there when it returns. A new module is named in `tests/states/__init__.py`.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from playwright.async_api import Browser, Locator, Page, expect
from sqlalchemy import update
from sqlmodel import Session

from dispatch.clock import now
from dispatch.models import TABLES
from realtime.channels import presence_key
from tests.both_screens import FLAGS
from tests.people import ID_NUMBER, Dispatcher, People, eventually
from tests.stack import DESK, PASSWORD, Stack

# 330106's.
WEST_LAKE = (30.2430, 120.1210)
# A county in which nobody is on duty unless a state says so.
NOBODY = (29.6079, 119.0424)
PHONE = (390, 844)
DESK_SCREEN = (1366, 768)

# A made-up camera and microphone.
BROWSER = [*FLAGS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--mute-audio"]

_numbers = iter(range(13_600_000_000, 13_700_000_000))


@dataclass
class Scene:
    """A phone (or a desk's screen) and who takes part."""

    stack: Stack
    page: Page
    people: People
    language: str
    number: str = field(default_factory=lambda: str(next(_numbers)))
    dispatcher: Dispatcher | None = None
    complaints: list[str] = field(default_factory=list)

    def rung(self, name: str) -> Locator:
        """The rung of the ladder, once it is the highest that was reached."""
        return self.page.locator(f"[data-rung={name}][data-state=now]")

    async def on_duty(self, desk: str = DESK) -> Dispatcher:
        """Somebody at the desk, with a console open."""
        if self.dispatcher is None:
            self.dispatcher = await self.people.dispatcher(self.stack.consoles[0], f"{desk}01")
            await eventually(lambda: self._attended(desk), 10, "the console is known of")
        return self.dispatcher

    def _attended(self, desk: str) -> bool:
        with self.stack.valkey.client() as client:
            return bool(client.exists(presence_key(desk)))

    async def sign_in(self, *, verified: bool = False) -> None:
        """Somebody with a proved phone, at the first screen. No form is filled for it."""
        address = self.stack.citizens[0].url
        request, headers = self.page.context.request, {"origin": address}
        code = await request.post("/api/v1/phone-codes", data={"phone": self.number}, headers=headers)
        proof = {"phone": self.number, "code": (await code.json())["demo_code"]}
        opened = await request.post("/api/v1/sessions", data=proof, headers=headers)
        assert opened.status == 201, await opened.text()
        if verified:
            name = {"name": "张三", "id_number": ID_NUMBER}
            proved = await request.put("/api/v1/me/identity", data=name, headers=headers)
            assert proved.status == 200, await proved.text()
        await self.home()

    async def home(self) -> None:
        """The first screen, ready."""
        await self.page.goto("/")
        await self.ready()

    async def ready(self) -> None:
        """The scripts run."""
        await expect(self.page.locator("html[data-ready]")).to_be_attached()

    async def file(self, text: str = "", *, until: str = "shown") -> str:
        """One tap on the first screen, and how far the report is to come. Gives its id."""
        if until == "shown":
            await self.on_duty()
        if text:
            await self.page.fill("#first-words", text)
        await self.page.click("#quick")
        await expect(self.rung(until)).to_be_visible()
        return await self.report() if until != "saved" else ""

    async def report(self) -> str:
        """The id of the report on the screen."""
        await expect(self.page).to_have_url(re.compile(r"/reports/[0-9a-f-]{36}$"))
        return self.page.url.rpartition("/")[2]

    async def received(self, text: str = "") -> str:
        """A report that was accepted."""
        await self.sign_in()
        report = await self.file(text)
        dispatcher = await self.on_duty()
        assert (await dispatcher.accept(report)).status_code == 200
        await expect(self.rung("received")).to_be_visible()
        return report

    async def ask(self, report: str, **question: str) -> None:
        """The dispatcher asks."""
        dispatcher = await self.on_duty()
        answer = await dispatcher.http.post(
            f"/console/reports/{report}/requests",
            headers={"x-csrf-token": dispatcher.csrf},
            data={"client_id": "q1", **question},
        )
        assert answer.status_code == 200, answer.text

    async def at_console(self, number: str = f"{DESK}02") -> None:
        """Signed in on the console's page."""
        await self.page.goto(f"{self.stack.consoles[0].url}/console")
        await self.page.fill("#number", number)
        await self.page.fill("#password", PASSWORD)
        await self.page.keyboard.press("Enter")
        await expect(self.page.locator("#live")).to_have_attribute("data-state", "live")

    def say(self, zh: str, en: str) -> str:
        """What somebody writes, in the language of the page."""
        return zh if self.language.startswith("zh") else en


Bring = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True)
class State:
    """A state by name; `options` are those of the browser's context."""

    name: str
    group: str
    says: str
    bring: Bring
    app: Literal["citizen", "console"]
    options: dict[str, Any]


STATES: list[State] = []


def state(
    group: str,
    *,
    app: Literal["citizen", "console"] = "citizen",
    at: tuple[float, float] | None = WEST_LAKE,
    **options: Any,
) -> Callable[[Bring], Bring]:
    """Enters a function into the list. `at`: where the phone is; None: it is not told."""

    def enter(bring: Bring) -> Bring:
        found = dict(options)
        if at is not None:
            found["geolocation"] = {"latitude": at[0], "longitude": at[1], "accuracy": 12}
            found["permissions"] = [*options.get("permissions", []), "geolocation"]
        name = bring.__name__.replace("_", "-")
        STATES.append(State(name, group, (bring.__doc__ or "").strip(), bring, app, found))
        return bring

    return enter


def clear_desks(stack: Stack) -> None:
    """What earlier states have left lies on no desk any more, nor near in time: a hundred of them would be another
    state."""
    report = TABLES["report"]
    done: dict[str, Any] = {"status": "closed", "outcome": "handled", "handler": None}
    with Session(stack.database.writing) as session:
        session.connection().execute(
            update(report)
            .where(report.c.status != "closed")
            .values(**done, filed_at=now() - timedelta(days=1))
        )
        session.commit()


@asynccontextmanager
async def scene(
    stack: Stack, browser: Browser, state: State, language: str, **options: Any
) -> AsyncIterator[Scene]:
    """The state on a browser of its own; an error in its scripts, or a breach of its policy, fails at the end."""
    width, height = PHONE if state.app == "citizen" else DESK_SCREEN
    phone = {"is_mobile": True, "has_touch": True} if state.app == "citizen" else {}
    context = await browser.new_context(
        base_url=(stack.citizens if state.app == "citizen" else stack.consoles)[0].url,
        viewport={"width": width, "height": height},
        locale=language,
        timezone_id="Asia/Shanghai",
        # Each state comes from the server, and what a state intercepts is not answered by the worker before.
        service_workers="block",
        **{**phone, **state.options, **options},
    )
    clear_desks(stack)
    people = People()
    page = await context.new_page()
    found = Scene(stack, page, people, language)
    page.on("pageerror", lambda error: found.complaints.append(str(error)))
    await context.expose_function("violated", lambda directive: found.complaints.append(directive))
    await page.add_init_script(
        "addEventListener('securitypolicyviolation', e => violated(e.violatedDirective))"
    )
    try:
        await state.bring(found)
        # What a state waits for can stand on a page that is still being read.
        await page.wait_for_load_state("domcontentloaded")
        yield found
        assert found.complaints == []
    finally:
        await people.leave()
        await context.close()
