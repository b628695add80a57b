"""One `up` at a time in a home folder, known by a lock that the kernel takes back however its holder ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dispatch.errors import Unfit


@contextmanager
def held(home: Path) -> Iterator[None]:
    """Holds `home` for this process. Raises `Unfit`, naming the holder, when another process does."""
    path = home / "up.lock"
    with path.open("a+", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise Unfit(
                f"desk110 is already running in {home} (process {file.read().strip() or 'unknown'}). "
                "Stop it there with Ctrl-C, or give this one a home of its own by DESK110_HOME."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        file.truncate(0)
