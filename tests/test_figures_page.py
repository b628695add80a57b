"""The figures page and its files: every cell says what a plain count of the reports gives; and who may read it."""

import csv
import io
import re
import zipfile
from collections.abc import AsyncIterator
from datetime import timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree

import httpx2
import pytest
from playwright.async_api import Page, async_playwright, expect
from sqlalchemy import update
from sqlmodel import Session

from bench.year import Year, fill
from console.figures_tables import LINE, label_of, took
from dispatch.clock import now
from dispatch.models import TABLES
from dispatch.recounting import recount
from dispatch.scales import SCALES
from dispatch.words import Words
from tests.both_screens import FLAGS
from tests.people import Dispatcher
from tests.plain_counts import PlainCounts
from tests.plain_figures import Cells, Plain, plain_cells
from tests.servers import chromium
from tests.stack import PASSWORD, Stack
from tests.witness import assert_problem, nothing_written, unharmed

pytestmark = pytest.mark.anyio

YEAR = Year(reports=2000, year=2025)
CITY, COUNTY = "330200", "330281"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module", autouse=True)
def year(stack: Stack) -> None:
    """A year of reports, counted as an operator counts them."""
    fill(stack.database, YEAR)
    recount(stack.environment["DATABASE_URL"], print)


@pytest.fixture(autouse=True)
async def without_defects(stack: Stack) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield


async def reads(stack: Stack, number: str) -> Dispatcher:
    app = stack.consoles[0]
    http = httpx2.AsyncClient(base_url=app.url, headers={"origin": app.url}, timeout=60)
    someone = Dispatcher(app, number, http)
    await someone.sign_in()
    return someone


@pytest.fixture
async def leader(stack: Stack) -> AsyncIterator[Dispatcher]:
    someone = await reads(stack, f"{CITY}90")
    yield someone
    await someone.leave()


