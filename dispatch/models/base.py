"""What all tables share: one metadata, and how constraints and indexes are named on both databases alike."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel


class Record(SQLModel):
    """The base of every table."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
