"""wechat"""

import sqlalchemy as sa
from alembic import op

import dispatch.database

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "wechat_account",
        sa.Column("openid_index", sa.LargeBinary(), nullable=False),
        sa.Column("reporter", sa.Uuid(), nullable=False),
        sa.Column("linked_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["reporter"], ["reporter.id"], name=op.f("fk_wechat_account_reporter")),
        sa.PrimaryKeyConstraint("openid_index", name=op.f("pk_wechat_account")),
    )
    op.create_index(op.f("ix_wechat_account_reporter"), "wechat_account", ["reporter"], unique=False)
    op.create_table(
        "wechat_notice",
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("openid", sa.LargeBinary(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("asked_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("taken_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_wechat_notice_report")),
        sa.PrimaryKeyConstraint("report", name=op.f("pk_wechat_notice")),
    )


def downgrade() -> None:
    op.drop_table("wechat_notice")
    op.drop_index(op.f("ix_wechat_account_reporter"), table_name="wechat_account")
    op.drop_table("wechat_account")
