"""Sessions looked up a moment ago: a phone asks several times in a row, and each look-up costs a read.

What decides something (may this person file again, is this report theirs) is asked of the database in the
transaction that does it. Who asks about themselves is read anew (`api.me`). A session that another process
revoked is forgotten here by the same look every two seconds that closes its sockets (`api.hub.close_ended`).
"""

import time
from collections import OrderedDict

from dispatch.reporters import SignedIn

KEPT_S = 10.0
AT_MOST = 20_000


class KnownSessions:
    """By the token's digest, for some seconds, the latest ones."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[float, SignedIn]] = OrderedDict()

    def get(self, digest: bytes) -> SignedIn | None:
        """The session, if it was looked up within the last seconds."""
        kept = self._known.get(digest)
        if kept is None or time.monotonic() - kept[0] > KEPT_S:
            return None
        return kept[1]

    def keep(self, found: SignedIn) -> None:
        """Remember what was just read."""
        self._known[found.token_digest] = (time.monotonic(), found)
        self._known.move_to_end(found.token_digest)
        if len(self._known) > AT_MOST:
            self._known.popitem(last=False)

    def forget(self, digest: bytes) -> None:
        """It was changed or revoked."""
        self._known.pop(digest, None)
