"""`stoa batch`: many requests in one file, asked until tomorrow."""

import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from stoa.cli import output, values
from stoa.cli.ask_key import model_client
from stoa.cli.progress import progress
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.errors import NotFound
from stoa.kit.money import format_usd

batches = typer.Typer(name="batch", help="Many requests in one file: submit, follow, results.", no_args_is_help=True)

_ENDED = {"completed", "failed", "expired", "cancelled"}
_LOOK_EVERY_S = 1.0
_SHOWN = 100

Key = Annotated[
    str | None,
    typer.Option(envvar="STOA_KEY", help="Inference key that it runs as, and that sees it.", show_default="one of the home"),
]
Id = Annotated[str, typer.Argument(metavar="BATCH", help="Id of the batch.")]


@verb(batches, "submit", action="batches:create")
def submit(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSONL, a request a line.")],
    endpoint: Annotated[str, typer.Option(help="What its lines ask.")] = "/v1/chat/completions",
    cost_limit: Annotated[
        str | None, typer.Option(metavar="USD", help="Ask no further lines once so much is spent.", show_default="none")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Stay until it has ended.")] = False,
    key: Key = None,
) -> None:
    """Have the requests of a file done, and print the batch's id."""
    wanted: dict[str, Any] = {"endpoint": endpoint, "completion_window": "24h"}
    if cost_limit is not None:
        wanted["cost_limit_usd"] = values.budget(cost_limit)
    with model_client(target(ctx), key) as api:
        uploaded = api.upload("/v1/files", file, purpose="batch")
        batch = api.post("/v1/batches", wanted | {"input_file_id": uploaded["id"]})
        output.result(batch["id"])
        if follow:
            _end_with(_followed(api, batch))
    output.note(f"Follow it with: stoa batch follow {batch['id']}")


@verb(batches, "list", action="batches:list")
def list_batches(
    ctx: typer.Context, key: Key = None, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False
) -> None:
    """The newest batches of one's team."""
    with model_client(target(ctx), key) as api:
        found = api.get("/v1/batches", limit=_SHOWN)["data"]
    if json:
        output.as_json(found)
        return
    output.table(
        ("id", "endpoint", "status", "lines", "failed", "cost", "done about"),
        [
            (
                each["id"],
                each["endpoint"],
                each["status"],
                _lines(each),
                each["request_counts"]["failed"],
                _cost(each),
                _when(each["stoa"]["ends_about"]),
            )
            for each in found
        ],
        empty="There is no batch. Order one with: stoa batch submit FILE",
    )


@verb(batches, "show", action="batches:read")
def show(ctx: typer.Context, batch: Id, key: Key = None) -> None:
    """One batch, as JSON."""
    with model_client(target(ctx), key) as api:
        output.as_json(api.get(f"/v1/batches/{values.segment(batch)}"))


@verb(batches, "follow", action="batches:read")
def follow_batch(ctx: typer.Context, batch: Id, key: Key = None) -> None:
    """Show how far a batch is until it ends.

    Exit code 1 when something in it failed.
    """
    with model_client(target(ctx), key) as api:
        _end_with(_followed(api, api.get(f"/v1/batches/{values.segment(batch)}")))


@verb(batches, "cancel", action="batches:cancel")
def cancel(ctx: typer.Context, batch: Id, key: Key = None) -> None:
    """Stop a batch; what was answered by then stays."""
    with model_client(target(ctx), key) as api:
        found = api.post(f"/v1/batches/{values.segment(batch)}/cancel")
    output.note(f"The batch {batch} is {found['status']}.")


@verb(batches, "output", action="files:read")
def results(
    ctx: typer.Context,
    batch: Id,
    errors: Annotated[bool, typer.Option("--errors", help="The lines that failed instead.")] = False,
    key: Key = None,
) -> None:
    """Write what a batch answered to stdout, a line each.

    stoa batch output BATCH > answers.jsonl
    """
    with model_client(target(ctx), key) as api:
        found = api.get(f"/v1/batches/{values.segment(batch)}")
        file = found["error_file_id" if errors else "output_file_id"]
        if file is None:
            what = "no failed lines" if errors else "no answers"
            raise NotFound(f"The batch {batch} is {found['status']} and has {what}.")
        with api.download(f"/v1/files/{values.segment(file)}/content") as pieces:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def _followed(api: Any, batch: dict[str, Any]) -> dict[str, Any]:  # Any: the client, and a batch as JSON
    with progress() as bar:
        step = ""
        while True:
            counts = batch["request_counts"]
            if counts["total"] and step != batch["status"]:
                step = batch["status"]
                bar.step(step, counts["total"])
            bar.reach(counts["completed"] + counts["failed"], _cost(batch))
            if batch["status"] in _ENDED:
                return batch
            time.sleep(_LOOK_EVERY_S)
            batch = api.get(f"/v1/batches/{values.segment(batch['id'])}")


def _end_with(batch: dict[str, Any]) -> None:
    counts = batch["request_counts"]
    faults: list[dict[str, Any]] = batch["errors"]["data"] if batch["errors"] else []
    for fault in faults:
        line = f"line {fault['line']}: " if fault["line"] else ""
        output.note(f"failed: {line}{fault['message']}")
    output.note(
        f"The batch {batch['id']} is {batch['status']}: {counts['completed']} answered, {counts['failed']} failed, "
        f"{_cost(batch)}. Read it with: stoa batch output {batch['id']}"
    )
    raise typer.Exit(1 if counts["failed"] or batch["status"] != "completed" else 0)


def _lines(batch: dict[str, Any]) -> str:
    counts = batch["request_counts"]
    return f"{counts['completed'] + counts['failed']} of {counts['total']}"


def _cost(batch: dict[str, Any]) -> str:
    cost = batch["stoa"]["cost"]
    unknown = f" and {cost['unknown_lines']} lines of unknown cost" if cost["unknown_lines"] else ""
    limit = f" of {format_usd(cost['limit_nano_usd'])}" if cost["limit_nano_usd"] is not None else ""
    return f"{format_usd(cost['nano_usd'])}{limit}{unknown}"


def _when(at_s: int | None) -> str | None:
    return None if at_s is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(at_s))
