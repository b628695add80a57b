"""Signing in by WeChat, and being told there: the real processes, and a WeChat that answers as documented."""

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import select
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from api.documents import openapi
from dispatch import closing, reporters, reports, wechat_accounts, wechat_notices
from dispatch.cipher import FieldCipher
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.keys import KeyPaths, set_up
from dispatch.models import TABLES
from dispatch.reads import Reads
from dispatch.settings import Settings
from dispatch.wechat import Notice, Wechat, WechatFailed
from dispatch.wechat_notices import Open
from processes.notices import Notices
from realtime.phones import Phone, Phones
from tests.contract import HttpContract
from tests.dispatcher import Dispatcher
from tests.domain import DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.people import eventually
from tests.servers import Valkey
from tests.stack import Stack
from tests.stack import stack as running_stack
from tests.wechat_stand_in import (
    APPID,
    LOGIN,
    PHONE,
    SECRET,
    TEMPLATE,
    TOKEN,
    WechatStandIn,
    error,
    wechat_stand_in,
)
from tests.witness import assert_problem

pytestmark = pytest.mark.anyio

OPENID, MOBILE = "oABCdef-0123456789_ghijklmno", "+8613912345678"
AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
_people = itertools.count(int(time.time() * 1000) % 90_000_000 + 10_000_000)


@pytest.fixture
def cipher(tmp_path: Path) -> FieldCipher:
    paths = KeyPaths.under(tmp_path)
    set_up(paths, old_data=False)
    return FieldCipher.load(paths)


def signed_in(
    database: Database, cipher: FieldCipher, openid: str, phone: str | None, token: str = ""
) -> reporters.SignedIn | None:
    token = token or reporters.new_token()
    with writing(database) as writer:
        return done(
            writer,
            lambda session: wechat_accounts.sign_in(session, cipher, openid, phone, token, "zh-CN"),
            reporters.PROVINCE,
        )


# --- an account and whose it is


def test_an_account_that_nobody_knows_needs_a_phone(database: Database, cipher: FieldCipher) -> None:
    assert signed_in(database, cipher, OPENID, None) is None
    first = signed_in(database, cipher, OPENID, MOBILE)
    assert first is not None
    assert first.phone_masked == "139****5678"
    again = signed_in(database, cipher, OPENID, None)
    assert again is not None
    assert again.id == first.id
    assert again.token_digest != first.token_digest


def test_two_accounts_that_differ_in_case_alone_are_two(database: Database, cipher: FieldCipher) -> None:
    assert signed_in(database, cipher, OPENID, MOBILE) is not None
    assert signed_in(database, cipher, OPENID.swapcase(), None) is None


def test_an_account_goes_with_the_phone_that_it_proves_last(database: Database, cipher: FieldCipher) -> None:
    first, second = (signed_in(database, cipher, OPENID, phone) for phone in (MOBILE, "+8613900000000"))
    now = signed_in(database, cipher, OPENID, None)
    assert first is not None
    assert second is not None
    assert now is not None
    assert first.id != second.id == now.id


def test_the_openid_itself_is_nowhere(database: Database, cipher: FieldCipher) -> None:
    signed_in(database, cipher, OPENID, MOBILE)
    with database.read() as session:
        [row] = session.connection().execute(select(TABLES["wechat_account"])).all()
    assert OPENID not in str(row)
    assert OPENID.encode().hex() not in str(row)


def test_whoever_ends_other_sessions_or_the_account_is_not_signed_in_by_wechat_either(
    database: Database, cipher: FieldCipher
) -> None:
    for ends in (
        lambda session, who: reporters.end_sessions(session, who, b"kept"),
        lambda session, who: closing.close(session, who),
    ):
        someone = signed_in(database, cipher, OPENID, MOBILE)
        assert someone is not None
        with writing(database) as writer:
            done(writer, lambda session, ends=ends, who=someone.id: ends(session, who), reporters.PROVINCE)  # type: ignore[misc]
        assert signed_in(database, cipher, OPENID, None) is None


def test_a_lost_answer_to_the_commit_makes_no_second_session(database: Database, cipher: FieldCipher) -> None:
    token = reporters.new_token()
    first, again = (signed_in(database, cipher, OPENID, MOBILE, token) for _ in range(2))
    assert first == again


# --- who is told, and when


