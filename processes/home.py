"""The home folder, and one `up` at a time in it, by a lock that the kernel takes back however its holder ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dispatch.errors import Unfit


def make_home(home: Path) -> None:
    """Makes the folder, for this user alone. Raises `Unfit`."""
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Unfit(f"DESK110_HOME: {home} cannot be made ({error.strerror}).") from None


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
