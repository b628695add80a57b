"""The evidence bundle (证据包): reports as one signed archive, that anyone verifies with common tools alone.

    manifest.json         what is in it, each file with its SHA-256; by whom, when and why it was made
    manifest.jws          the signature over it (`dispatch/signatures.py`)
    jwks.json             the public keys, as at `/.well-known/jwks.json`
    VERIFY.md             how to verify it
    reports/<number>/     report.json, conversation.json, events.json, eido.json, cap.xml, media/
    incident/             of an incident: incident.json, and eido.json and cap.xml of all its reports together

The manifest has a list of the reports: one, all of an incident that whoever asked may have, or all that one person was
found to have harassed with.
"""

import asyncio
import hashlib
import re
import zipfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit
from uuid import UUID

import orjson

from dispatch.cap import cap, cap_of_case, media_name
from dispatch.clock import iso
from dispatch.eido import eido, eido_of_case
from dispatch.errors import Refused
from dispatch.evidence import Case, Evidence
from dispatch.receipts import Jwks
from dispatch.settings import Settings
from dispatch.signatures import Seal

EDITION: Final = 1
INSTRUCTIONS: Final = Path(__file__).with_name("VERIFY.md")
NOWHERE: Final = "desk110.invalid"  # RFC 2606: of an installation that has no name in the DNS
PERSONAL: Final = "unmasked 未脱敏"

ENDINGS: Final = {"bundle": ".zip", "eido": ".eido.json", "cap": ".cap.xml", "person": "-person.zip"}
TYPES: Final = {
    "bundle": "application/zip",
    "eido": "application/json",
    "cap": "application/cap+xml",
    "person": "application/zip",
}

Fetch = Callable[[UUID], Awaitable[bytes | None]]
# What is handed out: reports, the oldest first, or an incident with its reports.
Handed = Sequence[Evidence] | Case


@dataclass(frozen=True, slots=True)
class Made:
    """How an export came about."""

    export: UUID
    at: datetime
    actor: str
    reason: str


def element_of(settings: Settings) -> str:
    """What this installation is called among others: the host that citizens know."""
    host = urlsplit(settings.citizen_origin.partition(",")[0]).hostname or ""
    return host if re.search(r"\.[a-z]+$", host) else NOWHERE


async def write(
    into: BinaryIO,
    what: Handed,
    made: Made,
    fetch: Fetch,
    seal: Seal,
    keys: Jwks,
    settings: Settings,
) -> str:
    """Write the archive; gives the SHA-256 of its manifest. A medium at a time is held in memory.

    Raises Refused `original_damaged` when stored bytes are not those that came, and `StoreAway`.
    """
    archive = _Archive(into, made.at)
    evidences = reports_of(what)
    try:
        for evidence in evidences:
            await _write_report(archive, evidence, fetch, settings)
        if isinstance(what, Case):
            _write_incident(archive, what, settings)
        archive.add("VERIFY.md", INSTRUCTIONS.read_bytes())
        archive.add("jwks.json", orjson.dumps(keys, option=orjson.OPT_INDENT_2))
        manifest = orjson.dumps(_manifest(archive, what, made), option=orjson.OPT_INDENT_2)
        archive.add("manifest.json", manifest)
        archive.add("manifest.jws", seal.sign(manifest).encode() + b"\n")
    finally:
        archive.close()  # what was cut short is closed too, before the file under it is
    return hashlib.sha256(manifest).hexdigest()


def make(
    into: BinaryIO,
    form: str,
    what: Handed,
    made: Made,
    fetch: Fetch,
    seal: Seal,
    keys: Jwks,
    settings: Settings,
) -> None:
    """Write one report, or an incident, in a form of `dispatch.exports.FORMS`, or several reports as `person`. Blocks
    for as long as it takes: never on the event loop.

    Raises as `write`.
    """
    element = element_of(settings)
    if form == "eido":
        into.write(eido_of_case(what, element) if isinstance(what, Case) else eido(what[0], element))
    elif form == "cap":
        into.write(_cap(what, settings))
    else:
        asyncio.run(write(into, what, made, fetch, seal, keys, settings))


def reports_of(what: Handed) -> Sequence[Evidence]:
    """The reports that are handed out."""
    return what.reports if isinstance(what, Case) else what


