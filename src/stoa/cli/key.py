"""`stoa key`: credentials of applications and of administration."""

from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from stoa.cli import output, values
from stoa.cli.fresh_key import wait_until_known
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.domain.periods import Period
from stoa.kit.money import format_usd

keys = typer.Typer(name="key", help="Keys of applications: create, list, revoke.", no_args_is_help=True)


@verb(keys, "create", action="key:create")
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is for; shown in usage and lists.")],
    team: Annotated[str | None, typer.Option(help="Who pays.", show_default="company")] = None,
    groups: Annotated[str, typer.Option(help="Groups whose documents it may read: hr,finance")] = "",
    requests_per_minute: Annotated[
        str | None, typer.Option(metavar="N|none", help="Limit of requests.", show_default="the gateway's default")
    ] = None,
    tokens_per_minute: Annotated[
        int | None, typer.Option(metavar="N", help="Limit of tokens, read and written.", show_default="none")
    ] = None,
    parallel: Annotated[int | None, typer.Option(metavar="N", help="Requests under way at once.", show_default="none")] = None,
    budget: Annotated[str | None, typer.Option(metavar="USD", help="US dollars in each period.", show_default="none")] = None,
    per: Annotated[Period | None, typer.Option(help="Period of the budget.", show_default="month")] = None,
    time_zone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Where the period begins: Europe/Berlin", show_default="UTC")
    ] = None,
    project: Annotated[str | None, typer.Option(help="Tag of its requests that name no project themselves.")] = None,
    kind: Annotated[
        Literal["inference", "management"], typer.Option(help="inference calls models, management calls /api.")
    ] = "inference",
    role: Annotated[str | None, typer.Option(help="Role of a management key, such as operator or auditor.")] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="SPAN|DATE", help="30d, 12h or 2031-12-31", show_default="never")
    ] = None,
) -> None:
    """Create a key and print it, this once. Nothing else goes to stdout: export STOA_KEY=$(stoa key create my-app)"""
    wanted = {
        "name": name,
        "kind": kind,
        "team": team,
        "groups": values.names(groups) or None,
        "role": role,
        "requests_per_minute": values.per_minute(requests_per_minute) if requests_per_minute else None,
        "tokens_per_minute": tokens_per_minute,
        "parallel": parallel,
        "budget_usd": values.budget(budget) if budget else None,
        "per": per,
        "time_zone": time_zone,
        "project": project,
        "expires_at": values.moment(expires, now=datetime.now(UTC)) if expires else None,
    }
    place = target(ctx)
    with place.connect() as api:
        made = api.post("/api/keys", {field: value for field, value in wanted.items() if value is not None})
    output.result(made["key"])
    output.note(
        f"Created the {kind} key {name!r}. It is shown only now; Stoa keeps a hash. Take it back with: stoa key revoke {name}"
    )
    if kind == "inference" and not wait_until_known(place, made["key"]):
        output.warning("The gateway does not know it yet; look at its health with: stoa status")


@verb(keys, "list", action="key:list")
def list_keys(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List the keys, without the keys themselves."""
    with target(ctx).connect() as api:
        found = list(api.each("/api/keys"))
    if json:
        output.as_json(found)
        return
    output.table(
        ("name", "kind", "key", "team", "groups", "per min", "tokens/min", "parallel", "budget", "project", "expires", "state"),
        [
            (
                key["name"],
                key["role"] or key["kind"],
                key["hint"],
                key["team"],
                key["groups"],
                _limit(key["requests_per_minute"]),
                key["tokens_per_minute"],
                key["parallel"],
                _budget(key["budget_nano_usd"], key["budget_period"]),
                key["project"],
                output.when(key["expires_at"]),
                _state(key["revoked_at"], key["expires_at"]),
            )
            for key in found
        ],
        empty="There is no key. Create one with: stoa key create NAME",
    )


@verb(keys, "revoke", action="key:revoke")
def revoke(ctx: typer.Context, name: Annotated[str, typer.Argument(help="Name or id of the key.")]) -> None:
    """Make a key worthless, on every gateway within two seconds."""
    with target(ctx).connect() as api:
        api.delete(f"/api/keys/{values.segment(name)}")
    output.note(f"Revoked the key {name!r}.")


def _limit(requests_per_minute: int | None) -> str:
    return "default" if requests_per_minute is None else str(requests_per_minute or "none")


def _budget(nano_usd: int | None, period: str | None) -> str | None:
    return None if nano_usd is None else f"{format_usd(nano_usd)} a {(period or 'month UTC').removesuffix(' UTC')}"


def _state(revoked_at: str | None, expires_at: str | None) -> str:
    if revoked_at:
        return "revoked"
    expired = expires_at is not None and datetime.fromisoformat(expires_at) <= datetime.now(UTC)
    return "expired" if expired else "valid"
