"""What is answered for beside the event log: reports that were handed out."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from dispatch.database import UTCDateTime
from dispatch.models.base import Record


class Export(Record, table=True):
    """A report was handed out (证据导出): by whom, why, in which form. Its event stands in the report's desk's log."""

    id: UUID = Field(primary_key=True)
    report: UUID = Field(foreign_key="report.id", index=True)
    actor: str  # as in the event
    form: str  # bundle | eido | cap
    reason: str  # in the words of who did it
    incident: UUID | None = Field(
        default=None, foreign_key="incident.id"
    )  # with all of which it was handed out
    at: datetime = Field(sa_type=UTCDateTime)
