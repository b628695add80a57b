"""The plain pages over HTTP: what is sent is filed once, what is wrong is said with everything typed still there."""

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import select

from dispatch.clock import now
from dispatch.models import TABLES
from dispatch.reporters import token_digest
from tests.faults.defective import WORD
from tests.people import ID_NUMBER, Dispatcher, People, eventually
from tests.pictures import jpeg
from tests.places import Place
from tests.plain import Visitor, forms_in
from tests.stack import Stack
from tests.truth import filed_under
from tests.witness import Logs, change, nothing_written, unharmed

pytestmark = pytest.mark.anyio

MARKUP = "\"'><script>alert(1)</script></textarea>{{7*7}}"


@pytest.fixture
async def visitor(stack: Stack) -> AsyncIterator[Visitor]:
    """Somebody with an old browser, signed in."""
    someone = await Visitor.signed_in(stack.citizens[0])
    yield someone
    await someone.leave()


@pytest.fixture(autouse=True)
async def without_defects(stack: Stack) -> AsyncIterator[None]:
    async with unharmed(stack):
        yield


def photo(name: str = "现场.jpg", size: tuple[int, int] = (320, 240)) -> tuple[str, tuple[str, bytes, str]]:
    return ("photo", (name, jpeg(size), "image/jpeg"))


def stored(stack: Stack, report: str) -> dict[str, object]:
    """The row of a report."""
    with stack.database.read() as session:
        table = TABLES["report"]
        row = session.connection().execute(select(table).where(table.c.id == UUID(report))).one()
    return dict(row._mapping)


def _end_session(stack: Stack, visitor: Visitor) -> None:
    """As from another device."""
    digest = token_digest(visitor.http.cookies["desk110_session"])
    change(stack, "reporter_session", {"token_digest": digest}, revoked_at=now())


async def shows_photos(visitor: Visitor, path: str, n: int) -> None:
    """The report's page has so many; on a busy machine the last is made ready a little later."""

    async def there() -> bool:
        return (await visitor.get(path)).text.count("/thumb") == n

    await eventually(there, 15, f"{n} photos")


# --- filing


async def test_a_report_goes_to_the_desk_of_the_area_that_was_chosen_with_its_words(
    stack: Stack, visitor: Visitor
) -> None:
    report = await visitor.filed("楼上打架\n有刀", "三楼\r\n左手", area="330702", category="public_order")
    row = stored(stack, report)
    assert (row["desk"], row["text"], row["category"]) == ("330702", "楼上打架\n有刀", "public_order")
    assert row["place_text"] == "金华市婺城区 三楼\n左手"
    assert (row["kind"], row["covert"], row["status"]) == ("quick", False, "filed")


async def test_words_alone_find_the_desk_and_not_knowing_is_taken(stack: Stack, visitor: Visitor) -> None:
    row = stored(stack, await visitor.filed("有人落水", "绍兴市越城区环城河"))
    assert row["desk"] == "330602"
    await visitor.get("/plain/identity")
    await visitor.submit("/plain/identity", name="张三", id_number=ID_NUMBER)
    row = stored(stack, await visitor.filed("迷路了", "", area="unknown"))
    assert (row["desk"], row["place_text"]) == ("330000", "报警人不知道自己在哪里")


async def test_the_same_form_sent_twice_at_once_or_again_is_one_report(
    stack: Stack, visitor: Visitor
) -> None:
    fields = {**visitor.form("/plain/reports").fields, "text": "快来", "place": "西湖区灵隐路"}
    files = [photo(), photo("b.jpg", (200, 100))]
    twins = [await Visitor.signed_in(stack.citizens[0]) for _ in range(2)]
    for twin in twins:
        twin.http.cookies = visitor.http.cookies
    answers = await asyncio.gather(*(one.post("/plain/reports", fields, files) for one in (visitor, *twins)))
    again = await visitor.post("/plain/reports", fields, files)
    assert len({Visitor.report_in(answer) for answer in (*answers, again)}) == 1
    assert filed_under(stack.database, fields["key"]) == 1
    await shows_photos(visitor, again.headers["location"], 2)
    for twin in twins:
        await twin.leave()


