"""`stoa collection`: what is done to a body of documents as a whole."""

from typing import Annotated

import typer

from stoa.cli import output, values
from stoa.cli.progress import progress
from stoa.cli.target import target
from stoa.cli.verbs import verb

collections = typer.Typer(name="collection", help="Collections: index documents again.", no_args_is_help=True)


@verb(collections, "reindex", action="document:ingest")
def reindex(
    ctx: typer.Context,
    collection: Annotated[str, typer.Argument(help="Of this collection.")],
    state: Annotated[str, typer.Option(help="Only documents in these states: failed,indexed")] = "",
    path: Annotated[list[str] | None, typer.Option(help="Only those whose path fits, where * is anything: 'hr/*'")] = None,
    source: Annotated[str, typer.Option(help="Only those of these sources.")] = "",
    kind: Annotated[str, typer.Option(help="Only files with these endings: pdf,docx")] = "",
    language: Annotated[str, typer.Option(help="Only those in these languages: de,fr")] = "",
    personal: Annotated[str, typer.Option(help="Only those with these kinds of personal data: IBAN_CODE")] = "",
    parser_before: Annotated[int | None, typer.Option(min=1, help="Only those that an older version than this read.")] = None,
    unread: Annotated[bool, typer.Option("--unread", help="Only those with pages that gave no text.")] = False,
    wait: Annotated[bool, typer.Option(help="Wait until it is done.")] = True,
) -> None:
    """Read, cut and embed documents again, from the bytes that are kept: nothing is fetched.

    Without an option all documents are. Until one is done it is found as it was. Exit code 1 when one failed.
    """
    from stoa.cli.ingest import report
    from stoa.cli.syncing import follow

    wanted: dict[str, object] = {
        "state": values.names(state), "path": path or [], "source": values.names(source), "kind": values.names(kind),
        "language": values.names(language), "personal": values.names(personal), "parser_before": parser_before,
        "unread": unread or None,
    }  # fmt: skip
    with target(ctx).connect() as api:
        job = api.post(f"/api/collections/{values.segment(collection)}/reindex", {k: v for k, v in wanted.items() if v})["job"]
        if not wait:
            output.note(f"The job {job['id']} has {job['total']} documents to do. Look at it with: stoa job follow {job['id']}")
            return
        with progress() as bar:
            ended = follow(api, job, progress=bar)
    if report({"unchanged": 0, "remove": []}, ended):
        raise typer.Exit(1)
