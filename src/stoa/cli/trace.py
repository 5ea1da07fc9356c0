"""`stoa trace`: requests found again, each with why it went the way it went."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal  # Any: JSON as the API documents it

import typer
from typer.core import TyperGroup

from stoa.cli import output, values, waterfall
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.errors import Forbidden, NotFound
from stoa.kit.money import format_usd

if TYPE_CHECKING:  # late: the client loads more than all verbs together
    from stoa.cli.client import Client

_SHOWN = 50


class _Shown(TyperGroup):
    """`stoa trace ID` is `stoa trace show ID`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # Any: typer keeps both types to itself
        known = not args or args[0].startswith("-") or args[0] in self.commands
        return super().resolve_command(ctx, args if known else ["show", *args])


traces = typer.Typer(name="trace", cls=_Shown, help="Requests found again: stoa trace ID, list, export.", no_args_is_help=True)

Status = Annotated[Literal["ok", "error", "refused"] | None, typer.Option(help="How it ended.")]
Model = Annotated[str | None, typer.Option(help="Asked for, or answered.")]
Key = Annotated[str | None, typer.Option(help="A key's name or id.")]
Team = Annotated[str | None, typer.Option(help="Who pays.")]
Since = Annotated[str, typer.Option(metavar="SPAN|TIME", help="12h, 7d, or a date or time.")]
LeastMs = Annotated[float | None, typer.Option("--min-ms", help="Only those that took as long.")]
Text = Annotated[str | None, typer.Option(help="The beginning of an id, or in a model, a provider or an error.")]
Most = Annotated[int, typer.Option("--limit", min=1, help="How many at most.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


@verb(traces, "show", action="trace:read")
def show(
    ctx: typer.Context, trace: Annotated[str, typer.Argument(metavar="ID", help="x-request-id.")], json: Json = False
) -> None:
    """Show one request: where its time went, and why.

    Its stages, tries, limits, guardrails, tokens and cost, and why it went where it went.
    """
    with target(ctx).connect() as api:
        found = api.get(f"/api/traces/{values.segment(trace)}")
    if json:
        output.as_json(found)
    else:
        waterfall.show(found)


@verb(traces, "list", action="trace:read")
def list_traces(
    ctx: typer.Context,
    status: Status = None,
    model: Model = None,
    key: Key = None,
    team: Team = None,
    since: Since = "1d",
    min_ms: LeastMs = None,
    text: Text = None,
    limit: Most = _SHOWN,
    json: Json = False,
) -> None:
    """List requests, the newest first."""
    with target(ctx).connect() as api:
        found = found_traces(api, trace_filter(status, model, key, team, since, min_ms, text), limit)
    if json:
        output.as_json(found)
        return
    output.table(
        ("at", "id", "asked", "model", "status", "ms", "tokens", "cost", "cache"),
        [
            (
                output.when(each["at"]),
                each["id"],
                each["requested"],
                each["model"],
                f"{each['status']} {each['error'] or ''}".rstrip(),
                f"{each['latency_ms']:,.0f}",
                (each["prompt_tokens"] or 0) + (each["completion_tokens"] or 0) if each["prompt_tokens"] is not None else None,
                format_usd(each["cost_nano_usd"]),
                each["cache"],
            )
            for each in found
        ],
        empty="No such request in this time.",
    )


@verb(traces, "export", action="content:read")
def export(
    ctx: typer.Context,
    ids: Annotated[str | None, typer.Option(help="These, separated by commas, instead of a filter.")] = None,
    status: Status = "ok",
    model: Model = None,
    key: Key = None,
    team: Team = None,
    since: Since = "1d",
    min_ms: LeastMs = None,
    text: Text = None,
    limit: Most = 1000,
) -> None:
    """Write kept conversations as JSONL, one {"messages": [...]} a line. That they are read is recorded."""
    written = left = 0
    with target(ctx).connect() as api:
        wanted = values.names(ids) if ids else [
            each["id"] for each in found_traces(api, trace_filter(status, model, key, team, since, min_ms, text), limit)
        ]  # fmt: skip
        for trace in wanted:
            messages = _messages(api, trace)
            if messages is None:
                left += 1
            else:
                output.as_line({"messages": messages, "metadata": {"request": trace}})
                written += 1
    output.note(f"{written} written; {left} without content that may be read as a conversation.")


def _messages(api: "Client", trace: str) -> Any:
    try:
        return api.get(f"/api/traces/{values.segment(trace)}/content")["messages"]
    except (NotFound, Forbidden):
        return None


def trace_filter(
    status: str | None,
    model: str | None,
    key: str | None,
    team: str | None,
    since: str,
    min_ms: float | None,
    text: str | None,
) -> dict[str, str | None]:
    """What of all requests is wanted, as the API is asked for it."""
    start = values.before(since, now=datetime.now(UTC))
    least = None if min_ms is None else str(min_ms)
    return {"status": status, "model": model, "key": key, "team": team, "from": start, "min_ms": least, "text": text}


def found_traces(api: "Client", wanted: dict[str, str | None], most: int) -> list[Any]:
    """The newest that fit."""
    found: list[Any] = []
    for each in api.each("/api/traces", **wanted):
        found.append(each)
        if len(found) == most:
            break
    return found
