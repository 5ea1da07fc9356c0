"""Where Alembic runs the revisions: on the connection that `migrate` hands over, inside its transaction."""

from alembic import context
from sqlalchemy import Connection

from stoa.adapters.database.tables import metadata


def run() -> None:
    connection = context.config.attributes["connection"]
    assert isinstance(connection, Connection)
    context.configure(connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True)
    context.run_migrations()


run()
