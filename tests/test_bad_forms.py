"""Bad forms at the console: each gets its code, nothing is written, and the next good one goes through."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from sqlalchemy import select

from dispatch.models import TABLES
from tests.people import Dispatcher, Reporter
from tests.stack import Stack
from tests.witness import assert_problem, nothing_written, unharmed
from web.bodies import FORM_LIMIT

pytestmark = pytest.mark.anyio

FORM = {"content-type": "application/x-www-form-urlencoded"}
PARTS = "multipart/form-data; boundary=b"


@pytest.fixture(scope="module")
async def dispatcher(stack: Stack) -> AsyncIterator[Dispatcher]:
    someone = await Dispatcher.signed_in(stack.consoles[0])
    yield someone
    await someone.leave()


@pytest.fixture(scope="module")
async def report(stack: Stack, dispatcher: Dispatcher) -> AsyncIterator[str]:
    """A report in hand."""
    reporter = await Reporter.signed_in(stack.citizens[0], verified=True)
    filed = await reporter.filed()
    assert (await dispatcher.accept(filed["id"])).status_code == 200
    yield filed["id"]
    await reporter.leave()


@pytest.fixture(autouse=True)
async def taken_again(stack: Stack, dispatcher: Dispatcher, report: str) -> AsyncIterator[None]:
    """After every test: no defect in any log, and a good message is taken."""
    async with unharmed(stack):
        yield
        assert (await dispatcher.answer(report, "请待在安全的地方")).status_code == 200


async def send(dispatcher: Dispatcher, path: str, content: Any, **headers: str) -> httpx2.Response:
    """POST bytes as a form of the page."""
    return await dispatcher.http.post(
        path, content=content, headers={**FORM, "x-csrf-token": dispatcher.csrf, **headers}
    )


MESSAGE = {"client_id": "a", "text": "您好"}
QUESTION = {"client_id": "a", "kind": "answer", "text": "您受伤了吗？", "answers": "是\n不是"}
CONTROLS = "\x00\x07\x1b"
WRONG: list[tuple[str, dict[str, str], str, str]] = [
    *(
        ("messages", MESSAGE, "client_id", value)
        for value in ("", "x" * 65, "a b", "../a", "啊", "a\x00", "a\n")
    ),
    *(("messages", MESSAGE, "text", value) for value in ("", "  \n", CONTROLS)),
    *(("requests", QUESTION, "client_id", value) for value in ("", "x" * 65, "啊")),
    *(("requests", QUESTION, "kind", value) for value in ("", "kidney", "Answer", "answer ", "照片")),
    *(("requests", QUESTION, "text", value) for value in ("", " ", CONTROLS)),
    *(
        ("requests", QUESTION, "answers", value)
        for value in ("字" * 41, "\n".join("abcdefghijklmnop"), "x" * 5000)
    ),
]


@pytest.mark.parametrize(
    ("act", "good", "field", "value"), WRONG, ids=[f"{a}.{f}={v[:12]!r}" for a, _, f, v in WRONG]
)
async def test_a_wrong_field_of_a_form_is_named(
    stack: Stack, dispatcher: Dispatcher, report: str, act: str, good: dict[str, str], field: str, value: str
) -> None:
    path = f"/console/reports/{report}/{act}"
    with nothing_written(stack):
        for fields in ({**good, field: value}, {name: good[name] for name in good if name != field}):
            if field == "answers" and "answers" not in fields:
                continue  # a question may be answered in free words
            answer = await send(dispatcher, path, urlencode(fields))
            assert assert_problem(answer, "field_invalid")["fields"] == [field]


@pytest.mark.parametrize("act", ["messages", "requests"])
async def test_a_text_over_the_limit_has_its_own_code(
    stack: Stack, dispatcher: Dispatcher, report: str, act: str
) -> None:
    fields = {**QUESTION, "text": "字" * 4001}
    with nothing_written(stack):
        answer = await send(dispatcher, f"/console/reports/{report}/{act}", urlencode(fields))
        assert assert_problem(answer, "text_too_long")["limit"] == 4000


def parts(**fields: str) -> str:
    """A form of parts."""
    heads = (f'--b\r\ncontent-disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items())
    return "".join(heads) + "--b--\r\n"


UNREADABLE: dict[str, tuple[bytes | str, str, str]] = {
    "no UTF-8": (b"client_id=a&text=%ff%fe", "", "body_unreadable"),
    "half a character": (b"client_id=a&text=%ed%a0%80", "", "body_unreadable"),
    "raw bytes": (b"client_id=a&text=\xff", "", "body_unreadable"),
    "a hundred fields": ("&".join(f"f{n}=1" for n in range(100)), "", "body_unreadable"),
    "one byte too many": (urlencode(MESSAGE).ljust(FORM_LIMIT + 1, "&"), "", "body_too_large"),
    "parts": (parts(**MESSAGE), PARTS, "content_type_unsupported"),
    "parts in a codec of Python's": (
        parts(client_id="a", text="\\ud800"),
        f"{PARTS}; charset=unicode_escape",
        "content_type_unsupported",
    ),
    "parts in a codec that is none": (
        parts(**MESSAGE),
        f"{PARTS}; charset=undefined",
        "content_type_unsupported",
    ),
    "a file": ("--b\r\n" + "x" * 5000, PARTS, "content_type_unsupported"),
    "JSON": ('{"client_id":"a","text":"x"}', "application/json", "content_type_unsupported"),
    "plain text": ("client_id=a&text=x", "text/plain", "content_type_unsupported"),
}


@pytest.mark.parametrize("name", UNREADABLE)
@pytest.mark.parametrize("act", ["messages", "requests"])
async def test_a_body_that_is_no_form_of_ours_is_refused(
    stack: Stack, dispatcher: Dispatcher, report: str, act: str, name: str
) -> None:
    content, content_type, code = UNREADABLE[name]
    headers = {"content-type": content_type} if content_type else {}
    with nothing_written(stack):
        answer = await send(dispatcher, f"/console/reports/{report}/{act}", content, **headers)
        assert_problem(answer, code)


async def test_a_form_without_a_length_is_counted_as_it_comes(
    stack: Stack, dispatcher: Dispatcher, report: str
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"a=" + b"x" * 10_000 + b"&"

    for path in (f"/console/reports/{report}/messages", "/console/sign-in"):
        with nothing_written(stack):
            assert_problem(await send(dispatcher, path, endless()), "body_too_large")


@pytest.mark.parametrize("id_", ["x", "%00", "0" * 4000, "01a20a3b-0000-7000-8000-000000000000", "%ff"])
@pytest.mark.parametrize("act", ["messages", "requests", "acknowledgement"])
async def test_an_identifier_that_is_none_names_no_report(
    stack: Stack, dispatcher: Dispatcher, id_: str, act: str
) -> None:
    with nothing_written(stack):
        answer = await send(dispatcher, f"/console/reports/{id_}/{act}", urlencode(QUESTION))
        assert_problem(answer, "report_unknown")


async def test_what_is_only_odd_is_said_as_it_is(stack: Stack, dispatcher: Dispatcher, report: str) -> None:
    for sent, shown in (
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a\x00b\u202ec", "ab⟦U+202E⟧c"),
        ("😱" * 4000, "😱" * 4000),
    ):
        answer = await dispatcher.answer(report, sent)
        assert answer.status_code == 200
        assert shown in answer.text


async def test_an_answer_to_tap_has_no_character_that_a_database_cannot_keep(
    stack: Stack, dispatcher: Dispatcher, report: str
) -> None:
    fields = {**QUESTION, "client_id": "odd", "answers": "是\x00\n\x07\n 不是\u0085 \r\n"}
    answer = await send(dispatcher, f"/console/reports/{report}/requests", urlencode(fields))
    assert answer.status_code == 200, answer.text
    request = TABLES["request"]
    with stack.database.read() as session:
        kept = session.connection().execute(select(request.c.answers).where(request.c.client_id == "odd"))
        assert kept.scalar_one() == ["是", "不是"]
