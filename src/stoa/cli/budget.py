"""`stoa budget`: how much of each budget is spent. Budgets themselves are applied, or stand at a team or a key."""

from typing import Annotated, Any

import typer

from stoa.cli import output
from stoa.cli.panels import OPERATION
from stoa.cli.root import root
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.kit.money import format_usd


@verb(root, "budget", action="budget:list", panel=OPERATION)
def budget(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Tell what is spent of each budget, and when it begins anew.

    What requests under way have set aside is known to the gateways alone, and in none of these figures.
    """
    with target(ctx).connect() as api:
        found = api.get("/api/budgets")["data"]
    if json:
        output.as_json(found)
        return
    output.table(
        ("of", "budget", "used", "cost unknown", "warns at", "limit", "a", "resets", "state"),
        [
            (
                f"{each['scope']} {each['subject'] or '(each)'}",
                each["name"] or "its own",
                format_usd(each["used_nano_usd"]),
                each["unknown_cost_requests"],
                _amount(each["warn_nano_usd"]),
                _amount(each["limit_nano_usd"]),
                _period(each),
                output.when(each["resets_at"]),
                each["state"],
            )
            for each in found
        ],
        empty="There is no budget. Apply one (kind: Budget), or set one of a team with: stoa team set NAME --budget USD",
    )
    if found:
        output.note(f"As of {output.when(found[0]['as_of'])}.")


def _amount(nano_usd: int | None) -> str | None:
    return None if nano_usd is None else format_usd(nano_usd)


def _period(each: Any) -> str:
    return each["per"] if each["time_zone"] == "UTC" else f"{each['per']} in {each['time_zone']}"
