"""the reporter's side"""

import sqlalchemy as sa
from alembic import op

import dispatch.database

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = dispatch.database.UTCDateTime(timezone=True)
    op.create_table(
        "location_code",
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_location_code_report")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_location_code")),
        sa.UniqueConstraint("report", name=op.f("uq_location_code_report")),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reporter", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.ForeignKeyConstraint(["reporter"], ["reporter.id"], name=op.f("fk_consent_reporter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent")),
    )
    op.create_index(op.f("ix_consent_reporter"), "consent", ["reporter"], unique=False)
    op.create_table(
        "former_identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reporter", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("phone_masked", sa.String(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("name_masked", sa.String(), nullable=True),
        sa.Column("id_number", sa.LargeBinary(), nullable=True),
        sa.Column("id_number_index", sa.LargeBinary(), nullable=True),
        sa.Column("verified_at", moment, nullable=True),
        sa.Column("replaced_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["reporter"], ["reporter.id"], name=op.f("fk_former_identity_reporter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_former_identity")),
    )
    for column in ("reporter", "id_number_index"):
        op.create_index(op.f(f"ix_former_identity_{column}"), "former_identity", [column], unique=False)

    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("deed", dispatch.database.JSONText(), nullable=True))
        batch_op.add_column(sa.Column("written_at", moment, nullable=True))
        batch_op.add_column(sa.Column("duress_at", moment, nullable=True))
        for name in ("duress_said", "duress_heard"):
            batch_op.add_column(sa.Column(name, sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("reporter", schema=None) as batch_op:
        batch_op.add_column(sa.Column("duress_word", sa.LargeBinary(), nullable=True))
        for name in ("closed_at", "erased_at", "corrected_at"):
            batch_op.add_column(sa.Column(name, moment, nullable=True))

    with op.batch_alter_table("reporter_session", schema=None) as batch_op:
        batch_op.add_column(sa.Column("device", sa.String(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("seen_at", moment, nullable=True))

    with op.batch_alter_table("media", schema=None) as batch_op:
        batch_op.add_column(sa.Column("refused", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("duration_ms", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("waveform", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("taken_at", moment, nullable=True))
        batch_op.add_column(sa.Column("taken_lat", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("taken_lon", sa.Float(), nullable=True))

    op.create_table(
        "media_view",
        sa.Column("media", sa.Uuid(), nullable=False),
        sa.Column("session", sa.LargeBinary(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("media", "session", name=op.f("pk_media_view")),
    )


def downgrade() -> None:
    op.drop_table("media_view")

    with op.batch_alter_table("media", schema=None) as batch_op:
        for column in ("taken_lon", "taken_lat", "taken_at", "waveform", "duration_ms", "refused"):
            batch_op.drop_column(column)

    with op.batch_alter_table("reporter", schema=None) as batch_op:
        for column in ("corrected_at", "erased_at", "closed_at", "duress_word"):
            batch_op.drop_column(column)

    with op.batch_alter_table("reporter_session", schema=None) as batch_op:
        for column in ("seen_at", "device"):
            batch_op.drop_column(column)

    with op.batch_alter_table("report", schema=None) as batch_op:
        for column in ("duress_heard", "duress_said", "duress_at", "written_at", "deed"):
            batch_op.drop_column(column)

    for column in ("id_number_index", "reporter"):
        op.drop_index(op.f(f"ix_former_identity_{column}"), table_name="former_identity")
    op.drop_table("former_identity")
    op.drop_index(op.f("ix_consent_reporter"), table_name="consent")
    op.drop_table("consent")
    op.drop_table("location_code")