def waiting(**values: object) -> Open:
    """A notice of a report that was received a second ago and not shown."""
    facts = {
        "report": uuid4(),
        "reporter": uuid4(),
        "desk": DESK,
        "number": "330106-20261123-000017",
        "language": "zh-CN",
        "covert": False,
        "status": "received",
        "asked_at": AT - timedelta(seconds=30),
        "taken_at": None,
        "received_at": AT - timedelta(seconds=1),
        "received_by": "西湖区110报警服务台",
        "shown_at": None,
    }
    return Open(**(facts | values))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "gone_for_s", "todo"),
    [
        ({"received_at": None, "status": "filed"}, 60.0, "wait"),
        ({}, 60.0, "send"),
        ({}, 1.0, "wait"),
        ({}, 0.0, "wait"),
        ({}, None, "wait"),
        ({"received_at": AT - timedelta(seconds=11)}, None, "send"),
        ({"covert": True}, 60.0, "covert"),
        ({"covert": True, "received_at": None, "status": "filed"}, 60.0, "covert"),
        ({"shown_at": AT}, 60.0, "shown"),
        ({"received_at": None, "status": "withdrawn"}, 60.0, "over"),
        ({"received_at": AT - timedelta(hours=25)}, 60.0, "late"),
        ({"received_at": None, "status": "filed", "asked_at": AT - timedelta(hours=25)}, 60.0, "late"),
        ({"taken_at": AT - timedelta(seconds=5)}, 60.0, "wait"),
        ({"taken_at": AT - timedelta(seconds=61)}, 60.0, "send"),
    ],
    ids=[
        "not received",
        "left",
        "left just now",
        "here",
        "unknown",
        "unknown for long",
        "covert",
        "covert and not received",
        "shown",
        "withdrawn",
        "too late",
        "asked too long ago",
        "another worker has it",
        "another worker had it and died",
    ],
)
def test_who_is_told_and_when(values: dict[str, object], gone_for_s: float | None, todo: str) -> None:
    assert waiting(**values).to_do(AT, gone_for_s) == todo


def test_the_message_says_number_desk_and_time_and_nothing_else() -> None:
    fields = {"character_string1": "number", "thing2": "desk", "time3": "at"}
    said = wechat_notices.notice_of(waiting(received_at=AT), TEMPLATE, fields)
    assert said.data == {
        "character_string1": "330106-20261123-000017",
        "thing2": "西湖区110报警服务台",
        "time3": "2026-11-23 18:00",
    }
    assert said.page.startswith("pages/report/report?id=")


def test_a_notice_is_asked_for_taken_once_and_forgotten_when_it_is_settled(
    database: Database, cipher: FieldCipher
) -> None:
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        wanted = filing(reporter)
        done(writer, file(wanted), DESK)

        def ask(openid: str) -> None:
            done(
                writer,
                lambda session: wechat_notices.ask(session, cipher, wanted.id, reporter, openid, "zh-CN"),
                DESK,
            )

        ask("somebody else")
        ask(OPENID)
        with database.read() as session:
            [found] = wechat_notices.open_ones(session)
        assert (found.report, found.status, found.received_by) == (wanted.id, "filed", None)
        done(writer, acknowledge(wanted.id, f"{DESK}01"), DESK)
        with database.read() as session:
            [found] = wechat_notices.open_ones(session)
        assert found.received_by is not None
        take = [done(writer, lambda s: wechat_notices.take(s, cipher, wanted.id), DESK) for _ in range(2)]
        assert take == [OPENID, None]
        for _ in range(2):
            done(writer, lambda session: wechat_notices.end(session, wanted.id, "sent"), DESK)
        with pytest.raises(Refused, match="nothing_to_wait_for"):
            ask(OPENID)
    with database.read() as session:
        assert wechat_notices.open_ones(session) == []
        events = session.connection().execute(select(TABLES["event"])).all()
    told = [(row.kind, row.actor, row.data) for row in events if row.kind.startswith("Notice")]
    assert told == [
        ("NoticeAsked", f"reporter:{reporter}", {}),
        ("NoticeEnded", "system", {"how": "sent"}),
    ]


def test_a_covert_report_is_never_told_of(database: Database, cipher: FieldCipher) -> None:
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        wanted = filing(reporter)
        done(writer, file(wanted), DESK)

        def ask() -> None:
            done(
                writer,
                lambda session: wechat_notices.ask(session, cipher, wanted.id, reporter, OPENID, "zh-CN"),
                DESK,
            )

        ask()
        done(writer, lambda session: reports.switch_covert(session, wanted.id, reporter, True), DESK)
        assert done(writer, lambda session: wechat_notices.take(session, cipher, wanted.id), DESK) is None
        with pytest.raises(Refused, match="report_covert"):
            ask()


class Unreachable:
    """A WeChat that answers as it is told."""

    def __init__(self, *answers: str | bool) -> None:
        self.answers = list(answers)

    async def send(self, openid: str, notice: Notice) -> bool:
        answer = self.answers.pop(0)
        if isinstance(answer, str):
            raise WechatFailed(answer)
        return answer


class Nobody:
    """Phones of which nobody knows anything."""

    async def of(self, _reporters: object) -> dict[object, Phone]:
        return {}


