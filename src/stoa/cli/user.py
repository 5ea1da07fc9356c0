"""`stoa user`: the people who sign in."""

from typing import Annotated

import typer

from stoa.cli import output, values
from stoa.cli.target import target
from stoa.cli.verbs import verb

users = typer.Typer(name="user", help="People: create, list, change.", no_args_is_help=True)

Groups = Annotated[str | None, typer.Option(help="Groups whose documents they may read: hr,finance")]
Roles = Annotated[str | None, typer.Option(help="Of member, developer, operator, auditor, administrator: member,developer")]
Team = Annotated[str | None, typer.Option(help="Who pays for what they ask.")]
DisplayName = Annotated[str | None, typer.Option(help="The name the page shows.")]


@verb(users, "create", action="user:create")
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What they sign in as.")],
    display_name: DisplayName = None,
    team: Team = None,
    groups: Groups = None,
    roles: Roles = None,
) -> None:
    """Create a user. They sign in with a link from: stoa login NAME"""
    with target(ctx).connect() as api:
        made = api.post(
            "/api/users",
            {
                "name": name,
                "display_name": display_name or name,
                "team": team or "company",
                "groups": values.names(groups or ""),
                "roles": values.names(roles or "member"),
            },
        )
    output.note(f"Created the user {made['name']!r} of team {made['team']!r}. Let them in with: stoa login {name}")


@verb(users, "list", action="user:list")
def list_users(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List the users with their team, groups and roles."""
    with target(ctx).connect() as api:
        found = list(api.each("/api/users"))
    if json:
        output.as_json(found)
        return
    output.table(
        ("name", "display name", "team", "groups", "roles", "disabled"),
        [(u["name"], u["display_name"], u["team"], u["groups"], u["roles"], u["disabled_at"] is not None) for u in found],
        empty="There is no user. Create one with: stoa user create NAME",
    )


@verb(users, "set", action="user:update")
def change(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Whom to change.")],
    display_name: DisplayName = None,
    team: Team = None,
    groups: Groups = None,
    roles: Roles = None,
    disabled: Annotated[bool | None, typer.Option("--disable/--enable", help="Keep them out, or let them in again.")] = None,
) -> None:
    """Change what is named; the rest stays. `--groups ''` takes all groups away."""
    wanted = {
        "display_name": display_name,
        "team": team,
        "groups": None if groups is None else values.names(groups),
        "roles": None if roles is None else values.names(roles),
        "disabled": disabled,
    }
    given = {field: value for field, value in wanted.items() if value is not None}
    if not given:
        raise typer.BadParameter("nothing to change; name at least one of the options")
    with target(ctx).connect() as api:
        api.patch(f"/api/users/{values.segment(name)}", given)
    output.note(f"Changed the user {name!r}: {', '.join(given)}.")
