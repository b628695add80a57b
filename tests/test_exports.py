"""A report is handed out as a signed bundle that anyone verifies, as EIDO and as CAP; the log tells it first."""

import asyncio
import hashlib
import io
import json
import os
import re
import subprocess
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from playwright.async_api import async_playwright, expect
from sqlalchemy import update

from dispatch import bundle, evidence, exports, messages
from dispatch.cap import cap
from dispatch.cipher import FieldCipher
from dispatch.clock import now
from dispatch.database import Database
from dispatch.eido import INCIDENT_TYPES, STATUSES, eido
from dispatch.errors import Refused
from dispatch.keys import KeyPaths, load_receipt_key, load_receipt_public, set_up
from dispatch.models import TABLES
from dispatch.settings import Settings
from dispatch.signatures import BUNDLE, Seal
from dispatch.verifying import walk
from tests.command_line import Installation
from tests.domain import DESK, acknowledge, add_reporter, done, file, filing, writing
from tests.exchange import faults_of_cap, faults_of_eido
from tests.people import Dispatcher, People, Reporter, eventually
from tests.pictures import jpeg
from tests.servers import chromium, make_home
from tests.stack import PASSWORD, Stack
from tests.test_rights import door
from tests.truth import assert_whole, log_of, rows
from tests.witness import assert_problem, nothing_written

PHONE, NAME, ID_NUMBER = "+8613912345678", "张三", "330106198706054327"
REASON = "移送检察院，附卷"
PHOTO = b"\xff\xd8\xff the photo as it came"


# --- the documents


@pytest.fixture
def keys(tmp_path: Path) -> KeyPaths:
    paths = KeyPaths.under(make_home(tmp_path / "home"))
    set_up(paths, old_data=False)
    return paths


def whole(database: Database, cipher: FieldCipher) -> UUID:
    """A report with a reporter of flesh and blood, a conversation and a photo. Gives the report."""
    with writing(database) as writer:
        reporter = done(writer, add_reporter)
        wanted = filing(reporter, text="有人砸门 <&> 😀")
        done(writer, file(wanted), DESK)
        done(writer, acknowledge(wanted.id, f"{DESK}01"), DESK)
        done(writer, lambda s: messages.send_from_reporter(s, wanted.id, reporter, "a", "快来"), DESK)
        done(
            writer,
            lambda s: messages.send_from_dispatcher(s, wanted.id, DESK, f"{DESK}01", "b", "在路上"),
            DESK,
        )
    sealed = {
        name: cipher.seal("reporter", name, reporter, value)
        for name, value in (("phone", PHONE), ("name", NAME), ("id_number", ID_NUMBER))
    }
    photo = {
        "id": UUID(int=7),
        "report": wanted.id,
        "client_id": "a",
        "kind": "photo",
        "filename": "../../etc/passwd",
        "content_type": "image/jpeg",
        "length": len(PHOTO),
        "state": "ready",
        "sha256": hashlib.sha256(PHOTO).digest(),
        "begun_at": now(),
        "stored_at": now(),
    }
    report = TABLES["report"]
    with database.writing.begin() as connection:
        connection.execute(
            update(TABLES["reporter"]).where(TABLES["reporter"].c.id == reporter).values(sealed)
        )
        connection.execute(TABLES["media"].insert(), photo)
        place = {"lat": 30.25, "lon": 120.12, "accuracy_m": 15.0, "position_at": now(), "crs": "wgs84"}
        connection.execute(update(report).where(report.c.id == wanted.id).values(place))
    return wanted.id


def gathered(database: Database, keys: KeyPaths, report: UUID) -> evidence.Evidence:
    with database.read() as session:
        return evidence.gather(session, FieldCipher.load(keys), report)


def written(found: evidence.Evidence, keys: KeyPaths, photo: bytes = PHOTO) -> bytes:
    """The bundle."""

    async def fetch(_media: UUID) -> bytes:
        return photo

    into = io.BytesIO()
    made = bundle.Made(UUID(int=1), datetime(2026, 11, 29, 1, 2, 3, tzinfo=UTC), "operator:test", REASON)
    settings = Settings.model_validate({"DESK110_DEMO": "1"})
    seal, public = Seal(load_receipt_key(keys), BUNDLE), load_receipt_public(keys)
    asyncio.run(bundle.write(into, [found], made, fetch, seal, public, settings))
    return into.getvalue()


