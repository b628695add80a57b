"""Redis as a cluster: each ring goes to the one node that has its desk, and a node that dies costs no report."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from dispatch.desks import DESKS
from realtime.channels import desk_channel
from realtime.doorbell import Doorbell
from realtime.redis_at import connect, of_node
from tests.cluster import Cluster, cluster
from tests.command_line import installation
from tests.people import People, Reporter, eventually
from tests.stack import DESK, Stack, stack

pytestmark = pytest.mark.anyio

SOON_S = 20


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


class Listening:
    """A process' doorbell, and what it has heard."""

    def __init__(self, url: str) -> None:
        self.redis = connect(url)
        self.desks: set[str] = set()
        self.missed = 0
        self.bell = Doorbell(self.redis, url, lambda _desk, _seq: None, self._note_missed, self.desks.add)

    def _note_missed(self) -> None:
        self.missed += 1

    async def connected(self) -> None:
        await eventually(lambda: self.bell.connected, SOON_S, "every node is listened to")

    async def rings(self, desks: set[str]) -> None:
        """Rings for every desk until these were heard: the first rings after a slot has moved go astray."""

        async def heard() -> bool:
            for desk in DESKS:
                self.bell.ring_screens(desk)
            await asyncio.sleep(0.2)
            return self.desks >= desks

        self.desks.clear()
        await eventually(heard, SOON_S, "what is rung is heard")


@pytest.fixture
async def listening(nodes: Cluster) -> AsyncIterator[Listening]:
    found = Listening(nodes.url)
    works = [asyncio.create_task(found.bell.ring_all()), asyncio.create_task(found.bell.listen())]
    await found.connected()
    yield found
    for work in works:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
    await found.bell.aclose()
    await found.redis.aclose()


async def test_every_desk_is_rung_at_the_one_node_that_has_it(nodes: Cluster, listening: Listening) -> None:
    there = nodes.listens()
    assert all(there)
    assert sorted(channel for channels in there for channel in channels) == sorted(map(desk_channel, DESKS))
    await listening.rings(set(DESKS))
    for node in nodes.nodes:
        with node.client() as client:
            assert client.pubsub_numpat() == 0  # nobody hears what is published to all nodes


async def test_a_node_that_dies_silences_its_own_desks_alone_until_it_is_back(
    nodes: Cluster, listening: Listening
) -> None:
    for node in nodes.nodes:  # the one that the address names among them
        theirs = {desk for desk in DESKS if nodes.node_of(desk_channel(desk)) is node}
        node.kill()
        await eventually(lambda: not listening.bell.connected, SOON_S, "it is known to be away")
        await listening.rings(set(DESKS) - theirs)
        assert not listening.desks & theirs
        assert not listening.bell.connected
        missed = listening.missed
        node.start()
        await listening.connected()
        assert listening.missed > missed
        await listening.rings(set(DESKS))


async def test_a_slot_that_moves_is_listened_to_where_it_is_then(
    nodes: Cluster, listening: Listening
) -> None:
    channel = desk_channel(DESK)
    before = nodes.node_of(channel)
    after = next(node for node in nodes.nodes if node is not before)
    nodes.give(channel, after)
    await eventually(
        lambda: channel in nodes.listens()[nodes.nodes.index(after)], SOON_S, "it is heard there"
    )
    await listening.connected()
    await listening.rings(set(DESKS))
    nodes.give(channel, before)
    await eventually(lambda: channel in nodes.listens()[nodes.nodes.index(before)], SOON_S, "and back")
    await listening.connected()
    await listening.rings({DESK})


@pytest.fixture(scope="module")
def whole(nodes: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("in-a-cluster")
    with stack(folder, nodes.nodes[0], worker=True, consoles=2, REDIS_URL=nodes.url) as found:
        found.wait_ready()
        yield found


async def test_a_report_goes_all_the_way_and_another_does_while_its_desks_node_is_dead(
    nodes: Cluster, whole: Stack, people: People
) -> None:
    first, second = [await people.dispatcher(app) for app in whole.consoles]

    async def goes_all_the_way(text: str) -> tuple[Reporter, str]:
        phone = await people.reporter(whole.citizens[0])
        await phone.listen()
        report = str((await phone.filed(text))["id"])
        for desk in (first, second):
            await eventually(lambda desk=desk: report in desk.cards, SOON_S, "the card")
        assert (await first.accept(report)).status_code == 200
        await eventually(lambda: phone.status(report) == "received", SOON_S, "已接收")
        await eventually(lambda: second.status(report) == "received", SOON_S, "the other console")
        return phone, report

    def lamp(told: bool) -> bool:
        return all(desk.ticks and desk.ticks[-1]["doorbell"] is told for desk in (first, second))

    await eventually(lambda: lamp(True), SOON_S, "rings are heard")
    phone, report = await goes_all_the_way("有人砸门")
    await eventually(lambda: phone.reports[report]["screens"] == 2, SOON_S, "presence is told in a cluster")
    assert nodes.keys("LIMITS")  # and rates are counted in it

    node = nodes.node_of(desk_channel(DESK))
    node.kill()
    await eventually(lambda: lamp(False), SOON_S, "the lamp says it")
    await goes_all_the_way("节点没了")
    node.start()
    await eventually(lambda: lamp(True), SOON_S, "it is back")
    await goes_all_the_way("又好了")


def test_the_check_asks_a_cluster(nodes: Cluster, tmp_path: Path) -> None:
    home = installation(tmp_path, f"sqlite:///{tmp_path}/desk110.db")
    said = home.run("check", REDIS_URL=nodes.url).output
    assert re.search(r"正常 well\s+Redis", said), said


def test_a_nodes_address_has_the_clusters_password() -> None:
    url = "redis+cluster://who:secret@a.example:7000/0"
    assert of_node(url) == "redis://who:secret@a.example:7000"
    assert of_node(url, "10.0.0.1", 7001) == "redis://who:secret@10.0.0.1:7001"
    assert of_node("redis+cluster://a.example:7000", "::1", 7001) == "redis://[::1]:7001"
