"""administration"""

import sqlalchemy as sa
from alembic import op

import dispatch.database

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# SQLite counts in 64 bits only under the name INTEGER.
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _moment(name: str, *, nullable: bool) -> sa.Column[object]:
    return sa.Column(name, dispatch.database.UTCDateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    with op.batch_alter_table("desk", schema=None) as batch_op:
        batch_op.add_column(_moment("open_since", nullable=True))
        batch_op.add_column(sa.Column("hours_from", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("hours_until", sa.Integer(), nullable=True))
    with op.batch_alter_table("dispatcher", schema=None) as batch_op:
        batch_op.add_column(sa.Column("holder", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("subject", sa.String(length=255), nullable=True))
        batch_op.add_column(_moment("password_until", nullable=True))
        batch_op.add_column(sa.Column("totp_offered", sa.LargeBinary(), nullable=True))
        batch_op.create_index(batch_op.f("ix_dispatcher_holder"), ["holder"], unique=False)
        batch_op.create_index(batch_op.f("ix_dispatcher_subject"), ["subject"], unique=True)
    with op.batch_alter_table("console_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pending", sa.Boolean(), server_default=sa.false(), nullable=False))

    op.create_table(
        "recovery_code",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=False),
        _moment("made_at", nullable=False),
        _moment("used_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["dispatcher"], ["dispatcher.number"], name=op.f("fk_recovery_code_dispatcher")
        ),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_recovery_code")),
    )
    with op.batch_alter_table("recovery_code", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_code_dispatcher"), ["dispatcher"], unique=False)

    op.create_table(
        "passkey",
        sa.Column("id", sa.LargeBinary(), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signed", COUNT, nullable=False),
        _moment("made_at", nullable=False),
        _moment("used_at", nullable=True),
        sa.ForeignKeyConstraint(["dispatcher"], ["dispatcher.number"], name=op.f("fk_passkey_dispatcher")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
    )
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_dispatcher"), ["dispatcher"], unique=False)

    op.create_table(
        "spent",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        _moment("until", nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_spent")),
    )
    op.create_table(
        "administration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        _moment("at", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_administration")),
    )


def downgrade() -> None:
    for table in ("administration", "spent", "passkey", "recovery_code"):
        op.drop_table(table)
    with op.batch_alter_table("console_session", schema=None) as batch_op:
        batch_op.drop_column("pending")
    with op.batch_alter_table("dispatcher", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_dispatcher_subject"))
        batch_op.drop_index(batch_op.f("ix_dispatcher_holder"))
        for column in ("totp_offered", "password_until", "subject", "holder"):
            batch_op.drop_column(column)
    with op.batch_alter_table("desk", schema=None) as batch_op:
        for column in ("hours_until", "hours_from", "open_since"):
            batch_op.drop_column(column)
