"""`stoa usage`: requests, tokens, cost; and with --latency how fast and how well models answered."""

from typing import Annotated, Any, Literal

import typer

from stoa.cli import output
from stoa.cli.panels import OPERATION
from stoa.cli.root import root
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.kit.money import format_usd

By = Literal["day", "model", "team", "key", "user", "project", "assistant", "provider", "route"]


@verb(root, "usage", action="usage:read", panel=OPERATION)
def usage(
    ctx: typer.Context,
    by: Annotated[
        By | None,
        typer.Option(help="One row for each; provider and route with --latency.", show_default="day, or model with --latency"),
    ] = None,
    latency: Annotated[bool, typer.Option("--latency", help="Tell times, error rates and throughput instead.")] = False,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE|TIME", help="2031-12-31", show_default="30 days ago; a day, of --latency"),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", metavar="DATE|TIME", help="A date is included.", show_default="now")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Tell what was asked, what it cost, and what the cache saved.

    With --latency: how fast models answered, and how often they failed.
    """
    group = by or ("model" if latency else "day")
    window = {"from": since, "to": until}
    with target(ctx).connect() as api:
        found = api.get(f"/api/usage{'/latency' if latency else ''}", group_by=group, **window)
    if json:
        output.as_json(found)
    elif latency:
        _show_latency(group, found["data"])
    else:
        _show_sums(group, found["data"], found["total"])


def _show_sums(group: str, rows: list[Any], total: Any) -> None:
    output.table(
        (group, "requests", "tokens in", "tokens out", "cost", "cost unknown", "from cache", "saved", "errors"),
        [
            (
                row["bucket"],
                row["requests"],
                row["prompt_tokens"],
                row["completion_tokens"],
                format_usd(row["cost_nano_usd"]),
                row["unknown_cost_requests"],
                row["cache_hits"],
                format_usd(row["saved_nano_usd"]),
                row["errors"],
            )
            for row in ([*rows, total | {"bucket": "all"}] if rows else [])
        ],
        empty="Nothing was asked in this time.",
    )


def _show_latency(group: str, rows: list[Any]) -> None:
    output.table(
        (group, "requests", "per min", "errors", "p50", "p95", "p99", "first p50", "first p95", "first p99", "tokens/s"),
        [
            (
                row["bucket"],
                row["requests"],
                f"{row['requests_per_minute']:.1f}",
                f"{row['error_rate']:.1%}",
                *_times(row["latency_ms"]),
                *_times(row["first_token_ms"]),
                None if row["output_tokens_per_s"] is None else f"{row['output_tokens_per_s']:.1f}",
            )
            for row in rows
        ],
        empty="No model was asked in this time.",
    )


def _times(found: Any) -> tuple[str | None, ...]:
    return (None, None, None) if found is None else tuple(_time(found[name]) for name in ("p50", "p95", "p99"))


def _time(ms: float) -> str:
    return f"{ms:.3g} ms" if ms < 1000 else f"{ms / 1000:.3g} s"
