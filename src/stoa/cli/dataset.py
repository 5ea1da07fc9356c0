"""`stoa dataset`: examples of conversations that a team keeps in versions, from requests and from files."""

import sys
from pathlib import Path
from typing import Annotated, Any, Literal  # Any: JSON as the API documents it
from urllib.parse import urlencode

import typer

from stoa.cli import output, values
from stoa.cli.target import target
from stoa.cli.trace import Key, LeastMs, Model, Most, Status, Text, found_traces, trace_filter
from stoa.cli.verbs import verb

datasets = typer.Typer(
    name="dataset",
    help="Datasets: list, create, show, add, import, expect, remove, export, versions, delete.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="Name of the dataset.")]
Example = Annotated[str, typer.Argument(help="Id of the example, as `stoa dataset show` tells it.")]
Version = Annotated[int | None, typer.Option(help="An earlier version.", show_default="the current one")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]

_AT_ONCE = 500


@verb(datasets, "list", action="dataset:list")
def list_datasets(ctx: typer.Context, json: Json = False) -> None:
    """The datasets you may see."""
    with target(ctx).connect() as api:
        found = list(api.each("/api/datasets"))
    if json:
        output.as_json(found)
        return
    output.table(
        ("name", "team", "examples", "version", "changed", "description"),
        [
            (each["name"], each["team"], each["items"], each["version"], output.when(each["changed_at"]), each["description"])
            for each in found
        ],
        empty="There is no dataset. Make one with: stoa dataset create NAME",
    )


@verb(datasets, "create", action="dataset:create")
def create(
    ctx: typer.Context,
    name: Name,
    team: Annotated[str | None, typer.Option(help="Whose it is.", show_default="your own")] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
) -> None:
    """Make an empty dataset."""
    with target(ctx).connect() as api:
        made = api.post("/api/datasets", {"name": name, "team": team, "description": description})
    output.note(f"Made {name!r} of the team {made['team']!r}.")


@verb(datasets, "show", action="dataset:read")
def show(
    ctx: typer.Context,
    name: Name,
    version: Version = None,
    text: Annotated[str | None, typer.Option(help="Only those that say this.")] = None,
    model: Annotated[str | None, typer.Option(help="Only those that this model answered.")] = None,
    limit: Most = 50,
    json: Json = False,
) -> None:
    """Its examples. That they are read is recorded."""
    found: list[Any] = []
    with target(ctx).connect() as api:
        for each in api.each(f"{_place(name)}/items", version=version, text=text, model=model):
            found.append(each)
            if len(found) == limit:
                break
    if json:
        output.as_json(found)
        return
    output.table(
        ("id", "asked", "answer", "expected", "from"),
        [
            (
                each["id"],
                _short(each["messages"][-1]) if each["messages"] else each["state"],
                _short(each["answer"]),
                _short(each["expected"]),
                each["origin"]["request"] or each["origin"]["source"],
            )
            for each in found
        ],
        empty="It has no such example.",
    )


@verb(datasets, "add", action="dataset:add")
def add(
    ctx: typer.Context,
    name: Name,
    ids: Annotated[str | None, typer.Option(help="These requests, separated by commas, instead of a filter.")] = None,
    status: Status = "ok",
    model: Model = None,
    key: Key = None,
    team: Annotated[str | None, typer.Option(help="Who pays.", show_default="the dataset's")] = None,
    since: Annotated[str, typer.Option(metavar="SPAN|TIME", help="12h, 7d, or a date or time.")] = "1d",
    min_ms: LeastMs = None,
    text: Text = None,
    limit: Most = 1000,
) -> None:
    """Put kept requests in, those of --ids or the newest that fit. That they are read is recorded."""
    added, left = 0, list[Any]()
    with target(ctx).connect() as api:
        wanted = values.names(ids) if ids else []
        if not wanted:
            team = team or api.get(_place(name))["team"]
            fits = trace_filter(status, model, key, team, since, min_ms, text)
            wanted = [each["id"] for each in found_traces(api, fits, limit)]
        for start in range(0, len(wanted), _AT_ONCE):
            told = api.post(f"{_place(name)}/items", {"requests": list(wanted[start : start + _AT_ONCE])})
            added, left = added + len(told["ids"]), left + told["left"]
    for each in left if ids else ():
        output.warning(f"{each['request']}: {each['message']}")
    output.note(f"{added} added{_reasons(left)}.")
    if not added:
        raise typer.Exit(1)


@verb(datasets, "import", action="dataset:add")
def import_file(
    ctx: typer.Context,
    name: Name,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON lines, an example each.")],
    partly: Annotated[bool, typer.Option("--partly", help="Take what is right even where lines are wrong.")] = False,
) -> None:
    """Put a file's examples in: OpenAI's form for training, or that of a whole export. All of them, or none."""
    with target(ctx).connect() as api:
        told = api.upload(f"{_place(name)}/import?{urlencode({'partly': partly})}", file)
    for each in told["faults"]:
        output.warning(f"line {each['line']}: {each['message']}")
    output.note(f"{told['added']} added; {name!r} is at version {told['dataset']['version']}.")
    if told["faults"]:
        raise typer.Exit(1)


@verb(datasets, "expect", action="dataset:update")
def expect(
    ctx: typer.Context,
    name: Name,
    example: Example,
    answer: Annotated[str | None, typer.Argument(help="The answer to be wished for; - reads it from standard input.")] = None,
    none: Annotated[bool, typer.Option("--none", help="There is none.")] = False,
    notes: Annotated[str | None, typer.Option(help="Why, for people.")] = None,
) -> None:
    """Say which answer is to be wished for. Earlier versions stay as they are."""
    if none and answer is not None:
        raise typer.BadParameter("name an answer or --none, and not both")
    if answer is None and not none and notes is None:
        raise typer.BadParameter("name an answer, --none or --notes")
    said: dict[str, object] = {} if notes is None else {"notes": notes}
    if none or answer is not None:
        said["expected"] = sys.stdin.read() if answer == "-" else answer
    with target(ctx).connect() as api:
        told = api.patch(f"{_place(name)}/items/{values.segment(example)}", said)
    output.note(f"{example} is now as of version {told['since']}.")


@verb(datasets, "remove", action="dataset:update")
def remove(
    ctx: typer.Context,
    name: Name,
    examples: Annotated[list[str], typer.Argument(help="Ids of examples.")],
    erase: Annotated[bool, typer.Option("--erase", help="So that nobody reads them in earlier versions either.")] = False,
) -> None:
    """Take examples out."""
    with target(ctx).connect() as api:
        told = api.post(f"{_place(name)}/removals", {"ids": examples, "erase": erase})
    output.note(f"{told['removed']} removed; {told['dataset']['items']} are left.")


@verb(datasets, "export", action="dataset:read")
def export(
    ctx: typer.Context,
    name: Name,
    version: Version = None,
    form: Annotated[
        Literal["chat", "preference", "whole"],
        typer.Option(help="OpenAI's for training on answers or on preferences, or all that is known."),
    ] = "chat",
    answer: Annotated[
        Literal["best", "expected", "given"], typer.Option(help="Which one chat ends with; best: expected, else given.")
    ] = "best",
    out: Annotated[Path | None, typer.Option("--out", help="File to write.", show_default="standard output")] = None,
) -> None:
    """Write it as JSON lines. That it is read is recorded."""
    wanted = {"form": form, "answer": answer} | ({} if version is None else {"version": str(version)})
    lines = 0
    with target(ctx).connect() as api, api.download(f"{_place(name)}/export?{urlencode(wanted)}") as pieces:
        if out is None:
            for piece in pieces:
                lines += piece.count(b"\n")
                sys.stdout.buffer.write(piece)
            sys.stdout.flush()
        else:
            with out.open("wb") as file:
                for piece in pieces:
                    lines += piece.count(b"\n")
                    file.write(piece)
    output.note(f"{lines} written{f' to {out}' if out else ''}.")


@verb(datasets, "versions", action="dataset:list")
def versions(ctx: typer.Context, name: Name, limit: Most = 50, json: Json = False) -> None:
    """Who changed what, the newest first."""
    with target(ctx).connect() as api:
        found = api.get(f"{_place(name)}/versions", limit=min(limit, 200))["data"]
    if json:
        output.as_json(found)
        return
    output.table(
        ("version", "at", "what", "examples", "then", "by"),
        [
            (each["version"], output.when(each["at"]), each["change"], each["changed"], each["items"], each["by"])
            for each in found
        ],
        empty="Nothing was put into it yet.",
    )


@verb(datasets, "delete", action="dataset:delete")
def delete(ctx: typer.Context, name: Name) -> None:
    """Delete it with all its versions."""
    with target(ctx).connect() as api:
        api.delete(_place(name))
    output.note(f"Deleted {name!r}.")


def _place(name: str) -> str:
    return f"/api/datasets/{values.segment(name)}"


def _short(message: Any) -> str | None:
    if message is None:
        return None
    content = message.get("content")
    words = " ".join((content if isinstance(content, str) else str(content or message.get("tool_calls") or "")).split())
    return words if len(words) <= 40 else f"{words[:39]}…"


def _reasons(left: list[Any]) -> str:
    counts: dict[str, int] = {}
    for each in left:
        counts[each["reason"]] = counts.get(each["reason"], 0) + 1
    told = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in sorted(counts.items()))
    return f"; {len(left)} left out ({told})" if left else ""
