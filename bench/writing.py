"""Our writer alone: the commands of a filing, without HTTP before them or a ring after."""

import threading
import time
from functools import partial
from uuid import UUID

from sqlalchemy import select

from dispatch.clock import now
from dispatch.database import Database
from dispatch.filing import Filing, file
from dispatch.ids import new_id
from dispatch.models import TABLES
from dispatch.states import Place
from dispatch.writer import Writer
from tests.stack import DESK

REPORTERS = 200


def written(database: Database, seconds: float, in_flight: int) -> float:
    """Reports/s that the writer's thread commits while `in_flight` of them wait at any time."""
    chosen = select(TABLES["reporter"].c.id).limit(REPORTERS)
    with database.read() as session:
        reporters: list[UUID] = list(session.connection().execute(chosen).scalars())
    writer = Writer(database, lambda _events: None)
    writer.start()
    room = threading.Semaphore(in_flight)
    failed: list[BaseException] = []
    number = done = 0

    def answered(answer: object) -> None:
        nonlocal done
        done += 1
        room.release()

    begin = time.perf_counter()
    while time.perf_counter() - begin < seconds:
        room.acquire()
        filing = _filing(reporters[number % len(reporters)])
        answer = writer.submit(partial(file, filing=filing, identity_rule="second_report"), [DESK])
        answer.add_done_callback(answered)
        answer.add_done_callback(lambda it: failed.extend([error] if (error := it.exception()) else []))
        number += 1
    per_s = done / (time.perf_counter() - begin)
    writer.stop()
    if failed:
        raise RuntimeError(f"{len(failed)} of {number} commands failed") from failed[0]
    return per_s


def _filing(reporter: UUID) -> Filing:
    return Filing(
        id=new_id(),
        reporter=reporter,
        key=new_id(),
        digest=bytes(32),
        desk=DESK,
        kind="quick",
        text="两个人在打架,有人受伤,请快来",
        category=None,
        covert=False,
        place_text="文三路近学院路口",
        place=Place(30.25, 120.12, 15.0, "gnss", now(), "wgs84", 30.25, 120.12),
        notes=(),
        media_expected=0,
        fraud=None,
    )
