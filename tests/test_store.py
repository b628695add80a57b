"""Where the bytes lie: whole or not at all, for their owner alone."""

import errno
import os
from pathlib import Path
from uuid import uuid4

import pytest
from obstore.exceptions import GenericError

from dispatch.errors import Unfit
from dispatch.store import MediaStore, StoreAway

pytestmark = pytest.mark.anyio


async def test_bytes_come_back_as_they_were_put_and_a_second_put_replaces_them(tmp_path: Path) -> None:
    for url in (f"file://{tmp_path}/a folder/media", "memory:///"):
        store, id_ = MediaStore(url), uuid4()
        assert await store.get(id_, "view") is None
        assert not store.holds(id_, "view")
        store.put(id_, "view", b"one")
        store.put(id_, "view", b"two")
        (tmp_path / "large").write_bytes(os.urandom(3_000_000))
        store.put(id_, "original", tmp_path / "large")
        assert await store.get(id_, "view") == b"two"
        assert await store.get(id_, "original") == (tmp_path / "large").read_bytes()
        store.remove(id_)
        store.remove(id_)
        assert not store.holds(id_, "original")


async def test_what_lies_in_the_folder_is_for_its_owner_and_half_a_file_never_has_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, id_ = MediaStore(f"file://{tmp_path}/media"), uuid4()
    store.put(id_, "original", b"x")
    for path in (tmp_path / "media").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0

    def failing(_file: int) -> None:
        raise OSError(errno.EIO, "no")

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="no"):
        store.put(id_, "view", b"half")
    assert [path.name for path in (tmp_path / "media").rglob("*") if path.is_file()] == [str(id_)]


@pytest.mark.parametrize("url", ["ftp://host/media", "media", "", "file:///dev/null/media", "s3://"])
def test_an_address_that_is_no_store_stops_the_start(url: str) -> None:
    with pytest.raises(Unfit, match="DESK110_MEDIA_URL"):
        MediaStore(url)


async def test_a_remote_store_that_is_away_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MediaStore("memory:///")

    class Away:
        def put(self, *_: object) -> None:
            raise GenericError("away")

        async def get_async(self, *_: object) -> None:
            raise GenericError("away")

    monkeypatch.setattr(store, "_objects", Away())
    with pytest.raises(StoreAway):
        store.put(uuid4(), "view", b"x")
    with pytest.raises(StoreAway):
        await store.get(uuid4(), "view")
