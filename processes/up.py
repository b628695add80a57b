"""Everything on this machine, by one command: Valkey, citizen, console and worker, looked after until Ctrl-C."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from dispatch.settings import Settings
from processes.banner import banner
from processes.home import held, make_home
from processes.ports import check_port
from processes.supervise import Program, Supervisor
from processes.valkey import Valkey

ASK_S = 2.0


def up(settings: Settings, say: Callable[[str], None]) -> None:
    """Prepares, then runs until a signal stops it. Raises `Unfit` (a port is taken …) and `NotStarted`."""
    make_home(settings.home)
    with held(settings.home):
        check_port(settings.host, settings.citizen_port, "DESK110_CITIZEN_PORT")
        check_port(settings.host, settings.console_port, "DESK110_CONSOLE_PORT")
        _prepare(settings, say)
        supervisor = Supervisor(_groups(settings), settings.home / "log", say)
        asyncio.run(supervisor.run(ready=lambda: say(banner(settings))))


def _prepare(settings: Settings, say: Callable[[str], None]) -> None:
    from processes.prepare import (
        prepare,
    )  # half of the start's time goes into these imports: not before a refusal

    prepare(settings, say)


def _groups(settings: Settings) -> list[list[Program]]:
    """In the order of their start; they stop in the other: first the doors, then the worker, Valkey last."""
    groups: list[list[Program]] = []
    environment: dict[str, str] = {}
    if not settings.redis_url:
        valkey = Valkey(settings.home)
        valkey.prepare()
        environment["REDIS_URL"] = valkey.url
        groups.append([Program("valkey", valkey.command(), lambda: asyncio.to_thread(valkey.answers))])
    groups.append([Program("worker", _command("worker"), _at_once, environment)])
    groups.append(
        [
            Program(
                "citizen", _command("citizen"), _asked(settings.host, settings.citizen_port), environment
            ),
            Program(
                "console", _command("console"), _asked(settings.host, settings.console_port), environment
            ),
        ]
    )
    return groups


def _command(name: str) -> list[str]:
    """This very code, whether or not it is installed."""
    return [sys.executable, str(Path(__file__).resolve().parent.parent / "cli.py"), name]


async def _at_once() -> bool:
    """The worker has no door to ask at."""
    return True


def _asked(host: str, port: int) -> Callable[[], Awaitable[bool]]:
    async def ready() -> bool:
        try:
            return await asyncio.wait_for(_get_readyz(host, port), ASK_S)
        except (OSError, TimeoutError):
            return False

    return ready


async def _get_readyz(host: str, port: int) -> bool:
    """Whether `GET /readyz` is answered with 200 there."""
    everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
    reader, writer = await asyncio.open_connection(everywhere.get(host, host), port)
    try:
        writer.write(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        status = await reader.readline()
        return status.split(b" ")[1:2] == [b"200"]
    finally:
        writer.close()
