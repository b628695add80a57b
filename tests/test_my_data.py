"""My data, over HTTP: all that is held, corrected and erased by whom it is about, and by nobody else."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from dispatch.clock import now
from dispatch.closing import RETENTION
from dispatch.models import TABLES
from tests.people import ID_NUMBER, Dispatcher, People, Reporter, eventually
from tests.stack import App, Stack
from tests.witness import assert_problem, change, closed, nothing_written, unharmed

pytestmark = pytest.mark.anyio

LI = {"name": "李四", "id_number": "110101199003071233"}
ZHANG = {"name": "张三", "id_number": ID_NUMBER}
ANDROID_WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; V2304A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/107.0.5304.141 "
    "Mobile Safari/537.36 XWEB/5317 MicroMessenger/8.0.49"
)


@pytest.fixture(autouse=True)
async def without_defects(stack: Stack) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield


@pytest.fixture
async def reporter(stack: Stack, people: People) -> Reporter:
    return people.also(await Reporter.signed_in(stack.citizens[0], verified=True))


async def data_of(reporter: Reporter) -> dict[str, Any]:
    answer = await reporter.http.get("/api/v1/me/data")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def code_for(client: httpx2.AsyncClient, phone: str) -> str:
    return str((await client.post("/api/v1/phone-codes", json={"phone": phone})).json()["demo_code"])


async def again(reporter: Reporter, agent: str = "") -> Reporter:
    """The same phone signed in once more, on another device."""
    other = Reporter(reporter.app, httpx2.AsyncClient(base_url=reporter.app.url), phone=reporter.phone)
    code = await code_for(other.http, reporter.phone)
    body = {"phone": reporter.phone, "code": code}
    answer = await other.http.post("/api/v1/sessions", json=body, headers={"user-agent": agent})
    other.token = answer.json()["token"]
    other.http.headers["authorization"] = f"Bearer {other.token}"
    other.http.cookies.clear()
    return other


def kinds(stack: Stack, reporter: str) -> list[str]:
    table = TABLES["event"]
    with stack.database.read() as session:
        chosen = (
            select(table.c.kind).where(table.c.reporter == UUID(reporter)).order_by(table.c.at, table.c.seq)
        )
        return list(session.connection().execute(chosen).scalars())


async def test_all_that_is_held_is_shown_with_phone_and_number_masked(
    stack: Stack, reporter: Reporter, people: People
) -> None:
    filed = await reporter.filed("有人打架", place_text="文三路")
    await reporter.http.post(
        f"/api/v1/reports/{filed['id']}/messages", json={"client_id": "m", "text": "还在打"}
    )
    people.also(await again(reporter, ANDROID_WECHAT))
    found = await data_of(reporter)
    assert (found["reporter"]["name"], found["reporter"]["id_number"]) == ("张三", "3****************X")
    assert found["reporter"]["phone"] == f"{reporter.phone[:3]}****{reporter.phone[-4:]}"
    (report,) = found["reports"]
    assert report["report"]["messages"][0]["text"] == "还在打"
    assert (report["position"]["lat"], report["position"]["crs"]) == (30.25, "wgs84")
    assert [(one["system"], one["browser"], one["current"]) for one in found["sessions"]] == [
        ("android", "wechat", False),
        ("other", "other", True),
    ]
    assert found["kept"] == [{"number": filed["number"], "until": None}]


async def test_it_is_a_file_that_no_cache_keeps_and_each_look_is_recorded(
    stack: Stack, reporter: Reporter
) -> None:
    answer = await reporter.http.get("/api/v1/me/data")
    assert answer.headers["content-disposition"] == 'attachment; filename="desk110-my-data.json"'
    assert answer.headers["cache-control"] == "no-store"
    assert kinds(stack, answer.json()["reporter"]["id"])[-1] == "DataShown"
    assert ID_NUMBER not in answer.text
    assert reporter.phone not in answer.text


async def test_a_duress_word_is_not_among_it_for_who_forces_the_reporter_may_read_along(
    reporter: Reporter,
) -> None:
    await reporter.http.put("/api/v1/me/duress-word", json={"word": "窗台上的茉莉"})
    answer = await reporter.http.get("/api/v1/me/data")
    assert "duress" not in answer.text
    assert "茉莉" not in answer.text


async def test_nobody_sees_anothers_data(stack: Stack, reporter: Reporter, people: People) -> None:
    stranger = people.also(await Reporter.signed_in(stack.citizens[0]))
    await reporter.filed("只有本人看得到")
    assert "只有本人看得到" not in (await stranger.http.get("/api/v1/me/data")).text
    async with httpx2.AsyncClient(base_url=stack.citizens[0].url) as nobody:
        with nothing_written(stack):
            for method, path in (
                ("GET", "/me/data"),
                ("PUT", "/me/phone"),
                ("POST", "/me/identity/corrections"),
                ("DELETE", "/me/identity"),
                ("DELETE", "/sessions/others"),
                ("DELETE", "/me"),
            ):
                answer = await nobody.request(method, f"/api/v1{path}")
                assert_problem(answer, "sign_in_required")
                nobody.cookies.set("desk110_session", reporter.token)
                if method != "GET":
                    foreign = {"origin": "https://evil.example"}
                    assert_problem(
                        await nobody.request(method, f"/api/v1{path}", headers=foreign), "origin_refused"
                    )
                nobody.cookies.clear()


async def test_a_name_is_not_written_over_and_the_desk_sees_a_correction(
    stack: Stack, reporter: Reporter, people: People
) -> None:
    filed = await reporter.filed("有人打架")
    dispatcher = await people.dispatcher(stack.consoles[0])
    with nothing_written(stack):
        assert_problem(await reporter.http.put("/api/v1/me/identity", json=LI), "identity_fixed")
        assert (await reporter.http.put("/api/v1/me/identity", json=ZHANG)).status_code == 200
    await dispatcher.accept(filed["id"])
    page = await dispatcher.http.get(f"/console/reports/{filed['id']}")
    assert "张*" in page.text
    corrected = await reporter.http.post("/api/v1/me/identity/corrections", json=LI)
    assert corrected.status_code == 200
    page = await dispatcher.http.get(f"/console/reports/{filed['id']}")
    assert "张*" in page.text
    assert "李*" in page.text
    (former,) = (await data_of(reporter))["replaced"]
    assert (former["name"], former["phone"]) == ("张*", None)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": "拒绝", "id_number": LI["id_number"]}, "identity_rejected"),
        ({"name": "李四", "id_number": "1"}, "identity_rejected"),
        ({"name": "李四"}, "field_invalid"),
        ({}, "field_invalid"),
        ([], "body_unreadable"),
    ],
    ids=range(5),
)
async def test_a_correction_that_is_not_confirmed_changes_nothing(
    stack: Stack, reporter: Reporter, body: Any, code: str
) -> None:
    with nothing_written(stack):
        assert_problem(await reporter.http.post("/api/v1/me/identity/corrections", json=body), code)
    assert (await data_of(reporter))["reporter"]["name"] == "张三"


async def test_another_phone_is_proved_by_its_own_code_and_ends_the_other_sessions(
    stack: Stack, reporter: Reporter, people: People
) -> None:
    other = people.also(await again(reporter))
    await other.listen()
    new = "137" + reporter.phone[3:]
    old_code, code = await code_for(reporter.http, reporter.phone), await code_for(reporter.http, new)
    wrong = await reporter.http.put(
        "/api/v1/me/phone", json={"phone": new, "code": f"{(int(code) + 1) % 10**6:06d}"}
    )
    assert_problem(wrong, "code_wrong")
    if old_code != code:
        assert_problem(
            await reporter.http.put("/api/v1/me/phone", json={"phone": new, "code": old_code}), "code_wrong"
        )
    changed = await reporter.http.put("/api/v1/me/phone", json={"phone": new, "code": code})
    assert changed.json()["phone"] == f"137****{new[-4:]}"
    assert await closed(other) == 4401
    assert (await other.http.get("/api/v1/me")).status_code == 401
    assert (await reporter.http.get("/api/v1/me")).status_code == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"phone": "1", "code": "123456"}, "field_invalid"),
        ({"phone": "+8612", "code": "123456"}, "phone_invalid"),
        ({"phone": "13800138000"}, "field_invalid"),
        ({"phone": "13800138000", "code": ""}, "field_invalid"),
        ({"phone": "13800138000", "code": "x"}, "code_wrong"),
    ],
    ids=range(5),
)
async def test_a_phone_that_is_not_proved_changes_nothing(
    stack: Stack, reporter: Reporter, body: dict[str, str], code: str
) -> None:
    with nothing_written(stack):
        assert_problem(await reporter.http.put("/api/v1/me/phone", json=body), code)


async def test_a_phone_that_somebody_else_has_is_refused(
    stack: Stack, reporter: Reporter, people: People
) -> None:
    other = people.also(await Reporter.signed_in(stack.citizens[0]))
    code = await code_for(reporter.http, other.phone)
    body = {"phone": other.phone, "code": code}
    assert_problem(await reporter.http.put("/api/v1/me/phone", json=body), "phone_taken")
    assert (await other.http.get("/api/v1/me")).status_code == 200


async def test_a_name_goes_when_no_report_needs_it_and_stays_when_one_does(
    stack: Stack, reporter: Reporter
) -> None:
    assert (await reporter.http.delete("/api/v1/me/identity")).status_code == 204
    assert (await reporter.http.get("/api/v1/me")).json()["identity"] == "none"
    await reporter.http.put("/api/v1/me/identity", json=LI)
    await reporter.filed()
    with nothing_written(stack):
        assert_problem(await reporter.http.delete("/api/v1/me/identity"), "identity_kept")
    assert (await data_of(reporter))["reporter"]["name"] == "李四"


async def test_other_sessions_end_and_the_one_that_asks_stays(reporter: Reporter, people: People) -> None:
    others = [people.also(await again(reporter)) for _ in range(2)]
    await others[0].listen()
    assert (await reporter.http.delete("/api/v1/sessions/others")).status_code == 204
    assert await closed(others[0]) == 4401
    assert [(await one.http.get("/api/v1/me")).status_code for one in (*others, reporter)] == [401, 401, 200]
    assert len((await data_of(reporter))["sessions"]) == 1


async def test_a_closed_account_is_signed_out_everywhere_and_its_phone_a_new_reporter(
    reporter: Reporter, people: People
) -> None:
    await reporter.listen()
    before = (await reporter.http.get("/api/v1/me")).json()["id"]
    answer = (await reporter.http.delete("/api/v1/me")).json()
    assert (answer["erased"], answer["kept"]) == (True, [])
    assert await closed(reporter) == 4401
    assert (await reporter.http.get("/api/v1/me")).status_code == 401
    new = people.also(await again(reporter))
    found = (await new.http.get("/api/v1/me")).json()
    assert (found["id"] != before, found["identity"], found["reports"]) == (True, "none", 0)


async def test_a_closed_account_with_a_report_stays_for_the_desk_and_says_what_stays(
    stack: Stack, reporter: Reporter, people: People
) -> None:
    filed = await reporter.filed("有人打架")
    answer = (await reporter.http.delete("/api/v1/me")).json()
    assert (answer["erased"], answer["kept"]) == (False, [{"number": filed["number"], "until": None}])
    dispatcher = people.also(await Dispatcher.signed_in(stack.consoles[0]))
    assert (await dispatcher.accept(filed["id"])).status_code == 200
    back = people.also(await again(reporter))
    assert (await back.report(filed["id"]))["status"] == "received"


async def test_a_report_under_a_session_that_was_closed_elsewhere_is_refused_and_says_whom_to_call(
    stack: Stack, people: People
) -> None:
    """The process that takes the report may know the session for some seconds more."""
    with stack.another("citizen") as second:
        reporter = people.also(await Reporter.signed_in(stack.citizens[0]))
        elsewhere = people.also(reporter.at(second))
        assert (await elsewhere.http.get("/api/v1/reports")).status_code == 200
        assert (await reporter.http.delete("/api/v1/me")).status_code == 200
        with nothing_written(stack):
            assert_problem(await elsewhere.file("注销之后"), "sign_in_required", call=True)


async def test_nothing_goes_under_another_name_on_a_shared_phone(
    stack: Stack, reporter: Reporter, people: People
) -> None:
    other = people.also(await Reporter.signed_in(stack.citizens[0]))
    theirs = (await other.http.get("/api/v1/me")).json()["id"]
    own = (await reporter.http.get("/api/v1/me")).json()["id"]
    body = {"kind": "quick", "text": "甲写的", "location": reporter.location}
    key = {"idempotency-key": "7f3c2b1e-5a94-4d08-b6e7-91c0d2f4a835"}
    with nothing_written(stack):
        for whose in (own, "nobody", ""):
            answer = await other.http.post(
                "/api/v1/reports", json=body, headers={**key, "desk110-reporter": whose}
            )
            assert_problem(answer, "sign_in_required", call=True)
    answer = await other.http.post("/api/v1/reports", json=body, headers={**key, "desk110-reporter": theirs})
    assert answer.status_code == 201


async def test_using_a_session_is_noted_to_the_hour(stack: Stack, reporter: Reporter) -> None:
    table = TABLES["reporter_session"]

    def seen() -> Any:
        with stack.database.read() as session:
            return (
                session.connection()
                .execute(select(table.c.seen_at).where(table.c.reporter == UUID(id_)))
                .one()
            )

    id_ = (await reporter.http.get("/api/v1/me")).json()["id"]
    first = seen()
    await reporter.http.get("/api/v1/me")
    await eventually(lambda: seen() == first, 5, "the use is noted")


async def test_names_are_corrected_three_times_a_day_at_most(stack: Stack, people: People) -> None:
    environment = {**stack.environment, "DESK110_LIMITS": "field"}
    app = App("citizen", environment, stack.home / "strict.log")
    app.start()
    try:
        reporter = people.also(await Reporter.signed_in(app, verified=True))
        for number in range(4):
            body = LI if number % 2 == 0 else ZHANG
            answer = await reporter.http.post("/api/v1/me/identity/corrections", json=body)
            if number < 3:
                assert answer.status_code == 200, answer.text
        assert_problem(answer, "too_many_requests")
        assert (await data_of(reporter))["reporter"]["name"] == "李四"
    finally:
        await people.leave()
        app.kill()


async def test_the_worker_erases_what_was_kept_once_no_report_needs_it(
    stack: Stack, reporter: Reporter
) -> None:
    await reporter.filed("留作记录")
    id_ = UUID((await reporter.http.get("/api/v1/me")).json()["id"])
    assert (await reporter.http.delete("/api/v1/me")).json()["erased"] is False
    long_ago = now() - RETENTION - timedelta(days=1)
    change(stack, "report", {"reporter": id_}, status="closed", filed_at=long_ago)
    table = TABLES["reporter"]

    def phone() -> bytes:
        with stack.database.read() as session:
            found = select(table.c.phone).where(table.c.id == id_)
            return bytes(session.connection().execute(found).scalar_one())

    assert phone() != b""
    worker = stack.another_worker()
    worker.launch()
    try:
        await eventually(lambda: phone() == b"", 30, "the worker has erased it")
    finally:
        worker.kill()
