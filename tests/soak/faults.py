"""The faults of a soak, each by its name. Each does its harm, ends it, and tells when it ended (monotonic seconds).

A killed process stays away until `Ground.mend`: what is measured is how the others go on without it.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from functools import partial
from signal import SIGINT, SIGQUIT, SIGTERM, Signals
from typing import Final

import psycopg
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.faults.arming import Fault as Armed
from tests.faults.at_each_step import BEFORE_ANSWER, BEFORE_COMMIT, BEFORE_PUSH, BEFORE_RING, fault
from tests.forgeries import bodies, channels
from tests.server import START_S
from tests.soak.ground import Ground
from tests.stack import App

Harm = Callable[[Ground], Awaitable[float]]

AWAY_S: Final = 2.0
FIRES_WITHIN_S: Final = 30.0
WINDOWS: Final = 500
RESTARTING: Final = 1012


class NotFired(Exception):
    """The moment of an armed fault did not come."""


async def _killed(ground: Ground, role: str) -> float:
    server = ground.chance.choice(ground.servers(role))
    server.kill()
    return time.monotonic()


async def _killed_at(ground: Ground, role: str, step: str) -> float:
    """The first process of the kind that comes to that step dies there."""
    armed = Armed(fault(step, role), ground.whole.home)
    if role == "worker":  # it writes when somebody waits too long
        ground.idle.add(ground.chance.choice(ground.places).desk)
    armed.arm()
    end = time.monotonic() + FIRES_WITHIN_S
    try:
        while all(server.running for server in ground.servers(role)):
            if time.monotonic() > end:
                raise NotFired
            await asyncio.sleep(0.005)
        return time.monotonic()
    finally:
        ground.idle.clear()
        armed.end()


async def _frozen(ground: Ground, role: str) -> float:
    """SIGSTOP and SIGCONT: its sockets stay open, and nobody answers on them."""
    server = ground.chance.choice(ground.servers(role))
    server.freeze()
    await asyncio.sleep(AWAY_S)
    server.thaw()
    return time.monotonic()


async def _rolling_restart(ground: Ground) -> float:
    """Each process in turn is told to stop, closes its sockets with 1012, and is back before the next goes."""
    before = ground.closed_with(RESTARTING)
    for app in ground.whole.apps:
        status = await asyncio.to_thread(app.stop)
        if status not in {0, -SIGTERM}:
            ground.problems.append(f"{app.name} told to stop ended with {status}")
        app.launch()
        await ground.until_ready(app)
    if ground.closed_with(RESTARTING) == before:
        ground.problems.append("no socket was closed with 1012 at a rolling restart")
    return time.monotonic()


async def _redis_stopped(ground: Ground) -> float:
    ground.whole.valkey.kill()
    await asyncio.sleep(AWAY_S)
    ground.whole.valkey.launch()
    await ground.until_ready(ground.whole.valkey)
    return time.monotonic()


async def _redis_restarted(ground: Ground) -> float:
    ground.whole.valkey.kill()
    ground.whole.valkey.launch()
    await ground.until_ready(ground.whole.valkey)
    return time.monotonic()


async def _redis_frozen(ground: Ground) -> float:
    ground.whole.valkey.freeze()
    await asyncio.sleep(AWAY_S)
    ground.whole.valkey.thaw()
    return time.monotonic()


async def _redis_flushed(ground: Ground) -> float:
    await asyncio.to_thread(ground.whole.valkey.flushall)
    return time.monotonic()


async def _redis_full(ground: Ground) -> float:
    """Whatever would take room is refused."""
    with ground.whole.valkey.client() as client:
        await asyncio.to_thread(client.config_set, "maxmemory", "1")
        await asyncio.sleep(AWAY_S)
        await asyncio.to_thread(client.config_set, "maxmemory", "0")
    return time.monotonic()


async def _forged_rings(ground: Ground) -> float:
    place = ground.chance.choice(ground.places)
    report = ground.some_report()

    def publish() -> None:
        with ground.whole.valkey.client() as client:
            for channel in channels(place):
                for body in bodies(report):
                    client.publish(channel, body)

    await asyncio.to_thread(publish)
    return time.monotonic()


async def _stuck_console(ground: Ground) -> float:
    """Another window of a dispatcher, on a line that takes a few kilobytes and then nothing."""
    dispatcher = ground.chance.choice(ground.dispatchers)
    with ExitStack() as ending:
        narrow = ending.enter_context(socket.socket())
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.connect(("127.0.0.1", dispatcher.app.port))
        cookies = "; ".join(f"{name}={value}" for name, value in dispatcher.http.cookies.items())
        path = f"/console/live?after={dispatcher.cursor}"
        narrow.sendall(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{dispatcher.app.port}\r\nOrigin: {dispatcher.app.url}\r\n"
            f"Cookie: {cookies}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        await asyncio.sleep(2 * AWAY_S)
    return time.monotonic()


async def _everybody_again(ground: Ground) -> float:
    """All lines to the phones break at once, and with the phones that come again come hundreds of others."""
    for reporter in ground.reporters:
        reporter.break_off()
    windows = [ground.reporters[n % len(ground.reporters)] for n in range(WINDOWS)]
    answers = await asyncio.gather(*(_another_window(phone.app, phone.token) for phone in windows))
    if not all(answers):
        ground.problems.append(f"{answers.count(False)} of {WINDOWS} who came again at once were not let in")
    return time.monotonic()


async def _another_window(app: App, token: str) -> bool:
    """As the page does: again until it is let in. Who is too slow to say who they are is sent away."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        with suppress(OSError, WebSocketException, TimeoutError):
            url = app.url.replace("http", "ws", 1) + "/api/v1/live"
            async with connect(
                url,
                subprotocols=["desk110.v1"],  # type: ignore[list-item]  # a NewType of str
                proxy=None,
                open_timeout=START_S,
                max_size=None,
            ) as line:
                await line.send(f'{{"type":"hello","token":"{token}","known":{{}}}}')
                async with asyncio.timeout(START_S):
                    await line.recv()
                    return True
        await asyncio.sleep(0.5)
    return False


