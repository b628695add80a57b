"""requests and ticks"""

import sqlalchemy as sa
from alembic import op

import dispatch.database

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("answers", dispatch.database.JSONText(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["dispatcher"], ["dispatcher.number"], name=op.f("fk_request_dispatcher")),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_request_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sa.UniqueConstraint("report", "client_id", name=op.f("uq_request_report")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.add_column(sa.Column("version", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reporter_saw", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("desk_saw", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_column("desk_saw")
        batch_op.drop_column("reporter_saw")

    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_column("version")

    op.drop_table("request")
