"""incidents"""

import sqlalchemy as sa
from alembic import op

import dispatch.database

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_LINKED = sa.text("incident IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=False),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_incident_desk")),
        sa.ForeignKeyConstraint(["dispatcher"], ["dispatcher.number"], name=op.f("fk_incident_dispatcher")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
        sa.UniqueConstraint("number", name=op.f("uq_incident_number")),
    )
    op.create_index(op.f("ix_incident_desk"), "incident", ["desk"])
    with op.batch_alter_table("report") as batch_op:
        batch_op.add_column(sa.Column("incident", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_report_incident"), "incident", ["incident"], ["id"])
        batch_op.create_index(
            "ix_report_incident", ["incident"], sqlite_where=_LINKED, postgresql_where=_LINKED
        )
    with op.batch_alter_table("media") as batch_op:
        batch_op.add_column(sa.Column("likeness", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("media") as batch_op:
        batch_op.drop_column("likeness")
    with op.batch_alter_table("report") as batch_op:
        batch_op.drop_index("ix_report_incident", sqlite_where=_LINKED, postgresql_where=_LINKED)
        batch_op.drop_constraint(batch_op.f("fk_report_incident"), type_="foreignkey")
        batch_op.drop_column("incident")
    op.drop_table("incident")