@pytest.mark.parametrize(
    ("answers", "how"),
    [(("connect", True), "sent"), (("timeout",), "failed"), ((False,), "refused"), ((True,), "sent")],
    ids=["not reached, then sent", "perhaps sent", "not subscribed", "sent"],
)
async def test_a_notice_is_sent_again_only_where_it_surely_was_not(
    database: Database,
    cipher: FieldCipher,
    monkeypatch: pytest.MonkeyPatch,
    answers: tuple[str | bool, ...],
    how: str,
) -> None:
    monkeypatch.setattr("dispatch.wechat_notices.UNKNOWN_FOR", timedelta(0))
    monkeypatch.setattr("dispatch.wechat_notices.TAKEN_FOR", timedelta(0))
    wechat = Unreachable(*answers)
    settings = Settings.model_validate({"DESK110_DEMO": "1", "DESK110_WECHAT_RECEIVED_TEMPLATE": TEMPLATE})
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        wanted = filing(reporter)
        done(writer, file(wanted), DESK)
        done(
            writer,
            lambda session: wechat_notices.ask(session, cipher, wanted.id, reporter, OPENID, "zh-CN"),
            DESK,
        )
        read = Reads(database, 1)
        notices = Notices(settings, writer, read, cast("Phones", Nobody()), cipher, cast("Wechat", wechat))
        await notices.settle()  # nobody has received it yet
        done(writer, acknowledge(wanted.id, f"{DESK}01"), DESK)
        for _ in range(3):
            await notices.settle()
        read.close()
    assert wechat.answers == []
    with database.read() as session:
        events = session.connection().execute(select(TABLES["event"])).all()
    assert [row.data for row in events if row.kind == "NoticeEnded"] == [{"how": how}]


# --- over HTTP, by the real processes


@pytest.fixture(scope="module")
def wechat() -> Iterator[WechatStandIn]:
    with wechat_stand_in() as standing:
        yield standing


@pytest.fixture(scope="module")
def stack(
    tmp_path_factory: pytest.TempPathFactory, valkey_of_session: Valkey, wechat: WechatStandIn
) -> Iterator[Stack]:
    """Two citizen processes and a worker that know a WeChat."""
    valkey_of_session.flushall()
    folder = Path(tmp_path_factory.mktemp("desk110-wechat"))
    secret = folder / "wechat-secret"
    secret.write_text(SECRET, encoding="ascii")
    with running_stack(
        folder,
        valkey_of_session,
        citizens=2,
        worker=True,
        DESK110_WECHAT_APPID=APPID,
        DESK110_WECHAT_SECRET_FILE=str(secret),
        DESK110_WECHAT_URL=wechat.url,
        DESK110_WECHAT_RECEIVED_TEMPLATE=TEMPLATE,
    ) as running:
        yield running


@pytest.fixture
async def clients(stack: Stack) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """Nobody yet, at each citizen process."""
    found = [httpx2.AsyncClient(base_url=app.url, timeout=15) for app in stack.citizens]
    yield found
    for client in found:
        await client.aclose()


def someone() -> tuple[str, str]:
    """A WeChat account and a phone that nobody has had before."""
    n = next(_people)
    return f"oPerson-{n}", f"+86138{n}"


async def enter(client: httpx2.AsyncClient, **body: str) -> httpx2.Response:
    return await client.post("/api/v1/sessions", json=body)


