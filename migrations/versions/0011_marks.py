"""marks"""

import sqlalchemy as sa
from alembic import op

import dispatch.database

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = dispatch.database.UTCDateTime(timezone=True)
    op.create_table(
        "mark",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reporter", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("until", moment, nullable=False),
        sa.Column("appealed_at", moment, nullable=True),
        sa.Column("appeal", sa.String(), nullable=True),
        sa.Column("answered_at", moment, nullable=True),
        sa.Column("answered_by", sa.String(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("removed_by", sa.String(), nullable=True),
        sa.Column("end_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["answered_by"], ["dispatcher.number"], name=op.f("fk_mark_answered_by")),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_mark_desk")),
        sa.ForeignKeyConstraint(["dispatcher"], ["dispatcher.number"], name=op.f("fk_mark_dispatcher")),
        sa.ForeignKeyConstraint(["removed_by"], ["dispatcher.number"], name=op.f("fk_mark_removed_by")),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_mark_report")),
        sa.ForeignKeyConstraint(["reporter"], ["reporter.id"], name=op.f("fk_mark_reporter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mark")),
    )
    standing = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_mark_standing",
        "mark",
        ["reporter"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )
    op.create_index("ix_mark_reporter", "mark", ["reporter"], unique=False)
    op.create_index("ix_mark_report", "mark", ["report"], unique=False)
    op.create_index("ix_mark_desk", "mark", ["desk", "appealed_at"], unique=False)
    with op.batch_alter_table("desk", schema=None) as batch_op:
        batch_op.add_column(sa.Column("mark_days", sa.Integer(), server_default="30", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("desk", schema=None) as batch_op:
        batch_op.drop_column("mark_days")
    for name in ("desk", "report", "reporter", "standing"):
        op.drop_index(f"ix_mark_{name}", table_name="mark")
    op.drop_table("mark")
