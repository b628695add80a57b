"""What a reporter may read of the units: that one was sent (已派警), that one has arrived (已到场), and when.

Each desk says whether its reporters read it, and whether those do who may be watched (静默, or a duress word was said):
by default the former, never the latter, since whoever stands beside them reads it too. What may be read stands on the
report (`units_told`), decided at each step: a setting or a duress word changes nothing that was read already, and so
betrays nothing. Only the reporter's own switch to 静默 takes it from the screen, which that turns into a look anyway.
"""

from dataclasses import asdict, dataclass
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlmodel import Session

from dispatch.errors import Refused
from dispatch.events import DESK_SET, lock_log, record
from dispatch.models import TABLES

Step = Literal["dispatched", "on_scene"]

_REPORT, _DESK = TABLES["report"], TABLES["desk"]


@dataclass(frozen=True, slots=True)
class Rule:
    """Whether a desk's reporters read of its units; whether those do who may be watched."""

    show_units: bool
    show_units_covert: bool


NAMES: Final = ("show_units", "show_units_covert")

_RULE = select(_DESK.c.show_units, _DESK.c.show_units_covert).where(_DESK.c.adcode == bindparam("of"))
_OF_REPORT = (
    select(
        _REPORT.c.covert,
        _REPORT.c.duress_said,
        _REPORT.c.dispatched_at,
        _REPORT.c.on_scene_at,
        _DESK.c.show_units,
        _DESK.c.show_units_covert,
    )
    .join(_DESK, _DESK.c.adcode == _REPORT.c.desk)
    .where(_REPORT.c.id == bindparam("of"))
)


def may_read(session: Session, report: UUID) -> bool:
    """Whether the reporter may read of the step that is taken now."""
    row = session.connection().execute(_OF_REPORT, {"of": report}).one()
    return bool(row.show_units_covert if row.covert or row.duress_said else row.show_units)


def when_switched(session: Session, report: UUID, covert: bool) -> Step | None:
    """What the reporter may read once the report is covert, or is no longer."""
    row = session.connection().execute(_OF_REPORT, {"of": report}).one()
    if not (row.show_units_covert if covert or row.duress_said else row.show_units):
        return None
    return "on_scene" if row.on_scene_at else "dispatched" if row.dispatched_at else None


def rule_of(session: Session, desk: str) -> Rule:
    """The desk's rule. Raises Refused `desk_unknown`."""
    row = session.connection().execute(_RULE, {"of": desk}).one_or_none()
    if row is None:
        raise Refused("desk_unknown", desk=desk)
    return Rule(*row)


def set_rule(session: Session, desk: str, dispatcher: str, rule: Rule) -> None:
    """Let this rule hold from the next step on. Runs as a command of the writer."""
    lock_log(session, desk)
    old, new = asdict(rule_of(session, desk)), asdict(rule)
    changed = {name: [old[name], new[name]] for name in NAMES if old[name] != new[name]}
    if changed:
        values = {name: after for name, (_, after) in changed.items()}
        session.connection().execute(update(_DESK).where(_DESK.c.adcode == desk).values(**values))
        record(session, desk, DESK_SET, actor=f"dispatcher:{dispatcher}", data={"set": changed})
