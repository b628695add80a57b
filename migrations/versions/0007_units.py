"""units, and where they were sent"""

import sqlalchemy as sa
from alembic import op

import dispatch.database

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "officer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=True),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("removed_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_officer_desk")),
        sa.ForeignKeyConstraint(["dispatcher"], ["dispatcher.number"], name=op.f("fk_officer_dispatcher")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer")),
    )
    with op.batch_alter_table("officer", schema=None) as batch_op:
        batch_op.create_index(
            "ix_officer_number",
            ["desk", "number"],
            unique=True,
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )

    op.create_table(
        "unit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("desk", sa.String(length=6), nullable=False),
        sa.Column("call_sign", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("in_service", sa.Boolean(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("came_lat", sa.Float(), nullable=True),
        sa.Column("came_lon", sa.Float(), nullable=True),
        sa.Column("crs", sa.String(), nullable=True),
        sa.Column("position_source", sa.String(), nullable=True),
        sa.Column("position_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.Column("dispatcher", sa.String(), nullable=True),
        sa.Column("at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("removed_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["desk"], ["desk.adcode"], name=op.f("fk_unit_desk")),
        sa.ForeignKeyConstraint(["dispatcher"], ["dispatcher.number"], name=op.f("fk_unit_dispatcher")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
    )
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.create_index(
            "ix_unit_call_sign",
            ["desk", "call_sign"],
            unique=True,
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )

    op.create_table(
        "crew",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Uuid(), nullable=False),
        sa.Column("officer", sa.Uuid(), nullable=False),
        sa.Column("began_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("ended_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["officer"], ["officer.id"], name=op.f("fk_crew_officer")),
        sa.ForeignKeyConstraint(["unit"], ["unit.id"], name=op.f("fk_crew_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crew")),
    )
    with op.batch_alter_table("crew", schema=None) as batch_op:
        batch_op.create_index(
            "ix_crew_open",
            ["officer"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index("ix_crew_unit", ["unit", "ended_at"], unique=False)

    op.create_table(
        "sending",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("report", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.Uuid(), nullable=False),
        sa.Column("dispatcher", sa.String(), nullable=False),
        sa.Column("sent_at", dispatch.database.UTCDateTime(timezone=True), nullable=False),
        sa.Column("on_scene_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.Column("on_scene_by", sa.String(), nullable=True),
        sa.Column("cleared_at", dispatch.database.UTCDateTime(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.String(), nullable=True),
        sa.Column("feedback", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["cleared_by"], ["dispatcher.number"], name=op.f("fk_sending_cleared_by")),
        sa.ForeignKeyConstraint(["dispatcher"], ["dispatcher.number"], name=op.f("fk_sending_dispatcher")),
        sa.ForeignKeyConstraint(["on_scene_by"], ["dispatcher.number"], name=op.f("fk_sending_on_scene_by")),
        sa.ForeignKeyConstraint(["report"], ["report.id"], name=op.f("fk_sending_report")),
        sa.ForeignKeyConstraint(["unit"], ["unit.id"], name=op.f("fk_sending_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sending")),
    )
    with op.batch_alter_table("sending", schema=None) as batch_op:
        batch_op.create_index(
            "ix_sending_out",
            ["unit"],
            unique=True,
            sqlite_where=sa.text("cleared_at IS NULL"),
            postgresql_where=sa.text("cleared_at IS NULL"),
        )
        batch_op.create_index("ix_sending_report", ["report", "sent_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sending_unit"), ["unit"], unique=False)

    with op.batch_alter_table("desk", schema=None) as batch_op:
        batch_op.add_column(sa.Column("show_units", sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(
            sa.Column("show_units_covert", sa.Boolean(), server_default=sa.false(), nullable=False)
        )

    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.add_column(sa.Column("sent", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(
            sa.Column("dispatched_at", dispatch.database.UTCDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(
            sa.Column("on_scene_at", dispatch.database.UTCDateTime(timezone=True), nullable=True)
        )
        batch_op.add_column(sa.Column("units_told", sa.String(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("report", schema=None) as batch_op:
        batch_op.drop_column("units_told")
        batch_op.drop_column("on_scene_at")
        batch_op.drop_column("dispatched_at")
        batch_op.drop_column("sent")

    with op.batch_alter_table("desk", schema=None) as batch_op:
        batch_op.drop_column("show_units_covert")
        batch_op.drop_column("show_units")

    with op.batch_alter_table("sending", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sending_unit"))
        batch_op.drop_index("ix_sending_report")
        batch_op.drop_index(
            "ix_sending_out",
            sqlite_where=sa.text("cleared_at IS NULL"),
            postgresql_where=sa.text("cleared_at IS NULL"),
        )

    op.drop_table("sending")
    with op.batch_alter_table("crew", schema=None) as batch_op:
        batch_op.drop_index("ix_crew_unit")
        batch_op.drop_index(
            "ix_crew_open",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("crew")
    with op.batch_alter_table("unit", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_unit_call_sign",
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )

    op.drop_table("unit")
    with op.batch_alter_table("officer", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_officer_number",
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )

    op.drop_table("officer")