class Cellar(HTMLParser):
    """The tables of a page: what stands in each cell, by table, row and column, and what its title says."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.cells: dict[tuple[str, str, str], tuple[str, str]] = {}
        self.summary: dict[str, str] = {}
        self._table = self._row = self._figure = ""
        self._columns: list[str] = []
        self._title: str | None = None
        self._text: list[str] | None = None
        self._at = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        had = dict(attrs)
        if tag == "table":
            self._table, self._columns = str(had["data-table"]), []
        elif tag == "th" and "data-column" in had:
            self._columns.append(str(had["data-column"]))
        elif tag == "tr" and "data-row" in had:
            self._row, self._at = str(had["data-row"] or ""), 0
        elif tag == "td" or (tag == "dd" and self._figure):
            self._title, self._text = had.get("title") or "", []
        elif tag == "div" and "data-figure" in had:
            self._figure = str(had["data-figure"])

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self._text is None:
            return
        if tag == "td":
            column = self._columns[self._at]
            self._at += 1
            self.cells[self._table, self._row, column] = ("".join(self._text).strip(), self._title or "")
            self._text = None
        elif tag == "dd":
            self.summary[self._figure] = "".join(self._text).strip()
            self._text, self._figure = None, ""


def said(plain: Plain, column: str, words: Words) -> tuple[str, str]:
    """What a page says of a figure, and what the title of its cell does."""
    kind, n, of = plain
    if n is None or (kind == "share" and not of):
        return "–", ""
    if kind == "count":
        return f"{n:,}", ""
    if kind == "share":
        return f"{n / of * 100:.1f} %", f"{n:,} / {of:,}"
    scale = next(one for one in SCALES if column.startswith(one.name))
    return took(words, n, scale), ""


def counted(stack: Stack, desk: str, span: int, *, below: bool = True) -> Cells:
    with stack.database.read() as session:
        return plain_cells(session, desk, span, below=below)


CHOICES: list[tuple[str, bool, str, str, int]] = [
    (CITY, True, "year", "2025-08-09", 2025),
    (CITY, True, "month", "2025-08-09", 202508),
    (CITY, True, "ever", "2025-08-09", 0),
    (CITY, False, "year", "2025-08-09", 2025),
    (COUNTY, True, "year", "2025-01-01", 2025),
    (COUNTY, True, "day", "2025-08-09", 20250809),
]


@pytest.mark.parametrize(("desk", "below", "by", "day", "span"), CHOICES)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_cell_of_the_page_is_a_plain_count(
    stack: Stack, leader: Dispatcher, desk: str, below: bool, by: str, day: str, span: int, language: str
) -> None:
    query = {"desk": desk, "below": str(int(below)), "by": by, "on": day, "lang": language}
    page = await leader.http.get("/console/figures", params=query)
    assert page.status_code == 200, page.text
    shown = Cellar(page.text)
    words, plain = Words.of(language), counted(stack, desk, span, below=below)
    assert shown.cells == {key: said(cell, key[2], words) for key, cell in plain.items()}
    with stack.database.read() as session:
        area = desk if not below or not desk.endswith("00") else desk[:4]
        often = PlainCounts(session).repeated(area, span or "", 10)
    whole = {column: said(plain["parts", "", column], column, words)[0] for column in LINE}
    assert shown.summary == whole | {"often": f"{often:,}"}


async def test_the_province_sees_all_desks_and_all_its_counties_on_the_map(stack: Stack) -> None:
    leader = await reads(stack, "33000090")
    page = (await leader.http.get("/console/figures", params={"by": "year", "on": "2025-01-01"})).text
    shown, words = Cellar(page), Words.of("zh-CN")
    assert shown.cells == {
        key: said(cell, key[2], words) for key, cell in counted(stack, "330000", 2025).items()
    }
    heat = page.partition('<svg class="chart heat"')[2].partition("</svg>")[0]
    names = dict(re.findall(r'<path class="heat-\d" d="[^"]+"><title>(\S+) ([\d,]+)</title>', heat))
    counties = {
        row: text
        for (table, row, column), (text, _) in shown.cells.items()
        if (table, column) == ("counties", "reports")
    }
    assert len(names) == len(counties) == 90
    assert sorted(names.values()) == sorted(counties.values())
    await leader.leave()


async def test_the_csv_says_the_same_and_nothing_in_it_is_a_formula(stack: Stack, leader: Dispatcher) -> None:
    query = {"desk": CITY, "by": "year", "on": "2025-01-01", "lang": "en"}
    answer = await leader.http.get("/console/figures.csv", params=query)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="desk110-330200-2025.csv"'
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert all(len(row) == 4 for row in rows)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    plain = counted(stack, CITY, 2025)
    values = [row[3] for row in rows if row[0] not in {"table", "About"}]
    assert sorted(values) == sorted(number(cell) for cell in plain.values())
    words = Words.of("en")
    title, column = words("console.figures.parts.title"), words("console.figures.column.accepted_p90")
    of_march = [row[3] for row in rows if row[:3] == [title, label_of(202503), column]]
    assert of_march == [number(plain["parts", "202503", "accepted_p90"])]


def number(plain: Plain) -> str:
    kind, n, of = plain
    if n is None or (kind == "share" and not of):
        return ""
    return str(round(n / of, 6)) if kind == "share" else str(n)


async def test_the_workbook_says_the_same_and_no_cell_of_it_is_a_formula(
    stack: Stack, leader: Dispatcher
) -> None:
    query = {"desk": CITY, "by": "month", "on": "2025-03-01", "lang": "zh-CN"}
    answer = await leader.http.get("/console/figures.xlsx", params=query)
    assert answer.headers["content-disposition"] == 'attachment; filename="desk110-330200-2025-03.xlsx"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheets = [
            ElementTree.fromstring(book.read(name))  # noqa: S314 - we have written it
            for name in sorted(book.namelist(), key=_in_order)
            if "worksheets/sheet" in name
        ]
        names = re.findall(r'<sheet name="([^"]+)"', book.read("xl/workbook.xml").decode())
    assert len(set(names)) == len(sheets) == 12
    found = [
        float(str(cell.findtext(f"{SHEET}v")))
        for sheet in sheets
        for cell in sheet.iter(f"{SHEET}c")
        if cell.get("t") != "s" and cell.find(f"{SHEET}v") is not None
    ]
    assert not [cell for sheet in sheets for cell in sheet.iter(f"{SHEET}f")]
    plain = [number(cell) for cell in counted(stack, CITY, 202503).values()]
    assert sorted(found) == pytest.approx(sorted(float(one) for one in plain if one))


def _in_order(name: str) -> tuple[int, str]:
    digits = re.search(r"(\d+)", name)
    return int(digits[1]) if digits else 0, name


# --- who may read it


@pytest.mark.parametrize("path", ["/console/figures", "/console/figures.csv", "/console/figures.xlsx"])
async def test_a_dispatcher_has_no_figures(stack: Stack, path: str) -> None:
    someone = await reads(stack, f"{COUNTY}01")
    answer = await someone.http.get(path)
    assert answer.status_code == 403
    assert "filed" not in answer.text
    if path != "/console/figures":
        assert_problem(answer, "role_refused")
    await someone.leave()


async def test_a_leader_sees_the_own_desk_and_those_below_and_no_other(
    stack: Stack, leader: Dispatcher
) -> None:
    own = (await leader.http.get("/console/figures")).text
    offered = re.findall(r'<option value="(\d{6})"', own)
    assert offered[0] == CITY
    assert all(desk.startswith("3302") for desk in offered)
    for other in ("330100", "330106", "330000", "999999", "", "330281 OR 1=1", "％"):
        for path in ("/console/figures", "/console/figures.csv", "/console/figures.xlsx"):
            assert_problem(await leader.http.get(path, params={"desk": other}), "desk_unknown")
    county = await reads(stack, f"{COUNTY}90")
    assert_problem(await county.http.get("/console/figures", params={"desk": CITY}), "desk_unknown")
    assert re.findall(r'<option value="(\d{6})"', (await county.http.get("/console/figures")).text) == [
        COUNTY
    ]
    await county.leave()


@pytest.mark.parametrize("number_", ["auditor", "admin"])
async def test_who_watches_over_all_sees_all(stack: Stack, number_: str) -> None:
    someone = await reads(stack, number_)
    page = (await someone.http.get("/console/figures")).text
    assert len(re.findall(r'<option value="\d{6}"', page)) == 102
    assert "330000" in page
    await someone.leave()


async def test_nobody_is_sent_to_the_door(stack: Stack) -> None:
    async with httpx2.AsyncClient(base_url=stack.consoles[0].url) as http:
        answer = await http.get("/console/figures")
        assert (answer.status_code, answer.headers["location"]) == (303, "/console/sign-in")
        for path in ("/console/figures.csv", "/console/figures.xlsx"):
            assert_problem(await http.get(path), "sign_in_required")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"on": "2025-02-30"}, "on"),
        ({"on": "20250203"}, "on"),
        ({"on": "1999-12-31"}, "on"),
        ({"on": "2100-01-01"}, "on"),
        ({"on": "2025-W10-1"}, "on"),
        ({"on": "' OR 1=1"}, "on"),
        ({"on": "9" * 5000}, "on"),
        ({"by": "week"}, "by"),
        ({"by": ""}, "by"),
        ({"below": "2"}, "below"),
        ({"below": "<b>"}, "below"),
    ],
)
async def test_what_makes_no_sense_is_named(
    stack: Stack, leader: Dispatcher, query: dict[str, str], field: str
) -> None:
    with nothing_written(stack):
        for path in ("/console/figures", "/console/figures.csv", "/console/figures.xlsx"):
            problem = assert_problem(await leader.http.get(path, params=query), "field_invalid")
            assert problem["fields"] == [field]


async def test_reading_writes_nothing_and_names_nobody_who_reported(stack: Stack, leader: Dispatcher) -> None:
    with nothing_written(stack):
        answers = [await leader.http.get(f"/console/figures{end}") for end in ("", ".csv")]
    with stack.database.read() as session:
        people = {
            *session.connection().execute(TABLES["reporter"].select().limit(50)).scalars(),
            "139****0000",
        }
    for answer in answers:
        assert not [person for person in people if str(person) in answer.text]


async def test_without_a_report_it_says_nothing_rather_than_nought_percent(leader: Dispatcher) -> None:
    page = Cellar((await leader.http.get("/console/figures", params={"by": "year", "on": "2001-01-01"})).text)
    assert page.summary["filed"] == "0"
    assert page.summary["invalid_share"] == page.summary["accepted_p50"] == "–"


async def test_it_is_said_when_something_has_not_been_counted(stack: Stack, leader: Dispatcher) -> None:
    head, event = TABLES["desk_head"], TABLES["event"]
    recount(stack.environment["DATABASE_URL"], lambda _: None)
    assert "还没有计入" not in (await leader.http.get("/console/figures")).text
    with Session(stack.database.writing) as session:
        connection = session.connection()
        seq = connection.execute(head.select().where(head.c.desk == COUNTY)).one().seq + 1
        row = {
            "desk": COUNTY,
            "seq": seq,
            "kind": "Noted",
            "report": None,
            "reporter": None,
            "actor": "system",
        }
        at = now() - timedelta(seconds=60)
        connection.execute(event.insert(), {**row, "at": at, "data": {}, "hash": bytes(32)})
        connection.execute(update(head).where(head.c.desk == COUNTY).values(seq=seq))
        session.commit()
    assert "还没有计入" in (await leader.http.get("/console/figures")).text
    assert (
        "还没有计入"
        not in (await leader.http.get("/console/figures", params={"desk": CITY, "below": "0"})).text
    )
    recount(stack.environment["DATABASE_URL"], lambda _: None)
    assert "还没有计入" not in (await leader.http.get("/console/figures")).text


# --- by keyboard


@pytest.fixture
async def page(stack: Stack) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        context = await browser.new_context(base_url=stack.consoles[0].url, locale="zh-CN")
        opened = await context.new_page()
        await opened.goto("/console/sign-in")
        await opened.fill("#number", f"{CITY}90")
        await opened.fill("#password", PASSWORD)
        await opened.keyboard.press("Enter")
        await expect(opened.locator("#live")).to_have_attribute("data-state", "live")
        yield opened
        await browser.close()


@pytest.mark.browser
async def test_from_the_desk_to_a_county_and_a_month_by_keys_alone(page: Page) -> None:
    await page.locator("#open-figures").focus()
    async with page.context.expect_page() as opened:
        await page.keyboard.press("Enter")
    figures = await opened.value
    await figures.focus("#desk")
    await figures.keyboard.type(COUNTY)
    await figures.focus("#by")
    await figures.keyboard.press("ArrowDown")
    await figures.keyboard.press("ArrowDown")
    await figures.focus("#on")
    await figures.fill("#on", "2025-06-01")
    await figures.locator(".choice button").focus()
    await figures.keyboard.press("Enter")
    await expect(figures.locator(".figures-span")).to_have_text("2025")
    await expect(figures.locator("h1")).to_contain_text(COUNTY)
    march = figures.locator("[data-table=parts] [data-row='202503'] a")
    await march.focus()
    await figures.keyboard.press("Enter")
    await expect(figures.locator(".figures-span")).to_have_text("2025-03")
    await figures.locator("[rel=next]").focus()
    await figures.keyboard.press("Enter")
    await expect(figures.locator(".figures-span")).to_have_text("2025-04")
