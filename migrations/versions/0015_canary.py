"""canary"""

import sqlalchemy as sa
from alembic import op

import dispatch.database

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "canary",
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sent_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("received_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_canary_desk")),
        sa.PrimaryKeyConstraint("desk", name=op.f("pk_canary")),
    )
    op.create_table(
        "worker_look",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("n", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_look")),
    )


def downgrade() -> None:
    op.drop_table("worker_look")
    op.drop_table("canary")
