"""A cluster of real servers on loopback: three nodes without replicas, each can be killed and started again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
from redis.cluster import RedisCluster

from tests.servers import LOOPBACK, Valkey, free_port, until

SLOTS = 16384
NODES = 3
START_S = 30


class Node(Valkey):
    """A node. What slots it has it keeps in its folder, over restarts."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        super().__init__(folder)
        self.bus = free_port()
        self.command += ["--cluster-enabled", "yes", "--cluster-port", str(self.bus)]
        self.command += ["--cluster-require-full-coverage", "no", "--cluster-node-timeout", "1000"]


class Cluster:
    """Its nodes, by slots."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes

    @property
    def url(self) -> str:
        """What `REDIS_URL` says of it: any of its nodes."""
        return f"redis+cluster://{LOOPBACK}:{self.nodes[0].port}"

    @property
    def port(self) -> int:
        """Of the node that the address names."""
        return self.nodes[0].port

    def listens(self) -> list[set[str]]:
        """The channels of which somebody listens at each node."""
        listened = []
        for node in self.nodes:
            with node.client() as client:
                listened.append(set(client.pubsub_shardchannels()))
        return listened

    def keys(self, begin: str) -> set[str]:
        """What is held under names that begin so, at any node."""
        found: set[str] = set()
        for node in self.nodes:
            with node.client() as client:
                found |= set(client.keys(f"{begin}*"))
        return found

    def node_of(self, channel: str) -> Node:
        """The node at which somebody listens for the channel."""
        (node,) = (node for node, there in zip(self.nodes, self.listens(), strict=True) if channel in there)
        return node

    def give(self, channel: str, to: Node) -> None:
        """The slot of the channel moves to this node."""
        with RedisCluster.from_url(f"redis://{LOOPBACK}:{self.port}") as client:
            slot = client.keyslot(channel)
        with to.client() as client:
            mine = client.execute_command("CLUSTER MYID")
        for node in [to, *(node for node in self.nodes if node is not to)]:
            with node.client() as client:
                client.execute_command("CLUSTER SETSLOT", slot, "NODE", mine)


@contextmanager
def cluster(folder: Path, count: int = NODES) -> Iterator[Cluster]:
    """Running, every slot given to somebody."""
    nodes = [Node(folder / f"node-{number}") for number in range(count)]
    try:
        for node in nodes:
            node.launch()
        for node in nodes:
            node.wait()
        for number, node in enumerate(nodes):
            first, last = SLOTS * number // count, SLOTS * (number + 1) // count - 1
            with node.client() as client:
                client.execute_command("CLUSTER ADDSLOTSRANGE", first, last)
                client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
                client.execute_command("CLUSTER MEET", LOOPBACK, nodes[0].port, nodes[0].bus)
        until(lambda: all(_whole(node, count) for node in nodes), START_S, "the cluster is whole")
        yield Cluster(nodes)
    finally:
        for node in nodes:
            node.kill()


def _whole(node: Node, count: int) -> bool:
    with node.client() as client:
        try:
            told = client.execute_command("CLUSTER INFO")
        except redis.RedisError:
            return False
    return bool(told["cluster_slots_ok"] == str(SLOTS) and told["cluster_known_nodes"] == str(count))
