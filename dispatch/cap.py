"""A report as a CAP 1.2 alert (OASIS Common Alerting Protocol), for other authorities.

It names nobody: what is personal stays in the bundle and in the EIDO. Dates are local, as CAP wants them, with the
zone's offset and without fractions of a second.
"""

import xml.etree.ElementTree as ET
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from dispatch.evidence import Case, Evidence
from dispatch.words import Words

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
LOCAL: Final = ZoneInfo("Asia/Shanghai")
LANGUAGE: Final = "zh-CN"
METRES_A_KM: Final = 1000

CATEGORIES: Final = {
    "crime": "Security",
    "public_order": "Security",
    "traffic": "Transport",
    "dispute": "Security",
    "help": "Rescue",
    "tip_off": "Security",
    "fraud": "Security",
    "fire": "Fire",
}


def cap(evidence: Evidence, element: str, *, exercise: bool) -> bytes:
    """The alert. `element` names this installation; `exercise`: no word of it is true."""
    report = evidence.report
    alert = ET.Element("alert", xmlns=NAMESPACE)
    _add(alert, "identifier", f"{evidence.number}-{report['version']}")
    _add(alert, "sender", f"{report['desk']}.{element}")
    _add(alert, "sent", _moment(report["filed_at"]))
    _add(alert, "status", "Exercise" if exercise else "Actual")
    _add(alert, "msgType", "Alert")
    _add(alert, "source", evidence.desk["name"])
    _add(alert, "scope", "Restricted")
    _add(alert, "restriction", Words.of(LANGUAGE)("console.export.restriction"))
    _add(alert, "incidents", evidence.number)
    _info(alert, evidence)
    ET.indent(alert)
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(alert, encoding="unicode").encode() + b"\n"
    )


def cap_of_case(case: Case, element: str, *, exercise: bool) -> bytes:
    """One alert of an incident: what its first report is of, with the words, media and places of all."""
    first = case.reports[0]
    alert = ET.Element("alert", xmlns=NAMESPACE)
    _add(alert, "identifier", f"{case.number}-{sum(one.report['version'] for one in case.reports)}")
    _add(alert, "sender", f"{case.incident['desk']}.{element}")
    _add(alert, "sent", _moment(first.report["filed_at"]))
    _add(alert, "status", "Exercise" if exercise else "Actual")
    _add(alert, "msgType", "Alert")
    _add(alert, "source", first.desk["name"])
    _add(alert, "scope", "Restricted")
    _add(alert, "restriction", Words.of(LANGUAGE)("console.export.restriction"))
    _add(alert, "incidents", " ".join([case.number, *(one.number for one in case.reports)]))
    _info(alert, *case.reports)
    ET.indent(alert)
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(alert, encoding="unicode").encode() + b"\n"
    )


def _info(alert: ET.Element, *evidences: Evidence) -> None:
    evidence = evidences[0]
    report, words = evidence.report, Words.of(LANGUAGE)
    what = f"category.{report['category']}" if report["category"] else f"kind.{report['kind']}"
    info = ET.SubElement(alert, "info")
    _add(info, "language", LANGUAGE)
    _add(info, "category", CATEGORIES.get(report["category"] or report["kind"], "Other"))
    _add(info, "event", words.get(f"terms.{what}") or what)
    over = all(one.report["status"] in {"closed", "withdrawn"} for one in evidences)
    _add(info, "urgency", "Past" if over else "Immediate")
    # What one person says by phone is neither weighed nor observed yet.
    _add(info, "severity", "Unknown")
    _add(info, "certainty", "Unknown")
    _pair(info, "eventCode", "desk110:category", report["category"] or report["kind"])
    _add(info, "senderName", evidence.desk["name"])
    texts = [(one.number, text) for one in evidences if (text := _fit(one.report["text"]))]
    if texts:
        told = (text if len(evidences) == 1 else f"{number}: {text}" for number, text in texts)
        _add(info, "description", "\n".join(told))
    for one in evidences:
        for name in ("number", "status", "filed_at", "outcome"):
            if one.report[name]:
                _pair(info, "parameter", f"desk110:{name}", str(one.report[name]))
    for one in evidences:
        for item in one.media:
            if item["state"] == "ready":
                _resource(info, one.number, item)
    for one in evidences:
        _area(info, one)


def _resource(info: ET.Element, number: str, item: Any) -> None:
    resource = ET.SubElement(info, "resource")
    _add(resource, "resourceDesc", f"{item['kind']}, SHA-256 {item['sha256']}")
    _add(resource, "mimeType", item["content_type"])
    _add(resource, "size", str(item["length"]))
    _add(resource, "uri", media_name(number, item))


def media_name(number: str, item: Any) -> str:
    """Where a medium lies in a bundle. Nothing in it comes from outside."""
    return f"reports/{number}/media/{item['kind']}-{item['id']}.original"


def _area(info: ET.Element, evidence: Evidence) -> None:
    report = evidence.report
    area = ET.SubElement(info, "area")
    _add(area, "areaDesc", _fit(report["place_text"]) or evidence.desk["name"])
    scene = evidence.hung["scene"][-1] if evidence.hung["scene"] else report
    if scene["lat"] is not None:
        radius_km = (scene["accuracy_m"] or 0) / METRES_A_KM
        _add(area, "circle", f"{scene['lat']:.6f},{scene['lon']:.6f} {radius_km:.3f}")
    _pair(area, "geocode", "GB/T 2260", report["desk"])


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(LOCAL).isoformat(timespec="seconds")


def _fit(text: str | None) -> str:
    """The text without what XML cannot hold."""
    return "".join(
        sign for sign in text or "" if sign in "\n\t" or (sign.isprintable() and sign not in "\ufffe\uffff")
    )


def _pair(parent: ET.Element, tag: str, name: str, value: str) -> None:
    element = ET.SubElement(parent, tag)
    _add(element, "valueName", name)
    _add(element, "value", value)


def _add(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = text
