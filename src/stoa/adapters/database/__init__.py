"""The main database: SQLite or PostgreSQL, through SQLAlchemy Core.

`engine` opens it, `tables` says what is in it, `migrate` brings it into that form, and the other files hold one store a noun.
"""

from stoa.adapters.database.engine import Database

__all__ = ["Database"]
