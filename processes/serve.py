"""One web process: uvicorn with every limit that it leaves open closed."""

import asyncio
import gc
import resource
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dispatch.settings import Settings
from processes.ports import check_port

HEAD_BYTES = 32 * 1024  # request line and headers together
HEAD_S = 10.0  # a head that is not whole by then is somebody holding the line
FRAME_BYTES = 64 * 1024
# A connection that rests. Over a slow line a request is two seconds old when it comes: of uvicorn's own five little is
# left, and what comes too late is lost and sent anew, as slowly.
KEEP_S = 75
GRACE_S = 3  # what a stop leaves to answers under way
FILES = 65_536
# Python's own 700 makes it look for cycles many times a request: a seventh of all the work of filing a report.
COLLECT_AFTER = (50_000, 20, 100)


class BoundedHttp(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with an end to a request's head, in bytes and in time; upstream has neither."""

    _in_head = True
    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as upstream has it
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        was_in_head = self._in_head
        super().data_received(data)
        if was_in_head and self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
                self.send_400_response("Request head too large.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._await_head()

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._forget_timer()
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES:
            raise ValueError("request head too large")  # the parser turns it into its 400
        super().on_headers_complete()

    def _await_head(self) -> None:
        self._in_head = True
        self._head_bytes = 0
        self._forget_timer()
        self._head_timer = self.loop.call_later(HEAD_S, self.transport.close)

    def _forget_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def serve(app: str, settings: Settings, port: int) -> None:
    """Runs `app` (`module:attribute`) until it is told to stop. Raises `Unfit` when the port is taken."""
    check_port(settings.host, port, f"DESK110_{app.partition(':')[2].upper()}_PORT")
    _allow_many_files()
    config = uvicorn.Config(app, host=settings.host, port=port, **_options(settings))
    config.load()
    _collect_seldom()
    uvicorn.Server(config).run()


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "loop": "uvloop",
        "http": BoundedHttp,
        "ws": "websockets-sansio",
        "ws_max_size": FRAME_BYTES,
        "ws_per_message_deflate": False,  # 14 instead of 64 KiB a connection
        "timeout_graceful_shutdown": GRACE_S,
        "timeout_keep_alive": KEEP_S,
        "server_header": False,
        "access_log": False,  # an address and a path are somebody's
        "log_config": None,
        "proxy_headers": bool(settings.trusted_proxies),
        "forwarded_allow_ips": settings.trusted_proxies or None,
    }


def _collect_seldom() -> None:
    """What is loaded by now lives as long as the process: it is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


def _allow_many_files() -> None:
    """A socket is an open file, and the usual 1,024 are few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
