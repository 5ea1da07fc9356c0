"""Copies of the main database, and the way back from one.

SQLite is copied by its online backup, which takes a consistent copy while others write. PostgreSQL is copied by its own
pg_dump, which must be installed and no older than the server.
"""

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import URL

from stoa.adapters.database.engine import parse_url, sqlite_path
from stoa.errors import NotFound, SchemaError
from stoa.kit.home import Home


async def backup(url: str, home: Home, *, label: str = "manual") -> Path:
    """Copy the database into `home/backups`; returns the file. Raises SchemaError when no whole copy could be made."""
    home.prepare()
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%fZ")
    source = sqlite_path(url)
    if source is not None:
        target = home.backups / f"stoa-{stamp}-{label}.sqlite"
        await asyncio.to_thread(_copy_sqlite, source, target)
        return target
    target = home.backups / f"stoa-{stamp}-{label}.dump"
    if shutil.which("pg_dump") is None:
        raise SchemaError(
            "No backup could be taken: `pg_dump` is not installed. Install PostgreSQL's client programs, or take a backup "
            "yourself and run `stoa db migrate --no-backup`."
        )
    try:
        await _run("pg_dump", ["--format=custom", f"--file={target}"], parse_url(url), home)
    except SchemaError:
        target.unlink(missing_ok=True)
        raise
    target.chmod(0o600)
    return target


async def restore(url: str, home: Home, file: Path) -> Path | None:
    """Put a backup back, after a copy of what is there now; returns that copy. Nothing else may use the database meanwhile."""
    if not await asyncio.to_thread(file.is_file):
        raise NotFound(f"There is no backup {str(file)!r}. Backups are kept in {str(home.backups)!r}.", param="file")
    target = sqlite_path(url)
    if target is not None:
        await asyncio.to_thread(_verify_sqlite, file)
        before = await backup(url, home, label="before-restore") if target.exists() else None
        await asyncio.to_thread(_copy_sqlite, file, target)
        return before
    if shutil.which("pg_restore") is None:
        raise SchemaError("`pg_restore` is not installed. Install PostgreSQL's client programs.")
    before = await backup(url, home, label="before-restore")
    options = ["--clean", "--if-exists", "--no-owner", "--single-transaction", "--exit-on-error", str(file)]
    await _run("pg_restore", options, parse_url(url), home)
    return before


def _copy_sqlite(source: Path, target: Path) -> None:
    os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
    with closing(sqlite3.connect(source)) as have, closing(sqlite3.connect(target)) as copy:
        have.backup(copy)
    _verify_sqlite(target)


def _verify_sqlite(file: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise SchemaError(f"The copy {str(file)!r} is not a whole database: {found}")


async def _run(program: str, options: list[str], url: URL, home: Home) -> None:
    """Run one of PostgreSQL's programs. The password goes through a file that only the owner reads, not through arguments."""
    passfile = home.run / f".{program}-{os.getpid()}"
    passfile.touch(mode=0o600)
    try:
        password = (url.password or "").replace("\\", "\\\\").replace(":", "\\:")
        passfile.write_text(f"*:*:*:*:{password}\n", encoding="utf-8")
        query = {"sslmode" if name == "ssl" else name: value for name, value in url.query.items()} | {"passfile": str(passfile)}
        target = url.set(drivername="postgresql", query=query)._replace(password=None)
        process = await asyncio.create_subprocess_exec(
            program, f"--dbname={target.render_as_string()}", *options, stderr=asyncio.subprocess.PIPE
        )
        _, complaint = await process.communicate()
    finally:
        passfile.unlink(missing_ok=True)
    if process.returncode != 0:
        raise SchemaError(f"{program} failed: {complaint.decode(errors='replace').strip()}")