async def test_a_first_report_sent_many_times_at_once_asks_nobody_for_a_name(
    stack: Stack, people: People
) -> None:
    """The one is counted in the very batch in which the others look how many there are."""
    phone = await people.reporter(stack.citizens[0])
    key = str(uuid4())
    answers = await asyncio.gather(*(phone.file("快来", key=key) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [200] * 11 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = str(uuid4())
    mixed = await asyncio.gather(*(phone.file(text, key=other) for text in ("一", "二", "三")))
    assert {answer.status_code for answer in mixed} == {403}


async def test_what_was_changed_after_going_back_is_told_apart_and_kept(
    stack: Stack, visitor: Visitor
) -> None:
    fields = {**visitor.form("/plain/reports").fields, "text": "第一", "place": "西湖区"}
    first = Visitor.report_in(await visitor.post("/plain/reports", fields))
    other = await visitor.post("/plain/reports", {**fields, "text": "第一，又想起来一句"})
    assert other.status_code == 409
    assert "上一次已经发出" in visitor.words
    form = visitor.form("/plain/reports").fields
    assert form["text"] == "第一，又想起来一句"
    assert form["key"] != fields["key"]
    assert filed_under(stack.database, form["key"]) == 0
    assert first


async def test_the_words_are_filed_while_the_photos_are_on_the_way_and_a_broken_line_costs_photos_alone(
    stack: Stack, visitor: Visitor
) -> None:
    form = {**visitor.form("/plain/reports").fields, "text": "照片还在路上", "place": "西湖区"}
    boundary, data = "x" * 20, jpeg((320, 240))
    head = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in form.items()
    )

    def file(name: str) -> bytes:
        about = f'--{boundary}\r\nContent-Disposition: form-data; name="photo"; filename="{name}"\r\n'
        return f"{about}Content-Type: image/jpeg\r\n\r\n".encode()

    body = head.encode() + file("a.jpg") + data + b"\r\n" + file("b.jpg") + data[: len(data) // 2]
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())
    request = (
        f"POST /plain/reports HTTP/1.1\r\nHost: x\r\nCookie: {cookies}\r\nContent-Length: {len(body) + 5000}\r\n"
        f"Content-Type: multipart/form-data; boundary={boundary}\r\n\r\n"
    )
    _reader, writer = await asyncio.open_connection("127.0.0.1", stack.citizens[0].port)
    writer.write(request.encode() + body)
    await writer.drain()
    await eventually(
        lambda: filed_under(stack.database, form["key"]), 15, "filed before its photos are whole"
    )

    async def first_photo() -> bool:
        with stack.database.read() as session:
            table = TABLES["media"]
            return "ready" in session.connection().execute(select(table.c.state)).scalars().all()

    await eventually(first_photo, 15, "the photo that came whole")
    writer.close()
    # The browser's own "send again" finds it, and brings the rest.
    again = await visitor.post(
        "/plain/reports", form, [("photo", ("a.jpg", data, "image/jpeg")), photo("b.jpg", (64, 64))]
    )
    await shows_photos(visitor, f"/plain/reports/{Visitor.report_in(again)}", 2)
    assert filed_under(stack.database, form["key"]) == 1


async def test_photos_that_cannot_be_taken_are_told_on_the_reports_page_and_hold_up_nothing(
    stack: Stack, visitor: Visitor
) -> None:
    await visitor.get("/plain")
    wrong = [("photo", ("a.txt", b"x", "text/plain")), ("photo", ("b.jpg", b"\xff\xd8\xff no", "image/jpeg"))]
    answer = await visitor.submit("/plain/reports", [*wrong, photo()], text="有照片", place="西湖区")
    await visitor.get(answer.headers["location"])
    assert "有照片没有送到：只收照片" in visitor.words
    await shows_photos(visitor, answer.headers["location"], 1)
    assert visitor.last is not None
    await visitor.get(f"/plain/reports/{Visitor.report_in(answer)}?photo=internal_x,<b>,code_wrong")
    assert "&lt;b" not in visitor.last.text


async def test_more_than_eight_photos_are_eight(visitor: Visitor) -> None:
    await visitor.get("/plain")
    files = [photo(f"{n}.jpg", (40 + n, 40)) for n in range(9)]
    answer = await visitor.submit("/plain/reports", files, text="九张", place="西湖区")
    assert answer.headers["location"].endswith("?photo=photos_too_many")
    await shows_photos(visitor, answer.headers["location"], 8)


# --- what is wrong is said, and nothing typed is lost


@pytest.mark.parametrize(
    ("fields", "status", "words"),
    [
        ({"place": ""}, 422, "请选区、县，或写明地点"),
        ({"area": "outside"}, 422, "不在浙江省内"),
        ({"text": "字" * 4001}, 422, "文字最多 4000 个字"),
        ({"place": "地" * 441}, 422, "最多 440 个字"),
        ({"area": "120000"}, 422, "填写有误"),
        ({"category": "murder"}, 422, "填写有误"),
        ({"key": "x"}, 400, "请再按一次"),
        ({"key": ""}, 400, "请填好再按一次"),
        ({"form_token": "x" * 32}, 403, "请再按一次"),
    ],
)
async def test_wrong_input_is_said_with_whom_to_call_and_the_words_stay(
    stack: Stack, visitor: Visitor, fields: dict[str, str], status: int, words: str
) -> None:
    typed = {"text": f"有人打架{MARKUP}", "place": "西湖区灵隐路", **fields}
    before = visitor.form("/plain/reports").fields
    with nothing_written(stack):
        answer = await visitor.post("/plain/reports", {**before, **typed})
    assert answer.status_code == status
    assert words in visitor.words
    assert 'href="tel:110"' in answer.text
    assert 'href="sms:12110"' in answer.text
    assert "<script>alert" not in answer.text
    if fields.get("key") == "":
        return  # a form without a key is none of ours
    form = visitor.form("/plain/reports").fields
    assert form["text"] == typed["text"]
    assert form["place"] == typed["place"]
    assert str(UUID(form["key"])) == form["key"]
    # The page that came back is whole: put right, it goes.
    again = await visitor.submit("/plain/reports", text="有人打架", place="西湖区", area="", category="")
    assert Visitor.report_in(again)


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("text/plain", b"key=x", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=", b"x", 400),
        ("multipart/form-data; boundary=abc", b"nothing of the kind", 400),
        ("multipart/form-data; boundary=abc", b"", 400),
        (
            "multipart/form-data; boundary=abc",
            b'--abc\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n--abc--',
            400,
        ),
        ("application/x-www-form-urlencoded", b"text=%ff%fe", 400),
        ("application/x-www-form-urlencoded", b"a=" + b"x" * 70_000, 413),
        (
            "multipart/form-data; boundary=abc",
            b'--abc\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + b"x" * 70_000,
            413,
        ),
    ],
)
@pytest.mark.parametrize("path", ["/plain/reports", "/plain/reports/{report}/photos"])
async def test_a_body_that_is_no_form_gets_a_page_that_says_so(
    stack: Stack, visitor: Visitor, path: str, content_type: str, body: bytes, status: int
) -> None:
    report = await visitor.filed()
    with nothing_written(stack):
        answer = await visitor.http.post(
            path.format(report=report), content=body, headers={"content-type": content_type}
        )
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "tel:110" in answer.text


