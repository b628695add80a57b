"""audit"""

import sqlalchemy as sa
from alembic import op

import dispatch.database

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "export",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_export_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export")),
    )
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_export_report"), ["report"], unique=False)
    op.add_column("console_session", sa.Column("address", sa.String(), server_default="", nullable=False))
    op.create_index("ix_event_at", "event", ["at", "desk", "seq"], unique=False)
    op.create_index("ix_event_actor", "event", ["actor", "at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_event_actor", table_name="event")
    op.drop_index("ix_event_at", table_name="event")
    with op.batch_alter_table("console_session", schema=None) as batch_op:
        batch_op.drop_column("address")
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_export_report"))
    op.drop_table("export")
