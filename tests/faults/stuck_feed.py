"""A fault: the feed of this process reads nothing of any log, and nothing of the process ends by it."""

import asyncio
from typing import Any

import cli
from tests.faults.arming import Fault

if __name__ == "__main__":
    from realtime.feed import Feed

    read_some = Feed._read_some
    fault = Fault("stuck_feed")

    async def held(self: Any, desk: str) -> bool:
        fault.fire()
        while fault.fired:  # noqa: ASYNC110 - the test ends it from another process
            await asyncio.sleep(0.05)
        return await read_some(self, desk)

    Feed._read_some = held  # type: ignore[method-assign]  # the fault
    cli.main()
