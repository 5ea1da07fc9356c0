"""`stoa guard`: guardrails, tried before anybody depends on them."""

import sys
from typing import Annotated, Literal

import typer

from stoa.cli import output
from stoa.cli.target import target
from stoa.cli.verbs import verb

guards = typer.Typer(name="guard", help="Guardrails: try one on a text.", no_args_is_help=True)


@verb(guards, "try", action="guardrail:try")
def try_out(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the guardrail.")],
    text: Annotated[str, typer.Argument(help="The text, or - for standard input.")],
    stage: Annotated[Literal["input", "output"], typer.Option(help="As what it is judged: a message, or an answer.")] = "input",
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show what a guardrail makes of a text. Exit code 1 when it is refused."""
    sent = sys.stdin.read() if text == "-" else text
    with target(ctx).connect() as api:
        found = api.post("/api/guardrails/try", {"name": name, "text": sent, "stage": stage})
    if json:
        output.as_json(found)
    else:
        output.table(
            ("guard", "action", "kind", "found", "score"),
            [
                (each["guard"], each["action"], each["kind"], sent[each["start"] : each["end"]][:60], f"{each['score']:.2f}")
                for each in found["findings"]
            ],
            empty="Nothing was found.",
        )
        output.table(
            ("guard", "verdict", "microseconds"),
            [(each["guard"], each["action"], each["latency_us"]) for each in found["verdicts"]],
            empty="No guard of it judges this.",
        )
        output.note(found["refused"] or f"It goes on as: {found['text']}")
    if found["refused"]:
        raise typer.Exit(1)