def test_a_bundle_holds_all_of_a_report_unmasked_and_says_so(database: Database, keys: KeyPaths) -> None:
    report = whole(database, FieldCipher.load(keys))
    found = gathered(database, keys, report)
    archive = zipfile.ZipFile(io.BytesIO(written(found, keys)))
    folder = f"reports/{found.number}"
    names = {name.removeprefix(f"{folder}/") for name in archive.namelist()}
    assert names == {
        "report.json",
        "conversation.json",
        "events.json",
        "eido.json",
        "cap.xml",
        f"media/photo-{UUID(int=7)}.original",
        "VERIFY.md",
        "jwks.json",
        "manifest.json",
        "manifest.jws",
    }
    document = json.loads(archive.read(f"{folder}/report.json"))
    assert "unmasked" in document["personal_data"]
    reporter = document["reporter"]
    assert (reporter["phone"], reporter["name"], reporter["id_number"]) == (PHONE, NAME, ID_NUMBER)
    assert document["report"]["text"] == "有人砸门 <&> 😀"
    said = json.loads(archive.read(f"{folder}/conversation.json"))
    assert [one["text"] for one in said] == ["快来", "在路上"]
    assert archive.read(f"{folder}/media/photo-{UUID(int=7)}.original") == PHOTO
    events = json.loads(archive.read(f"{folder}/events.json"))
    assert [event["kind"] for event in events["events"]][:2] == ["ReportFiled", "ReportReceived"]
    last = events["events"][-1]
    assert events["heads"][DESK] == [last["seq"], last["hash"]]
    manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["by"], manifest["reason"]) == ("operator:test", REASON)
    assert manifest["reports"] == [{"number": found.number, "id": str(report)}]
    # Nothing of another place may be written to by whoever unpacks it.
    assert not [name for name in archive.namelist() if ".." in name or name.startswith("/")]
    secrets = {"idempotency_key", "phone_index", "duress_word", "id_number_index"}
    assert not secrets & {*document["report"], *reporter}


@pytest.mark.parametrize(
    "change", ["nothing", "report.json", "events.json", "photo", "manifest.json", "manifest.jws"]
)
def test_anyone_verifies_a_bundle_by_its_own_instructions_with_python_and_openssl_alone(
    database: Database, keys: KeyPaths, tmp_path: Path, change: str
) -> None:
    found = gathered(database, keys, whole(database, FieldCipher.load(keys)))
    folder = tmp_path / "unpacked"
    zipfile.ZipFile(io.BytesIO(written(found, keys))).extractall(folder)
    if change == "manifest.jws":
        path = folder / change
        header, _, signature = path.read_text().strip().split(".")
        path.write_text(f"{header}..{'A' * 10}{signature[10:]}")
    elif change != "nothing":
        (path,) = [path for path in folder.rglob("*") if change in path.name]
        path.write_bytes(path.read_bytes().replace(b"2", b"3", 1).replace(b"photo", b"Photo", 1))
    (script,) = re.findall(r"```sh\n(.*?)```", (folder / "VERIFY.md").read_text("utf-8"), re.DOTALL)
    ran = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    lines = ran.stdout.splitlines()
    signed = "Signature Verified Successfully" in ran.stdout
    bad = [line for line in lines if line.startswith("BAD")]
    if change == "nothing":
        assert (ran.returncode, signed, bad) == (0, True, []), ran
        assert len([line for line in lines if line.startswith("OK ")]) >= 8 + 4
    elif change.startswith("manifest"):
        assert not signed
        assert ran.returncode != 0
    else:
        assert signed
        assert bad


def test_nothing_that_hangs_on_a_report_is_forgotten() -> None:
    """Whoever adds a table says whether a bundle holds it."""
    elsewhere = {"event", "acknowledgement", "media", "location_code", "wechat_notice"}
    hanging = {name for name, table in TABLES.items() if "report" in table.c}
    assert hanging == {*evidence.HUNG, *elsewhere}


