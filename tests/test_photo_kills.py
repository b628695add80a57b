"""Photos through real processes: killed on the way, they go on; hurt by a photo, they do not notice."""

import asyncio
import os
import socket
import time
from typing import Any

import pytest

from dispatch.uploads import BLOCK_BYTES
from tests.people import People, Reporter, eventually
from tests.pictures import encoded, honest_bomb, jpeg, scene
from tests.stack import Stack
from tests.uploading import TUS, appended, created, offset_of

pytestmark = pytest.mark.anyio

PHOTO = jpeg((1600, 1200))


async def test_a_photo_goes_on_where_its_process_was_killed(stack: Stack, people: People) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = await phone.filed()
    large = encoded(scene((1400, 1000)), "PNG", compress_level=0)
    answer = await created(phone.http, report["id"], len(large))
    address = answer.headers["location"]
    assert (await appended(phone.http, address, 0, large[:300_000])).status_code == 204

    line = _half_a_patch(phone, address, 300_000, large[300_000:900_000])
    await eventually(
        lambda: _came(stack, address) >= 300_000 + BLOCK_BYTES,
        10,
        "a block of the second piece is on the disk",
    )
    stack.citizens[0].kill()
    line.close()
    stack.citizens[0].start()
    assert await offset_of(phone.http, address) == _came(stack, address)
    reached = await offset_of(phone.http, address)
    assert 300_000 + BLOCK_BYTES <= reached <= 900_000
    assert (await appended(phone.http, address, reached, large[reached:])).status_code == 204
    media = (await phone.report(report["id"]))["media"]
    assert [item["state"] for item in media] == ["ready"]
    seen = await phone.http.get(f"/api/v1/media/{media[0]['id']}/thumb")
    assert seen.headers["content-type"] == "image/webp"


async def test_a_photo_that_nobody_goes_on_with_is_finished_by_the_worker(
    stack: Stack, people: People
) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = await phone.filed()
    begun = (await created(phone.http, report["id"], len(PHOTO))).json()
    # As a process leaves it that was killed between the last byte and the commit, a while ago.
    path = stack.home / "media" / "incoming" / begun["id"]
    path.write_bytes(PHOTO)
    os.utime(path, (time.time() - 60,) * 2)
    worker = stack.another_worker()
    worker.start()
    try:
        await phone.listen()
        await eventually(lambda: _states(phone.reports.get(report["id"])) == ["ready"], 20, "it is ready")
    finally:
        worker.stop()
    assert not path.exists()


async def test_bombs_delay_no_report(stack: Stack, people: People) -> None:
    phone = await people.reporter(stack.citizens[0])
    report = await phone.filed()
    bomb = honest_bomb(8_000)
    addresses = [
        (await created(phone.http, report["id"], len(bomb), filename="a.png")).headers["location"]
        for _ in range(4)
    ]
    bombs = [asyncio.create_task(appended(phone.http, address, 0, bomb)) for address in addresses]
    await asyncio.sleep(0.2)
    other = await people.reporter(stack.citizens[0])
    loop = asyncio.get_running_loop()
    began = loop.time()
    await other.filed("还在报警")
    assert loop.time() - began < 2.0
    # 64 million pixels fit: such a photo costs the time of its own process alone, and no phone waits for it.
    assert {(await bomb).status_code for bomb in bombs} == {204}


async def test_a_finished_photo_is_on_the_desks_screen_without_a_reload(stack: Stack, people: People) -> None:
    console = await people.dispatcher(stack.consoles[0])
    phone = await people.reporter(stack.citizens[0])
    await phone.listen()
    id_ = (await phone.filed("拍到了"))["id"]
    files = {"file": ("a.jpg", PHOTO, "image/jpeg")}
    answer = await phone.http.post(f"/api/v1/reports/{id_}/media/form", files=files)
    assert answer.status_code == 201, answer.text
    media = answer.json()["id"]
    await eventually(lambda: _states(phone.reports.get(id_)) == ["ready"], 10, "the phone knows it is there")
    await eventually(lambda: console.cards[id_]["version"] == "3", 10, "the card shows it")
    assert (await console.http.get(f"/console/media/{media}/view")).status_code == 200


def _states(report: dict[str, Any] | None) -> list[str]:
    return [item["state"] for item in report["media"]] if report else []


def _came(stack: Stack, address: str) -> int:
    path = stack.home / "media" / "incoming" / address.rpartition("/")[2]
    return path.stat().st_size if path.exists() else 0


def _half_a_patch(phone: Reporter, address: str, offset: int, data: bytes) -> socket.socket:
    """A request that announces more than it sends, and stays open."""
    line = socket.create_connection(("127.0.0.1", phone.app.port))
    head = {
        "Host": "localhost",
        **TUS,
        "Authorization": f"Bearer {phone.token}",
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(offset),
        "Content-Length": str(len(data) + 1000),
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    line.sendall(f"PATCH {address} HTTP/1.1\r\n{lines}\r\n".encode() + data)
    return line
