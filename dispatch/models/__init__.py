"""The tables. A row is a record of something that was, is or was done; rules stand in the modules beside.

Statements use `TABLES`, without the ORM.
"""

from collections.abc import Mapping

from sqlalchemy import Table

from dispatch.models import (
    audit,
    canary,
    desks,
    dispatchers,
    figures,
    incidents,
    keeping,
    marks,
    media,
    reporters,
    reports,
    routing,
    talk,
    units,
    wechat,
    work,
)
from dispatch.models.base import Record

__all__ = [
    "TABLES",
    "Record",
    "audit",
    "canary",
    "desks",
    "dispatchers",
    "figures",
    "incidents",
    "keeping",
    "marks",
    "media",
    "reporters",
    "reports",
    "routing",
    "talk",
    "units",
    "wechat",
    "work",
]

TABLES: Mapping[str, Table] = Record.metadata.tables
"""The tables by name."""