def test_a_photo_that_is_not_what_came_is_not_handed_out(database: Database, keys: KeyPaths) -> None:
    found = gathered(database, keys, whole(database, FieldCipher.load(keys)))
    with pytest.raises(Refused, match="original_damaged"):
        written(found, keys, b"another")


@pytest.mark.parametrize("status", STATUSES)
def test_an_eido_and_a_cap_alert_are_what_others_expect(
    database: Database, keys: KeyPaths, status: str
) -> None:
    report = whole(database, FieldCipher.load(keys))
    kinds: list[dict[str, Any]] = [{"category": None}, *({"category": name} for name in INCIDENT_TYPES)]
    kinds += [{"lat": None, "place_text": None}, {"text": "", "outcome": "referred", "closed_at": now()}]
    for values in kinds:
        with database.writing.begin() as connection:
            connection.execute(update(TABLES["report"]).values(status=status, **values))
        found = gathered(database, keys, report)
        document = json.loads(eido(found, "110.example.cn"))
        assert faults_of_eido(document) == [], values
        assert document["personComponent"][0]["ncPersonComponent"]["name"][0]["personFullName"] == [
            {"value": NAME}
        ]
        alert = cap(found, "110.example.cn", exercise=False)
        assert faults_of_cap(alert) == [], values
        for secret in (PHONE[3:], NAME, ID_NUMBER):
            assert secret not in alert.decode()


def test_what_others_expect_finds_what_is_wrong(database: Database, keys: KeyPaths) -> None:
    found = gathered(database, keys, whole(database, FieldCipher.load(keys)))
    document = json.loads(eido(found, "110.example.cn"))
    for name in ("agencyComponent", "eidoVersion", "$id"):
        assert faults_of_eido({key: value for key, value in document.items() if key != name})
    assert faults_of_eido({**document, "callBack": []})
    assert faults_of_eido({**document, "callbackComponent": []})
    alert = cap(found, "110.example.cn", exercise=True).decode()
    assert "<status>Exercise</status>" in alert
    for old, new in (
        ("<scope>Restricted</scope>", ""),
        ("Restricted", "Everybody"),
        ("+08:00</sent>", "Z</sent>"),
        ("<event>", "<headline>x</headline><event>"),
        ("<severity>Unknown</severity>", "<severity>Bad</severity>"),
    ):
        assert faults_of_cap(alert.replace(old, new, 1).encode()), (old, new)


def test_the_act_stands_in_the_log_with_a_reference_to_its_reason(database: Database, keys: KeyPaths) -> None:
    report = whole(database, FieldCipher.load(keys))
    with writing(database) as writer:
        done(writer, lambda s: exports.begin(s, report, "operator:test", "eido", f" {REASON}\n"), DESK)
        with pytest.raises(Refused, match="reason_required"):
            done(writer, lambda s: exports.begin(s, report, "operator:test", "eido", " \0"), DESK)
        with pytest.raises(Refused, match="field_invalid"):
            done(writer, lambda s: exports.begin(s, report, "operator:test", "pdf", "x"), DESK)
        with pytest.raises(Refused, match="report_unknown"):
            done(writer, lambda s: exports.begin(s, report, "x", "eido", "x", desk="330102"), DESK)
    (event,) = [event for event in log_of(database, DESK) if event.kind == "ReportExported"]
    with database.read() as session:
        (row,) = rows(session, "export")
    assert (row.reason, row.form, row.actor) == (REASON, "eido", "operator:test")
    assert event.data == {"export": str(row.id), "form": "eido"}
    assert event.reporter is None
    assert_whole(database, DESK)


# --- at the console and at the command line


@pytest.fixture
async def reporter(stack: Stack) -> AsyncIterator[Reporter]:
    someone = await Reporter.signed_in(stack.citizens[0], verified=True)
    yield someone
    await someone.leave()


async def export(someone: Dispatcher, report: str, **form: str) -> httpx2.Response:
    return await someone.http.post(
        f"/console/reports/{report}/export", data=form, headers={"x-csrf-token": someone.csrf}
    )


