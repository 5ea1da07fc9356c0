"""`stoa ingest`: files and folders into a collection."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stoa.cli import output, values
from stoa.cli.panels import DOCUMENTS
from stoa.cli.progress import progress
from stoa.cli.root import root
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.errors import InvalidRequest, NotFound
from stoa.kit.names import nearest

if TYPE_CHECKING:
    from stoa.cli.client import Client
    from stoa.cli.syncing import Source

_INTERRUPTED = 130


@verb(root, "ingest", action="document:ingest", panel=DOCUMENTS)
def ingest(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Folders and files.", metavar="PATH...", exists=True)],
    collection: Annotated[str, typer.Option(help="Where to; made, for the team, if there is none of that name.")],
    groups: Annotated[
        str, typer.Option(help="Only these groups may read them: hr,finance", show_default="the collection's team")
    ] = "",
    allow: Annotated[str, typer.Option(help="Whoever holds one of these may read them too: group:hr,user:ada,public")] = "",
    deny: Annotated[str, typer.Option(help="And nobody who holds one of these: group:interns,user:bob")] = "",
    source: Annotated[
        str | None, typer.Option(help="Name under which a folder is kept in step.", show_default="its absolute path")
    ] = None,
    prune: Annotated[bool, typer.Option(help="Remove documents whose files are gone from the folder.")] = True,
    team: Annotated[str, typer.Option(help="Team of a collection that is made.")] = "company",
) -> None:
    """Ingest documents and keep folders in step.

    What did not change costs nothing; what is gone from a folder disappears. A file .stoa-rights.yaml in a folder says who may
    read what is in it. Exit code 1 when a file failed; the others are in all the same.
    """
    from stoa.cli.syncing import follow, start_sync

    failed = 0
    with target(ctx).connect() as api:
        sources = _sources(paths, name=source, prune=prune)
        _ensure(api, collection, team)
        for one in sources:
            job: dict[str, Any] | None = None  # Any: JSON as the API documents it
            try:
                with progress() as bar:
                    plan, job = start_sync(
                        api, collection, one, groups=values.names(groups), allow=values.names(allow), deny=values.names(deny),
                        progress=bar,
                    )  # fmt: skip
                    job = follow(api, job, progress=bar)
            except KeyboardInterrupt:
                output.note(_interrupted(one, job))
                raise typer.Exit(_INTERRUPTED) from None
            failed += report(plan, job)
    if failed:
        raise typer.Exit(1)


def report(plan: dict[str, Any], job: dict[str, Any], *, prefix: str = "") -> int:
    """Say what became of a source, each failed file by name; the number of those."""
    for failure in job["errors"]:
        output.note(f"{prefix}failed: {failure['path']}: {failure['reason']}")
    output.note(
        f"{prefix}{job['done']} indexed ({job['pages']} pages, {job['chunks']} chunks), {plan['unchanged']} unchanged, "
        f"{len(plan['remove'])} removed, {job['failed']} failed."
    )
    if job["state"] != "succeeded" and not job["failed"]:
        output.error(f"The job {job['id']} {job['state']}: {job['message'] or 'no reason was given'}")
    return job["failed"] or int(job["state"] != "succeeded")


def _interrupted(source: "Source", job: dict[str, Any] | None) -> str:
    if job is None:
        return f"\nNothing of {source.name!r} was ingested."
    return f"\nThe job {job['id']} goes on without this terminal. Look at it with: stoa job follow {job['id']}"


def _sources(paths: Sequence[Path], *, name: str | None, prune: bool) -> "list[Source]":
    from stoa.cli.syncing import file_source, folder_source

    folders = [path for path in paths if path.is_dir()]
    files = [path for path in paths if not path.is_dir()]
    if name and len(folders) + bool(files) > 1:
        raise InvalidRequest("--source names one folder. Ingest the folders one after the other, each under its own name")
    made = [folder_source(folder, name=name, prune=prune) for folder in folders]
    return [*made, file_source(files, name=name)] if files else made


def _ensure(api: "Client", collection: str, team: str) -> None:
    """Make a collection that is missing, unless the name looks like a slip of the pen."""
    known = [found["name"] for found in api.each("/api/collections")]
    if collection in known:
        return
    if meant := nearest(collection, known):
        raise NotFound(
            f"There is no collection {collection!r}. Did you mean {meant!r}? To make a new one: "
            f"stoa apply -f FILE, with kind: Collection, name: {collection}, team: {team}"
        )
    api.post(
        "/api/resources/apply", {"resources": [{"kind": "Collection", "name": collection, "team": team}], "dry_run": False}
    )
    output.note(f"Made the collection {collection!r} for the team {team!r}.")
