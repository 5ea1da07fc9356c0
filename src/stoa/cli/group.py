"""`stoa group`: groups, which documents are restricted to, and groups within groups."""

from typing import Annotated

import typer

from stoa.cli import output, values
from stoa.cli.target import target
from stoa.cli.verbs import verb

groups = typer.Typer(
    name="group", help="Groups that documents are restricted to: create, list, put into each other.", no_args_is_help=True
)


Name = Annotated[str, typer.Argument(help="Name of the group.")]


@verb(groups, "create", action="group:create")
def create(
    ctx: typer.Context,
    name: Name,
    holds: Annotated[str, typer.Option(help="Groups whose people are in this one too: hr,finance")] = "",
) -> None:
    """Create a group. Put people in with: stoa user set NAME --groups GROUP"""
    inner = values.names(holds)
    with target(ctx).connect() as api:
        api.post("/api/groups", {"name": name} | ({"groups": inner} if inner else {}))
    output.note(f"Created the group {name!r}.")


@verb(groups, "set", action="group:update")
def change(
    ctx: typer.Context,
    name: Name,
    holds: Annotated[str, typer.Option(help="Groups whose people are in this one too, instead of those before: hr,finance")],
) -> None:
    """Say which groups it holds. `--holds ''` takes all of them out."""
    with target(ctx).connect() as api:
        made = api.patch(f"/api/groups/{values.segment(name)}", {"groups": values.names(holds)})
    output.note(f"The group {name!r} holds {', '.join(made['groups']) or 'no other group'}.")


@verb(groups, "list", action="group:list")
def list_groups(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List the groups."""
    with target(ctx).connect() as api:
        found = list(api.each("/api/groups"))
    if json:
        output.as_json(found)
        return
    output.table(
        ("name", "holds"),
        [(group["name"], group["groups"]) for group in found],
        empty="There is no group. Create one with: stoa group create NAME",
    )
