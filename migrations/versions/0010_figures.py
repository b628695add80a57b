"""figures"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# SQLite counts in 64 bits only under the name INTEGER.
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "tally",
        sa.Column("generation", COUNT, nullable=False),
        sa.Column("area", sa.String(length=6), nullable=False),
        sa.Column("span", COUNT, nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "area", "span", name=op.f("pk_tally")),
    )
    op.create_table(
        "tally_cursor",
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("seq", COUNT, nullable=False),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_tally_cursor_desk")),
        sa.PrimaryKeyConstraint("desk", name=op.f("pk_tally_cursor")),
    )
    op.create_table(
        "tally_round",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("n", COUNT, nullable=False),
        sa.Column("generation", COUNT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tally_round")),
    )
    harassment, many = sa.text("outcome = 'harassment'"), sa.text("invalid_reports >= 10")
    op.create_index(
        "ix_report_harassment",
        "report",
        ["reporter", "filed_at", "desk"],
        unique=False,
        sqlite_where=harassment,
        postgresql_where=harassment,
    )
    op.create_index(
        "ix_reporter_often_invalid",
        "reporter",
        ["id"],
        unique=False,
        sqlite_where=many,
        postgresql_where=many,
    )


def downgrade() -> None:
    op.drop_index("ix_reporter_often_invalid", table_name="reporter")
    op.drop_index("ix_report_harassment", table_name="report")
    op.drop_table("tally_round")
    op.drop_table("tally_cursor")
    op.drop_table("tally")
