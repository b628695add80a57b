"""the first tables"""

import sqlalchemy as sa
from alembic import op

import dispatch.database

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "desk",
        sa.Column("adcode", sa.String(length=6), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("open", sa.Boolean(), nullable=False),
        sa.Column("sms", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["desk.adcode"], name=op.f("fk_desk_parent")),
        sa.PrimaryKeyConstraint("adcode", name=op.f("pk_desk")),
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.Column("made_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "phone_code",
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("code_digest", sa.LargeBinary(), nullable=False),
        sa.Column("sent_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("phone_index", name=op.f("pk_phone_code")),
    )
    op.create_table(
        "reporter",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=False),
        sa.Column("phone_index", sa.LargeBinary(), nullable=False),
        sa.Column("phone_masked", sa.String(), nullable=False),
        sa.Column("identity", sa.String(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("name_masked", sa.String(), nullable=True),
        sa.Column("id_number", sa.LargeBinary(), nullable=True),
        sa.Column("id_number_index", sa.LargeBinary(), nullable=True),
        sa.Column("verified_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.Column("hearing_speech_impaired", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("invalid_reports", sa.Integer(), nullable=False),
        sa.Column("made_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reporter")),
        sa.UniqueConstraint("phone_index", name=op.f("uq_reporter_phone_index")),
    )
    with op.batch_alter_table("reporter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reporter_id_number_index"), ["id_number_index"], unique=False)

    op.create_table(
        "desk_head",
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("numbered_on", sa.String(), nullable=False),
        sa.Column("numbered", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_desk_head_desk")),
        sa.PrimaryKeyConstraint("desk", name=op.f("pk_desk_head")),
    )
    op.create_table(
        "dispatcher",
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("desk", sa.String(), nullable=True),
        sa.Column("password", sa.String(), nullable=False),
        sa.Column("totp_secret", sa.LargeBinary(), nullable=True),
        sa.Column("totp_used", sa.Integer(), nullable=False),
        sa.Column("disabled_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_dispatcher_desk")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_dispatcher")),
    )
    op.create_table(
        "event",
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=True),
        sa.Column("reporter", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("data", dispatch.database.JSONText(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_event_desk")),
        sa.PrimaryKeyConstraint("desk", "seq", name=op.f("pk_event")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_report"), ["report"], unique=False)

    op.create_table(
        "report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("reporter", sa.Uuid(), nullable=False),
        sa.Column("idempotency_key", sa.Uuid(), nullable=False),
        sa.Column("body_digest", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("covert", sa.Boolean(), nullable=False),
        sa.Column("place_text", sa.String(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("came_lat", sa.Float(), nullable=True),
        sa.Column("came_lon", sa.Float(), nullable=True),
        sa.Column("crs", sa.String(), nullable=True),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.Column("position_source", sa.String(), nullable=True),
        sa.Column("position_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.Column("notes", dispatch.database.JSONText(), nullable=False),
        sa.Column("media_expected", sa.Integer(), nullable=False),
        sa.Column("fraud", dispatch.database.JSONText(), nullable=True),
        sa.Column("filed_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("filed_seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("escalation", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("withdrawn_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_report_desk")),
        sa.ForeignKeyConstraint(["reporter"], ["reporter.id"], name=op.f("fk_report_reporter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("number", name=op.f("uq_report_number")),
        sa.UniqueConstraint("reporter", "idempotency_key", name=op.f("uq_report_reporter")),
    )
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.create_index("ix_report_desk_status", ["desk", "status", "filed_at"], unique=False)
        batch_op.create_index("ix_report_reporter_filed_at", ["reporter", "filed_at"], unique=False)

    op.create_table(
        "reporter_session",
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("reporter", sa.Uuid(), nullable=False),
        sa.Column("made_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["reporter"], ["reporter.id"], name=op.f("fk_reporter_session_reporter")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_reporter_session")),
    )
    with op.batch_alter_table("reporter_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reporter_session_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_reporter_session_reporter"), ["reporter"], unique=False)
        batch_op.create_index(batch_op.f("ix_reporter_session_revoked_at"), ["revoked_at"], unique=False)

    op.create_table(
        "acknowledgement",
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=False),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("receipt", sa.String(), nullable=False),
        sa.Column("shown_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_acknowledgement_desk")),
        sa.ForeignKeyConstraint(
            ["dispatcher"], ["dispatcher.number"], name=op.f("fk_acknowledgement_dispatcher")
        ),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_acknowledgement_report")),
        sa.PrimaryKeyConstraint("report", name=op.f("pk_acknowledgement")),
    )
    op.create_table(
        "console_session",
        sa.Column("token_digest", sa.LargeBinary(), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=False),
        sa.Column("csrf", sa.String(), nullable=False),
        sa.Column("made_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["dispatcher"], ["dispatcher.number"], name=op.f("fk_console_session_dispatcher")
        ),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_console_session")),
    )
    with op.batch_alter_table("console_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_console_session_dispatcher"), ["dispatcher"], unique=False)

    op.create_table(
        "location",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("came_lat", sa.Float(), nullable=False),
        sa.Column("came_lon", sa.Float(), nullable=False),
        sa.Column("crs", sa.String(), nullable=False),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("stored_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_location_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_location")),
    )
    with op.batch_alter_table("location", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_location_report"), ["report"], unique=False)

    op.create_table(
        "media",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("length", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("begun_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("stored_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_media_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_media")),
        sa.UniqueConstraint("report", "client_id", name=op.f("uq_media_report")),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dispatcher"], ["dispatcher.number"], name=op.f("fk_message_dispatcher")),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_message_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("report", "author", "client_id", name=op.f("uq_message_report")),
    )


def downgrade() -> None:
    op.drop_table("message")
    op.drop_table("media")
    with op.batch_alter_table("location", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_location_report"))

    op.drop_table("location")
    with op.batch_alter_table("console_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_console_session_dispatcher"))

    op.drop_table("console_session")
    op.drop_table("acknowledgement")
    with op.batch_alter_table("reporter_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reporter_session_revoked_at"))
        batch_op.drop_index(batch_op.f("ix_reporter_session_reporter"))
        batch_op.drop_index(batch_op.f("ix_reporter_session_expires_at"))

    op.drop_table("reporter_session")
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index("ix_report_reporter_filed_at")
        batch_op.drop_index("ix_report_desk_status")

    op.drop_table("report")
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_event_report"))

    op.drop_table("event")
    op.drop_table("dispatcher")
    op.drop_table("desk_head")
    with op.batch_alter_table("reporter", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reporter_id_number_index"))

    op.drop_table("reporter")
    op.drop_table("phone_code")
    op.drop_table("installation")
    op.drop_table("desk")