def _cap(what: Handed, settings: Settings) -> bytes:
    element = element_of(settings)
    exercise = settings.demo or any(one.report["exercise"] for one in reports_of(what))
    if isinstance(what, Case):
        return cap_of_case(what, element, exercise=exercise)
    return cap(what[0], element, exercise=exercise)


def name_of(form: str, number: str) -> str:
    """What the file is called."""
    return f"{number}{ENDINGS[form]}"


async def _write_report(archive: "_Archive", evidence: Evidence, fetch: Fetch, settings: Settings) -> None:
    folder = f"reports/{evidence.number}"
    element = element_of(settings)
    archive.add_json(f"{folder}/report.json", _report(evidence))
    archive.add_json(f"{folder}/conversation.json", _conversation(evidence))
    archive.add_json(
        f"{folder}/events.json", {"epoch": evidence.epoch, "heads": evidence.heads, "events": evidence.events}
    )
    archive.add(f"{folder}/eido.json", eido(evidence, element))
    archive.add(
        f"{folder}/cap.xml", cap(evidence, element, exercise=settings.demo or evidence.report["exercise"])
    )
    for item in evidence.media:
        if item["state"] != "ready":
            continue
        data = await fetch(UUID(item["id"]))
        if data is None or hashlib.sha256(data).hexdigest() != item["sha256"]:
            raise Refused("original_damaged")
        archive.add(media_name(evidence.number, item), data)


def _write_incident(archive: "_Archive", case: Case, settings: Settings) -> None:
    document = {
        "personal_data": PERSONAL,
        "incident": case.incident,
        "reports": [one.number for one in case.reports],
        "reports_elsewhere": case.elsewhere,
    }
    archive.add_json("incident/incident.json", document)
    archive.add("incident/eido.json", eido_of_case(case, element_of(settings)))
    archive.add("incident/cap.xml", _cap(case, settings))


def _report(evidence: Evidence) -> dict[str, Any]:
    hung = {name: rows for name, rows in evidence.hung.items() if name not in {"message", "request"}}
    return {
        "personal_data": PERSONAL,
        "report": evidence.report,
        "desk": evidence.desk,
        "reporter": evidence.reporter,
        "acknowledgement": evidence.acknowledgement,
        **hung,
        "media": [
            {**item, "file": media_name(evidence.number, item)} if item["state"] == "ready" else item
            for item in evidence.media
        ],
    }


def _conversation(evidence: Evidence) -> list[dict[str, Any]]:
    """What was said and asked, in the order of its time."""
    said = [{"what": what, **row} for what in ("message", "request") for row in evidence.hung[what]]
    return sorted(said, key=lambda one: str(one["at"]))


def _manifest(archive: "_Archive", what: Handed, made: Made) -> dict[str, Any]:
    of: dict[str, Any] = {}
    if isinstance(what, Case):
        of["incident"] = {
            "number": what.number,
            "id": str(what.id),
            "reports_elsewhere": what.elsewhere,
        }
    return {
        "desk110": EDITION,
        "export": str(made.export),
        "made_at": iso(made.at),
        "by": made.actor,
        "reason": made.reason,
        "personal_data": PERSONAL,
        **of,
        "reports": [{"number": one.number, "id": str(one.id)} for one in reports_of(what)],
        "files": archive.files,
    }


class _Archive:
    """A ZIP without compression: media have none to give, and whoever looks finds the bytes as they are."""

    def __init__(self, into: BinaryIO, at: datetime) -> None:
        self._zip = zipfile.ZipFile(into, "w", zipfile.ZIP_STORED)
        self._at = at.timetuple()[:6]
        self.files: list[dict[str, Any]] = []

    def add(self, name: str, data: bytes) -> None:
        """A file."""
        entry = zipfile.ZipInfo(name, self._at)
        entry.external_attr = 0o600 << 16
        self._zip.writestr(entry, data)
        self.files.append({"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()})

    def add_json(self, name: str, document: Any) -> None:
        """A document, for people to read."""
        self.add(name, orjson.dumps(document, option=orjson.OPT_INDENT_2))

    def close(self) -> None:
        """The list at the end of the archive."""
        self._zip.close()