async def inside(stack: Stack, number: str) -> Dispatcher:
    """Somebody signed in, whatever page is theirs."""
    someone = await door(stack.consoles[0], number)
    page = await someone.http.get("/console", follow_redirects=True)
    someone.csrf = re.findall(
        r'name="csrf-token" content="([^"]+)"|name="csrf_token" value="([^"]+)"', page.text
    )[0][0]
    if not someone.csrf:
        (someone.csrf,) = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[:1]
    return someone


@pytest.mark.anyio
async def test_the_shift_leader_and_the_auditor_export_with_a_reason_and_nobody_else(
    stack: Stack, people: People, reporter: Reporter
) -> None:
    filed = await reporter.filed("打碎了窗户")
    files = {"file": ("a.jpg", jpeg(), "image/jpeg")}
    sent = await reporter.http.post(f"/api/v1/reports/{filed['id']}/media/form", files=files)
    assert sent.status_code == 201, sent.text
    everybody = {
        number: await inside(stack, number)
        for number in ("33010690", "auditor", "33010601", "33010801", "33010890", "admin")
    }
    with nothing_written(stack):
        for number, code in (
            ("33010601", "role_refused"),
            ("33010801", "report_unknown"),
            ("33010890", "report_unknown"),
            ("admin", "role_refused"),
        ):
            assert_problem(await export(everybody[number], filed["id"], reason=REASON), code)
        assert_problem(await export(everybody["33010690"], filed["id"]), "reason_required")
        assert_problem(
            await export(everybody["auditor"], filed["id"], reason="x", form="pdf"), "field_invalid"
        )
    for number in ("33010690", "auditor"):
        answer = await export(everybody[number], filed["id"], reason=REASON)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-disposition"] == f'attachment; filename="{filed["number"]}.zip"'
        assert answer.headers["cache-control"] == "no-store"
        archive = zipfile.ZipFile(io.BytesIO(answer.content))
        assert archive.testzip() is None
        document = json.loads(archive.read(f"reports/{filed['number']}/report.json"))
        assert document["reporter"]["phone"] == f"+86{reporter.phone}"
        assert [one["kind"] for one in document["media"]] == ["photo"]
        told = json.loads(archive.read(f"reports/{filed['number']}/events.json"))["events"]
        assert told[-1]["kind"] == "ReportExported"
        assert told[-1]["actor"] == f"dispatcher:{number}"
        keys = (await reporter.http.get("/.well-known/jwks.json")).json()
        assert json.loads(archive.read("jwks.json")) == keys
    for form, check in (
        ("eido", lambda body: faults_of_eido(json.loads(body))),
        ("cap", faults_of_cap),
    ):
        answer = await export(everybody["auditor"], filed["id"], reason=REASON, form=form)
        assert check(answer.content) == []
    logs = "".join(app.log.read_text("utf-8") for app in stack.apps)
    assert REASON not in logs
    assert REASON not in str([event.data for event in log_of(stack.database, DESK)])
    assert reporter.phone not in logs
    history = await everybody["auditor"].http.get(f"/console/audit/reports/{filed['id']}")
    assert REASON in history.text
    for someone in everybody.values():
        await someone.leave()


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()]


@pytest.mark.anyio
async def test_the_command_line_exports_the_same_and_writes_over_nothing(
    stack: Stack, reporter: Reporter, tmp_path: Path
) -> None:
    filed = await reporter.filed("命令行导出")
    home = Installation(stack.home, stack.environment)
    out = tmp_path / "evidence.zip"
    arguments = ["export", "report", filed["number"], "--reason", REASON, "--out", str(out)]
    said = home.run(*arguments)
    assert said.status == 0, said
    assert "unmasked" in said.output
    assert out.stat().st_mode & 0o077 == 0
    manifest = json.loads(zipfile.ZipFile(out).read("manifest.json"))
    assert manifest["reason"] == REASON
    events = [event for event in log_of(stack.database, DESK) if event.kind == "ReportExported"]
    assert re.fullmatch(r"operator:\w+", events[-1].actor)
    assert events[-1].data["export"] == manifest["export"]
    with nothing_written(stack):
        assert home.run(*arguments).status == 2
        assert home.run("export", "report", "x", "--reason", "x", "--out", str(tmp_path / "y")).status == 1
        without = home.run("export", "report", filed["number"], "--reason", " ", "--out", str(tmp_path / "y"))
        assert without.status == 1
    assert {path.name for path in files_in(tmp_path)} == {"evidence.zip"}


