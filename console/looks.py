"""Each look at a report is told by the log: who, when, in which session. It never holds up who looks.

The event is given to the writer while the answer goes out, and nobody waits for it. Whoever comes back to a report
within some minutes, as a dispatcher with ten in hand does all the time, still looks at it: that is told once.
"""

import time
from collections import OrderedDict
from concurrent.futures import Future
from typing import Final
from uuid import UUID

import structlog

from console.parts import Parts
from console.sign_in import AtDesk
from dispatch.errors import Overloaded
from dispatch.viewing import looked

log = structlog.get_logger()

AGAIN_S: Final = 600.0
REMEMBERED: Final = 8192

# When this process last told of a session's look at a report.
_told: OrderedDict[tuple[bytes, UUID], float] = OrderedDict()


def note(parts: Parts, who: AtDesk, report: UUID) -> None:
    """Have the look told, unless it was within the last minutes."""
    key = (who.token_digest, report)
    at = time.monotonic()
    if at - _told.get(key, float("-inf")) < AGAIN_S:
        return
    _told[key] = at
    _told.move_to_end(key)
    if len(_told) > REMEMBERED:
        _told.popitem(last=False)
    try:
        told = parts.writer.submit(
            lambda session: looked(session, report, who.desk, who.number, who.token_digest), [who.desk]
        )
    except Overloaded as error:
        _not_told(key, error)
    else:
        told.add_done_callback(lambda done: _check(key, done))


def _check(key: tuple[bytes, UUID], done: Future[None]) -> None:
    if error := done.exception():
        _not_told(key, error)


def _not_told(key: tuple[bytes, UUID], error: BaseException) -> None:
    """The next look tries anew; that one is missing in the log is loud."""
    _told.pop(key, None)
    log.error("look_not_told", report=str(key[1]), error=type(error).__name__)