async def test_a_defect_loses_no_words_either(stack: Stack, visitor: Visitor) -> None:
    with stack.another("citizen", "tests.faults.defective") as app:
        other = Visitor(
            app, httpx2.AsyncClient(base_url=app.url, cookies=visitor.http.cookies), visitor.number
        )
        await other.get("/plain")
        answer = await other.submit("/plain/reports", text=WORD, place="西湖区")
        assert answer.status_code == 500
        assert "系统出错，内容未被受理" in other.words
        assert other.form("/plain/reports").fields["text"] == WORD
        assert 'href="tel:110"' in answer.text
        await other.leave()


async def test_a_real_name_is_asked_for_with_the_words_kept_and_then_they_are_filed_at_once(
    stack: Stack, visitor: Visitor
) -> None:
    logs = Logs(stack)
    await visitor.filed("第一次")
    await visitor.get("/plain")
    assert "下次报警前要先实名" in visitor.words
    answer = await visitor.submit(
        "/plain/reports", [photo()], text="第二次\n两行 <b>", place="西湖区", area="330106"
    )
    assert answer.status_code == 403
    assert visitor.form("/plain/identity").fields["text"] == "第二次\n两行 <b>"
    wrong = await visitor.submit("/plain/identity", name="张三", id_number="33010619900101001X")
    assert wrong.status_code == 422
    assert visitor.form("/plain/identity").fields["name"] == "张三"
    refused = await visitor.submit("/plain/identity", name="拒绝", id_number=ID_NUMBER)
    assert refused.status_code == 422
    report = Visitor.report_in(await visitor.submit("/plain/identity", name="张三", id_number=ID_NUMBER))
    assert stored(stack, report)["text"] == "第二次\n两行 <b>"
    # Neither in an address nor in a log.
    assert not [line for line in logs.lines() if "第二次" in line or "张三" in line or ID_NUMBER in line]


