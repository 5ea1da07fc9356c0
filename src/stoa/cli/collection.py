"""`stoa collection`: documents indexed again; indexes: one is searched, one built beside, one kept for a way back."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stoa.cli import output, values
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.errors import NotFound

if TYPE_CHECKING:
    from stoa.cli.client import Client

collections = typer.Typer(
    name="collection",
    help="Collections: index documents again; list their indexes, build anew, compare, switch, go back.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(help="Name of the collection.")]
Version = Annotated[int | None, typer.Option(min=1, help="Which version.", show_default="the one that is built")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


@verb(collections, "indexes", action="index:list")
def list_indexes(ctx: typer.Context, name: Name, json: Json = False) -> None:
    """List the versions of its index, the newest first, with how their searches compare."""
    with target(ctx).connect() as api:
        found = api.get(f"{_at(name)}")["data"]
    if json:
        output.as_json(found)
        return
    output.table(
        ("version", "state", "embedding model", "chunk tokens", "lacking", "since", "compared"),
        [
            (
                each["version"], each["state"], each["embedding_model"], each["chunk_tokens"], f"{each['lacking']:,}",
                output.when(each["changed_at"]), _compared(each["report"]),
            )
            for each in found
        ],
        empty=f"{name} has no index yet; it gets one with its first documents.",
    )  # fmt: skip


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
    from stoa.cli.progress import progress
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


@verb(collections, "rebuild", action="index:change")
def rebuild(
    ctx: typer.Context,
    name: Name,
    follow: Annotated[bool, typer.Option(help="Wait until it is built.")] = False,
) -> None:
    """Build its index anew beside the one that is searched, as the collection says now."""
    from stoa.cli.progress import progress
    from stoa.cli.syncing import follow as follow_job

    with target(ctx).connect() as api:
        begun = api.post(_at(name))
        job = begun["job"]
        output.note(f"Version {begun['index']['version']} of {name} is built beside: job {job['id']}.")
        if follow:
            with progress() as bar:
                job = follow_job(api, job, progress=bar)
            output.note(f"It {job['state']}. {job['message'] or ''}".rstrip())
            if job["state"] != "succeeded":
                raise typer.Exit(1)


@verb(collections, "compare", action="index:change")
def compare(ctx: typer.Context, name: Name, version: Version = None, json: Json = False) -> None:
    """Ask the same of a version and of the one that is searched, by an evaluation set where there is one."""
    with target(ctx).connect() as api:
        chosen = version or _built(api, name)
        found = api.post(f"{_at(name)}/{chosen}/compare")
    if json:
        output.as_json(found)
        return
    output.note(f"Version {chosen} against version {found['over']}: {_compared(found)}.")


@verb(collections, "switch", action="index:change")
def switch(
    ctx: typer.Context,
    name: Name,
    version: Version = None,
    unless_worse: Annotated[
        bool, typer.Option("--unless-worse", help="Only if recall@10 and MRR on the evaluation set are no lower.")
    ] = False,
    tolerance: Annotated[float, typer.Option(min=0, max=1, help="How much lower is still as good.")] = 0.0,
) -> None:
    """Search another version from now on, all at once. The one before is kept: `stoa collection rollback`."""
    with target(ctx).connect() as api:
        chosen = version or _built(api, name)
        body = {"unless_worse": unless_worse, "tolerance": tolerance}
        _tell(name, api.post(f"{_at(name)}/{chosen}/switch", body))


@verb(collections, "rollback", action="index:change")
def rollback(ctx: typer.Context, name: Name) -> None:
    """Search the version before again, at once."""
    with target(ctx).connect() as api:
        _tell(name, api.post(f"{_at(name)}/rollback"))


def _at(name: str) -> str:
    return f"/api/collections/{values.segment(name)}/indexes"


def _built(api: "Client", name: str) -> int:
    for each in api.get(_at(name))["data"]:
        if each["state"] == "building":
            return each["version"]
    raise NotFound(f"No version of {name} is being built. Name one with --version; `stoa collection indexes {name}` lists them")


def _tell(name: str, switched: Any) -> None:  # Any: JSON as the API documents it
    index, job = switched["index"], switched["catching_up"]
    output.note(f"{name} is searched in version {index['version']}, within two seconds everywhere.")
    if job is not None:
        output.note(f"{index['lacking']:,} documents that came meanwhile are brought in: job {job['id']}.")


def _compared(report: Any) -> str:  # Any: JSON as the API documents it
    if report is None:
        return "-"
    parts = [f"{report['overlap']:.0%} of the first ten in both"] if report["overlap"] is not None else []
    if report["before"] is not None and report["after"] is not None:
        old, new = report["before"], report["after"]
        parts += [
            f"{key} {_figure(old[name])} to {_figure(new[name])}" for key, name in (("recall@10", "recall"), ("MRR", "mrr"))
        ]
        parts.append(f"{report['judged']} judged queries of {report['evaluation_set']}")
    return "; ".join(parts) or "nothing to ask"


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.3f}"
