"""Redis where `REDIS_URL` says: one server, or a cluster of them (`redis+cluster://` and any of its nodes)."""

from typing import Final, cast
from urllib.parse import urlsplit, urlunsplit

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

PATIENCE_S: Final = 0.25
CONNECT_WITHIN_S: Final = 1.0
CLUSTER: Final = "redis+cluster"


def connect(url: str, patience_s: float = PATIENCE_S) -> Redis:
    """A client that gives up at once: nothing that matters may wait for Redis.

    In a cluster each command goes to the node whose slot its key has, so what is sent together has no order there.
    """
    if not in_cluster(url):
        return Redis.from_url(
            url,
            socket_timeout=patience_s,
            socket_connect_timeout=patience_s,
            retry=Retry(NoBackoff(), 0),
        )
    # Both answer alike to what is asked of them here.
    return cast(Redis, cluster(url, patience_s))


def cluster(url: str, patience_s: float = PATIENCE_S) -> RedisCluster:
    """The same of a cluster; where a node is away, the others' slots are served on."""
    return RedisCluster.from_url(
        of_node(url),
        socket_timeout=patience_s,
        socket_connect_timeout=patience_s,
        require_full_coverage=False,
        retry=Retry(NoBackoff(), 1),  # a slot may have moved: once more, where it is now
    )


def to_listen(url: str) -> Redis:
    """A client of one server for a line of pub/sub. No time-out for reading: silence is normal on it."""
    return Redis.from_url(
        url, socket_timeout=None, socket_connect_timeout=CONNECT_WITHIN_S, retry=Retry(NoBackoff(), 0)
    )


def in_cluster(url: str) -> bool:
    """Whether it names a cluster."""
    return urlsplit(url).scheme == CLUSTER


def of_node(url: str, host: str = "", port: int = 0) -> str:
    """The address of a node alone, with the same name and password: of the one that is named, or of this one."""
    parts = urlsplit(url)
    there = parts.netloc
    if host:
        who, at, _ = there.rpartition("@")
        there = f"{who}{at}[{host}]:{port}" if ":" in host else f"{who}{at}{host}:{port}"
    return urlunsplit(("redis", there, "", "", ""))
