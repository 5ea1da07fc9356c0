"""`stoa content`: what was asked and answered, where teams keep it."""

from typing import Annotated
from urllib.parse import urlencode

import typer

from stoa.cli import output
from stoa.cli.target import target
from stoa.cli.verbs import verb

contents = typer.Typer(name="content", help="What teams keep of what was asked and answered: erase.", no_args_is_help=True)


@verb(contents, "erase", action="content:erase")
def erase(
    ctx: typer.Context,
    user: Annotated[str | None, typer.Option(help="Whose content: a user's name or id.")] = None,
    key: Annotated[str | None, typer.Option(help="Or an application's: a key's name or id.")] = None,
) -> None:
    """Destroy the key that somebody's content is sealed with, so that nobody reads it any more."""
    if (user is None) == (key is None):
        raise typer.BadParameter("name either --user or --key")
    wanted = {"user": user} if user is not None else {"key": key}
    with target(ctx).connect() as api:
        found = api.delete(f"/api/contents?{urlencode(wanted)}")
    copied = f", nor what was copied from it into datasets ({found['examples']})" if found["examples"] else ""
    output.note(f"Erased: nobody can read it any more{copied}." if found["keys"] else "There was no content to erase.")