async def test_a_session_that_ended_meanwhile_keeps_the_words_through_signing_in(
    stack: Stack, visitor: Visitor
) -> None:
    fields = {
        **visitor.form("/plain/reports").fields,
        "text": "等了很久\n才发",
        "place": "门口",
        "area": "330106",
    }
    _end_session(stack, visitor)
    await asyncio.sleep(2.5)  # a session is remembered here until the next look at what has ended
    answer = await visitor.post("/plain/reports", fields)
    assert answer.status_code == 401
    assert visitor.form("/plain/codes").fields["text"] == "等了很久\n才发"
    await visitor.submit("/plain/codes", phone="x")
    assert "手机号码不正确" in visitor.words
    await visitor.submit("/plain/codes", phone=visitor.number)
    await visitor.submit("/plain/sessions", code="000000")
    assert "验证码不正确" in visitor.words
    await visitor.submit("/plain/codes")
    answer = await visitor.submit("/plain/sessions")
    assert answer.status_code == 200
    form = visitor.form("/plain/reports").fields
    assert (form["text"], form["place"], form["area"]) == ("等了很久\n才发", "门口", "330106")
    assert filed_under(stack.database, form["key"]) == 0
    assert stored(stack, Visitor.report_in(await visitor.submit("/plain/reports")))["desk"] == "330106"


async def test_who_follows_a_report_comes_back_to_it_after_signing_in_again(
    stack: Stack, visitor: Visitor
) -> None:
    report = await visitor.filed()
    visitor.http.cookies.delete("desk110_session")
    answer = await visitor.get(f"/plain/reports/{report}")
    assert (answer.status_code, "refresh" in answer.headers) == (401, False)
    await visitor.submit("/plain/codes", phone=visitor.number)
    answer = await visitor.submit("/plain/sessions")
    assert answer.headers["location"] == f"/plain/reports/{report}"
    for elsewhere in ("//evil.example", "https://evil.example", "../x", "x" * 80):
        await visitor.get("/plain/sign-in")
        fields = visitor.form("/plain/codes").fields
        await visitor.post("/plain/codes", {**fields, "phone": visitor.number, "report": elsewhere})
        assert (await visitor.submit("/plain/sessions")).headers["location"] == "/plain"


