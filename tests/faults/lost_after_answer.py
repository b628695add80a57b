"""A defect: a report that was answered 201 is gone a moment later."""

from typing import Any

from sqlalchemy import delete
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

import asgi
import cli
from dispatch.models import TABLES
from tests.faults.arming import Fault

_NEWEST = TABLES["report"].c.filed_at.desc()


async def _lose(parts: Any) -> None:
    report = TABLES["report"]
    newest = report.select().with_only_columns(report.c.id).order_by(_NEWEST).limit(1).scalar_subquery()
    await parts.writer.do(
        lambda session: session.connection().execute(delete(report).where(report.c.id == newest))
    )


def _losing(app: Starlette) -> Any:
    async def losing(scope: Scope, receive: Receive, send: Send) -> None:
        filed = scope["type"] == "http" and scope["path"] == "/api/v1/reports"

        async def send_and_lose(message: Message) -> None:
            await send(message)
            if filed and message.get("status") == 201 and Fault("lost_after_answer").fire():
                await _lose(app.state.parts)

        await app(scope, receive, send_and_lose)

    return losing


if __name__ == "__main__":
    asgi.citizen = _losing(asgi.citizen)
    cli.main()
