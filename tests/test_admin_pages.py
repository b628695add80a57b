"""Administration by its pages: desks, cities, accounts, and what a person sets up at the first sign-in."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx2
import pyotp
import pytest
from sqlalchemy import select

from dispatch.clock import now
from dispatch.desk_numbers import number_of
from dispatch.models import TABLES
from dispatch.openings import opening_of
from tests.people import People, Reporter
from tests.places import Place
from tests.stack import PASSWORD, Stack
from tests.witness import assert_problem, change, closed, nothing_written, unharmed

pytestmark = pytest.mark.anyio

OWN = "a-password-of-ones-own"


@pytest.fixture(autouse=True)
async def without_defects(stack: Stack) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield


@pytest.fixture
def place(places_left: Iterator[Place]) -> Place:
    """A desk of the test's own."""
    return next(places_left)


class Door:
    """A browser at the console: it signs in, reads pages and posts their forms."""

    def __init__(self, stack: Stack) -> None:
        url = stack.consoles[0].url
        self.http = httpx2.AsyncClient(base_url=url, timeout=15, headers={"origin": url})
        self.page = ""

    async def signs_in(self, number: str, password: str, **fields: str) -> httpx2.Response:
        await self.get("/console/sign-in")
        form = {"number": number, "password": password, "csrf_token": self.token(), **fields}
        return self._seen(await self.http.post("/console/sign-in", data=form))

    async def get(self, address: str) -> httpx2.Response:
        return self._seen(await self.http.get(address, follow_redirects=True))

    async def posts(self, address: str, **fields: str) -> httpx2.Response:
        """The form of the page that was last seen, with what it held before the person's eyes."""
        seen = re.search(r'name="seen" value="([^"]*)"', self.page)
        held = {"csrf_token": self.token(), "seen": seen[1] if seen else ""}
        return self._seen(await self.http.post(address, data=held | fields))

    def token(self) -> str:
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.page)
        assert found, self.page
        return found[1]

    def _seen(self, answer: httpx2.Response) -> httpx2.Response:
        if "csrf-token" in answer.text:
            self.page = answer.text
        return answer


@pytest.fixture
async def doors(stack: Stack) -> AsyncIterator[list[Door]]:
    """As many browsers as are asked for by `browser`."""
    opened: list[Door] = []
    yield opened
    for door in opened:
        await door.http.aclose()


def browser(stack: Stack, doors: list[Door]) -> Door:
    door = Door(stack)
    doors.append(door)
    return door


@pytest.fixture
async def admin(stack: Stack, doors: list[Door]) -> Door:
    door = browser(stack, doors)
    assert (await door.signs_in("admin", PASSWORD)).status_code == 303
    return door


def acts(stack: Stack, desk: str) -> list[tuple[str, str, dict[str, Any]]]:
    """The desk's events: kind, actor, data without what names rows."""
    event = TABLES["event"]
    rows = select(event.c.kind, event.c.actor, event.c.data).where(event.c.desk == desk).order_by(event.c.seq)
    with stack.database.read() as session:
        return [(row.kind, row.actor, row.data) for row in session.connection().execute(rows)]


def once(page: str) -> str:
    found = re.search(r'<code id="once">([^<]+)</code>', page)
    assert found, page
    return found[1]


# --- desks


async def test_an_administrator_comes_to_the_desks_and_finds_one_by_its_initials(admin: Door) -> None:
    page = await admin.get("/console")
    assert page.url.path == "/console/admin/desks"
    assert page.text.count("<tr data-desk=") == 102
    found = await admin.get("/console/admin/desks?q=xh+33010")
    assert re.findall(r'<tr data-desk="(\d+)"', found.text) == ["330106"]
    none = await admin.get("/console/admin/desks?q=%3Cscript%3E")
    assert "没有符合的台" in none.text
    assert "<script>" not in none.text


