"""Where the bytes of media lie: a folder, or an S3-compatible store. A name is made of an id and a part, no more.

The original is sealed: it is kept as it came, under a prefix of its own that no app serves from.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit
from uuid import UUID

from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from dispatch.errors import Unfit

Part = Literal["original", "view", "thumb", "play"]
PARTS: tuple[Part, ...] = ("original", "view", "thumb", "play")
_SUFFIXES: dict[Part, str] = {"original": "", "view": ".webp", "thumb": ".webp", "play": ".mp4"}

_SCHEMES = {"file", "s3", "memory"}


class StoreAway(Exception):
    """The store did not take or give the bytes just now."""


class MediaStore:
    """Bytes by media id and part. Every method may be called from any thread; the async ones do not block."""

    def __init__(self, url: str) -> None:
        """`file:///…` (the folder is made) or `s3://bucket/prefix` (keys and endpoint from the `AWS_*` names of the
        environment). Raises Unfit when the address names neither, or the folder cannot be made."""
        parts = urlsplit(url)
        if parts.scheme not in _SCHEMES:
            raise Unfit("DESK110_MEDIA_URL must begin with file:/// or s3://.")
        self._folder: Path | None = None
        try:
            if parts.scheme == "file":
                self._folder = Path(unquote(parts.path))
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._objects: ObjectStore = LocalStore(self._folder)
            else:
                self._objects = _remote(url)
        except (OSError, BaseError, ValueError) as error:
            raise Unfit(f"DESK110_MEDIA_URL cannot be used ({type(error).__name__}).") from None

    def put(self, media: UUID, part: Part, source: bytes | Path) -> None:
        """Keep these bytes, whole or not at all, and on the disk when it returns. The same again replaces them.

        Raises OSError when the folder's disk is full or failing, `StoreAway` when the remote store is.
        """
        if self._folder is not None:
            _write_durably(self._folder / _key(media, part), source)
            return
        with _away():
            self._objects.put(_key(media, part), source)

    async def get(self, media: UUID, part: Part) -> bytes | None:
        """The bytes, or None where there are none. Raises `StoreAway`."""
        with _away():
            try:
                found = await self._objects.get_async(_key(media, part))
                return bytes(await found.bytes_async())
            except (NotFoundError, FileNotFoundError):
                return None

    async def size(self, media: UUID, part: Part) -> int | None:
        """How many bytes there are, or None where there are none. Raises `StoreAway`."""
        with _away():
            try:
                return int((await self._objects.head_async(_key(media, part)))["size"])
            except (NotFoundError, FileNotFoundError):
                return None

    async def piece(self, media: UUID, part: Part, start: int, end: int) -> bytes | None:
        """The bytes from `start` up to and without `end`, or None where there are none. Raises `StoreAway`."""
        with _away():
            try:
                return bytes(await self._objects.get_range_async(_key(media, part), start=start, end=end))
            except (NotFoundError, FileNotFoundError):
                return None

    def holds(self, media: UUID, part: Part) -> bool:
        """Whether there are bytes. Raises `StoreAway`."""
        with _away():
            try:
                self._objects.head(_key(media, part))
            except (NotFoundError, FileNotFoundError):
                return False
            return True

    def remove(self, media: UUID) -> None:
        """Forget all parts; those that are not there are no error. Raises `StoreAway`."""
        for part in PARTS:
            with _away():
                try:
                    self._objects.delete(_key(media, part))
                except (NotFoundError, FileNotFoundError):
                    continue


def _key(media: UUID, part: Part) -> str:
    """`view/3f/<uuid>.webp`: nothing in it comes from outside."""
    return f"{part}/{media.hex[-2:]}/{media}{_SUFFIXES[part]}"


def _remote(url: str) -> ObjectStore:
    if url.startswith("memory:"):
        return from_url(url)
    return from_url(
        url,
        client_options={"connect_timeout": "3s", "timeout": "30s"},
        # The library's own patience is three minutes.
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
    )


@contextmanager
def _away() -> Iterator[None]:
    try:
        yield
    except (BaseError, OSError) as error:
        raise StoreAway(type(error).__name__) from None


def _write_durably(path: Path, source: bytes | Path) -> None:
    """Beside, synced, then renamed. obstore's own local store neither syncs nor clears what a kill left."""
    _make_folders(path.parent)
    beside = path.with_name(path.name + ".part")
    try:
        with open(beside, "wb", opener=_private) as file:
            if isinstance(source, bytes):
                file.write(source)
            else:
                with source.open("rb") as original:
                    shutil.copyfileobj(original, file, 1024 * 1024)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def _make_folders(folder: Path) -> None:
    """Make the folder; a new one's name is on the disk when it returns."""
    if folder.is_dir():
        return
    _make_folders(folder.parent)
    folder.mkdir(exist_ok=True, mode=0o700)
    _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
