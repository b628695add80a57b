"""Uploads on their way: a file each, and its size is the truth about how much has come.

Several processes of one machine may serve one upload, so what guards a file is a lock of the kernel, given back
when its holder dies.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from dispatch.errors import Refused

# What photos leave free, on a disk that may be the one that the reports' text goes to.
RESERVE_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Leftover:
    """A file that lies there: its upload, its size in bytes, and for how many seconds nothing has come."""

    media: UUID
    size: int
    idle_s: float


class Incoming:
    """The folder of uploads on their way."""

    def __init__(self, folder: Path, reserve_bytes: int = RESERVE_BYTES) -> None:
        self._folder = folder
        self._reserve_bytes = reserve_bytes

    @classmethod
    def of(cls, home: Path) -> Self:
        """The one of this installation."""
        return cls(home / "media" / "incoming")

    def size(self, media: UUID) -> int:
        """How many bytes of the upload have come."""
        try:
            return self._path(media).stat().st_size
        except FileNotFoundError:
            return 0

    def check_room(self, length: int) -> None:
        """Raises Refused `store_full` when `length` more bytes would leave too little for anything else."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if shutil.disk_usage(self._folder).free - length < self._reserve_bytes:
            raise Refused("store_full")

    def hold(self, media: UUID) -> "Held":
        """The upload's file for this caller alone, made if need be; close it afterwards.

        Raises Refused `upload_busy` when somebody else has it.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._path(media)
        file = open(path, "ab", buffering=0, opener=_private)  # noqa: SIM115 - `Held` closes it
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            gone = os.fstat(file.fileno()).st_nlink == 0  # its last holder was done with it as we came
        except BlockingIOError:
            gone = True
        if gone:
            file.close()
            raise Refused("upload_busy")
        return Held(path, file)

    def leftovers(self) -> Iterator[Leftover]:
        """Every upload that lies there."""
        if not self._folder.is_dir():
            return
        for entry in os.scandir(self._folder):
            try:
                media, found = UUID(entry.name), entry.stat()
            except (ValueError, FileNotFoundError):
                continue
            yield Leftover(media, found.st_size, time.time() - found.st_mtime)

    def _path(self, media: UUID) -> Path:
        return self._folder / str(media)


class Held:
    """An upload's file, for one holder until it is closed. All methods block."""

    def __init__(self, path: Path, file: FileIO) -> None:
        self.path = path
        self._file = file

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def size(self) -> int:
        return os.fstat(self._file.fileno()).st_size

    def append(self, data: bytes | bytearray) -> None:
        """Raises OSError when the disk is full; what fitted stays."""
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]

    def cut(self, size: int) -> None:
        """Forget everything behind `size` bytes."""
        os.ftruncate(self._file.fileno(), size)

    def settle(self) -> None:
        """What was appended is on the disk when this returns, and so is the file's name."""
        os.fsync(self._file.fileno())
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        """The file is no longer needed."""
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let others have it."""
        self._file.close()


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)