# --- following


async def test_the_ladder_says_what_is_committed_and_nothing_early(
    stack: Stack, visitor: Visitor, people: People, place: Place
) -> None:
    report = await visitor.filed("看看", "门口", area=place.desk)
    answer = await visitor.get(f"/plain/reports/{report}")
    assert int(answer.headers["refresh"]) < 10
    assert "已接收" not in visitor.words.partition("和接警台")[0].replace("接警员接收", "")
    assert "请先拨打 110" in visitor.words
    assert "现在没有屏幕在线" in visitor.words
    desk = await people.dispatcher(stack.consoles[0], place.number())
    await eventually(lambda: desk.cards.get(report), 15, "on the screen")

    async def says(words: str) -> bool:
        await visitor.get(f"/plain/reports/{report}")
        return words in visitor.words

    await eventually(lambda: says("已显示在 1 个屏幕"), 15, "on how many screens")
    assert 'data-rung="received" data-state="todo"' in str(visitor.last and visitor.last.text)
    assert (await desk.accept(report)).status_code == 200
    answer = await visitor.get(f"/plain/reports/{report}")
    assert 'data-rung="received" data-state="now"' in answer.text
    assert f"接警员 {place.number()}" in visitor.words
    assert re.search(r"\d\d:\d\d:\d\d，用时", visitor.words)
    assert int(answer.headers["refresh"]) >= 10
    assert "refresh" not in (await visitor.get(f"/plain/reports/{report}?still")).headers
    await visitor.get("/plain/reports")
    assert "已接收" in visitor.words


async def test_from_fifteen_seconds_on_the_telephone_is_offered(stack: Stack, visitor: Visitor) -> None:
    report = await visitor.filed()
    await visitor.get(f"/plain/reports/{report}")
    assert "已经超过 15 秒" not in visitor.words
    change(stack, "report", {"id": UUID(report)}, filed_at=now() - timedelta(seconds=16), escalation=1)
    answer = await visitor.get(f"/plain/reports/{report}")
    assert "已经超过 15 秒" in visitor.words
    assert "已向全台发出告警" in visitor.words
    assert int(answer.headers["refresh"]) < 10


async def test_a_desk_that_is_not_open_hands_up_and_the_page_says_which_one_has_it(
    stack: Stack, visitor: Visitor
) -> None:
    change(stack, "desk", {"adcode": "330783"}, open=False)
    await asyncio.sleep(1.1)  # which desks are open is known for a second
    report = await visitor.filed("火", "", area="330783")
    await visitor.get(f"/plain/reports/{report}")
    assert "东阳市还没有开通网上报警，由 金华市110报警服务台 受理" in visitor.words
    for adcode in ("330700", "330000"):
        change(stack, "desk", {"adcode": adcode}, open=False)
    await asyncio.sleep(1.1)
    other = await Visitor.signed_in(stack.citizens[0])
    answer = await other.submit("/plain/reports", text="火", area="330783")
    assert answer.status_code == 503
    assert "请直接拨打 110" in other.words
    assert other.form("/plain/reports").fields["text"] == "火"
    await other.leave()
    for adcode in ("330783", "330700", "330000"):
        change(stack, "desk", {"adcode": adcode}, open=True)
    await asyncio.sleep(1.1)


# --- talking


@pytest.fixture
async def desk(stack: Stack, people: People) -> Dispatcher:
    return await people.dispatcher(stack.consoles[0], "33010601")


async def ask(desk: Dispatcher, report: str, **question: str) -> None:
    answer = await desk.http.post(
        f"/console/reports/{report}/requests",
        headers={"x-csrf-token": desk.csrf},
        data={"client_id": str(uuid4()), **question},
    )
    assert answer.status_code == 200, answer.text