@pytest.mark.anyio
@pytest.mark.browser
async def test_the_shift_leader_exports_by_the_button_and_a_dispatcher_has_none(
    stack: Stack, reporter: Reporter
) -> None:
    filed = await reporter.filed("按钮导出")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for number in ("33010690", "33010601"):
            page = await browser.new_page(
                base_url=stack.consoles[0].url, locale="zh-CN", viewport={"width": 1366, "height": 768}
            )
            await page.goto("/console/sign-in")
            await page.fill("#number", number)
            await page.fill("#password", PASSWORD)
            await page.keyboard.press("Enter")
            await expect(page.locator("#live")).to_have_attribute("data-state", "live")
            await page.locator(f"#report-{filed['id']}").click()
            await expect(page.locator(f"#in-hand[data-report='{filed['id']}']")).to_be_visible()
            if number.endswith("01"):
                await expect(page.locator("#export-open")).to_be_hidden()
                continue
            await page.locator("#export-open").click()
            await page.fill("#export-reason", REASON)
            async with page.expect_download() as download:
                await page.locator("#export-ask button").click()
            saved = await (await download.value).path()
            assert json.loads(zipfile.ZipFile(saved).read("manifest.json"))["reason"] == REASON
            await expect(page.locator("#export-done")).to_have_text("已存成文件。")
        await browser.close()
    await eventually(
        lambda: [e for e in log_of(stack.database, DESK) if e.kind == "ReportExported"],
        10,
        "it is in the log",
    )


# --- an incident


async def linked(stack: Stack, people: People, *texts: str) -> list[dict[str, Any]]:
    """Reports of one event at 西湖区, the first and the second by the same reporter."""
    one, other = [people.also(await Reporter.signed_in(stack.citizens[0], verified=True)) for _ in range(2)]
    filed = [await (other if index > 1 else one).filed(text) for index, text in enumerate(texts)]
    dispatcher = people.also(await Dispatcher.signed_in(stack.consoles[0]))
    for report in filed[1:]:
        answer = await dispatcher.http.post(
            f"/console/reports/{filed[0]['id']}/incident",
            data={"with": report["id"]},
            headers={"x-csrf-token": dispatcher.csrf},
        )
        assert answer.status_code == 200, answer.text
    return filed


def verified(archive: bytes, folder: Path) -> list[str]:
    """What the archive's own instructions say of it, all of them well."""
    zipfile.ZipFile(io.BytesIO(archive)).extractall(folder)
    (script,) = re.findall(r"```sh\n(.*?)```", (folder / "VERIFY.md").read_text("utf-8"), re.DOTALL)
    ran = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert (ran.returncode, "Signature Verified Successfully" in ran.stdout) == (0, True), ran
    lines = ran.stdout.splitlines()
    assert not [line for line in lines if line.startswith("BAD")]
    return lines


