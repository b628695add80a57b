"""The kernel holds a few kilobytes for each client instead of megabytes: one that stops reading is felt at once."""

import asyncio
import socket

import cli
from processes.bounded_http import BoundedHttp

BYTES = 4096


class NarrowHttp(BoundedHttp):
    """The product's protocol on a narrow line."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the product has it
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BYTES)
        super().connection_made(transport)


if __name__ == "__main__":
    from processes import serve

    vars(serve)["BoundedHttp"] = NarrowHttp  # the fault
    cli.main()
