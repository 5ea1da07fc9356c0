"""`stoa evaluate`: how well something does by what people have judged."""

from typing import Annotated, Any

import typer

from stoa.cli import output, values
from stoa.cli.target import target
from stoa.cli.verbs import verb

evaluations = typer.Typer(name="evaluate", help="Measure by evaluation sets: retrieval.", no_args_is_help=True)


@verb(evaluations, "retrieval", action="evaluation:read")
def retrieval(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the evaluation set.")],
    limit: Annotated[int, typer.Option(min=1, max=50, help="How many passages each query asks for.")] = 10,
    least: Annotated[
        float | None, typer.Option("--least-mrr", min=0, max=1, help="Exit code 1 below this mean reciprocal rank.")
    ] = None,
    rerank: Annotated[
        str | None, typer.Option("--rerank", help="Let this rerank model or route order the passages; `off`: none.")
    ] = None,
    compare: Annotated[bool, typer.Option("--compare", help="Beside the order without a model.")] = False,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Search for every query of a set as you, and tell recall and the mean reciprocal rank of the good passages."""
    path = f"/api/evaluation-sets/{values.segment(name)}/scores"
    with target(ctx).connect() as api:
        found = api.post(path, {"limit": limit, "rerank": rerank})
        without = api.post(path, {"limit": limit, "rerank": "off"}) if compare else None
    if json:
        output.as_json(found if without is None else {"without": without, "with": found})
    else:
        _show(found, without)
    if least is not None and (found["mrr"] is None or found["mrr"] < least):
        output.error(f"The mean reciprocal rank {_figure(found['mrr'])} is below {least:g}.")
        raise typer.Exit(1)


def _show(found: Any, without: Any) -> None:  # Any: JSON as the API documents it
    if found["mrr"] is None:
        output.note("No query has a good passage that is there and that you may read; judge some on the page.")
        return
    rows = _figures(found)
    if without is None:
        output.table(("measure", "value"), rows, empty="")
    else:
        beside = [(name, value, with_it) for (name, value), (_, with_it) in zip(_figures(without), rows, strict=True)]
        output.table(("measure", "without a model", "with it"), beside, empty="")
    if found["reranked"] or found["not_reranked"]:
        output.note(
            f"Queries whose passages a model put in order: {found['reranked']}. {' '.join(found['not_reranked'])}".strip()
        )
    missed = [each for each in found["each"] if None in each["ranks"]]
    output.note(f"Over {found['queries']} queries. {len(missed)} miss a good passage.")
    for each in missed[:10]:
        output.note(f"  {each['query']}")


def _figures(found: Any) -> list[tuple[str, str]]:  # Any: as above
    recall = [(f"recall@{k}", _figure(value)) for k, value in found["recall"].items()]
    return [*recall, ("MRR", _figure(found["mrr"])), ("bad found", _figure(found["bad"]))]


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
