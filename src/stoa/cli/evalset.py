"""`stoa evalset`: questions to a collection, and which of its passages are good or bad for them."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from stoa.cli import output, values
from stoa.cli.target import target
from stoa.cli.verbs import verb

evalsets = typer.Typer(name="evalset", help="Evaluation sets: list, show, create, export, delete.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the evaluation set.")]


@verb(evalsets, "list", action="evaluation:list")
def list_sets(
    ctx: typer.Context,
    collection: Annotated[str | None, typer.Option(help="Only those of this collection.")] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The evaluation sets of the collections you may use."""
    with target(ctx).connect() as api:
        found = list(api.each("/api/evaluation-sets", collection=collection))
    if json:
        output.as_json(found)
        return
    output.table(
        ("name", "collection", "queries", "judgements", "made", "description"),
        [
            (
                each["name"], each["collection"], each["queries"], each["judgements"], output.when(each["created_at"]),
                each["description"],
            )
            for each in found
        ],
        empty="There is no evaluation set. Judge passages on the page, under a collection's Search.",
    )  # fmt: skip


@verb(evalsets, "create", action="evaluation:create")
def create(
    ctx: typer.Context,
    name: Name,
    collection: Annotated[str, typer.Option(help="The collection whose passages are judged.")],
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
) -> None:
    """Make an empty evaluation set."""
    with target(ctx).connect() as api:
        api.post("/api/evaluation-sets", {"name": name, "collection": collection, "description": description})
    output.note(f"Made {name!r}. Judge passages on the page, under Search of the collection {collection!r}.")


@verb(evalsets, "show", action="evaluation:read")
def show(ctx: typer.Context, name: Name, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """Its queries, and what is said of passages for each."""
    with target(ctx).connect() as api:
        items = list(api.each(f"/api/evaluation-sets/{values.segment(name)}/items"))
    if json:
        output.as_json(items)
        return
    output.table(
        ("query", "label", "document", "passage"),
        [
            (item["query"], each["label"], each["path"] + ("" if each["present"] else " (changed)"), _short(each["text"]))
            for item in items
            for each in item["judgements"]
        ],
        empty="Nothing is judged in it that you may read.",
    )
    hidden = sum(item["hidden"] for item in items)
    if hidden:
        output.note(f"{hidden} more are of documents that are gone, or that you may not read.")


@verb(evalsets, "export", action="evaluation:read")
def export(
    ctx: typer.Context,
    name: Name,
    out: Annotated[Path | None, typer.Option("--out", help="File to write.", show_default="standard output")] = None,
) -> None:
    """Write it as JSON lines: a query a line, with what is said of passages."""
    with target(ctx).connect() as api, api.download(f"/api/evaluation-sets/{values.segment(name)}/export") as pieces:
        if out is None:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.flush()
            return
        with out.open("wb") as file:
            for piece in pieces:
                file.write(piece)
    output.note(f"Wrote {out}.")


@verb(evalsets, "delete", action="evaluation:delete")
def delete(ctx: typer.Context, name: Name) -> None:
    """Delete it with all judgements."""
    with target(ctx).connect() as api:
        api.delete(f"/api/evaluation-sets/{values.segment(name)}")
    output.note(f"Deleted {name!r}.")


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= 60 else f"{words[:59]}…"
