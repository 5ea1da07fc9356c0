"""`stoa team`: who pays, and how much at most."""

from typing import Annotated

import typer

from stoa.cli import output, values
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.kit.money import format_usd

teams = typer.Typer(name="team", help="Teams and their budgets: create, list, change.", no_args_is_help=True)

Budget = Annotated[str | None, typer.Option("--budget", metavar="USD|none", help="US dollars in a calendar month.")]
ContentDays = Annotated[
    str | None,
    typer.Option(
        "--content-days", metavar="DAYS|none", help="How long to keep what is asked and answered.", show_default="none"
    ),
]


@verb(teams, "create", action="team:create")
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the team.")],
    budget: Budget = None,
    content_days: ContentDays = None,
) -> None:
    """Create a team."""
    with target(ctx).connect() as api:
        api.post("/api/teams", {"name": name} | _wanted(budget, content_days))
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
        ("name", "monthly budget", "content kept"),
        [(t["name"], _budget(t["monthly_budget_nano_usd"]), _kept(t["content_days"])) for t in found],
        empty="There is no team. Create one with: stoa team create NAME",
    )


@verb(teams, "set", action="team:update")
def change(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Which team.")],
    budget: Budget = None,
    content_days: ContentDays = None,
) -> None:
    """Change a team's budget, and how long it keeps what is asked and answered."""
    wanted = _wanted(budget, content_days)
    if not wanted:
        raise typer.BadParameter("say what is to change: --budget, --content-days")
    with target(ctx).connect() as api:
        found = api.patch(f"/api/teams/{values.segment(name)}", wanted)
    output.note(
        f"Changed the team {name!r}: budget {_budget(found['monthly_budget_nano_usd'])}, content kept "
        f"{_kept(found['content_days'])}."
    )


def _wanted(budget: str | None, content_days: str | None) -> dict[str, object]:
    found: dict[str, object] = {}
    if budget is not None:
        found["monthly_budget_usd"] = values.budget(budget)
    if content_days is not None:
        found["content_days"] = values.days(content_days)
    return found


def _kept(days: int | None) -> str:
    return "no" if days is None else f"{days} days"


def _budget(nano_usd: int | None) -> str:
    return "none" if nano_usd is None else format_usd(nano_usd)
