"""One web process: uvicorn with every limit that it leaves open closed."""

import gc
import resource
from typing import Any

import uvicorn

from dispatch.settings import Settings
from processes.bounded_http import BoundedHttp
from processes.ports import check_port

FRAME_BYTES = 64 * 1024
# A connection that rests. Over a slow line a request is two seconds old when it comes: of uvicorn's own five little is
# left, and what comes too late is lost and sent anew, as slowly.
KEEP_S = 75
GRACE_S = 3  # what a stop leaves to answers under way
FILES = 65_536
# Python's own 700 makes it look for cycles many times a request: a seventh of all the work of filing a report.
COLLECT_AFTER = (50_000, 20, 100)


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
