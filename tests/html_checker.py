"""The Nu HTML checker (npm `vnu-jar`) as a server on loopback: one JVM for all documents of a module."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from dispatch.settings import CHECKOUT
from tests.server import LOOPBACK, Server, free_port
from tests.servers import needs

JAR = CHECKOUT / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
# What it warns of and is meant so.
KNOWN = (
    "“aria-hidden” is unnecessary for elements that have attribute “hidden”",  # it is not always hidden
    "Section lacks heading",  # the page's one h1 is the heading of whichever view is open
    "element as a top-level heading only",  # the disguise has its own, and one of the two is always hidden
)


class Checker(Server):
    """It reads its copy of the standard for some seconds before it listens."""

    def __init__(self, java: str, folder: Path) -> None:
        self.port = free_port()
        options = ["-Xmx512m", f"-Dnu.validator.servlet.bind-address={LOOPBACK}", "-cp", str(JAR)]
        super().__init__(
            [java, *options, "nu.validator.servlet.Main", str(self.port)], folder / "checker.log", cwd=folder
        )

    def ready(self) -> bool:
        with socket.socket() as probe:
            return self.running and probe.connect_ex((LOOPBACK, self.port)) == 0

    async def complaints(self, document: str) -> list[str]:
        """What is wrong with a document of HTML, errors and warnings, each with the place."""
        async with httpx2.AsyncClient(timeout=60) as client:
            answer = await client.post(
                f"http://{LOOPBACK}:{self.port}/?out=json",
                content=document.encode(),
                headers={"content-type": "text/html; charset=utf-8"},
            )
        assert answer.status_code == 200, answer.text
        return [
            f"{message['message']} — {message.get('extract', '')}"
            for message in answer.json()["messages"]
            if (message["type"] != "info" or message.get("subType") == "warning")
            and not any(known in message["message"] for known in KNOWN)
        ]


@contextmanager
def html_checker(folder: Path) -> Iterator[Checker]:
    """A running checker. Skips as `needs` says."""
    checker = Checker(needs("DESK110_TEST_JAVA", "Java 17 or newer"), folder)
    try:
        checker.start()
        yield checker
    finally:
        checker.kill()
