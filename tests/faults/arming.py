"""How a test and a fault in another process speak with each other: by files in the installation's home."""

import os
import signal
import time
from pathlib import Path


class Fault:
    """A fault by its module's name. The test arms it; it fires once; the test sees that it has fired."""

    def __init__(self, name: str, home: Path | None = None) -> None:
        folder = home or Path(os.environ["DESK110_HOME"])
        self._armed = folder / f"fault-{name}-armed"
        self._fired = folder / f"fault-{name}-fired"

    @property
    def fired(self) -> bool:
        """Whether it has happened, and is not over if it lasts."""
        return self._fired.exists()

    def arm(self) -> None:
        """Let it happen at the next occasion."""
        self._fired.unlink(missing_ok=True)
        self._armed.touch()

    def end(self) -> None:
        """Let go what it holds up, and forget it."""
        self._armed.unlink(missing_ok=True)
        self._fired.unlink(missing_ok=True)

    def fire(self) -> bool:
        """For the fault itself: whether this is its moment."""
        try:
            self._armed.rename(self._fired)
        except FileNotFoundError:
            return False
        return True

    def hold(self) -> None:
        """For the fault itself: go no further until the test ends it."""
        while self.fired:
            time.sleep(0.01)


def die() -> None:
    """SIGKILL to this process: nothing of it runs after this line."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)