@pytest.mark.anyio
async def test_an_incident_is_one_archive_that_verifies_with_one_eido_and_one_alert(
    stack: Stack, people: People, tmp_path: Path
) -> None:
    filed = await linked(stack, people, "两车相撞，有人流血", "撞车了", "看见相撞")
    leader = people.also(await inside(stack, "33010690"))
    answer = await export(leader, filed[1]["id"], reason=REASON, of="incident")
    assert answer.status_code == 200, answer.text
    number = f"E{filed[0]['number']}"
    assert answer.headers["content-disposition"] == f'attachment; filename="{number}.zip"'
    lines = verified(answer.content, tmp_path)
    assert len([line for line in lines if "ReportExported" in line]) == 3
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert [one["number"] for one in manifest["reports"]] == [one["number"] for one in filed]
    assert (manifest["incident"]["number"], manifest["incident"]["reports_elsewhere"]) == (number, 0)
    document = json.loads((tmp_path / "incident" / "eido.json").read_text("utf-8"))
    assert faults_of_eido(document) == []
    assert (len(document["callComponent"]), len(document["personComponent"])) == (3, 2)
    assert document["incidentComponent"]["internalIncidentId"] == number
    assert len(document["incidentComponent"]["personReference"]) == 2
    alert = (tmp_path / "incident" / "cap.xml").read_bytes()
    assert faults_of_cap(alert) == []
    assert alert.decode().count("<area>") == 3
    for report in filed:
        assert report["number"] in alert.decode()
    for form, check in (
        ("eido", lambda body: faults_of_eido(json.loads(body))),
        ("cap", faults_of_cap),
    ):
        one = await export(leader, filed[0]["id"], reason=REASON, form=form, of="incident")
        assert check(one.content) == []
    with stack.database.read() as session:
        told = [row for row in rows(session, "export") if row.incident is not None]
    assert sorted({str(row.report) for row in told}) == sorted(one["id"] for one in filed)
    assert {row.reason for row in told} == {REASON}
    assert walk(stack.database, DESK).wrong is None


@pytest.mark.anyio
async def test_a_desk_hands_out_its_own_reports_of_an_incident_and_an_auditor_all_of_them(
    stack: Stack, people: People
) -> None:
    filed = await linked(stack, people, "一起事件", "一起事件的第二条")
    moved = TABLES["report"]
    with stack.database.writing.begin() as connection:
        chosen = moved.c.id == UUID(filed[1]["id"])
        connection.execute(update(moved).where(chosen).values(desk="330108"))
    for number, report, counts in (
        ("33010690", filed[0]["id"], (1, 1)),
        ("auditor", filed[0]["id"], (2, 0)),
        ("33010890", filed[1]["id"], (1, 1)),
    ):
        someone = people.also(await inside(stack, number))
        answer = await export(someone, report, reason=REASON, of="incident")
        assert answer.status_code == 200, answer.text
        archive = zipfile.ZipFile(io.BytesIO(answer.content))
        manifest = json.loads(archive.read("manifest.json"))
        assert (len(manifest["reports"]), manifest["incident"]["reports_elsewhere"]) == counts
        documents = "".join(
            archive.read(name).decode() for name in archive.namelist() if name.endswith((".json", ".xml"))
        )
        assert ("一起事件的第二条" in documents) is (number != "33010690")
    dispatcher, leader = (
        people.also(await inside(stack, "33010601")),
        people.also(await inside(stack, "33010690")),
    )
    someone_else = people.also(await Reporter.signed_in(stack.citizens[0], verified=True))
    alone = await someone_else.filed("单独一条")
    with nothing_written(stack):
        assert_problem(await export(dispatcher, filed[0]["id"], reason=REASON, of="incident"), "role_refused")
        assert_problem(await export(leader, filed[1]["id"], reason=REASON, of="incident"), "report_unknown")
        assert_problem(await export(leader, alone["id"], reason=REASON, of="incident"), "incident_unknown")
        assert_problem(await export(leader, filed[0]["id"], reason=REASON, of="desk"), "field_invalid")
        assert_problem(await export(leader, filed[0]["id"], of="incident"), "reason_required")


@pytest.mark.anyio
async def test_the_operator_exports_an_incident(stack: Stack, people: People, tmp_path: Path) -> None:
    filed = await linked(stack, people, "操作员导出", "同一件事")
    there = Installation(stack.home, {**os.environ, **stack.environment})
    out = tmp_path / "incident.zip"
    said = there.run("export", "incident", f"E{filed[0]['number']}", "--reason", REASON, "--out", str(out))
    assert said.status == 0, said
    assert len([line for line in verified(out.read_bytes(), tmp_path / "x") if "event" in line]) >= 4
    none = there.run("export", "incident", "E330106-1", "--reason", REASON, "--out", str(tmp_path / "y"))
    assert (none.status, (tmp_path / "y").exists()) == (1, False)
