"""The line to Redis on which rings are sent and heard: of one server, or of a cluster.

On one server a ring is a `PUBLISH`, and who listens listens to every desk. In a cluster that would bring every ring to
every node, so it is an `SPUBLISH` there: only the node that has the desk's slot hears of it, and passes it on.
"""

import asyncio
from asyncio import FIRST_COMPLETED
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol

import structlog
from redis.asyncio import Redis
from redis.crc import key_slot

from dispatch.desks import DESKS
from realtime.away import AWAY
from realtime.background import end
from realtime.channels import ANY_DESK, desk_channel
from realtime.redis_at import connect, in_cluster, of_node, to_listen

log = structlog.get_logger()

LOOK_EVERY_S: Final = 5.0
AGAIN_AFTER_S: Final = 0.5

Rings = Iterable[tuple[str, bytes]]
Node = tuple[str, int]  # host and port
Layout = Mapping[Node, frozenset[str]]


class Hears(Protocol):
    """Who listens. All are called on the event loop."""

    def made(self, *, whole: bool) -> None:
        """The line, or a part of it, was made: rings may have been lost before. `whole`: all of it stands now."""

    def broken(self) -> None:
        """The line, or a part of it, has broken."""

    def rung(self, channel: str, body: bytes) -> None:
        """A ring came."""


class Line(Protocol):
    """Where rings go, and where they come from."""

    async def send(self, rings: Rings) -> None:
        """One attempt for all of them, by channel and body. Raises what `AWAY` names."""

    async def listen(self) -> None:
        """Hear rings until the line breaks, which raises what `AWAY` names or just ends."""

    async def aclose(self) -> None:
        """Let go of what only it has."""


def line_to(url: str, redis: Redis, hears: Hears) -> Line:
    """The line of this address; `redis` is the client to send by."""
    return ClusterLine(url, hears) if in_cluster(url) else ServerLine(url, redis, hears)


class ServerLine:
    """The line of one server."""

    def __init__(self, url: str, redis: Redis, hears: Hears) -> None:
        self._url = url
        self._redis = redis
        self._hears = hears

    async def send(self, rings: Rings) -> None:
        pipeline = self._redis.pipeline(transaction=False)
        for channel, body in rings:
            pipeline.publish(channel, body)
        await pipeline.execute()

    async def listen(self) -> None:
        client = to_listen(self._url)
        try:
            async with client.pubsub() as pubsub:
                await pubsub.psubscribe(ANY_DESK)
                async for message in pubsub.listen():
                    if message["type"] == "psubscribe":
                        # Every confirmation is a line made anew, also one that the library made without a word.
                        self._hears.made(whole=True)
                    elif message["type"] == "pmessage":
                        self._hears.rung(_text(message["channel"]), message["data"])
        finally:
            await client.aclose()

    async def aclose(self) -> None:
        pass  # the client is not its own


