"""What others expect of an EIDO (NENA-STA-021.1) and of a CAP 1.2 alert, as far as we write them, in our own words.

No schema of theirs stands in this tree. What they require, which names there are, and which values a registry has is
said here anew; a name that is not said is a fault, so that nothing is written which nobody has looked up.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

# --- EIDO: JSON Schema

MOMENT = {"type": "string", "format": "date-time", "pattern": r"T\d\d:\d\d:\d\d\.\d{3}\+08:00$"}
TEXT = {"type": "string", "minLength": 1}
REFERENCE = {
    "type": "object",
    "required": ["$ref"],
    "properties": {"$ref": TEXT},
    "additionalProperties": False,
}
REFERENCES = {"type": "array", "minItems": 1, "items": REFERENCE}
PROLOGUE = {
    "$id": TEXT,
    "lastUpdateTimeStamp": MOMENT,
    "updatedByAgencyReference": REFERENCE,
    "mediaReferences": REFERENCES,
}


def _component(required: str, **properties: Any) -> dict[str, Any]:
    """A part of an EIDO: the prologue that each has, and its own."""
    return {
        "type": "object",
        "required": ["$id", "lastUpdateTimeStamp", "updatedByAgencyReference", *required.split()],
        "properties": {**PROLOGUE, **properties},
        "additionalProperties": False,
    }


def _one_of(values: str) -> dict[str, Any]:
    return {"enum": values.split()}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": item}


DISPOSITION = _component(
    "dispositionCommonRegistryCode",
    dispositionCommonRegistryCode={"type": "string", "pattern": r"^\d\d$"},
    dispositionPrimaryIndicator={"type": "boolean"},
    dispositionDescriptionText=TEXT,
)
EIDO = _component(
    "eidoVersion issuingElementIdentification agencyComponent",
    eidoVersion={"const": "1.0"},
    issuingElementIdentification={"type": "string", "pattern": r"^[a-z0-9-]+(\.[a-z0-9-]+)+$"},
    incidentComponent=_component(
        "incidentTypeCommonRegistryText",
        incidentTypeCommonRegistryText=_one_of("SUSP DISORD MVAUNK CDX CITASST INFO FRAUD FUNK NONEMERG"),
        incidentTypeInternalCode=TEXT,
        incidentStatusCommonRegistryText=_list(
            _one_of("Active Cancelled Closed ReOpened ResourcesAssigned ResourcesEnroute ResourcesOnscene")
        ),
        incidentStatusInternalText=_list(TEXT),
        internalIncidentId=TEXT,
        agentReference=REFERENCES,
        locationReference=REFERENCES,
        personReference=REFERENCES,
        notesReference=REFERENCES,
        dispositionComponent=_list(DISPOSITION),
    ),
    callComponent=_list(
        _component(
            "callStateRegistryText standardPrimaryCallType direction callStartTimestamp",
            standardPrimaryCallType=_one_of(
                "emergency nonEmergency silentMonitoring intervene legacyWireline"
            ),
            localCallType=TEXT,
            direction=_one_of("incoming outgoing internal"),
            callStartTimestamp=MOMENT,
            answerDate=MOMENT,
            callStateRegistryText=_one_of("callBegin callAnswered callEnd"),
            callBackReference=REFERENCE,
            agentReference=REFERENCES,
            locationReference=REFERENCES,
            personReference=REFERENCES,
            notesReference=REFERENCES,
        )
    ),
    callbackComponent=_list(
        _component("", callBackInformationUri=_list({"type": "string", "pattern": r"^tel:\+\d+$"}))
    ),
    personComponent=_list(
        _component(
            "personIncidentRoleRegistryText",
            personIncidentRoleRegistryText=_list(_one_of("InvolvedPerson Caller Patient ReportingParty")),
            callBackReference=REFERENCE,
            ncPersonComponent={
                "type": "object",
                "properties": {
                    "name": _list(
                        {
                            "type": "object",
                            "properties": {
                                "personFullName": _list(
                                    {
                                        "type": "object",
                                        "required": ["value"],
                                        "properties": {"value": TEXT},
                                        "additionalProperties": False,
                                    }
                                )
                            },
                            "additionalProperties": False,
                        }
                    )
                },
                "additionalProperties": False,
            },
        )
    ),
    agencyComponent=_list(
        _component(
            "agencyRoleDescriptionRegistryText agencyType",
            agencyJcard=TEXT,
            agencyRoleDescriptionRegistryText=_list(
                _one_of("Assisting CallReceiving Dispatched Dispatching Informational TransferredTo")
            ),
            agencyType=_list(TEXT),
            incidentOwningAgencyIndicator={"type": "boolean"},
        )
    ),
    agentComponent=_list(
        _component(
            "agentRoleRegistryText agencyReference",
            agentRoleRegistryText=_list({"enum": ["Call Taking", "Dispatching"]}),
            agencyReference=REFERENCE,
        )
    ),
    locationComponent=_list(
        _component(
            "locationTypeDescriptionRegistryText",
            locationTypeDescriptionRegistryText=_one_of(
                "Caller CurrentIncident InitialIncident RoutingLocation"
            ),
            locationByValue=TEXT,
            locationDescriptionText=TEXT,
        )
    ),
    notesComponent=_list(
        _component("notesActionComments", notesActionComments=TEXT, agentReference=REFERENCE)
    ),
    mediaComponent=_list(_component("uri contentType", uri=TEXT, contentType=TEXT, label=TEXT)),
)


def faults_of_eido(document: Mapping[str, Any]) -> list[str]:
    """What is wrong with an EIDO: shapes, and references to what is not in it."""
    checker = Draft202012Validator(EIDO, format_checker=FormatChecker())
    faults = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in checker.iter_errors(document)]
    ids = set(_values(document, "$id"))
    faults += [f"no component {name}" for name in _values(document, "$ref") if name not in ids]
    for place in document.get("locationComponent", []):
        if "locationByValue" in place:
            faults += _faults_of_pidf(place["locationByValue"])
    return faults


def _values(document: Any, name: str) -> list[str]:
    if isinstance(document, dict):
        own = [document[name]] if name in document else []
        return own + [found for value in document.values() for found in _values(value, name)]
    return [found for one in document for found in _values(one, name)] if isinstance(document, list) else []


def _faults_of_pidf(text: str) -> list[str]:
    """RFC 4119 and 5491: a presence with a tuple with a status with a geopriv with one shape."""
    pidf, gml = "{urn:ietf:params:xml:ns:pidf}", "{http://www.opengis.net/gml}"
    geopriv, shapes = "{urn:ietf:params:xml:ns:pidf:geopriv10}", "{http://www.opengis.net/pidflo/1.0}"
    root = ET.fromstring(text)  # noqa: S314
    info = root.find(f"{pidf}tuple/{pidf}status/{geopriv}geopriv/{geopriv}location-info")
    if root.tag != f"{pidf}presence" or not root.get("entity") or info is None or len(info) != 1:
        return ["no PIDF-LO"]
    (shape,) = info
    pos = shape.findtext(f"{gml}pos") or ""
    if shape.tag not in {f"{gml}Point", f"{shapes}Circle"} or not re.fullmatch(r"-?\d+\.\d+ -?\d+\.\d+", pos):
        return [f"no shape {shape.tag} {pos}"]
    return []


# --- CAP: an element's children in their order, how often each may stand, and what it may hold

CAP_MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d"
ANY = r"[\s\S]+"
PAIR = [("valueName", "1", ANY), ("value", "1", ANY)]
CAP: dict[str, list[tuple[str, str, str]]] = {
    "alert": [
        ("identifier", "1", r"[^\s,<&]+"),
        ("sender", "1", r"[^\s,<&]+"),
        ("sent", "1", CAP_MOMENT),
        ("status", "1", "Actual|Exercise|System|Test|Draft"),
        ("msgType", "1", "Alert|Update|Cancel|Ack|Error"),
        ("source", "?", ANY),
        ("scope", "1", "Public|Restricted|Private"),
        ("restriction", "?", ANY),
        ("addresses", "?", ANY),
        ("code", "*", ANY),
        ("note", "?", ANY),
        ("references", "?", ANY),
        ("incidents", "?", ANY),
        ("info", "*", ""),
    ],
    "info": [
        ("language", "?", r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*"),
        (
            "category",
            "+",
            "Geo|Met|Safety|Security|Rescue|Fire|Health|Env|Transport|Infra|CBRNE|Other",
        ),
        ("event", "1", ANY),
        ("responseType", "*", "Shelter|Evacuate|Prepare|Execute|Avoid|Monitor|Assess|AllClear|None"),
        ("urgency", "1", "Immediate|Expected|Future|Past|Unknown"),
        ("severity", "1", "Extreme|Severe|Moderate|Minor|Unknown"),
        ("certainty", "1", "Observed|Likely|Possible|Unlikely|Unknown"),
        ("audience", "?", ANY),
        ("eventCode", "*", ""),
        ("effective", "?", CAP_MOMENT),
        ("onset", "?", CAP_MOMENT),
        ("expires", "?", CAP_MOMENT),
        ("senderName", "?", ANY),
        ("headline", "?", ANY),
        ("description", "?", ANY),
        ("instruction", "?", ANY),
        ("web", "?", ANY),
        ("contact", "?", ANY),
        ("parameter", "*", ""),
        ("resource", "*", ""),
        ("area", "*", ""),
    ],
    "eventCode": PAIR,
    "parameter": PAIR,
    "geocode": PAIR,
    "resource": [
        ("resourceDesc", "1", ANY),
        ("mimeType", "1", r"[a-z]+/[a-z0-9.+-]+"),
        ("size", "?", r"\d+"),
        ("uri", "?", ANY),
        ("derefUri", "?", ANY),
        ("digest", "?", r"[0-9a-fA-F]{40}"),
    ],
    "area": [
        ("areaDesc", "1", ANY),
        ("polygon", "*", ANY),
        ("circle", "*", r"-?\d+(\.\d+)?,-?\d+(\.\d+)? \d+(\.\d+)?"),
        ("geocode", "*", ""),
        ("altitude", "?", r"-?\d+(\.\d+)?"),
        ("ceiling", "?", r"-?\d+(\.\d+)?"),
    ],
}
NAMESPACE = "{urn:oasis:names:tc:emergency:cap:1.2}"


def faults_of_cap(document: bytes) -> list[str]:
    """What is wrong with a CAP alert; and a restricted one must say to whom it is."""
    root = ET.fromstring(document)  # noqa: S314
    if root.tag != f"{NAMESPACE}alert":
        return [f"no alert: {root.tag}"]
    faults = _faults_in(root)
    if root.findtext(f"{NAMESPACE}scope") == "Restricted" and not root.findtext(f"{NAMESPACE}restriction"):
        faults.append("restricted to nobody")
    return faults


def _faults_in(element: ET.Element) -> list[str]:
    name = element.tag.removeprefix(NAMESPACE)
    if name not in CAP:
        return []
    found = [child.tag.removeprefix(NAMESPACE) for child in element]
    marks = {"1": "", "?": "?", "*": "*", "+": "+"}
    order = "".join(f"(?:{child};){marks[times]}" for child, times, _ in CAP[name])
    faults = [] if re.fullmatch(order, "".join(f"{child};" for child in found)) else [f"{name} holds {found}"]
    patterns = {child: pattern for child, _, pattern in CAP[name]}
    for child in element:
        pattern = patterns.get(child.tag.removeprefix(NAMESPACE), "")
        if pattern and not re.fullmatch(pattern, child.text or ""):
            faults.append(f"{child.tag}: {child.text!r}")
        faults += _faults_in(child)
    return faults
