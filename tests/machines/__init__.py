"""What state machines share: a real SQLite database each, a writer on it, dispatchers, and a clock that can be moved.

Each machine does what people and the worker may do, in any order, and holds the database against a small model of it
that knows no SQL. What a command refuses is compared too.
"""

import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, run_state_machine_as_test

from dispatch import clock
from dispatch.database import Database
from dispatch.errors import Refused
from dispatch.writer import Command, T, Writer
from tests.domain import DESK, OTHER_DESK, done, writing
from tests.truth import assert_whole

DONE = "done"
REAL = clock.now


def run(machine: type["Machine"], prepared: str, steps: int = 30) -> None:
    """As many runs as the profile says (`tests/conftest.py`), each on a copy of this SQLite database."""
    here = type(machine.__name__, (machine,), {"prepared": prepared})
    run_state_machine_as_test(
        here,
        settings=settings(
            settings.get_profile(os.environ.get("DESK110_HYPOTHESIS", "bounded")),
            phases=(Phase.generate, Phase.shrink),
            stateful_step_count=steps,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )


class Machine(RuleBasedStateMachine):
    """A database of its own for every run."""

    prepared = ""
    desks: tuple[str, ...] = (DESK, OTHER_DESK)

    def __init__(self) -> None:
        super().__init__()
        self.held = ExitStack()
        folder = self.held.enter_context(tempfile.TemporaryDirectory())
        path = Path(folder) / "desk110.db"
        shutil.copyfile(self.prepared.removeprefix("sqlite:///"), path)
        self.database = Database(f"sqlite:///{path}")
        self.held.callback(self.database.close)
        self.offset = timedelta(0)
        self._move_clock()
        self.writer: Writer = self.held.enter_context(writing(self.database))

    def _move_clock(self) -> None:
        """Whatever reads the clock in the domain reads this one."""
        began = REAL()

        def now() -> datetime:
            return began + self.offset  # it stands still until it is moved: no step is a matter of chance

        self.now = now
        for name, module in list(sys.modules.items()):
            if name.startswith("dispatch.") and getattr(module, "now", None) is REAL:
                self.held.enter_context(mock.patch.object(module, "now", now))

    def did(self, command: Command[T], *desks: str) -> str:
        """What came of a command: `done`, or the code by which it was refused."""
        try:
            done(self.writer, command, *desks)
        except Refused as refused:
            return refused.code
        return DONE

    def read(self, function: Any) -> Any:
        """What a function of a session gives."""
        with self.database.read() as session:
            return function(session)

    @invariant()
    def logs_are_whole(self) -> None:
        assert_whole(self.database, *self.desks)

    def teardown(self) -> None:
        self.held.close()
