"""Units and officers, as two sections of the desk's settings page."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast
from uuid import UUID

from sqlmodel import Session

from console.messages import CONTROLS
from console.parts import Parts
from console.sections import Section, Sentence, Unfitting
from console.sign_in import AtDesk
from dispatch import unit_editing, units
from dispatch.coordinates import SYSTEMS, Crs
from dispatch.errors import Refused
from dispatch.narrow import narrow, narrow_number
from dispatch.unit_editing import MOST_OFFICERS, MOST_UNITS
from dispatch.units import KINDS, Kind, Officer, Unit

LONGEST_NAME: Final = 16
LONGEST_PLACE: Final = 60

# A police number: digits, with a letter or two in some places.
_NUMBER: Final = re.compile(r"[0-9A-Z]{3,12}")
# As the desk's map copies them: `30.250000, 120.120000`.
_DEGREES: Final = re.compile(r"(\d{1,2}(?:\.\d{1,10})?)\s*[,;、\s]\s*(\d{1,3}(?:\.\d{1,10})?)")

_FAULT: Final = "console.settings.units.fault."
# What the domain refuses, as a fault of a field.
_REFUSED: Final = {
    "unit_unknown": ("", "gone"),
    "unit_name_taken": ("call_sign", "name_taken"),
    "unit_out": ("", "out"),
    "units_too_many": ("", "too_many"),
    "position_invalid": ("place", "place"),
    "officer_unknown": ("", "gone"),
    "officer_known": ("number", "number_known"),
    "officers_too_many": ("", "too_many"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The desk's units and officers, and what their forms can choose from."""

    units: tuple[Unit, ...]
    officers: tuple[Officer, ...]
    kinds: tuple[Kind, ...] = KINDS
    systems: tuple[Crs, ...] = SYSTEMS

    def name_of(self, unit: UUID | None) -> str:
        """The call sign of a unit; nothing for none."""
        return next((one.call_sign for one in self.units if one.id == unit), "")


def read(session: Session, desk: str) -> Shown:
    return Shown(units.at_desk(session, desk), units.officers_at(session, desk))


async def act_on_units(parts: Parts, leader: AtDesk, form: Mapping[str, str]) -> None:
    """Field `do`: `add`, `change`, `place`, `on`, `off`, `remove`; `id` of which, and what is to hold of it:
    `call_sign`, `kind`; `place`, `crs`."""
    await _done(parts, leader, _unit_command(leader, form))


async def act_on_officers(parts: Parts, leader: AtDesk, form: Mapping[str, str]) -> None:
    """Field `do`: `add`, `assign`, `remove`; `id` of which, and `number`, `unit` (empty: in none)."""
    await _done(parts, leader, _officer_command(leader, form))


async def _done(parts: Parts, leader: AtDesk, command: Callable[[Session], object]) -> None:
    try:
        await parts.writer.do(command, leader.desk)
    except Refused as refused:
        if refused.code not in _REFUSED:
            raise
        field, fault = _REFUSED[refused.code]
        most = {"units_too_many": MOST_UNITS, "officers_too_many": MOST_OFFICERS}.get(refused.code, 0)
        raise Unfitting({field: Sentence(_FAULT + fault, {"n": most})}) from None


def _unit_command(leader: AtDesk, form: Mapping[str, str]) -> Callable[[Session], object]:
    desk, number, deed = leader.desk, leader.number, form.get("do", "")
    if deed == "add":
        call_sign, kind = _named(form)
        return lambda session: unit_editing.add(session, desk, number, call_sign, kind)
    unit = _id(form, "id")
    if deed == "change":
        call_sign, kind = _named(form)
        return lambda session: unit_editing.rename(session, desk, number, unit, call_sign, kind)
    if deed == "place":
        lat, lon, crs = _placed(form)
        return lambda session: unit_editing.place(session, desk, number, unit, lat, lon, crs)
    if deed in {"on", "off"}:
        return lambda session: unit_editing.set_service(session, desk, number, unit, deed == "on")
    if deed == "remove":
        return lambda session: unit_editing.remove(session, desk, number, unit)
    raise Refused("field_invalid", fields=["do"])


def _officer_command(leader: AtDesk, form: Mapping[str, str]) -> Callable[[Session], object]:
    desk, number, deed = leader.desk, leader.number, form.get("do", "")
    if deed == "add":
        police = narrow_number(form.get("number", "")[:LONGEST_PLACE]).upper()
        if not _NUMBER.fullmatch(police):
            raise Unfitting({"number": Sentence(_FAULT + "number")})
        to = _id(form, "unit") if form.get("unit") else None
        return lambda session: unit_editing.enlist(session, desk, number, police, to)
    officer = _id(form, "id")
    if deed == "assign":
        to = _id(form, "unit") if form.get("unit") else None
        return lambda session: unit_editing.assign(session, desk, number, officer, to)
    if deed == "remove":
        return lambda session: unit_editing.dismiss(session, desk, number, officer)
    raise Refused("field_invalid", fields=["do"])


def _named(form: Mapping[str, str]) -> tuple[str, Kind]:
    """Call sign and kind. Raises `Unfitting`."""
    call_sign = " ".join(CONTROLS.sub("", form.get("call_sign", "")).split())
    faults: dict[str, Sentence] = {}
    if not call_sign:
        faults["call_sign"] = Sentence(_FAULT + "empty")
    elif len(call_sign) > LONGEST_NAME:
        faults["call_sign"] = Sentence(_FAULT + "long", {"n": LONGEST_NAME})
    if form.get("kind") not in KINDS:
        faults["kind"] = Sentence(_FAULT + "choose")
    if faults:
        raise Unfitting(faults)
    return call_sign, cast(Kind, form["kind"])


def _placed(form: Mapping[str, str]) -> tuple[float, float, Crs]:
    """Latitude, longitude and their system. Raises `Unfitting`."""
    found = _DEGREES.fullmatch(narrow(form.get("place", "")[:LONGEST_PLACE]).strip())
    if found is None or form.get("crs") not in SYSTEMS:
        raise Unfitting({"place": Sentence(_FAULT + "place")})
    return float(found[1]), float(found[2]), cast(Crs, form["crs"])


def _id(form: Mapping[str, str], name: str) -> UUID:
    try:
        return UUID(form.get(name, ""))
    except ValueError:
        raise Unfitting({"": Sentence(_FAULT + "gone")}) from None


UNITS: Final = Section("units", read, act_on_units)
OFFICERS: Final = Section("officers", read, act_on_officers)