async def test_words_and_answers_reach_the_desk_once(
    stack: Stack, visitor: Visitor, desk: Dispatcher
) -> None:
    report = await visitor.filed()
    await desk.accept(report)
    await ask(desk, report, kind="answer", text="您受伤了吗？", answers="是\n不是")
    await ask(desk, report, kind="location", text="")
    await visitor.get(f"/plain/reports/{report}")
    assert "您受伤了吗" in visitor.words
    answers = [
        form for form in forms_in(str(visitor.last and visitor.last.text)) if form.action.endswith("/answers")
    ]
    assert [form.fields["answer"] for form in answers] == ["是", "不是"]
    assert (await visitor.post(answers[1].action, answers[1].fields)).status_code == 303
    second = await visitor.post(answers[0].action, answers[0].fields)
    assert second.status_code == 409
    assert "已经回答过" in visitor.words
    await visitor.get(f"/plain/reports/{report}")
    assert "您的回答：不是" in visitor.words
    link = re.search(
        r'href="(/plain/reports/[^"]+/message\?request=[^"]+)"', str(visitor.last and visitor.last.text)
    )
    assert link
    await visitor.get(link[1])
    assert (await visitor.submit(f"/plain/reports/{report}/message", text="灵隐路 18 号")).status_code == 303
    await visitor.get(f"/plain/reports/{report}")
    assert "您的回答：灵隐路 18 号" in visitor.words
    await visitor.get(f"/plain/reports/{report}/message")
    fields = {**visitor.form(f"/plain/reports/{report}/message").fields, "text": "楼上还有人\n两个"}
    for _ in range(2):
        assert (await visitor.post(f"/plain/reports/{report}/message", fields)).status_code == 303
    await visitor.get(f"/plain/reports/{report}")
    assert visitor.words.count("楼上还有人 两个") == 1
    # Gone back, written on, and pressed again: nothing of it is swallowed.
    more = await visitor.post(f"/plain/reports/{report}/message", {**fields, "text": "三个"})
    assert more.status_code == 409
    assert (await visitor.submit(f"/plain/reports/{report}/message")).status_code == 303
    await visitor.get(f"/plain/reports/{report}")
    assert "三个" in visitor.words


@pytest.mark.parametrize("text", ["", "   ", "字" * 4001])
async def test_a_message_that_cannot_go_stays_in_its_box(stack: Stack, visitor: Visitor, text: str) -> None:
    report = await visitor.filed()
    await visitor.get(f"/plain/reports/{report}/message")
    with nothing_written(stack):
        answer = await visitor.submit(f"/plain/reports/{report}/message", text=text)
    assert answer.status_code == 422
    assert visitor.form(f"/plain/reports/{report}/message").fields["text"] == text


async def test_the_dispatcher_learns_that_it_was_seen_when_the_reporter_says_so_and_not_before(
    stack: Stack, visitor: Visitor, desk: Dispatcher
) -> None:
    report = await visitor.filed()
    await desk.accept(report)

    def shown() -> object:
        with stack.database.read() as session:
            table = TABLES["acknowledgement"]
            of = select(table.c.shown_at).where(table.c.report == UUID(report))
            return session.connection().execute(of).scalar_one()

    await visitor.get(f"/plain/reports/{report}")
    await visitor.get(f"/plain/reports/{report}")
    assert shown() is None
    assert (await visitor.submit(f"/plain/reports/{report}/seen")).status_code == 303
    assert shown() is not None
    await visitor.get(f"/plain/reports/{report}")
    assert "我看到了" not in visitor.words
    await desk.answer(report, "警察五分钟到")
    await visitor.get(f"/plain/reports/{report}")
    assert "警察五分钟到" in visitor.words
    assert "我看到了" in visitor.words


