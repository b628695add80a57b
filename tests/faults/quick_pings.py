"""Whether the other end of a socket still lives is asked every two seconds instead of twenty."""

from typing import Any

import uvicorn

import cli

EVERY_S = 2.0

if __name__ == "__main__":
    begin = uvicorn.Config.__init__

    def quick(self: uvicorn.Config, *given: Any, **named: Any) -> None:
        begin(self, *given, **{"ws_ping_interval": EVERY_S, "ws_ping_timeout": 2 * EVERY_S, **named})

    uvicorn.Config.__init__ = quick  # type: ignore[method-assign]  # the fault
    cli.main()
