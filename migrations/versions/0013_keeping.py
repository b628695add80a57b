"""keeping"""

import sqlalchemy as sa
from alembic import op

import dispatch.database

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MOMENT = dispatch.database.UTCDateTime(timezone=True)
KEPT = sa.text("status = 'closed' AND removed_at IS NULL")


def upgrade() -> None:
    for table in ("desk", "reporter", "report"):
        op.add_column(table, sa.Column("exercise", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("report", sa.Column("removed_at", MOMENT, nullable=True))
    op.create_index("ix_report_kept", "report", ["closed_at"], sqlite_where=KEPT, postgresql_where=KEPT)
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.add_column(sa.Column("incident", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_export_incident"), "incident", ["incident"], ["id"])
    op.create_table(
        "retention_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_rule")),
    )
    _index("ix_retention_rule_stands", "retention_rule", ["kind", "outcome"], "ended_at IS NULL")
    op.create_table(
        "removal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("closed_at", MOMENT, nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("counts", dispatch.database.JSONText(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("files_gone_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_removal_desk")),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_removal_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_removal")),
        sa.UniqueConstraint("report", name=op.f("uq_removal_report")),
    )
    for column in ("number", "desk", "at"):
        op.create_index(op.f(f"ix_removal_{column}"), "removal", [column], unique=False)
    _index("ix_removal_pending", "removal", ["at"], "files_gone_at IS NULL")
    op.create_table(
        "hold",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.String(), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("incident", sa.Uuid(), nullable=True),
        sa.Column("reporter", sa.Uuid(), nullable=True),
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_hold_desk")),
        sa.ForeignKeyConstraint(["incident"], ["incident.id"], name=op.f("fk_hold_incident")),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_hold_report")),
        sa.ForeignKeyConstraint(["reporter"], ["reporter.id"], name=op.f("fk_hold_reporter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hold")),
    )
    op.create_index(op.f("ix_hold_report"), "hold", ["report"], unique=False)
    for column in ("report", "incident", "reporter"):
        _index(f"ix_hold_of_{column}", "hold", [column], "lifted_at IS NULL")


def downgrade() -> None:
    op.drop_table("hold")
    op.drop_table("removal")
    op.drop_table("retention_rule")
    with op.batch_alter_table("export", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_export_incident"), type_="foreignkey")
        batch_op.drop_column("incident")
    op.drop_index("ix_report_kept", table_name="report")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_column("removed_at")
    for table in ("report", "reporter", "desk"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("exercise")


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=False, sqlite_where=condition, postgresql_where=condition)
