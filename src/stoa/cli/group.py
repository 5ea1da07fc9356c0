"""`stoa group`: groups, which documents are restricted to."""

from typing import Annotated

import typer

from stoa.cli import output
from stoa.cli.target import target
from stoa.cli.verbs import verb

groups = typer.Typer(name="group", help="Groups that documents are restricted to: create, list.", no_args_is_help=True)


@verb(groups, "create", action="group:create")
def create(ctx: typer.Context, name: Annotated[str, typer.Argument(help="Name of the group.")]) -> None:
    """Create a group. Put people in with: stoa user set NAME --groups GROUP"""
    with target(ctx).connect() as api:
        api.post("/api/groups", {"name": name})
    output.note(f"Created the group {name!r}.")


@verb(groups, "list", action="group:list")
def list_groups(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List the groups."""
    with target(ctx).connect() as api:
        found = list(api.each("/api/groups"))
    if json:
        output.as_json(found)
        return
    output.table(
        ("name",), [(group["name"],) for group in found], empty="There is no group. Create one with: stoa group create NAME"
    )
