"""offerings and the times of escalation"""

import sqlalchemy as sa
from alembic import op

import dispatch.database

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "offering",
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_offering_desk")),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_offering_report")),
        sa.PrimaryKeyConstraint("report", "desk", name=op.f("pk_offering")),
    )
    op.create_index(op.f("ix_offering_desk"), "offering", ["desk"], unique=False)

    with op.batch_alter_table("desk", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tell_desk_s", sa.Integer(), server_default="15", nullable=False))
        batch_op.add_column(sa.Column("tell_leader_s", sa.Integer(), server_default="30", nullable=False))
        batch_op.add_column(sa.Column("tell_parent_s", sa.Integer(), server_default="60", nullable=False))

    waiting = sa.text("status = 'filed'")
    op.create_index(
        "ix_report_waiting",
        "report",
        ["filed_at"],
        unique=False,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def downgrade() -> None:
    op.drop_index("ix_report_waiting", table_name="report")

    with op.batch_alter_table("desk", schema=None) as batch_op:
        for column in ("tell_parent_s", "tell_leader_s", "tell_desk_s"):
            batch_op.drop_column(column)

    op.drop_index(op.f("ix_offering_desk"), table_name="offering")
    op.drop_table("offering")