async def test_photos_that_were_asked_for_answer_the_question(
    stack: Stack, visitor: Visitor, desk: Dispatcher
) -> None:
    report = await visitor.filed()
    await ask(desk, report, kind="photo", text="拍一下门牌")
    await visitor.get(f"/plain/reports/{report}")
    assert "拍一下门牌" in visitor.words
    await visitor.get(f"/plain/reports/{report}/photos")
    answer = await visitor.submit(f"/plain/reports/{report}/photos", [photo(), photo("c.jpg", (90, 90))])
    assert answer.headers["location"] == f"/plain/reports/{report}"
    await visitor.get(f"/plain/reports/{report}")
    await shows_photos(visitor, f"/plain/reports/{report}", 2)
    assert "接警员问您" not in visitor.words


async def test_a_report_is_taken_back_with_a_reason_and_not_without(stack: Stack, visitor: Visitor) -> None:
    report = await visitor.filed()
    await visitor.get(f"/plain/reports/{report}/withdrawal")
    missing = await visitor.submit(f"/plain/reports/{report}/withdrawal", words="写了一半")
    assert missing.status_code == 422
    assert visitor.form(f"/plain/reports/{report}/withdrawal").fields["words"] == "写了一半"
    answer = await visitor.submit(f"/plain/reports/{report}/withdrawal", reason="other", words="找到了")
    assert answer.status_code == 303
    row = stored(stack, report)
    assert (row["status"], row["withdrawn_reason"]) == ("withdrawn", "找到了")
    await visitor.get(f"/plain/reports/{report}")
    assert "已撤回" in visitor.words


async def test_signing_out_ends_the_session(stack: Stack, visitor: Visitor) -> None:
    token = visitor.http.cookies["desk110_session"]
    await visitor.get("/plain")
    assert (await visitor.submit("/plain/sign-out")).headers["location"] == "/plain/sign-in"
    assert "desk110_session" not in visitor.http.cookies
    answer = await visitor.http.get("/api/v1/me", headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 401


# --- marked as a nuisance


async def marked(stack: Stack, visitor: Visitor) -> str:
    """Somebody whose report the desk's shift leader took for nothing; the report."""
    report = await visitor.filed("喂喂喂", area="330106")
    leader = await Dispatcher.signed_in(stack.consoles[0], "33010690")
    answer = await leader.http.post(
        f"/console/reports/{report}/mark",
        headers={"x-csrf-token": leader.csrf},
        data={"category": "empty", "reason": "反复空报"},
    )
    await leader.http.aclose()
    assert answer.status_code == 200, answer.text
    return report


async def test_who_is_marked_reads_why_and_appeals_once(stack: Stack, visitor: Visitor) -> None:
    await marked(stack, visitor)
    mine = await visitor.get("/plain/reports")
    assert "您的报警目前排在后面处理" in mine.text
    assert "反复空报" in mine.text
    await visitor.get("/plain/mark")
    empty = await visitor.submit("/plain/mark", text="   ")
    assert empty.status_code == 422
    kept = await visitor.submit("/plain/mark", text="x" * 1001)
    assert (kept.status_code, kept.text.count("x" * 1001)) == (422, 1), "what was typed is still there"
    sent = await visitor.submit("/plain/mark", text="是我孩子按的")
    assert (sent.status_code, sent.headers["location"]) == (303, "/plain/mark")
    told = await visitor.get("/plain/mark")
    assert "提出了申诉" in told.text
    assert not [form for form in forms_in(told.text) if form.action == "/plain/mark"]
    assert "我要申诉" not in (await visitor.get("/plain/reports")).text


async def test_who_is_not_marked_is_told_nothing_of_marks(visitor: Visitor) -> None:
    assert "标记" not in (await visitor.get("/plain/reports")).text
    led = await visitor.get("/plain/mark")
    assert (led.status_code, led.headers["location"]) == (303, "/plain/reports")


async def test_whoever_stands_beside_a_covert_reporter_reads_nothing_of_a_mark(
    stack: Stack, visitor: Visitor
) -> None:
    report = await marked(stack, visitor)
    change(stack, "report", {"id": UUID(report)}, covert=True)
    assert "排在后面" not in (await visitor.get("/plain/reports")).text
