"""Another host, as a network namespace behind a router that can lose whatever it is to carry.

What a proxy swallows it has confirmed, and what it cuts it resets. Here packets leave and nothing comes back: no
reset, no confirmation, no error, as when a switch between two rooms fails. Only on Linux, and only for who may make
namespaces.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.server import Server
from tests.stack import App

NEEDS = ("ip", "tc")


@dataclass(frozen=True)
class FarHost:
    """`here` is this machine's address as the far host reaches it, by way of the router; `front` the far host's own as
    this machine reaches it directly."""

    name: str
    here: str
    front: str
    _router: str
    _lines: tuple[str, ...]

    def there(self, command: Sequence[str]) -> list[str]:
        """The command, run on the far host."""
        return ["ip", "netns", "exec", self.name, *command]

    def lose(self) -> None:
        """The router drops all that comes, both ways."""
        for line in self._lines:
            self._shape("replace", line, "pfifo", "limit", "0")

    def carry(self) -> None:
        """It carries again."""
        for line in self._lines:
            self._shape("del", line)

    def _shape(self, what: str, line: str, *how: str) -> None:
        _run("ip", "netns", "exec", self._router, "tc", "qdisc", what, "dev", line, "root", *how)


class FarApp(App):
    """A process of desk110 on the far host."""

    def __init__(self, name: str, environment: dict[str, str], host: FarHost, log: Path) -> None:
        self._host = host
        super().__init__(name, {**environment, "DESK110_HOST": host.front, "DESK110_DEMO_PUBLIC": "1"}, log)
        self.command = host.there(self.command)

    @property
    def url(self) -> str:
        return f"http://{self._host.front}:{self.port}"

    _start = Server._start  # never forked off: it belongs to another namespace


@contextmanager
def far_host() -> Iterator[FarHost]:
    """Made, and gone afterwards with all its lines. Skips the test where that cannot be."""
    if sys.platform != "linux" or os.geteuid() != 0 or not all(map(shutil.which, NEEDS)):
        pytest.skip("not tested on this machine: network namespaces")
    number = os.getpid()
    far, router = f"desk110-far-{number}", f"desk110-way-{number}"
    net = f"10.{64 + number % 128}.{number // 128 % 256}"
    with ExitStack() as ending:
        try:
            _make(ending, net, number, far, router)
        except subprocess.CalledProcessError as refused:
            pytest.skip(f"not tested on this machine: network namespaces ({refused.stderr!r})")
        yield FarHost(far, f"{net}.1", f"{net}.18", router, (f"d{number}a1", f"d{number}b0"))


def _make(ending: ExitStack, net: str, number: int, far: str, router: str) -> None:
    for name in (far, router):
        _run("ip", "netns", "add", name)
        ending.callback(_run, "ip", "netns", "del", name)
    # This machine – router, router – far host, and for phones this machine – far host.
    _line(f"d{number}a", ("", f"{net}.1/29"), (router, f"{net}.2/29"))
    _line(f"d{number}b", (router, f"{net}.9/29"), (far, f"{net}.10/29"))
    _line(f"d{number}c", ("", f"{net}.17/29"), (far, f"{net}.18/29"))
    _run("ip", "netns", "exec", router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
    _run("ip", "-n", far, "route", "add", f"{net}.0/29", "via", f"{net}.9")
    _run("ip", "-n", far, "link", "set", "lo", "up")
    _run("ip", "route", "add", f"{net}.8/29", "via", f"{net}.2")


def _line(name: str, *ends: tuple[str, str]) -> None:
    """A line with two ends, `<name>0` and `<name>1`: in which namespace (empty: this machine's), with which address."""
    _run("ip", "link", "add", f"{name}0", "type", "veth", "peer", "name", f"{name}1")
    for n, (where, address) in enumerate(ends):
        if where:
            _run("ip", "link", "set", f"{name}{n}", "netns", where)
        inside = ["-n", where] if where else []
        _run("ip", *inside, "address", "add", address, "dev", f"{name}{n}")
        _run("ip", *inside, "link", "set", f"{name}{n}", "up")


def _run(*command: str) -> None:
    subprocess.run(command, capture_output=True, check=True, timeout=20)
