"""The heads of all desks' logs, published outside the database: what a chain is held against that was rebuilt as a
whole, or whose end was cut off together with its head.

`<home>/heads/2026-11.jsonl`, a line each time, nothing ever changed in it:

    {"at":"…","epoch":"…","previous":"<SHA-256 of the line before>","heads":{"330106":[17,"<hash>"]},"signature":"…"}

`signature` is over the line without it (`dispatch/signatures.py`). Whoever may write to the database should not be
able to write there: copy the folder to where nothing can be changed.
"""

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import orjson
from sqlalchemy import bindparam, select
from sqlmodel import Session

from dispatch.clock import iso
from dispatch.events import epoch
from dispatch.models import TABLES
from dispatch.receipts import Jwks
from dispatch.signatures import HEADS, Seal, fits

_HEAD, _EVENT = TABLES["desk_head"], TABLES["event"]
_ALL = select(_HEAD.c.desk, _HEAD.c.seq, _HEAD.c.hash).where(_HEAD.c.seq > 0).order_by(_HEAD.c.desk)
_STANDS = select(_EVENT.c.hash).where(_EVENT.c.desk == bindparam("of"), _EVENT.c.seq == bindparam("number"))

SIGNED: Final = b',"signature":"'
LONGEST: Final = 64 * 1024

Heads = dict[str, tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Line:
    """What was published once."""

    at: datetime
    epoch: str
    heads: Heads


@dataclass(frozen=True, slots=True)
class Fault:
    """A line that is not what was written: `unreadable`, `unsigned`, or `gap` when lines before it are missing."""

    path: Path
    number: int
    what: str


def now_in(session: Session) -> tuple[str, Heads]:
    """The epoch, and each desk's head, in one snapshot."""
    rows = session.connection().execute(_ALL)
    return epoch(session), {row.desk: (row.seq, bytes(row.hash)) for row in rows}


def no_more(session: Session, line: Line) -> list[tuple[str, int]]:
    """The heads of a line (desk and number) that the log of today does not hold as they were published."""
    lost = []
    for desk, (seq, digest) in line.heads.items():
        found = session.connection().execute(_STANDS, {"of": desk, "number": seq}).scalar_one_or_none()
        if found is None or bytes(found) != digest:
            lost.append((desk, seq))
    return lost


def latest(folder: Path) -> Line | None:
    """The last whole line, whoever signed it; None when nothing was published yet."""
    text = _last(folder)
    return _parse(text) if text else None


@contextmanager
def publishing(folder: Path) -> Iterator[bool]:
    """One process at a time, so that several workers of a home publish once: whether it is this one's turn."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def publish(folder: Path, seal: Seal, at: datetime, of: str, heads: Heads) -> Path:
    """Append a line to the month's file, and return when it is on the disk. Within `publishing` alone."""
    before = _last(folder)
    document = {
        "at": iso(at),
        "epoch": of,
        "previous": hashlib.sha256(before).hexdigest() if before else "",
        "heads": {desk: [seq, digest.hex()] for desk, (seq, digest) in heads.items()},
    }
    payload = orjson.dumps(document)
    line = payload[:-1] + SIGNED + seal.sign(payload).encode() + b'"}\n'
    path = _file_of(folder, at)
    new = not path.exists()
    with open(path, "ab", opener=_private) as file:
        if not _ends_whole(path):
            file.write(b"\n")  # a line that a crash cut off was never published
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    if new:
        _sync(folder)
    return path


def files(place: Path) -> list[Path]:
    """The files of a folder in their order, or the one that is named."""
    return [place] if place.is_file() else sorted(place.glob("*.jsonl"))


def read(paths: Sequence[Path], keys: Jwks) -> Iterator[Line | Fault]:
    """Each line in order, or what is wrong with it.

    A line that a crash cut off is none, as long as nothing is missing behind it.
    """
    before = b""  # the last whole line
    torn: Fault | None = None
    for path in paths:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                text = raw.rstrip(b"\n")
                line = _parse(text) if text else None
                if line is None:
                    torn = torn or (Fault(path, number, "unreadable") if text else None)
                    continue
                payload, _, signature = text.rpartition(SIGNED)
                if not fits(payload + b"}", signature[:-2].decode("ascii", "replace"), HEADS, keys):
                    yield Fault(path, number, "unsigned")
                    before = b""  # what follows cannot be held against it
                    continue
                if before and orjson.loads(text)["previous"] != hashlib.sha256(before).hexdigest():
                    yield torn or Fault(path, number, "gap")
                before, torn = text, None
                yield line
    if torn:
        yield torn


def due(last: Line | None, at: datetime, every: timedelta) -> bool:
    """Whether it is time again."""
    return last is None or at - last.at >= every or at < last.at


def _parse(text: bytes) -> Line | None:
    try:
        document = orjson.loads(text)
        heads = {desk: (int(seq), bytes.fromhex(digest)) for desk, (seq, digest) in document["heads"].items()}
        _ = document["signature"], document["previous"]
        return Line(datetime.fromisoformat(document["at"]), str(document["epoch"]), heads)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _last(folder: Path) -> bytes:
    """The last whole line of the newest file that has one."""
    for path in reversed(files(folder)):
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - 2 * LONGEST))
            lines = file.read().split(b"\n")
        whole = [line for line in lines if line and _parse(line)]
        if whole:
            return whole[-1]
    return b""


def _file_of(folder: Path, at: datetime) -> Path:
    """The month's file; the newest when a clock was set back over the end of a month, for lines stand in the order in
    which they were published."""
    return max([folder / f"{at:%Y-%m}.jsonl", *files(folder)])


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        if end == 0:
            return True
        file.seek(end - 1)
        return file.read() == b"\n"


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
