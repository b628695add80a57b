"""What tests of bad input and of rights look at: the answer, the tables, the logs."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import orjson
from sqlalchemy import func, select, update
from sqlmodel import Session

from dispatch.database import Database
from dispatch.models import TABLES
from dispatch.words import Words
from tests.people import Dispatcher, Reporter, eventually
from tests.stack import Stack
from web.problems import STATUS

CALL = ["tel:110", "sms:12110"]
FAULTS = {"error", "critical"}
HAN = re.compile(r"[\u4e00-\u9fff]")


def counts(database: Database) -> dict[str, int]:
    """How many rows each table has, but those of figures: the worker counts in its own time."""
    with database.read() as session:
        return {
            name: session.connection().execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in TABLES.items()
            if not name.startswith("tally")
        }


@contextmanager
def nothing_written(stack: Stack, *but: str) -> Iterator[None]:
    """No table has other rows afterwards than before, but those named."""
    before = counts(stack.database)
    yield
    after = counts(stack.database)
    changed = {name: (before[name], after[name]) for name in after if before[name] != after[name]}
    assert set(changed) <= set(but), changed


class Logs:
    """What the processes of a stack log from now on."""

    def __init__(self, stack: Stack) -> None:
        self._read = {app.log: app.log.stat().st_size for app in stack.apps}

    def lines(self) -> list[str]:
        """All lines so far."""
        return [line for path, start in self._read.items() for line in _from(path, start)]

    def faults(self) -> list[dict[str, Any]]:
        """Entries that say that something is broken, and lines that are no entries (a traceback)."""
        found = []
        for line in self.lines():
            entry = orjson.loads(line) if line.startswith("{") else {"level": "error", "event": line}
            if entry["level"] in FAULTS:
                found.append(entry)
        return found


def _from(path: Path, start: int) -> list[str]:
    return [line for line in path.read_bytes()[start:].decode(errors="replace").splitlines() if line.strip()]


@asynccontextmanager
async def unharmed(stack: Stack) -> AsyncIterator[None]:
    """Whatever is done inside, no process meets a defect, and none ends."""
    logs = Logs(stack)
    pids = [app.pid for app in stack.apps]
    yield
    assert not logs.faults()
    assert [app.pid for app in stack.apps] == pids


def assert_problem(
    answer: httpx2.Response, code: str, *, call: bool = False, language: str = "zh-CN", status: int = 0
) -> dict[str, Any]:
    """The answer is this problem, as `protocol.md` wants it: status, type, a sentence in the language, whom to call."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body: dict[str, Any] = answer.json()
    assert body["code"] == code, body
    assert (answer.status_code, body["status"]) == ((status or STATUS[code],) * 2)
    assert body["type"] == f"urn:desk110:problem:{code}"
    assert answer.headers["content-language"] == language
    assert body["title"] == Words.of(language)(f"problems.title.{answer.status_code}")
    assert bool(HAN.search(body["detail"])) == (language == "zh-CN"), body["detail"]
    assert not re.search(r"[{}\[\]]", body["detail"]), body["detail"]
    if call:
        assert body["call"] == CALL
    else:
        assert "call" not in body
    return body


def change(stack: Stack, table: str, where: dict[str, Any], **values: Any) -> None:
    """Write to a row what time or an administrator would."""
    columns = TABLES[table].c
    conditions = [columns[name] == value for name, value in where.items()]
    with Session(stack.database.writing) as session:
        session.connection().execute(update(TABLES[table]).where(*conditions).values(**values))
        session.commit()


async def closed(someone: Reporter | Dispatcher) -> int | None:
    """The code that the server closes with."""
    await eventually(lambda: someone.closed_with is not None, 30, "the socket is closed")
    return someone.closed_with
