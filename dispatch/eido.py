"""A report as an EIDO (Emergency Incident Data Object, NENA-STA-021.1): what other emergency services' systems read.

Of the standard only what a report has: the incident, the call, its person and callback, places, notes, media, and the
desk with its dispatchers. Registry values are those of the standard's own chapter 3 and of NENA-STA-010. The EIDO names
the reporter: it is part of an export, which is an act with a reason.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson

from dispatch.cap import media_name
from dispatch.evidence import Case, Evidence

VERSION: Final = "1.0"
LOCAL: Final = ZoneInfo("Asia/Shanghai")

INCIDENT_TYPES: Final = {
    "crime": "SUSP",
    "public_order": "DISORD",
    "traffic": "MVAUNK",
    "dispute": "CDX",
    "help": "CITASST",
    "tip_off": "INFO",
    "tip": "INFO",
    "fraud": "FRAUD",
    "fire": "FUNK",
    "invalid": "NONEMERG",
}
UNKNOWN_TYPE: Final = "SUSP"  # "Suspicious Incident, Circumstances, Unknown Problems"
STATUSES: Final = {
    "filed": "Active",
    "received": "Active",
    "dispatched": "ResourcesAssigned",
    "on_scene": "ResourcesOnscene",
    "closed": "Closed",
    "withdrawn": "Cancelled",
}
DISPOSITIONS: Final = {"handled": "18", "referred": "15", "withdrawn": "10"}
NO_REPORT_TAKEN: Final = "02"

# What a document of several reports has of each of them, and what its incident refers to.
COMPONENTS: Final = (
    "callComponent",
    "callbackComponent",
    "personComponent",
    "agencyComponent",
    "agentComponent",
    "locationComponent",
    "notesComponent",
    "mediaComponent",
)
REFERENCES: Final = (
    "agentReference",
    "locationReference",
    "personReference",
    "notesReference",
    "mediaReferences",
)

PIDF: Final = "urn:ietf:params:xml:ns:pidf"
GEOPRIV: Final = "urn:ietf:params:xml:ns:pidf:geopriv10"
GML: Final = "http://www.opengis.net/gml"
SHAPES: Final = "http://www.opengis.net/pidflo/1.0"


def eido(evidence: Evidence, element: str) -> bytes:
    """The document, as JSON in UTF-8. `element` names this installation."""
    return orjson.dumps(_Writing(evidence, element).document(), option=orjson.OPT_INDENT_2)


def eido_of_case(case: Case, element: str) -> bytes:
    """One document of an incident, with the calls, people, places, notes and media of all its reports."""
    return orjson.dumps(_case(case, element), option=orjson.OPT_INDENT_2)


def _case(case: Case, element: str) -> dict[str, Any]:
    agency = f"{case.incident['desk']}.{element}"
    parts = [_Writing(one, element).document() for one in case.reports]
    together: dict[str, list[dict[str, Any]]] = {}
    for name in COMPONENTS:
        # Whoever reported twice, or works at the same desk, is there once.
        found = {one["$id"]: one for part in parts for one in part.get(name, [])}
        if found:
            together[name] = list(found.values())
    at = max(part["lastUpdateTimeStamp"] for part in parts)
    incidents = [part["incidentComponent"] for part in parts]
    incident = {
        "$id": f"incident-{case.id}",
        "lastUpdateTimeStamp": at,
        "updatedByAgencyReference": {"$ref": agency},
        "incidentTypeCommonRegistryText": incidents[0]["incidentTypeCommonRegistryText"],
        "incidentTypeInternalCode": incidents[0]["incidentTypeInternalCode"],
        "internalIncidentId": case.number,
    }
    for name in ("incidentStatusCommonRegistryText", "incidentStatusInternalText", "dispositionComponent"):
        if said := [value for one in incidents for value in one.get(name, [])]:
            incident[name] = said if name == "dispositionComponent" else list(dict.fromkeys(said))
    for name in REFERENCES:
        if said := [one["$ref"] for part in incidents for one in part.get(name, [])]:
            incident[name] = [{"$ref": ref} for ref in dict.fromkeys(said)]
    return {
        "$id": f"urn:emergency:uid:incidentid:{case.id.hex}:{agency}",
        "lastUpdateTimeStamp": at,
        "updatedByAgencyReference": {"$ref": agency},
        "eidoVersion": VERSION,
        "issuingElementIdentification": agency,
        "incidentComponent": incident,
        **together,
    }


class _Writing:
    """One document: its identifiers, and who last touched what."""

    def __init__(self, evidence: Evidence, element: str) -> None:
        self._of = evidence
        self._report = evidence.report
        self._agency = f"{evidence.report['desk']}.{element}"
        self._at = _moment(max([event["at"] for event in evidence.events], default=self._report["filed_at"]))

    def document(self) -> dict[str, Any]:
        """The whole EIDO; what the report does not have is left out."""
        places, notes, media = list(self._locations()), list(self._notes()), list(self._media())
        agents = list(self._agents())
        document = {
            **self._prologue(f"urn:emergency:uid:incidentid:{self._of.id.hex}:{self._agency}"),
            "eidoVersion": VERSION,
            "issuingElementIdentification": self._agency,
            "incidentComponent": self._incident(places, notes, media, agents),
            "callComponent": [self._call(places, notes, agents)],
            "callbackComponent": list(self._callbacks()),
            "personComponent": [self._person()],
            "agencyComponent": [self._desk()],
            "agentComponent": agents,
            "locationComponent": places,
            "notesComponent": notes,
            "mediaComponent": media,
        }
        return {name: value for name, value in document.items() if value != []}

    def _prologue(self, id_: str, at: str | None = None) -> dict[str, Any]:
        return {
            "$id": id_,
            "lastUpdateTimeStamp": _moment(at) if at else self._at,
            "updatedByAgencyReference": {"$ref": self._agency},
        }

    def _incident(
        self,
        places: list[dict[str, Any]],
        notes: list[dict[str, Any]],
        media: list[dict[str, Any]],
        agents: list[dict[str, Any]],
    ) -> dict[str, Any]:
        report = self._report
        of = report["category"] or report["kind"]
        incident = {
            **self._prologue(f"incident-{self._of.id}"),
            "incidentTypeCommonRegistryText": INCIDENT_TYPES.get(of, UNKNOWN_TYPE),
            "incidentTypeInternalCode": of,
            "incidentStatusCommonRegistryText": [STATUSES[report["status"]]],
            "incidentStatusInternalText": [report["status"]],
            "internalIncidentId": self._of.number,
            "agentReference": _references(agents),
            "locationReference": _references(places),
            "personReference": [{"$ref": self._person_id}],
            "notesReference": _references(notes),
            "mediaReferences": _references(media),
        }
        if report["outcome"]:
            incident["dispositionComponent"] = [self._disposition()]
        return {name: value for name, value in incident.items() if value != []}

    def _disposition(self) -> dict[str, Any]:
        outcome = self._report["outcome"]
        return {
            **self._prologue(f"disposition-{self._of.id}", self._report["closed_at"]),
            "dispositionCommonRegistryCode": DISPOSITIONS.get(outcome, NO_REPORT_TAKEN),
            "dispositionPrimaryIndicator": True,
            "dispositionDescriptionText": outcome,
        }

    def _call(
        self, places: list[dict[str, Any]], notes: list[dict[str, Any]], agents: list[dict[str, Any]]
    ) -> dict[str, Any]:
        received = self._of.acknowledgement
        ended = self._report["status"] in {"closed", "withdrawn"}
        call = {
            **self._prologue(f"urn:emergency:uid:callid:{self._of.id.hex}:{self._agency}"),
            "standardPrimaryCallType": "emergency",
            "localCallType": self._report["kind"],
            "direction": "incoming",
            "callStartTimestamp": _moment(self._report["filed_at"]),
            "callStateRegistryText": "callEnd" if ended else "callAnswered" if received else "callBegin",
            "locationReference": _references(places),
            "personReference": [{"$ref": self._person_id}],
            "notesReference": _references(notes),
            "agentReference": _references(agents),
        }
        if received:
            call["answerDate"] = _moment(received["at"])
        if self._of.reporter["phone"]:
            call["callBackReference"] = {"$ref": self._callback_id}
        return {name: value for name, value in call.items() if value != []}

    @property
    def _person_id(self) -> str:
        return f"person-{self._of.reporter['id']}"

    @property
    def _callback_id(self) -> str:
        return f"callback-{self._of.reporter['id']}"

    def _callbacks(self) -> Iterable[dict[str, Any]]:
        if phone := self._of.reporter["phone"]:
            yield {**self._prologue(self._callback_id), "callBackInformationUri": [f"tel:{phone}"]}

    def _person(self) -> dict[str, Any]:
        person: dict[str, Any] = {
            **self._prologue(self._person_id),
            "personIncidentRoleRegistryText": ["Caller"],
        }
        if name := self._of.reporter["name"]:
            person["ncPersonComponent"] = {"name": [{"personFullName": [{"value": name}]}]}
        if self._of.reporter["phone"]:
            person["callBackReference"] = {"$ref": self._callback_id}
        return person

    def _desk(self) -> dict[str, Any]:
        card = ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", self._of.desk["name"]]]]
        return {
            **self._prologue(self._agency),
            "agencyJcard": orjson.dumps(card).decode(),
            "agencyRoleDescriptionRegistryText": ["CallReceiving"],
            "agencyType": ["police"],
            "incidentOwningAgencyIndicator": True,
        }

    def _agents(self) -> Iterable[dict[str, Any]]:
        """The dispatchers who had to do with it, by number."""
        numbers = {one["dispatcher"] for one in self._of.hung["handling"]}
        numbers |= {one["dispatcher"] for one in self._of.hung["message"] if one["dispatcher"]}
        if self._of.acknowledgement:
            numbers.add(self._of.acknowledgement["dispatcher"])
        for number in sorted(numbers):
            yield {
                **self._prologue(self._agent_id(number)),
                "agentRoleRegistryText": ["Call Taking"],
                "agencyReference": {"$ref": self._agency},
            }

    def _agent_id(self, number: str) -> str:
        return f"{number}@{self._agency}"

    def _notes(self) -> Iterable[dict[str, Any]]:
        """What was said, in the order in which it was."""
        if self._report["text"]:
            yield {
                **self._prologue(f"text-{self._of.id}", self._report["filed_at"]),
                "notesActionComments": self._report["text"],
            }
        for message in self._of.hung["message"]:
            note = {
                **self._prologue(f"message-{message['id']}", message["at"]),
                "notesActionComments": message["text"],
            }
            if message["dispatcher"]:
                note["agentReference"] = {"$ref": self._agent_id(message["dispatcher"])}
            yield note

    def _media(self) -> Iterable[dict[str, Any]]:
        for item in self._of.media:
            if item["state"] == "ready":
                yield {
                    **self._prologue(f"media-{item['id']}", item["stored_at"]),
                    "uri": media_name(self._of.number, item),
                    "contentType": item["content_type"],
                    "label": f"{item['kind']}, SHA-256 {item['sha256']}",
                }

    def _locations(self) -> Iterable[dict[str, Any]]:
        """The reporter's positions, the described place with the first; the scene, as the desk put it."""
        report = self._report
        if report["lat"] is not None or report["place_text"]:
            first = self._location(f"place-{self._of.id}", "Caller", report, report["position_at"])
            if report["place_text"]:
                first["locationDescriptionText"] = report["place_text"]
            yield first
        for place in self._of.hung["location"]:
            yield self._location(f"location-{place['id']}", "Caller", place, place["at"])
        for scene in self._of.hung["scene"][-1:]:
            yield self._location(f"scene-{scene['id']}", "CurrentIncident", scene, scene["at"])

    def _location(self, id_: str, kind: str, place: Mapping[str, Any], at: str | None) -> dict[str, Any]:
        location = {
            **self._prologue(id_, at or self._report["filed_at"]),
            "locationTypeDescriptionRegistryText": kind,
        }
        if place["lat"] is not None:
            location["locationByValue"] = _pidf(place, f"pres:{self._of.id}@{self._agency}")
        return location