async def test_a_desk_that_is_closed_gives_its_reports_to_the_one_above_until_it_is_opened(
    stack: Stack, admin: Door, place: Place, people: People
) -> None:
    desk, address = place.desk, f"/console/admin/desks/{place.desk}"
    await admin.get(address)
    assert "关闭后，新的警情由" in admin.page
    empty = await admin.posts(f"{address}/opening", act="close", reason=" ")
    assert (empty.status_code, "请写明理由" in empty.text) == (422, True)
    answer = await admin.posts(f"{address}/opening", act="close", reason="设备检修")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}?saved=opening")
    stale = await admin.posts(f"{address}/opening", act="close", reason="又一次")
    assert (stale.status_code, "刚才有人改过" in stale.text) == (422, True)
    await admin.get(f"{address}?saved=opening")
    assert "已保存" in admin.page
    app = stack.citizens[0]
    reporter = people.also(await Reporter.signed_in(app, location=place.location, verified=True))
    filed: list[str] = []

    async def goes_to(where: str) -> None:
        while not filed or filed[-1] != where:  # a citizen process asks which desks are open once a second
            filed.append((await reporter.filed())["desk"]["adcode"])

    await goes_to(f"{desk[:4]}00")
    await admin.posts(f"{address}/opening", act="open", reason="修好了")
    await goes_to(desk)
    told = [(kind, actor) for kind, actor, _ in acts(stack, desk) if kind.startswith("Desk")]
    assert told == [("DeskClosed", "dispatcher:admin"), ("DeskOpened", "dispatcher:admin")]


async def test_hours_are_set_and_what_is_no_time_is_refused(stack: Stack, admin: Door, place: Place) -> None:
    address = f"/console/admin/desks/{place.desk}"
    for since, until in (("8", "22:00"), ("08:00", "24:00"), ("08:00", "08:00"), ("", "")):
        await admin.get(address)
        with nothing_written(stack):
            wrong = await admin.posts(f"{address}/hours", since=since, until=until, reason="夜里没人")
        assert (wrong.status_code, "时段要写成" in wrong.text) == (422, True)
    await admin.get(address)
    assert (
        await admin.posts(f"{address}/hours", since="22:00", until="06:30", reason="试点")
    ).status_code == 303
    with stack.database.read() as session:
        assert str(opening_of(session, place.desk).hours) == "22:00–06:30"
    await admin.get(address)
    assert (await admin.posts(f"{address}/hours", always="1", reason="有人了")).status_code == 303
    with stack.database.read() as session:
        assert opening_of(session, place.desk).hours is None


async def test_an_administrator_changes_a_desks_settings(stack: Stack, admin: Door, place: Place) -> None:
    address = f"/console/admin/desks/{place.desk}/settings"
    page = await admin.get(address)
    assert page.status_code == 200
    assert set(re.findall(r'action="([^"]+)/\w+"', page.text)) == {address}
    answer = await admin.posts(f"{address}/sms", seen="12110", sms="12110571")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{address}?saved=sms#sms")
    with stack.database.read() as session:
        assert number_of(session, place.desk) == "12110571"
    assert acts(stack, place.desk)[-1] == (
        "DeskSet",
        "dispatcher:admin",
        {"set": {"sms": ["12110", "12110571"]}},
    )


async def test_what_is_no_desk_and_what_is_no_city_is_not_there(admin: Door) -> None:
    for address in ("desks/999999", "desks/999999/settings", "cities/330106", "cities/999999"):
        assert_problem(await admin.http.get(f"/console/admin/{address}"), "desk_unknown")
    await admin.get("/console/admin/desks")
    form = {"csrf_token": admin.token(), "act": "close", "reason": "x"}
    assert_problem(await admin.http.post("/console/admin/cities/330106/opening", data=form), "desk_unknown")
    assert_problem(
        await admin.http.post("/console/admin/desks/330106/opening", data={**form, "act": ""}),
        "field_invalid",
    )


# --- the roll-out


async def test_a_city_is_closed_and_opened_whole_and_the_next_one_is_named(stack: Stack, admin: Door) -> None:
    city, address = "331100", "/console/admin/cities/331100"
    await admin.get(address)
    assert 'data-figure="within_15"' in admin.page
    assert (await admin.posts(f"{address}/opening", act="close", reason="先停")).status_code == 303
    page = await admin.get("/console/admin/cities/330100")
    assert f'rel="next" href="{address}"' in page.text
    overview = await admin.get("/console/admin/cities")
    assert overview.text.count("<tr data-city=") == 11
    assert re.search(rf'data-city="{city}".*?<td class="n">0/10</td>', overview.text, re.DOTALL)
    await admin.get(address)
    for suffix in ("01", "02", "03", "90"):
        change(stack, "dispatcher", {"number": f"331124{suffix}"}, disabled_at=now())
    await admin.get(address)
    refused = await admin.posts(f"{address}/opening", act="open", reason="再开")
    assert (refused.status_code, "有的台没有值班长" in refused.text) == (422, True)
    assert (
        await admin.posts(f"{address}/opening", act="open", reason="再开", despite="1")
    ).status_code == 303
    await admin.get(f"{address}?saved=open")
    assert "已全部开通" in admin.page


