"""`stoa config`: the settings in effect and where each came from."""

from typing import Annotated

import typer

from stoa.cli import output
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.settings import effective

config = typer.Typer(name="config", help="Settings in effect.", no_args_is_help=True)


@verb(config, "show", action="config:read")
def show(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Show every setting, its value, and whether it comes from a default, the file, the environment or the command line."""
    loaded = target(ctx).load()
    values = effective(loaded.settings)
    if json:
        output.as_json({field: {"value": value, "origin": loaded.origin[field]} for field, value in values.items()})
        return
    output.table(
        ("setting", "value", "from"), [(field, value, loaded.origin[field]) for field, value in values.items()], empty=""
    )