def _pidf(place: Mapping[str, Any], entity: str) -> str:
    """A PIDF-LO (RFC 5491): a circle where it is known how exact it is, else a point. WGS-84."""
    presence = ET.Element(
        "presence", {"xmlns": PIDF, "xmlns:gp": GEOPRIV, "xmlns:gml": GML, "xmlns:gs": SHAPES}
    )
    presence.set("entity", entity)
    tuple_ = ET.SubElement(presence, "tuple", id="a")
    info = ET.SubElement(ET.SubElement(ET.SubElement(tuple_, "status"), "gp:geopriv"), "gp:location-info")
    shape = ET.SubElement(
        info, "gs:Circle" if place["accuracy_m"] else "gml:Point", srsName="urn:ogc:def:crs:EPSG::4326"
    )
    ET.SubElement(shape, "gml:pos").text = f"{place['lat']:.6f} {place['lon']:.6f}"
    if place["accuracy_m"]:
        radius = ET.SubElement(shape, "gs:radius", uom="urn:ogc:def:uom:EPSG::9001")
        radius.text = f"{place['accuracy_m']:g}"
    return ET.tostring(presence, encoding="unicode")


def _references(components: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"$ref": component["$id"]} for component in components]


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(LOCAL).isoformat(timespec="milliseconds")