# --- accounts


async def test_a_new_account_signs_in_once_by_its_password_and_then_by_its_own(
    stack: Stack, admin: Door, place: Place, doors: list[Door]
) -> None:
    number = f"{place.desk}91"
    await admin.get(f"/console/admin/new-account?desk={place.desk}&role=shift_leader")
    form = {"number": number, "role": "shift_leader", "desk": place.desk, "reason": "新值班长"}
    made = await admin.posts("/console/admin/accounts", **form)
    password = once(made.text)
    again = await admin.posts("/console/admin/accounts", **form)
    assert (again.status_code, "已经有账户" in again.text) == (422, True)
    assert password not in (await admin.get(f"/console/admin/accounts/{number}")).text
    theirs = browser(stack, doors)
    answer = await theirs.signs_in(number, password)
    assert answer.headers["location"] == "/console/first-sign-in"
    # The session of a first sign-in is none elsewhere, under whatever name it is shown.
    assert "desk110_console" not in theirs.http.cookies
    token = theirs.http.cookies["desk110_console_first"]
    async with httpx2.AsyncClient(base_url=stack.consoles[0].url) as client:
        shown = {"cookie": f"desk110_console={token}"}
        assert_problem(await client.get("/console/queue", headers=shown), "sign_in_required")
    await theirs.get("/console/first-sign-in")
    for typed, field in (
        ({"password": "short", "again": "short"}, "password"),
        ({"password": OWN, "again": OWN + "x"}, "again"),
        ({"password": password, "again": password}, "password"),
        ({"password": f"{number}{number}", "again": f"{number}{number}"}, "password"),
    ):
        wrong = await theirs.posts("/console/first-sign-in/password", **typed)
        assert wrong.status_code == 422
        assert re.search(rf'name="{field}"[^>]*aria-invalid', wrong.text), wrong.text
    done = await theirs.posts("/console/first-sign-in/password", password=OWN, again=OWN)
    assert (done.status_code, done.headers["location"]) == (303, "/console")
    assert (await theirs.get("/console")).status_code == 200
    assert "data-cards" in theirs.page or "queue" in theirs.page
    assert (await browser(stack, doors).signs_in(number, password)).status_code == 401
    assert (await browser(stack, doors).signs_in(number, OWN)).headers["location"] == "/console"
    kinds = [(kind, actor) for kind, actor, data in acts(stack, place.desk) if data.get("account") == number]
    assert kinds == [
        ("DispatcherAdded", "dispatcher:admin"),
        ("DispatcherPasswordSet", f"dispatcher:{number}"),
    ]
    assert password not in str(acts(stack, place.desk))


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"number": "a b"}, "number", "警号只能用"),
        ({"role": "king"}, "role", "角色只有"),
        ({"desk": ""}, "desk", "必须属于一个台"),
        ({"desk": "999999"}, "desk", "没有这个报警服务台"),
        ({"role": "auditor"}, "desk", "必须属于一个台"),
        ({"reason": ""}, "reason", "请写明理由"),
        ({"holder": "admin"}, "role", "此人还有账户 admin"),
    ],
)
async def test_an_account_that_cannot_be_is_refused_beside_the_field(
    stack: Stack, admin: Door, typed: dict[str, str], field: str, sentence: str
) -> None:
    await admin.get("/console/admin/new-account")
    form = {"number": "newone", "role": "shift_leader", "desk": "330106", "reason": "x"}
    with nothing_written(stack):
        answer = await admin.posts("/console/admin/accounts", **(form | typed))
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-fault" role="alert">.*{sentence}', answer.text), answer.text


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("change", {"role": "dispatcher"}),
        ("disable", {}),
        ("password", {}),
        ("change", {"role": "shift_leader", "desk": "330102"}),
    ],
)
async def test_whoever_is_changed_loses_console_and_session(
    stack: Stack, admin: Door, place: Place, people: People, act: str, fields: dict[str, str]
) -> None:
    leader = await people.dispatcher(stack.consoles[0], f"{place.desk}90")
    address = f"/console/admin/accounts/{leader.number}"
    await admin.get(address)
    answer = await admin.posts(f"{address}/{act}", **({"desk": place.desk, "reason": "轮岗"} | fields))
    assert answer.status_code == (200 if act == "password" else 303), answer.text
    assert await closed(leader) == 4401
    assert_problem(await leader.http.get("/console/queue"), "sign_in_required")


