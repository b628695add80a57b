"""A phone's photos over HTTP: by tus in pieces, or by one form; seen by their reporter and the desk, by nobody else."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from obstore.exceptions import GenericError

from api import media_taking as handlers
from dispatch.database import Database
from dispatch.developed import Developed
from dispatch.laboratory import Laboratory
from dispatch.media_bounds import LARGEST_BYTES, PHOTO_BYTES
from dispatch.photos import Darkroom
from dispatch.rooms import Delayed
from dispatch.store import MediaStore
from tests import pictures
from tests.pictures import SECRET, encoded, exif, jpeg, opened, scene
from tests.uploading import (
    OTHER_DESK,
    PIECE,
    TUS,
    Lab,
    appended,
    created,
    metadata,
    offset_of,
    patch_over_a_line,
)

pytestmark = pytest.mark.anyio

PHOTO = jpeg()


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    room = Laboratory.small(photos=2)
    yield room
    room.close()


@pytest.fixture
async def lab(database: Database, laboratory: Laboratory, tmp_path: Path) -> AsyncIterator[Lab]:
    made = Lab(tmp_path, database, laboratory)
    yield made
    await made.close()


@pytest.fixture
def phone(lab: Lab) -> httpx2.AsyncClient:
    return lab.phone()


async def test_a_photo_sent_in_pieces_is_seen_by_its_reporter_and_by_the_desk(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    answer = await created(phone, lab.report, len(PHOTO), client_id="one", filename="西湖.jpg")
    assert answer.status_code == 201
    assert answer.headers["tus-resumable"] == "1.0.0"
    assert answer.headers["upload-offset"] == "0"
    said = answer.json()
    assert (said["client_id"], said["state"], said["filename"]) == ("one", "uploading", "西湖.jpg")
    address = answer.headers["location"]
    assert address == f"/api/v1/reports/{lab.report}/media/{said['id']}"

    half = len(PHOTO) // 2
    answer = await appended(phone, address, 0, PHOTO[:half])
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(half))
    head = await phone.head(address, headers=TUS)
    assert head.headers["upload-offset"] == str(half)
    assert head.headers["upload-length"] == str(len(PHOTO))
    assert head.headers["upload-metadata"] == metadata(
        filename="西湖.jpg", filetype="image/jpeg", client_id="one"
    )
    answer = await appended(phone, address, half, PHOTO[half:])
    assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(len(PHOTO)))

    assert await offset_of(phone, address) == len(PHOTO)
    assert lab.state_of(said["id"]) == "ready"
    for client, base in ((phone, "/api/v1"), (lab.screen("33010601"), "/console")):
        for part, width in (("view", 640), ("thumb", 320)):
            seen = await client.get(f"{base}/media/{said['id']}/{part}")
            assert seen.status_code == 200
            assert _size(seen.content)[0] == width
            _assert_harmless(seen)
    plain = await phone.get(f"/api/v1/media/{said['id']}")
    assert plain.content == (await phone.get(f"/api/v1/media/{said['id']}/view")).content


async def test_a_photo_can_come_with_its_creation(lab: Lab, phone: httpx2.AsyncClient) -> None:
    headers = {**PIECE, "Upload-Length": str(len(PHOTO)), "Upload-Metadata": metadata(client_id="one")}
    first = await phone.post(
        f"/api/v1/reports/{lab.report}/media", headers=headers, content=_pieces(PHOTO[:999])
    )
    assert (first.status_code, first.headers["upload-offset"]) == (201, "999")
    again = await phone.post(
        f"/api/v1/reports/{lab.report}/media", headers=headers, content=_pieces(PHOTO[:999])
    )
    assert (again.headers["upload-offset"], again.headers["location"]) == ("999", first.headers["location"])
    assert (await appended(phone, first.headers["location"], 999, PHOTO[999:])).status_code == 204
    whole = await phone.post(
        f"/api/v1/reports/{lab.report}/media",
        headers={**headers, "Upload-Metadata": metadata(client_id="two")},
        content=PHOTO,
    )
    assert (whole.status_code, whole.json()["state"]) == (201, "ready")


async def test_a_retry_resumes_where_the_photo_stands(lab: Lab, phone: httpx2.AsyncClient) -> None:
    first = await created(phone, lab.report, len(PHOTO), client_id="one")
    await appended(phone, first.headers["location"], 0, PHOTO[:500])
    again = await created(phone, lab.report, len(PHOTO), client_id="one")
    assert (again.status_code, again.headers["location"]) == (201, first.headers["location"])
    assert again.headers["upload-offset"] == "500"
    conflict = await appended(phone, first.headers["location"], 0, PHOTO)
    assert _problem(conflict) == (409, "upload_offset_conflict")
    assert conflict.headers["tus-resumable"] == "1.0.0"
    assert (await appended(phone, first.headers["location"], 500, PHOTO[500:])).status_code == 204
    ready = await created(phone, lab.report, len(PHOTO), client_id="one")
    assert (ready.json()["state"], ready.headers["upload-offset"]) == ("ready", str(len(PHOTO)))
    assert lab.kinds() == ["MediaBegun", "MediaStored"]
    assert _problem(await created(phone, lab.report, 5, client_id="one")) == (409, "upload_conflict")
    assert _problem(await appended(phone, first.headers["location"], 0, PHOTO)) == (
        409,
        "upload_offset_conflict",
    )


async def test_a_line_that_breaks_loses_nothing_of_what_came(lab: Lab, phone: httpx2.AsyncClient) -> None:
    address = (await created(phone, lab.report, len(PHOTO))).headers["location"]
    await patch_over_a_line(
        lab, address, 0, [_came(PHOTO[:300]), _came(PHOTO[300:800]), {"type": "http.disconnect"}]
    )
    assert await offset_of(phone, address) == 800
    assert (await appended(phone, address, 800, PHOTO[800:])).status_code == 204


async def test_a_line_that_goes_dead_is_given_up_and_nothing_is_lost(
    lab: Lab, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "IDLE_S", 0.3)
    address = (await created(phone, lab.report, len(PHOTO))).headers["location"]
    forever = {"wait": asyncio.Event().wait}
    sent = await patch_over_a_line(lab, address, 0, [_came(PHOTO[:300]), forever])
    assert sent[0]["status"] == 503
    assert b"upload_stalled" in sent[1]["body"]
    assert await offset_of(phone, address) == 300


async def test_of_two_that_send_the_same_piece_at_once_one_wins(lab: Lab, phone: httpx2.AsyncClient) -> None:
    address = (await created(phone, lab.report, len(PHOTO))).headers["location"]
    go_on, begun = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield PHOTO[:100]
        begun.set()
        await go_on.wait()
        yield PHOTO[100:]

    first = asyncio.create_task(appended(phone, address, 0, slow()))
    await begun.wait()
    await asyncio.sleep(0.2)
    assert _problem(await appended(phone, address, 0, PHOTO)) == (423, "upload_busy")
    go_on.set()
    assert (await first).status_code == 204
    assert lab.kinds() == ["MediaBegun", "MediaStored"]


@pytest.mark.parametrize("ask", ["HEAD", "an empty PATCH", "POST again"])
async def test_whoever_asks_next_finishes_what_is_whole(
    ask: str, lab: Lab, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = (await created(phone, lab.report, len(PHOTO), client_id="one")).headers["location"]

    async def delayed(*_: object) -> None:
        raise Delayed

    with monkeypatch.context() as patch:
        patch.setattr(Darkroom, "develop", delayed)
        # The bytes are safe, so the phone need not send them again; the report says that it is still on its way.
        assert (await appended(phone, address, 0, PHOTO)).status_code == 204
        assert await offset_of(phone, address) == len(PHOTO)
    assert lab.state_of(address.rpartition("/")[2]) == "uploading"
    if ask == "HEAD":
        assert await offset_of(phone, address) == len(PHOTO)
    if ask == "an empty PATCH":
        assert (await appended(phone, address, len(PHOTO), b"")).status_code == 204
    if ask == "POST again":
        assert (await created(phone, lab.report, len(PHOTO), client_id="one")).json()["state"] == "ready"
    assert lab.state_of(address.rpartition("/")[2]) == "ready"


async def test_a_phone_does_not_wait_for_a_busy_machine(
    lab: Lab, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handlers, "FINISH_S", 0.2)
    develop, go_on = Darkroom.develop, asyncio.Event()

    async def slow(room: Darkroom, source: Path) -> Developed:
        await go_on.wait()
        return await develop(room, source)

    monkeypatch.setattr(Darkroom, "develop", slow)
    address = (await created(phone, lab.report, len(PHOTO))).headers["location"]
    assert (await appended(phone, address, 0, PHOTO)).status_code == 204
    assert await offset_of(phone, address) == len(PHOTO)
    assert lab.state_of(address.rpartition("/")[2]) == "uploading"
    go_on.set()
    await asyncio.gather(*handlers._finishing.values())
    assert lab.state_of(address.rpartition("/")[2]) == "ready"
    assert lab.kinds() == ["MediaBegun", "MediaStored"]


async def test_more_than_announced_is_refused_and_what_stood_before_stands(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    address = (await created(phone, lab.report, 1000)).headers["location"]
    await appended(phone, address, 0, b"x" * 400)
    for body in (b"x" * 601, _pieces(b"x" * 601), _pieces(b"x" * 5_000_000)):
        assert _problem(await appended(phone, address, 400, body)) == (413, "upload_too_long")
        assert await offset_of(phone, address) == 400


@pytest.mark.parametrize(
    ("name", "data", "status", "code"),
    [
        ("a.jpg", "这是一段文字".encode() * 50, 422, "photo_unreadable"),
        ("a.jpg", jpeg()[:3000], 422, "photo_unreadable"),
        ("a.jpg", pictures.animated("GIF"), 422, "photo_unreadable"),
        ("a.png", pictures.png_bomb(), 422, "photo_too_many_pixels"),
        ("a.webp", pictures.animated("WEBP"), 422, "photo_animated"),
    ],
)
async def test_what_is_no_photo_is_refused_however_it_comes_and_the_next_photo_goes_through(
    name: str, data: bytes, status: int, code: str, lab: Lab, phone: httpx2.AsyncClient
) -> None:
    address = (await created(phone, lab.report, len(data), filename=name, client_id="one")).headers[
        "location"
    ]
    assert _problem(await appended(phone, address, 0, data)) == (status, code)
    assert (await phone.head(address, headers=TUS)).status_code == 404
    assert _problem(await appended(phone, address, 0, data)) == (status, code)
    assert _problem(await created(phone, lab.report, len(data), filename=name, client_id="one")) == (
        status,
        code,
    )
    assert _problem(await _form(phone, lab, data, name)) == (status, code)
    assert lab.lying() == []
    good = await _form(phone, lab, PHOTO)
    assert (good.status_code, good.json()["state"]) == (201, "ready")


async def test_limits_have_their_own_codes(lab: Lab, phone: httpx2.AsyncClient) -> None:
    assert _problem(await created(phone, lab.report, PHOTO_BYTES + 1)) == (413, "photo_too_large")
    assert _problem(await created(phone, lab.report, 0)) == (422, "photo_unreadable")
    for filetype in ("video/x-msvideo", "audio/midi", "text/html", "image/svg+xml"):
        answer = await created(phone, lab.report, 100, filetype=filetype)
        assert _problem(answer) == (415, "media_type_unsupported")
    for _ in range(8):
        assert (await created(phone, lab.report, 100)).status_code == 201
    assert _problem(await created(phone, lab.report, 100)) == (422, "photos_too_many")
    assert _problem(await _form(phone, lab, PHOTO)) == (422, "photos_too_many")
    english = await created(lab.phone(**{"accept-language": "en"}), lab.report, 100)
    assert english.json()["detail"] == "A report can have up to 8 photos."


async def test_a_full_disk_is_told_before_anything_is_begun(
    lab: Lab, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = (await created(phone, lab.report, len(PHOTO))).headers["location"]
    monkeypatch.setattr("dispatch.incoming.shutil.disk_usage", lambda _path: _Usage())
    assert _problem(await created(phone, lab.report, 1000)) == (507, "store_full")
    assert _problem(await appended(phone, address, 0, PHOTO)) == (507, "store_full")
    assert _problem(await _form(phone, lab, PHOTO)) == (507, "store_full")
    lab.file()
    monkeypatch.undo()
    assert (await appended(phone, address, 0, PHOTO)).status_code == 204


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Tus-Resumable": "0.2.2"}, 412, "tus_version_unsupported"),
        ({"Tus-Resumable": ""}, 412, "tus_version_unsupported"),
        ({"Upload-Length": ""}, 422, "field_invalid"),
        ({"Upload-Length": "-1"}, 422, "field_invalid"),
        ({"Upload-Length": "1e3"}, 422, "field_invalid"),
        ({"Upload-Length": "٣"}, 422, "field_invalid"),
        ({"Upload-Length": "9" * 400}, 422, "field_invalid"),
        ({"Upload-Metadata": "filename not+base64!"}, 422, "field_invalid"),
        ({"Upload-Metadata": "filename /////w=="}, 422, "field_invalid"),
        ({"Upload-Metadata": metadata(client_id="a b")}, 422, "field_invalid"),
        ({"Upload-Metadata": metadata(client_id="x" * 65)}, 422, "field_invalid"),
        ({"Authorization": "Bearer wrong"}, 401, "sign_in_required"),
        ({"Authorization": ""}, 401, "sign_in_required"),
    ],
)
async def test_a_creation_with_odd_headers_is_refused_and_writes_nothing(
    headers: dict[str, str], status: int, code: str, lab: Lab, phone: httpx2.AsyncClient
) -> None:
    sound = {**TUS, "Upload-Length": "100", "Upload-Metadata": metadata(filename="a.jpg")}
    raw = [(name.encode(), value.encode()) for name, value in {**sound, **headers}.items()]
    answer = await phone.post(f"/api/v1/reports/{lab.report}/media", headers=raw)
    assert _problem(answer) == (status, code)
    assert status != 412 or answer.headers["tus-version"] == "1.0.0"
    assert lab.kinds() == []


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Tus-Resumable": "2.0.0"}, 412, "tus_version_unsupported"),
        ({"Content-Type": "image/jpeg"}, 415, "content_type_unsupported"),
        ({"Upload-Offset": ""}, 422, "field_invalid"),
        ({"Upload-Offset": "-5"}, 422, "field_invalid"),
        ({"Upload-Offset": "7"}, 409, "upload_offset_conflict"),
        ({"Upload-Offset": "999999999999999"}, 413, "upload_too_long"),
        ({"Authorization": "Bearer wrong"}, 401, "sign_in_required"),
    ],
)
async def test_a_piece_with_odd_headers_is_refused_and_nothing_is_kept(
    headers: dict[str, str], status: int, code: str, lab: Lab, phone: httpx2.AsyncClient
) -> None:
    address = (await created(phone, lab.report, 1000)).headers["location"]
    answer = await phone.patch(address, headers={**PIECE, "Upload-Offset": "0", **headers}, content=b"x" * 10)
    assert _problem(answer) == (status, code)
    assert await offset_of(phone, address) == 0


async def test_nobody_reaches_another_persons_report_upload_or_photo(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    _, token = lab.add_reporter()
    stranger = lab.phone(token)
    address = (await created(phone, lab.report, len(PHOTO))).headers["location"]
    await appended(phone, address, 0, PHOTO[:10])
    elsewhere = address.replace(str(lab.report), str(lab.file()))

    assert _problem(await created(stranger, lab.report, 100)) == (404, "report_unknown")
    assert _problem(await _form(stranger, lab, PHOTO)) == (404, "report_unknown")
    for client, place in (
        (stranger, address),
        (phone, elsewhere),
        (phone, address + "0"),
        (phone, address[:-9]),
    ):
        assert (await client.head(place, headers=TUS)).status_code == 404
        assert _problem(await appended(client, place, 10, PHOTO[10:])) == (404, "upload_unknown")
        assert _problem(await client.delete(place, headers=TUS)) == (404, "upload_unknown")
    assert await offset_of(phone, address) == 10
    await appended(phone, address, 10, PHOTO[10:])

    id_ = address.rpartition("/")[2]
    colleague, neighbour = lab.screen("33010602"), lab.screen(f"{OTHER_DESK}01")
    for part in ("", "/view", "/thumb"):
        assert (await phone.get(f"/api/v1/media/{id_}{part}")).status_code == 200
        assert _problem(await stranger.get(f"/api/v1/media/{id_}{part}")) == (404, "media_unknown")
        assert _problem(await lab.phone("").get(f"/api/v1/media/{id_}{part}")) == (401, "sign_in_required")
    assert (await colleague.get(f"/console/media/{id_}")).status_code == 200
    assert _problem(await neighbour.get(f"/console/media/{id_}")) == (404, "media_unknown")
    for part in ("view", "thumb"):
        assert (await colleague.get(f"/console/media/{id_}/{part}")).status_code == 200
        assert _problem(await neighbour.get(f"/console/media/{id_}/{part}")) == (404, "media_unknown")
        assert _problem(await colleague.get(f"/console/media/{uuid4()}/{part}")) == (404, "media_unknown")
        assert _problem(await colleague.get(f"/console/media/none/{part}")) == (404, "media_unknown")
        assert _problem(await lab.screen("auditor").get(f"/console/media/{id_}/{part}"))[0] == 403
    for beyond in (
        f"/console/media/{id_}/original",
        "/console/media/..%2f..%2fview/view",
    ):
        assert (await colleague.get(beyond)).status_code == 404
    assert (await phone.get(f"/api/v1/media/{id_}/original")).status_code == 404


async def test_a_page_with_a_cookie_changes_something_only_from_our_own_origin(lab: Lab) -> None:
    foreign, own = lab.page(origin="https://evil.test"), lab.page(origin="http://desk110.test")
    assert _problem(await created(foreign, lab.report, 100)) == (403, "origin_refused")
    address = (await created(own, lab.report, 100)).headers["location"]
    for method in ("PATCH", "DELETE", "POST"):
        headers = {**PIECE, "Upload-Offset": "0", "X-HTTP-Method-Override": "DELETE"}
        answer = await foreign.request(method, address, headers=headers, content=b"x")
        assert _problem(answer) == (403, "origin_refused")
    assert (await own.delete(address, headers=TUS)).status_code == 204


async def test_a_photo_taken_back_is_gone_for_its_reporter_and_stays_with_the_desk(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    half = (await created(phone, lab.report, len(PHOTO))).headers["location"]
    await appended(phone, half, 0, PHOTO[:100])
    whole = (await created(phone, lab.report, len(PHOTO))).headers["location"]
    await appended(phone, whole, 0, PHOTO)
    for address in (half, whole):
        assert (await phone.delete(address, headers=TUS)).status_code == 204
        assert (await phone.head(address, headers=TUS)).status_code == 404
        assert _problem(await appended(phone, address, 100, PHOTO[100:])) == (404, "upload_unknown")
        assert _problem(await phone.get(f"/api/v1/media/{address.rpartition('/')[2]}")) == (
            404,
            "media_unknown",
        )
    assert lab.lying() == []
    screen = lab.screen("33010601")
    assert (await screen.get(f"/console/media/{whole.rpartition('/')[2]}/view")).status_code == 200
    assert (await screen.get(f"/console/media/{half.rpartition('/')[2]}/view")).status_code == 404


async def test_a_line_without_patch_uses_post(lab: Lab, phone: httpx2.AsyncClient) -> None:
    address = (await created(phone, lab.report, len(PHOTO))).headers["location"]
    headers = {**PIECE, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert (await phone.post(address, headers=headers, content=PHOTO)).status_code == 204
    assert lab.state_of(address.rpartition("/")[2]) == "ready"
    other = {**TUS, "X-HTTP-Method-Override": "GET"}
    assert _problem(await phone.post(address, headers=other)) == (405, "method_refused")


async def test_options_tells_what_can_be_done_without_a_session(lab: Lab) -> None:
    for path in (f"/api/v1/reports/{lab.report}/media", f"/api/v1/reports/{lab.report}/media/{uuid4()}"):
        answer = await lab.phone("").options(path)
        assert answer.status_code == 204
        assert answer.headers["tus-version"] == answer.headers["tus-resumable"] == "1.0.0"
        assert answer.headers["tus-extension"] == "creation,creation-with-upload,termination"
        assert answer.headers["tus-max-size"] == str(LARGEST_BYTES)


async def test_a_browser_keeps_a_photo_for_itself_and_a_covert_one_not_at_all(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    id_ = (await _form(phone, lab, PHOTO)).json()["id"]
    seen = await phone.get(f"/api/v1/media/{id_}/thumb")
    assert seen.headers["cache-control"] == "private, max-age=3600"
    tag = seen.headers["etag"]
    again = await phone.get(f"/api/v1/media/{id_}/thumb", headers={"if-none-match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    other = await phone.get(f"/api/v1/media/{id_}/view", headers={"if-none-match": tag})
    assert other.status_code == 200

    lab.report = lab.file(covert=True)
    id_ = (await _form(phone, lab, PHOTO)).json()["id"]
    assert (await phone.get(f"/api/v1/media/{id_}/view")).headers["cache-control"] == "no-store"


async def test_bytes_that_are_gone_are_no_photo_and_a_store_that_is_away_says_so(
    lab: Lab, phone: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await _form(phone, lab, PHOTO)
    view = f"/api/v1/media/{answer.json()['id']}/view"
    monkeypatch.setattr(lab.store, "_objects", MediaStore("memory:///")._objects)
    assert _problem(await phone.get(view)) == (404, "media_unknown")
    monkeypatch.setattr(lab.store, "_objects", _Away())
    assert _problem(await phone.get(view)) == (503, "store_unavailable")


# The form


async def test_one_form_brings_a_photo_and_the_same_again_brings_the_same(
    lab: Lab, phone: httpx2.AsyncClient
) -> None:
    first = await _form(phone, lab, PHOTO, "wx_camera.jpg", client_id="one")
    assert first.status_code == 201
    assert (first.json()["state"], first.json()["width"], first.json()["filename"]) == (
        "ready",
        640,
        "wx_camera.jpg",
    )
    again = await _form(phone, lab, PHOTO, "wx_camera.jpg", client_id="one")
    assert (again.status_code, again.json()) == (200, first.json())
    assert _problem(await _form(phone, lab, PHOTO + b"x", client_id="one")) == (409, "upload_conflict")
    assert lab.kinds() == ["MediaBegun", "MediaStored"]


async def test_a_form_goes_over_what_tus_had_begun(lab: Lab, phone: httpx2.AsyncClient) -> None:
    address = (await created(phone, lab.report, len(PHOTO), client_id="one")).headers["location"]
    await appended(phone, address, 0, b"not the same bytes")
    answer = await _form(phone, lab, PHOTO, client_id="one")
    assert (answer.status_code, answer.json()["state"]) == (201, "ready")
    assert await lab.store.get(lab.found(UUID(answer.json()["id"])).media.id, "original") == PHOTO


async def test_what_a_phone_hides_in_a_photo_reaches_nobody(lab: Lab, phone: httpx2.AsyncClient) -> None:
    data = encoded(scene(), exif=exif(6), comment=SECRET) + pictures.SCRIPT
    answer = await _form(phone, lab, data, "a.html\r\nX: y.jpg")
    seen = await lab.screen("33010601").get(f"/console/media/{answer.json()['id']}/view")
    assert SECRET not in seen.content
    assert b"script" not in seen.content
    assert _size(seen.content) == (480, 640)
    _assert_harmless(seen)
    assert "html" not in str(seen.headers)


@pytest.mark.parametrize("length", [PHOTO_BYTES + 1, 30 * 1024 * 1024])
async def test_a_form_with_too_large_a_photo_is_told_so(
    length: int, lab: Lab, phone: httpx2.AsyncClient
) -> None:
    assert _problem(await _form(phone, lab, b"\xff\xd8" + bytes(length - 2))) == (413, "photo_too_large")

    async def unannounced() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\n\r\n'
        for _ in range(length // 65536):
            yield bytes(65536)
        yield b"\0\0\r\n--b--\r\n"

    headers = {"content-type": "multipart/form-data; boundary=b"}
    url = f"/api/v1/reports/{lab.report}/media/form"
    assert _problem(await phone.post(url, headers=headers, content=unannounced()))[0] == 413
    assert lab.kinds() == []
    assert (await _form(phone, lab, PHOTO)).status_code == 201


_PART = (
    b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
)
_FIELD = b'--b\r\nContent-Disposition: form-data; name="client_id"\r\n\r\n'
_END = b"\r\n--b--\r\n"


@pytest.mark.parametrize(
    ("content_type", "body", "status", "code"),
    [
        ("application/json", b"{}", 415, "content_type_unsupported"),
        ("multipart/form-data", _PART + PHOTO + _END, 400, "body_unreadable"),
        ("multipart/form-data; boundary=", _PART + PHOTO + _END, 400, "body_unreadable"),
        ("multipart/form-data; boundary=" + "b" * 900, b"", 400, "body_unreadable"),
        ("multipart/form-data; boundary=b", b"no form at all", 400, "body_unreadable"),
        ("multipart/form-data; boundary=b", b"", 400, "body_unreadable"),
        ("multipart/form-data; boundary=b", _FIELD + b"x" + _END, 400, "body_unreadable"),
        ("multipart/form-data; boundary=b", (_PART + PHOTO + b"\r\n") * 2 + b"--b--", 400, "body_unreadable"),
        ("multipart/form-data; boundary=b", _FIELD + b"x" * 2000 + _END, 400, "body_unreadable"),
        ("multipart/form-data; boundary=b", (_FIELD + b"x\r\n") * 99 + _END, 400, "body_unreadable"),
        ("multipart/form-data; boundary=b", _PART + _END, 422, "photo_unreadable"),
        ("multipart/form-data; boundary=b", _FIELD + b"a b\r\n" + _PART + PHOTO + _END, 422, "field_invalid"),
        (
            "multipart/form-data; boundary=b",
            _FIELD + b"\xff\xfe\r\n" + _PART + PHOTO + _END,
            422,
            "field_invalid",
        ),
    ],
)
async def test_a_form_that_is_none_is_refused_and_writes_nothing(
    content_type: str, body: bytes, status: int, code: str, lab: Lab, phone: httpx2.AsyncClient
) -> None:
    url = f"/api/v1/reports/{lab.report}/media/form"
    answer = await phone.post(url, headers={"content-type": content_type}, content=body)
    assert _problem(answer) == (status, code)
    assert lab.kinds() == []


@pytest.mark.parametrize(
    "charset", ["hex", "idna", "undefined", "unicode_escape", "zip", "utf-16", "nonsense"]
)
async def test_a_form_is_utf_8_whatever_charset_it_names(
    charset: str, lab: Lab, phone: httpx2.AsyncClient
) -> None:
    url = f"/api/v1/reports/{lab.report}/media/form"
    headers = {"content-type": f"multipart/form-data; charset={charset}; boundary=b"}
    part = _PART.replace(b"a.jpg", "照片.jpg".encode())
    answer = await phone.post(url, headers=headers, content=part + PHOTO + _END)
    assert (answer.status_code, answer.json()["filename"]) == (201, "照片.jpg")


async def test_a_closed_report_takes_no_form_and_no_upload(lab: Lab, phone: httpx2.AsyncClient) -> None:
    lab.close_report()
    assert _problem(await _form(phone, lab, PHOTO)) == (409, "report_closed")
    assert _problem(await created(phone, lab.report, 100)) == (409, "report_closed")


class _Usage:
    free = 1000


class _Away:
    async def get_async(self, *_: object) -> None:
        raise GenericError("away")


async def _form(
    phone: httpx2.AsyncClient, lab: Lab, data: bytes, name: str = "a.jpg", **fields: str
) -> httpx2.Response:
    files = {"file": (name, data, "image/jpeg")}
    return await phone.post(f"/api/v1/reports/{lab.report}/media/form", data=fields, files=files)


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 65536):
        yield data[start : start + 65536]


def _came(data: bytes) -> dict[str, Any]:
    return {"type": "http.request", "body": data, "more_body": True}


def _problem(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["detail"]
    assert problem["status"] == answer.status_code
    return answer.status_code, problem["code"]


def _size(data: bytes) -> tuple[int, int]:
    return opened(data).size


def _assert_harmless(seen: httpx2.Response) -> None:
    assert seen.headers["content-type"] == "image/webp"
    assert seen.headers["x-content-type-options"] == "nosniff"
    assert seen.headers["content-disposition"] == "inline"
    assert seen.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert seen.headers["cache-control"] == "private, max-age=3600"
    assert int(seen.headers["content-length"]) == len(seen.content)