async def _connections_cut(ground: Ground) -> float:
    """Every connection to the database is ended by its server."""
    assert ground.postgres is not None

    def cut(url: str) -> None:
        with psycopg.connect(url, autocommit=True) as own:
            own.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )

    await asyncio.to_thread(cut, ground.postgres.url)
    ground.whole.database.close()  # our own are cut too
    return time.monotonic()


async def _postgres_away(ground: Ground, how: Signals) -> float:
    postgres = ground.postgres
    assert postgres is not None
    await asyncio.to_thread(postgres.stop, how)
    await asyncio.sleep(AWAY_S)
    postgres.launch()
    await ground.until_ready(postgres)
    ground.whole.database.close()
    return time.monotonic()


_STEPS = (
    ("before its commit", BEFORE_COMMIT, ("citizen", "console", "worker")),
    ("between commit and ring", BEFORE_RING, ("citizen", "console", "worker")),
    ("before its answer", BEFORE_ANSWER, ("citizen", "console")),
    ("before its push", BEFORE_PUSH, ("citizen", "console")),
)

EVERYWHERE: Final[dict[str, Harm]] = {
    **{f"{role} killed": partial(_killed, role=role) for role in ("citizen", "console", "worker")},
    **{
        f"{role} killed {when}": partial(_killed_at, role=role, step=step)
        for when, step, roles in _STEPS
        for role in roles
    },
    **{f"{role} frozen for 2 s": partial(_frozen, role=role) for role in ("citizen", "console", "worker")},
    "rolling restart": _rolling_restart,
    "Redis stopped for 2 s": _redis_stopped,
    "Redis restarted": _redis_restarted,
    "Redis frozen for 2 s": _redis_frozen,
    "Redis flushed": _redis_flushed,
    "Redis' memory full for 2 s": _redis_full,
    "forged rings": _forged_rings,
    "a console that stops reading": _stuck_console,
    f"all phones and {WINDOWS} more windows come again at once": _everybody_again,
}
ON_POSTGRESQL: Final[dict[str, Harm]] = {
    "database connections cut": _connections_cut,
    "PostgreSQL stopped for 2 s": partial(_postgres_away, how=SIGINT),
    "PostgreSQL crashed for 2 s": partial(_postgres_away, how=SIGQUIT),
}


def wants_all(name: str) -> bool:
    """Whether every process must be there before: one of each kind stays."""
    return name.split()[0] in {"citizen", "console", "worker", "rolling"}


def faults(on_postgresql: bool) -> dict[str, Harm]:
    """Those that can be done on such a database, by name."""
    return EVERYWHERE | (ON_POSTGRESQL if on_postgresql else {})