class ClusterLine:
    """The lines of a cluster's nodes, each with the desks whose slots it has. One that is away leaves the others be."""

    def __init__(self, url: str, hears: Hears) -> None:
        self._url = url
        self._hears = hears
        self._clients: dict[str, Redis] = {}  # to send by, and to ask who has what; by address
        self._layout: Layout = {}
        self._lines: dict[Node, _NodeLine] = {}

    async def send(self, rings: Rings) -> None:
        if not self._layout:
            await self._ask()
        of = {channel: node for node, channels in self._layout.items() for channel in channels}
        by_node: dict[Node | None, list[tuple[str, bytes]]] = defaultdict(list)
        for channel, body in rings:
            by_node[of.get(channel)].append((channel, body))
        nobody = by_node.pop(None, None)
        sent = await asyncio.gather(
            *(self._send_to(node, some) for node, some in by_node.items() if node), return_exceptions=True
        )
        failed = [error for error in sent if isinstance(error, BaseException)]
        if failed or nobody:
            await self._ask()  # slots may have moved: the next rings go where they are now
            raise failed[0] if failed else ConnectionError("a slot that no node has")

    async def _send_to(self, node: Node, rings: Rings) -> None:
        pipeline = self._client(of_node(self._url, *node)).pipeline(transaction=False)
        for channel, body in rings:
            pipeline.spublish(channel, body)
        await pipeline.execute()

    async def listen(self) -> None:
        try:
            while True:
                await self._ask()
                await self._keep_to(self._layout)
                tasks = [one.task for one in self._lines.values()]
                if not tasks:  # a cluster that has given no slot to anybody
                    return
                ended, _ = await asyncio.wait(tasks, timeout=LOOK_EVERY_S, return_when=FIRST_COMPLETED)
                if ended:  # a node is away, or slots have moved
                    await asyncio.sleep(AGAIN_AFTER_S)
        finally:
            await end([one.task for one in self._lines.values()])
            self._lines.clear()

    async def aclose(self) -> None:
        for client in self._clients.values():
            await client.aclose()

    async def _ask(self) -> None:
        """Ask the nodes for the layout, one after another until one says it. Raises what the last one did, as long as
        nobody ever has."""
        nodes = [of_node(self._url, *node) for node in self._layout]
        for url in dict.fromkeys([*nodes, of_node(self._url)]):
            try:
                slots: Any = await self._client(url).execute_command("CLUSTER SLOTS")  # type: ignore[no-untyped-call]
            except AWAY:
                if not nodes:
                    raise
            else:
                self._layout = _layout_of(slots)
                return

    def _client(self, url: str) -> Redis:
        if url not in self._clients:
            self._clients[url] = connect(url)
        return self._clients[url]

    async def _keep_to(self, layout: Layout) -> None:
        for node, one in list(self._lines.items()):
            if one.task.done() or layout.get(node) != one.channels:
                await end([self._lines.pop(node).task])
        for node, channels in layout.items():
            if node not in self._lines:
                self._lines[node] = _NodeLine(of_node(self._url, *node), channels, self)

    def made(self) -> None:
        """A node's line stands."""
        heard = sum(len(one.channels) for one in self._lines.values() if one.stands)
        self._hears.made(whole=heard == len(DESKS))

    def broken(self) -> None:
        """A node's line has broken."""
        self._hears.broken()

    def rung(self, channel: str, body: bytes) -> None:
        """A ring came by one of the nodes."""
        self._hears.rung(channel, body)


class _NodeLine:
    """The line of one node. Its task ends when it breaks, and when one of its slots has moved away."""

    def __init__(self, url: str, channels: frozenset[str], all_: ClusterLine) -> None:
        self.channels = channels
        self.stands = False
        self._all = all_
        self.task = asyncio.create_task(self._listen(to_listen(url)), name="line of a node")

    async def _listen(self, client: Redis) -> None:
        unconfirmed = set(self.channels)
        try:
            async with client.pubsub() as pubsub:
                for channel in self.channels:  # each by itself: they have different slots
                    await pubsub.ssubscribe(channel)
                async for message in pubsub.listen():
                    if message["type"] == "smessage":
                        self._all.rung(_text(message["channel"]), message["data"])
                    elif message["type"] == "ssubscribe":
                        unconfirmed.discard(_text(message["channel"]))
                        if not unconfirmed:
                            self.stands = True
                            self._all.made()
                    else:  # the node gave a slot away, and says that it says no more of it
                        break
        except AWAY as error:
            if self.stands:
                log.warning("doorbell_lost", error=type(error).__name__)
        finally:
            self.stands = False
            self._all.broken()
            await client.aclose()


def _text(channel: bytes) -> str:
    # Anybody may publish, by any name.
    return channel.decode("ascii", "replace")


def _layout_of(slots: Iterable[tuple[int, int, list[Any]]]) -> Layout:
    """Of the answer to CLUSTER SLOTS: the channels of all desks, by the node that has their slot; without those whose
    slot nobody has."""
    layout: dict[Node, set[str]] = defaultdict(set)
    ranges = [(first, last, (primary[0].decode(), primary[1])) for first, last, primary, *_ in slots]
    for channel in map(desk_channel, DESKS):
        slot = key_slot(channel.encode())
        for first, last, node in ranges:
            if first <= slot <= last:
                layout[node].add(channel)
    return {node: frozenset(channels) for node, channels in layout.items()}
