"""The main database: SQLite or PostgreSQL, through SQLAlchemy Core."""
