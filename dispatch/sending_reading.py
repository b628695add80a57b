"""Reading which units were sent to reports."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlmodel import Session

from dispatch.models import TABLES
from dispatch.states import SendingState

_SENDING, _UNIT = TABLES["sending"], TABLES["unit"]

_OF = (
    select(_SENDING, _UNIT.c.call_sign, _UNIT.c.kind, _UNIT.c.desk)
    .join(_UNIT, _UNIT.c.id == _SENDING.c.unit)
    .where(_SENDING.c.report.in_(bindparam("ids", expanding=True)))
    .order_by(_SENDING.c.sent_at, _SENDING.c.id)
)


def sendings_of(session: Session, reports: Sequence[UUID]) -> dict[UUID, tuple[SendingState, ...]]:
    """The units that were sent to these reports, in order."""
    found: dict[UUID, list[SendingState]] = defaultdict(list)
    if reports:
        for row in session.connection().execute(_OF, {"ids": list(reports)}):
            found[row.report].append(
                SendingState(
                    row.id,
                    row.unit,
                    row.call_sign,
                    row.kind,
                    row.desk,
                    row.dispatcher,
                    row.sent_at,
                    row.on_scene_at,
                    row.on_scene_by,
                    row.cleared_at,
                    row.cleared_by,
                    row.feedback,
                )
            )
    return {report: tuple(sendings) for report, sendings in found.items()}
