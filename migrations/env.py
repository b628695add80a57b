"""Alembic's environment: the models' tables, and the database that the set-up names."""

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from dispatch import models

engine = create_engine(context.config.attributes["database_url"], poolclass=NullPool)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=models.Record.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
