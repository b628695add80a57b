"""The laboratory: a room for each kind of what comes, and what each makes, in one form for the store and the table."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from dispatch.cutting_room import CuttingRoom
from dispatch.developed import Developed, Taken
from dispatch.footage import Footage
from dispatch.photos import Darkroom
from dispatch.rooms import Delayed
from dispatch.store import Part

WAITING_VIDEOS = 16  # in a process; more are left to the next who asks, or to the worker


@dataclass(frozen=True, slots=True)
class Product:
    """What goes into the store beside the original, by part, and what the table tells of it."""

    parts: Mapping[Part, bytes]
    content_type: str
    width: int | None = None
    height: int | None = None
    duration_ms: int | None = None
    waveform: bytes | None = None
    taken: Taken | None = None
    likeness: bytes | None = None


class Laboratory:
    """Develops whatever was sent. One a process."""

    def __init__(self, photos: Darkroom, videos: CuttingRoom, voices: CuttingRoom) -> None:
        self.photos, self.videos, self.voices = photos, videos, voices
        self._one_video = asyncio.Semaphore(1)
        self._waiting = 0

    @classmethod
    def small(cls, photos: int) -> "Laboratory":
        """With room for so many photos at a time, one video and one voice note."""
        return cls(Darkroom(photos), CuttingRoom("video"), CuttingRoom("voice"))

    @asynccontextmanager
    async def turn(self, kind: str) -> AsyncIterator[None]:
        """Wait for one's turn. A video waits here and not with its file held: another process may have room for it.

        Raises `Delayed` when too many wait.
        """
        if kind != "video":
            yield
            return
        if self._waiting >= WAITING_VIDEOS:
            raise Delayed
        self._waiting += 1
        try:
            async with self._one_video:
                yield
        finally:
            self._waiting -= 1

    async def develop(self, kind: str, source: Path) -> Product:
        """Make what may be shown and played of this file.

        Raises Refused as the room of its kind does; `Delayed` when it has to be tried again; FileNotFoundError.
        """
        if kind == "photo":
            return _of_photo(await self.photos.develop(source))
        room = self.videos if kind == "video" else self.voices
        return _of_footage(await room.develop(source))

    def close(self) -> None:
        """End what runs and take nothing more."""
        for room in (self.photos, self.videos, self.voices):
            room.close()


def _of_photo(made: Developed) -> Product:
    parts: dict[Part, bytes] = {"view": made.view, "thumb": made.thumb}
    return Product(
        parts, made.content_type, made.width, made.height, taken=made.taken, likeness=made.likeness
    )


def _of_footage(made: Footage) -> Product:
    pictures: dict[Part, bytes] = {"view": made.poster, "thumb": made.thumb} if made.poster else {}
    return Product(
        {"play": made.play, **pictures},
        made.content_type,
        made.width,
        made.height,
        made.duration_ms,
        made.waveform,
        made.taken,
    )