async def report_of(client: httpx2.AsyncClient, token: str, **facts: object) -> str:
    """A report filed with the session of a token; gives its id."""
    headers = {"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())}
    body = {"kind": "quick", "text": "有人砸门", "place_text": "杭州市西湖区断桥", **facts}
    answer = await client.post("/api/v1/reports", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_the_first_time_wants_a_phone_and_later_the_account_does(
    clients: list[httpx2.AsyncClient], wechat: WechatStandIn
) -> None:
    openid, phone = someone()
    assert_problem(await enter(clients[0], wechat_code=wechat.code(openid)), "wechat_phone_required")
    first = await enter(
        clients[0], wechat_code=wechat.code(openid), wechat_phone_code=wechat.phone_code(phone)
    )
    assert first.status_code == 201, first.text
    again = await enter(clients[1], wechat_code=wechat.code(openid))
    assert again.status_code == 201, again.text
    assert first.json()["reporter"] == again.json()["reporter"]
    data = await clients[1].get(
        "/api/v1/me/data", headers={"authorization": f"Bearer {again.json()['token']}"}
    )
    assert len(data.json()["wechat"]) == 1


async def test_refusals_of_wechat_are_ours_and_say_what_to_do(
    clients: list[httpx2.AsyncClient], wechat: WechatStandIn
) -> None:
    code = wechat.code(someone()[0])
    assert_problem(await enter(clients[0], wechat_code="made up"), "wechat_code_refused")
    wechat.next_answers[LOGIN].append(error(40226, "code blocked"))
    assert_problem(await enter(clients[0], wechat_code=code), "wechat_user_blocked")
    wechat.next_answers[PHONE].append(error(1400001, "out of quota"))
    assert_problem(await enter(clients[0], wechat_code=code, wechat_phone_code="x"), "wechat_failed")


async def test_processes_share_one_token(clients: list[httpx2.AsyncClient], wechat: WechatStandIn) -> None:
    wechat.refuse_token()
    before = len(wechat.calls(TOKEN))

    async def come(client: httpx2.AsyncClient) -> int:
        openid, phone = someone()
        answer = await enter(
            client, wechat_code=wechat.code(openid), wechat_phone_code=wechat.phone_code(phone)
        )
        return answer.status_code

    # Phone codes are not used up by a token that is refused, so each of them comes in.
    assert set(await asyncio.gather(*(come(client) for client in clients * 4))) == {201}
    assert len(wechat.calls(TOKEN)) == before + 1


async def test_who_left_before_it_was_accepted_is_told_in_wechat_once(
    stack: Stack, clients: list[httpx2.AsyncClient], wechat: WechatStandIn
) -> None:
    openid, phone = someone()
    opened = await enter(
        clients[0], wechat_code=wechat.code(openid), wechat_phone_code=wechat.phone_code(phone)
    )
    token = opened.json()["token"]
    report = await report_of(clients[0], token)
    headers = {"authorization": f"Bearer {token}"}
    wechat.subscribe(openid)
    notice = f"/api/v1/reports/{report}/wechat-notice"
    answer = await clients[0].post(notice, json={"wechat_code": wechat.code(openid)}, headers=headers)
    assert answer.status_code == 204, answer.text
    HttpContract(openapi.document()).check(answer)
    dispatcher = await Dispatcher.signed_in(stack.consoles[0])
    try:
        won = await dispatcher.http.post(
            f"/console/reports/{report}/acknowledgement", headers={"x-csrf-token": dispatcher.csrf}
        )
        assert won.status_code == 200, won.text
    finally:
        await dispatcher.leave()
    await eventually(lambda: bool(wechat.sent), 15, "the message in WeChat")
    [sent] = wechat.sent
    assert sent["touser"] == openid
    assert sent["page"] == f"pages/report/report?id={report}"
    assert "砸门" not in str(sent)
    late = await clients[0].post(notice, json={"wechat_code": wechat.code(openid)}, headers=headers)
    assert_problem(late, "nothing_to_wait_for")


async def said_first(stack: Stack, origin: str, token: str | None, cookie: str = "") -> str:
    """What a socket hears first, or the code that it is closed with."""
    url = stack.citizens[0].url.replace("http", "ws") + "/api/v1/live"
    headers = {"origin": origin, **({"cookie": f"desk110_session={cookie}"} if cookie else {})}
    try:
        async with connect(
            url, subprotocols=[Subprotocol("desk110.v1")], additional_headers=headers
        ) as socket:
            await socket.send(
                json.dumps({"type": "hello", "known": {}} | ({"token": token} if token else {}))
            )
            return str(json.loads(await socket.recv())["type"])
    except InvalidStatus as refused:
        return str(refused.response.status_code)
    except ConnectionClosed as closed:
        return str(closed.rcvd.code if closed.rcvd else 0)


async def test_a_socket_from_wechats_own_origin_is_known_by_its_token_alone(
    stack: Stack, clients: list[httpx2.AsyncClient], wechat: WechatStandIn
) -> None:
    openid, phone = someone()
    opened = await enter(
        clients[0], wechat_code=wechat.code(openid), wechat_phone_code=wechat.phone_code(phone)
    )
    token = opened.json()["token"]
    for origin in ("weapp://wechat-game-runtime", "https://servicewechat.com"):
        assert await said_first(stack, origin, token) == "welcome"
        assert await said_first(stack, origin, None, cookie=token) in {"error", "4401"}
    assert await said_first(stack, "https://elsewhere.example.cn", token) == "403"


async def test_a_covert_report_asks_in_vain(clients: list[httpx2.AsyncClient], wechat: WechatStandIn) -> None:
    openid, phone = someone()
    opened = await enter(
        clients[0], wechat_code=wechat.code(openid), wechat_phone_code=wechat.phone_code(phone)
    )
    token = opened.json()["token"]
    report = await report_of(clients[0], token, covert=True)
    answer = await clients[0].post(
        f"/api/v1/reports/{report}/wechat-notice",
        json={"wechat_code": wechat.code(openid)},
        headers={"authorization": f"Bearer {token}"},
    )
    assert_problem(answer, "report_covert")