async def test_of_two_who_change_an_account_the_second_is_told(admin: Door, place: Place) -> None:
    address = f"/console/admin/accounts/{place.desk}02"
    await admin.get(address)
    page, form = admin.page, {"role": "shift_leader", "desk": place.desk, "reason": "升任"}
    assert (await admin.posts(f"{address}/change", **form)).status_code == 303
    admin.page = page
    stale = await admin.posts(f"{address}/change", **(form | {"role": "dispatcher"}))
    assert (stale.status_code, "刚才有人改过" in stale.text) == (422, True)


async def test_an_administrators_own_account_has_no_acts(stack: Stack, admin: Door) -> None:
    page = await admin.get("/console/admin/accounts/admin")
    assert "管理员不能改自己的账户" in page.text
    assert "/console/admin/accounts/admin/" not in page.text
    for act in ("change", "disable", "enable", "password", "second-factor", "subject"):
        with nothing_written(stack):
            answer = await admin.posts(
                f"/console/admin/accounts/admin/{act}", role="shift_leader", desk="330106", reason="x"
            )
        assert answer.status_code == 422, act
    assert_problem(await admin.http.get("/console/admin/accounts/nobody"), "account_unknown")
    await admin.get("/console/admin/accounts")
    assert_problem(await admin.posts("/console/admin/accounts/auditor/promotion", reason="x"), "not_found")


# --- one's own account


async def test_a_second_factor_is_set_up_by_oneself_and_a_recovery_code_opens_once(
    stack: Stack, place: Place, doors: list[Door]
) -> None:
    number = f"{place.desk}03"
    own = browser(stack, doors)
    await own.signs_in(number, PASSWORD)
    await own.get("/console/account")
    wrong = await own.posts("/console/account/second-factor", totp_current="wrong")
    assert (wrong.status_code, "密码不对" in wrong.text) == (422, True)
    begun = await own.posts("/console/account/second-factor", totp_current=PASSWORD)
    found = re.search(r'id="totp-secret">(\w+)<', begun.text)
    assert found
    assert "<svg" in begun.text
    assert "style=" not in begun.text
    assert (await own.posts("/console/account/second-factor/confirmation", code="000000x")).status_code == 422
    # Until a code confirms it, the password alone opens.
    assert (await browser(stack, doors).signs_in(number, PASSWORD)).status_code == 303
    code = pyotp.TOTP(found[1]).at(now())
    done = await own.posts("/console/account/second-factor/confirmation", code=code)
    codes = re.findall(r"<li><code>([a-z2-9-]{14})</code></li>", done.text)
    assert len(codes) == 10
    new = browser(stack, doors)
    assert (await new.signs_in(number, PASSWORD)).status_code == 401
    # The code that confirmed opens nothing any more; a recovery code does, once, however it is typed.
    assert (await new.signs_in(number, PASSWORD, totp=code)).status_code == 401
    assert (await new.signs_in(number, PASSWORD, totp=codes[0].upper().replace("-", " "))).status_code == 303
    assert (await browser(stack, doors).signs_in(number, PASSWORD, totp=codes[0])).status_code == 401
    assert "还剩 9 个" in (await new.get("/console/account")).text
    renewed = await new.posts("/console/account/recovery-codes", codes_current=PASSWORD)
    assert codes[1] not in renewed.text
    assert (await browser(stack, doors).signs_in(number, PASSWORD, totp=codes[1])).status_code == 401
    stored = str(acts(stack, place.desk)) + renewed.text
    assert not {found[1], *codes} & set(re.findall(r"[\w-]+", stored))


async def test_ones_own_password_is_changed_by_who_knows_it(
    stack: Stack, place: Place, doors: list[Door], people: People
) -> None:
    number = f"{place.desk}03"
    elsewhere = await people.dispatcher(stack.consoles[0], number)
    own = browser(stack, doors)
    await own.signs_in(number, PASSWORD)
    await own.get("/console/account")
    form = {"current": "wrong", "password": OWN, "again": OWN}
    assert (await own.posts("/console/account/password", **form)).status_code == 422
    assert (await own.posts("/console/account/password", **(form | {"current": PASSWORD}))).status_code == 303
    assert await closed(elsewhere) == 4401
    assert (await own.get("/console/account?saved=password")).status_code == 200
    assert (await browser(stack, doors).signs_in(number, PASSWORD)).status_code == 401
    assert (await browser(stack, doors).signs_in(number, OWN)).status_code == 303
