"""`stoa job`: work that goes on in the background."""

from typing import Annotated, Any

import typer

from stoa.cli import output, values
from stoa.cli.progress import progress
from stoa.cli.target import target
from stoa.cli.verbs import verb

jobs = typer.Typer(name="job", help="Work in the background: list, follow, cancel.", no_args_is_help=True)


@verb(jobs, "list", action="job:list")
def list_jobs(ctx: typer.Context, json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False) -> None:
    """List jobs, the newest first."""
    with target(ctx).connect() as api:
        found = list(api.each("/api/jobs"))
    if json:
        output.as_json(found)
        return
    output.table(
        ("id", "kind", "collection", "state", "done", "failed", "started"),
        [
            (
                j["id"],
                j["kind"],
                j["collection"],
                j["state"],
                f"{j['done']} of {j['total']}",
                j["failed"],
                output.when(j["started_at"]),
            )
            for j in found
        ],
        empty="There is no job.",
    )


@verb(jobs, "show", action="job:read")
def show_job(
    ctx: typer.Context,
    job: Annotated[str, typer.Argument(help="Id of the job.")],
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """How far a job is, how fast, how long it may still take, what it cost, and which documents it could not read."""
    with target(ctx).connect() as api:
        found = api.get(f"/api/jobs/{values.segment(job)}")
    if json:
        output.as_json(found)
        return
    rows = [
        ("kind", found["kind"]),
        ("collection", found["collection"] or "-"),
        ("state", found["state"]),
        ("done", f"{found['done']:,} of {found['total']:,}, {found['failed']:,} failed"),
        ("pages, chunks", f"{found['pages']:,}, {found['chunks']:,}"),
        ("speed", _speed(found)),
        ("left", _duration(found["seconds_left"])),
        ("embedding", f"{found['tokens']:,} tokens, {_cost(found['cost_nano_usd'])}"),
        ("message", found["message"] or "-"),
    ]
    output.table(("what", "value"), rows, empty="")
    for failure in found["errors"]:
        output.note(f"failed: {failure['path']}: {failure['reason']}")


@verb(jobs, "follow", action="job:read")
def follow_job(ctx: typer.Context, job: Annotated[str, typer.Argument(help="Id of the job.")]) -> None:
    """Show how far a job is until it ends; exit code 1 when something in it failed."""
    from stoa.cli.syncing import follow

    with target(ctx).connect() as api, progress() as bar:
        ended = follow(api, api.get(f"/api/jobs/{values.segment(job)}"), progress=bar)
    for failure in ended["errors"]:
        output.note(f"failed: {failure['path']}: {failure['reason']}")
    output.note(f"The job {job} {ended['state']}: {ended['done']} done, {ended['failed']} failed.")
    if ended["failed"] or ended["state"] != "succeeded":
        raise typer.Exit(1)


@verb(jobs, "cancel", action="job:cancel")
def cancel(ctx: typer.Context, job: Annotated[str, typer.Argument(help="Id of the job.")]) -> None:
    """Stop a job; what it has done stays done."""
    with target(ctx).connect() as api:
        api.post(f"/api/jobs/{values.segment(job)}/cancel")
    output.note(f"Cancelled the job {job}.")


def _speed(job: Any) -> str:  # Any: JSON as the API documents it
    if job["documents_per_second"] is None:
        return "-"
    return f"{job['documents_per_second']:.1f} documents/s, {job['pages_per_second'] or 0:.1f} pages/s"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"about {hours} h {minutes} min" if hours else f"about {minutes} min {rest} s" if minutes else f"about {rest} s"


def _cost(nano: int | None) -> str:
    return "unknown cost" if nano is None else f"${nano / 1e9:.4f}"
