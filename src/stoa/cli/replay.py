"""`stoa replay`: what other resources would have changed for the requests there were."""

from datetime import UTC, datetime
from typing import Annotated, Any  # Any: JSON as the API documents it

import typer

from stoa.cli import manifests, output, values
from stoa.cli.panels import OPERATION
from stoa.cli.root import root
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.kit.money import format_usd
from stoa.settings import environment


@verb(root, "replay", action="replay:run", panel=OPERATION)
def replay(
    ctx: typer.Context,
    candidate: Annotated[
        list[str] | None, typer.Option("--candidate", metavar="FILE|FOLDER", help="Resources that would be applied.")
    ] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="KIND/NAME", help="A resource that would be removed.")] = None,
    since: Annotated[str, typer.Option(metavar="SPAN|TIME", help="12h, 7d, or a date or time.")] = "7d",
    route: Annotated[str | None, typer.Option(help="Only requests of this route, model or assistant.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Tell what a change would have changed: models, cost, refusals. Nothing is sent to a provider, and nothing is saved."""
    if not candidate and not remove:
        raise typer.BadParameter("name files with --candidate, or resources with --remove")
    wanted = {
        "resources": manifests.read(candidate, environment()) if candidate else [],
        "remove": [_resource(each) for each in remove or ()],
        "since": values.before(since, now=datetime.now(UTC)),
        "route": route,
    }
    with target(ctx).connect() as api:
        found = api.post("/api/replay", wanted)
    if json:
        output.as_json(found)
    else:
        _show(found)


def _resource(text: str) -> str:
    kind, slash, name = text.partition("/")
    if not slash or not name:
        raise typer.BadParameter(f"{text!r} is not KIND/NAME, such as Model/gpt")
    return f"{manifests.kind_called(kind)}/{name}"


def _show(found: Any) -> None:
    total = found["total"]
    if not total["before"]["requests"] and not total["before"]["refused"]:
        output.note("There were no requests in this time.")
        return
    for what in ("routes", "models", "teams"):
        rows = [_row(each, what) for each in found[what] if what != "models" or each["name"] is not None]
        if what == "routes":
            rows.append(_row(total | {"name": "all"}, what))
        output.table((what[:-1], "requests", "refused", "cost", "change"), rows, empty=f"No {what}.")
        output.result("")
    output.result(f"{found['moved']:g} would be answered by another model.")
    for reason, count in found["refusals"].items():
        output.result(f"{count} would newly be refused: {reason}.")
    if found["admitted"]:
        output.result(f"{found['admitted']} that were refused would be answered; what they would cost is not known.")
    if found["guards"]:
        _show_guards(found["guards"])
    if found["examples"]:
        output.result("")
        output.table(("request", "asked", "before", "after", "cost"), [_example(each) for each in found["examples"]], empty="")
    if found["assumed"]:
        output.note(f"{found['assumed']} go by load or latency: they are taken to go where they went, or by weight.")
    if found["truncated"]:
        output.note("There were more requests than are looked at: choose a shorter time.")


def _show_guards(guards: Any) -> None:
    if guards["judged"]:
        output.result(
            f"Guardrails: of {guards['judged']} whose content is kept {guards['refused']} would newly be refused, "
            f"{guards['answers_refused']} get no answer, {guards['masked']} be masked."
        )
    for count, why in (
        (guards["not_kept"], "no content kept"),
        (guards["not_readable"], "you may not read the content; auditors may"),
        (guards["beyond"], "more contents than are judged at once: choose a shorter time"),
    ):
        if count:
            output.note(f"Guardrails were not run for {count}: {why}.")
    if guards["left_out"]:
        output.note(f"Guards that ask others are not run: {', '.join(guards['left_out'])}.")


def _row(row: Any, what: str) -> tuple[object, ...]:
    before, after = row["before"], row["after"]
    name = row["name"] if row["name"] is not None else "-"
    return (
        name,
        _change(before["requests"], after["requests"]),
        _change(before["refused"], after["refused"]),
        _arrow(_cost(before), _cost(after)),
        _difference(after["cost_nano_usd"] - before["cost_nano_usd"]),
    )


def _example(each: Any) -> tuple[object, ...]:
    after = f"refused: {each['refused']}" if each["refused"] else _shares(each["after"])
    cost = _arrow(format_usd(each["before_nano_usd"]), format_usd(each["after_nano_usd"]))
    return each["id"], each["requested"], each["before"], after, cost


def _shares(after: dict[str, float]) -> str:
    if not after:
        return "the cache"
    return ", ".join(model if share == 1 else f"{model} {share:.0%}" for model, share in after.items())


def _cost(side: Any) -> str:
    unknown = f" and {side['unknown_cost']:g} unknown" if side["unknown_cost"] else ""
    return format_usd(side["cost_nano_usd"]) + unknown


def _change(before: float, after: float) -> str:
    return _arrow(f"{before:g}", f"{after:.6g}")


def _arrow(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _difference(nano_usd: int) -> str | None:
    return None if not nano_usd else f"+{format_usd(nano_usd)}" if nano_usd > 0 else format_usd(nano_usd)
