"""`stoa team`: who pays, and how much at most."""

from typing import Annotated

import typer

from stoa.cli import output, values
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.kit.money import format_usd

teams = typer.Typer(name="team", help="Teams and their budgets: create, list, change.", no_args_is_help=True)

Budget = Annotated[str, typer.Option("--budget", metavar="USD|none", help="US dollars in a calendar month.")]


@verb(teams, "create", action="team:create")
def create(ctx: typer.Context, name: Annotated[str, typer.Argument(help="Name of the team.")], budget: Budget = "none") -> None:
    """Create a team."""
    with target(ctx).connect() as api:
        api.post("/api/teams", {"name": name, "monthly_budget_usd": values.budget(budget)})
    output.note(f"Created the team {name!r}.")


@verb(teams, "list", action="team:list")
def list_teams(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List the teams with their budgets."""
    with target(ctx).connect() as api:
        found = list(api.each("/api/teams"))
    if json:
        output.as_json(found)
        return
    output.table(
        ("name", "monthly budget"),
        [(t["name"], _budget(t["monthly_budget_nano_usd"])) for t in found],
        empty="There is no team. Create one with: stoa team create NAME",
    )


@verb(teams, "set", action="team:update")
def change(ctx: typer.Context, name: Annotated[str, typer.Argument(help="Which team.")], budget: Budget) -> None:
    """Change a team's budget."""
    with target(ctx).connect() as api:
        api.patch(f"/api/teams/{values.segment(name)}", {"monthly_budget_usd": values.budget(budget)})
    output.note(f"Changed the team {name!r}: budget {budget}.")


def _budget(nano_usd: int | None) -> str:
    return "none" if nano_usd is None else format_usd(nano_usd)
