"""the desk's work"""

import sqlalchemy as sa
from alembic import op

import dispatch.database

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "danger_word",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("desk", sa.String(length=6), nullable=True),
        sa.Column("word", sa.String(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=True),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("removed_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_danger_word_desk")),
        sa.ForeignKeyConstraint(
            ["dispatcher"], ["dispatcher.number"], name=op.f("fk_danger_word_dispatcher")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_danger_word")),
    )
    with op.batch_alter_table("danger_word", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_danger_word_desk"), ["desk"], unique=False)

    op.create_table(
        "quick_reply",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("desk", sa.String(length=6), nullable=True),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("text_zh", sa.String(), nullable=False),
        sa.Column("text_en", sa.String(), nullable=False),
        sa.Column("covert", sa.Boolean(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=True),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("removed_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_quick_reply_desk")),
        sa.ForeignKeyConstraint(
            ["dispatcher"], ["dispatcher.number"], name=op.f("fk_quick_reply_dispatcher")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quick_reply")),
    )
    with op.batch_alter_table("quick_reply", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_quick_reply_desk"), ["desk"], unique=False)

    op.create_table(
        "ready_question",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("desk", sa.String(length=6), nullable=True),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("key", sa.String(), nullable=True),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=True),
        sa.Column("text_zh", sa.String(), nullable=False),
        sa.Column("text_en", sa.String(), nullable=False),
        sa.Column("answers_zh", dispatch.database.JSONText(), nullable=False),
        sa.Column("answers_en", dispatch.database.JSONText(), nullable=False),
        sa.Column("covert", sa.Boolean(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=True),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("removed_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_ready_question_desk")),
        sa.ForeignKeyConstraint(
            ["dispatcher"], ["dispatcher.number"], name=op.f("fk_ready_question_dispatcher")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ready_question")),
    )
    with op.batch_alter_table("ready_question", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_ready_question_desk"), ["desk"], unique=False)

    op.create_table(
        "shift",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=False),
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("began_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_shift_desk")),
        sa.ForeignKeyConstraint(["dispatcher"], ["dispatcher.number"], name=op.f("fk_shift_dispatcher")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift")),
    )
    with op.batch_alter_table("shift", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shift_desk"), ["desk"], unique=False)
        batch_op.create_index(
            "ix_shift_open",
            ["dispatcher"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "handling",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=False),
        sa.Column("began_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("began_by", sa.String(), nullable=False),
        sa.Column("began_reason", sa.String(), nullable=True),
        sa.Column("ended_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["dispatcher"], ["dispatcher.number"], name=op.f("fk_handling_dispatcher")),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_handling_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handling")),
    )
    with op.batch_alter_table("handling", schema=None) as batch_op:
        batch_op.create_index("ix_handling_dispatcher", ["dispatcher", "ended_at"], unique=False)
        batch_op.create_index(
            "ix_handling_open",
            ["report"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_handling_report"), ["report"], unique=False)

    op.create_table(
        "note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=True),
        sa.Column("dispatcher", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("done_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_note_desk")),
        sa.ForeignKeyConstraint(["dispatcher"], ["dispatcher.number"], name=op.f("fk_note_dispatcher")),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_note_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
        sa.UniqueConstraint("client_id", name=op.f("uq_note_client_id")),
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_note_desk"), ["desk"], unique=False)
        batch_op.create_index(batch_op.f("ix_note_report"), ["report"], unique=False)

    op.create_table(
        "scene",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("came_lat", sa.Float(), nullable=False),
        sa.Column("came_lon", sa.Float(), nullable=False),
        sa.Column("crs", sa.String(), nullable=False),
        sa.Column("accuracy_m", sa.Float(), nullable=True),
        sa.Column("dispatcher", sa.String(), nullable=False),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["dispatcher"], ["dispatcher.number"], name=op.f("fk_scene_dispatcher")),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_scene_report")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scene")),
        sa.UniqueConstraint("report", "client_id", name=op.f("uq_scene_report")),
        sa.UniqueConstraint("report", "n", name=op.f("uq_scene_report_n")),
    )

    with op.batch_alter_table("desk", schema=None) as batch_op:
        batch_op.add_column(sa.Column("late_1_s", sa.Integer(), server_default="15", nullable=False))
        batch_op.add_column(sa.Column("late_2_s", sa.Integer(), server_default="20", nullable=False))
        batch_op.add_column(sa.Column("late_3_s", sa.Integer(), server_default="60", nullable=False))
        batch_op.add_column(sa.Column("again_offline_s", sa.Integer(), server_default="60", nullable=False))
        batch_op.add_column(sa.Column("again_idle_s", sa.Integer(), server_default="600", nullable=False))

    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("handler", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("handled", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(
            sa.Column("closed_at", dispatch.database.UTCDateTime(timezone=True), nullable=True)
        )
        batch_op.create_index("ix_report_desk_filed_at", ["desk", "filed_at", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_index("ix_report_desk_filed_at")
        batch_op.drop_column("closed_at")
        batch_op.drop_column("handled")
        batch_op.drop_column("handler")

    with op.batch_alter_table("desk", schema=None) as batch_op:
        batch_op.drop_column("again_idle_s")
        batch_op.drop_column("again_offline_s")
        batch_op.drop_column("late_3_s")
        batch_op.drop_column("late_2_s")
        batch_op.drop_column("late_1_s")

    op.drop_table("scene")
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_note_report"))
        batch_op.drop_index(batch_op.f("ix_note_desk"))

    op.drop_table("note")
    with op.batch_alter_table("handling", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handling_report"))
        batch_op.drop_index(
            "ix_handling_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index("ix_handling_dispatcher")

    op.drop_table("handling")
    with op.batch_alter_table("shift", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_shift_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_shift_desk"))

    op.drop_table("shift")
    with op.batch_alter_table("ready_question", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_ready_question_desk"))

    op.drop_table("ready_question")
    with op.batch_alter_table("quick_reply", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_quick_reply_desk"))

    op.drop_table("quick_reply")
    with op.batch_alter_table("danger_word", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_danger_word_desk"))

    op.drop_table("danger_word")
