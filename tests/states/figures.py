"""The figures page and the wallboard, of desks at which nobody else is."""

from datetime import timedelta

from playwright.async_api import expect
from sqlalchemy import select, update
from sqlmodel import Session

from bench.year import Year, fill
from dispatch.clock import now
from dispatch.models import TABLES
from dispatch.recounting import recount
from dispatch.spans import BEIJING
from tests.people import Reporter
from tests.places import places
from tests.stack import Stack
from tests.states.scene import Scene, state

GROUP = "Figures"
# 舟山: islands, and no other state's people.
CITY, COUNTY = "330900", "330902"
COUNTIES = ("330902", "330903", "330921", "330922")


@state(GROUP, app="console", at=None)
async def figures_of_a_city(scene: Scene) -> None:
    """A city's year: what was filed when, and what became of it."""
    await _at_figures(scene, f"{CITY}90", "by=year")
    await expect(scene.page.locator("#parts .chart-bar")).to_have_count(12)


@state(GROUP, app="console", at=None)
async def figures_on_the_map(scene: Scene) -> None:
    """The same by county, on our own boundaries."""
    await _at_figures(scene, f"{CITY}90", "by=year", "#counties")
    await expect(scene.page.locator(".heat path")).to_have_count(4)


@state(GROUP, app="console", at=None)
async def figures_of_nothing(scene: Scene) -> None:
    """A day on which nobody filed anything."""
    await _at_figures(scene, "33012290", "by=day")
    await expect(scene.page.locator("[data-figure=filed] dd")).to_have_text("0")


@state(GROUP, app="console", at=None)
async def wallboard(scene: Scene) -> None:
    """The room's big screen, quiet."""
    _once(scene.stack)
    await _at_wallboard(scene)
    await expect(scene.page.locator(".board-waiting dd")).to_have_text("0")


@state(GROUP, app="console", at=None)
async def wallboard_late(scene: Scene) -> None:
    """Somebody waits too long."""
    _once(scene.stack)
    at = next(place for place in places() if place.desk == COUNTY)
    reporter = scene.people.also(await Reporter.signed_in(scene.stack.citizens[0], location=at.location))
    report = await reporter.filed(scene.say("船在进水", "our boat takes in water"))
    table = TABLES["report"]
    with Session(scene.stack.database.writing) as session:
        waiting_since = now() - timedelta(seconds=75)
        session.connection().execute(
            update(table).where(table.c.number == report["number"]).values(filed_at=waiting_since)
        )
        session.commit()
    await _at_wallboard(scene)
    await expect(scene.page.locator(".board-oldest")).to_have_attribute("data-page-late", "3")


async def _at_figures(scene: Scene, number: str, query: str, part: str = "") -> None:
    _once(scene.stack)
    await scene.at_console(number)
    last = now().astimezone(BEIJING).year - 1
    await scene.page.goto(f"{scene.stack.consoles[0].url}/console/figures?{query}&on={last}-07-04{part}")


async def _at_wallboard(scene: Scene) -> None:
    await scene.at_console(f"{COUNTY}01")
    await scene.page.goto(f"{scene.stack.consoles[0].url}/console/wallboard")


def _once(stack: Stack) -> None:
    """Last year's reports and this year's up to yesterday, counted."""
    table = TABLES["report"]
    with stack.database.read() as session:
        if session.connection().execute(select(table.c.id).where(table.c.desk == CITY).limit(1)).first():
            recount(stack.environment["DATABASE_URL"], lambda _: None)
            return
    at = now() - timedelta(days=1)  # none of today: its numbers are given to who files
    this_year = at.astimezone(BEIJING).year
    for year in (this_year - 1, this_year):
        fill(stack.database, Year(reports=6000, year=year, counties=COUNTIES, seed=year))
    with Session(stack.database.writing) as session:
        connection = session.connection()
        later = select(table.c.id).where(table.c.filed_at > at)
        for hangs in TABLES.values():
            if any(key.column is table.c.id for key in hangs.foreign_keys):
                connection.execute(hangs.delete().where(hangs.c.report.in_(later)))
        connection.execute(table.delete().where(table.c.filed_at > at))
        connection.execute(
            update(table)
            .where(table.c.status != "closed", table.c.filed_at < at)
            .values(status="closed", outcome="handled", handler=None)
        )
        session.commit()
    recount(stack.environment["DATABASE_URL"], lambda _: None)
