"""`stoa db`: the main database's form, and its backups."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from stoa.cli import output
from stoa.cli.target import target
from stoa.cli.verbs import verb

_R = TypeVar("_R")

database = typer.Typer(name="db", help="Database: migrate, check, backup, restore.", no_args_is_help=True)


@verb(database, "migrate", action="database:migrate")
def migrate(
    ctx: typer.Context,
    backup: Annotated[bool, typer.Option(help="Take a backup first.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing unless an older database was changed.")] = False,
) -> None:
    """Bring the database into the form this version needs; `stoa up` does it by itself."""
    from stoa.adapters.database import migrate as migration

    settings = target(ctx).settings()
    done = _run(migration.migrate(settings.database_url, settings.home_folder, take_backup=backup))
    if done.backup:
        output.note(f"Backup of the database before the upgrade: {done.backup}")
    if done.applied and (done.backup or not quiet):
        output.note(f"Applied to the database and verified: {', '.join(done.applied)}.")
    elif not done.applied and not quiet:
        output.note(f"Nothing to do: the database is at revision {done.revision}.")


@verb(database, "check", action="database:check")
def check(ctx: typer.Context) -> None:
    """Say whether the database is whole and current; exit code 1 when it is not."""
    from stoa.adapters.database import migrate as migration

    revision = _run(migration.check(target(ctx).settings().database_url))
    output.note(f"The database is whole, at revision {revision}.")


@verb(database, "backup", action="database:backup")
def backup(ctx: typer.Context) -> None:
    """Copy the database, also while Stoa runs, and print where the copy lies."""
    from stoa.adapters.database import backup as copies

    settings = target(ctx).settings()
    output.result(str(_run(copies.backup(settings.database_url, settings.home_folder))))


@verb(database, "restore", action="database:restore")
def restore(ctx: typer.Context, file: Annotated[Path, typer.Argument(help="A file that `stoa db backup` made.")]) -> None:
    """Put a backup in the database's place, after a copy of what is there now. Stoa must not be running."""
    from stoa.adapters.database import backup as copies
    from stoa.adapters.processes.homelock import hold

    settings = target(ctx).settings()
    home = settings.home_folder
    home.prepare()
    with hold(home):
        before = _run(copies.restore(settings.database_url, home, file))
    output.note(f"Restored {str(file)!r}." + (f" What was there before: {before}" if before else ""))


def _run(work: Coroutine[None, None, _R]) -> _R:
    import asyncio  # late: 50 ms

    return asyncio.run(work)
