"""`stoa job`: work that goes on in the background."""

from typing import Annotated

import typer

from stoa.cli import output, pace, values
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
        ("id", "kind", "collection", "state", "done", "failed", "speed", "left", "cost", "started"),
        [
            (
                j["id"],
                j["kind"],
                j["collection"],
                j["state"],
                f"{j['done']} of {j['total']}",
                j["failed"],
                pace.speed(j),
                pace.duration(j["seconds_left"]),
                pace.cost(j["cost_nano_usd"]) if j["tokens"] else "-",
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
        ("speed", pace.speed(found)),
        ("left", pace.duration(found["seconds_left"])),
        ("embedding", f"{found['tokens']:,} tokens, {pace.cost(found['cost_nano_usd'])}"),
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
