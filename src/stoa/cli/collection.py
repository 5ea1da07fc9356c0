"""`stoa collection`: the indexes of a collection: one that is searched, one built beside it, one kept for a way back."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from stoa.cli import output, pace, values
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.errors import NotFound

if TYPE_CHECKING:
    from stoa.cli.client import Client

collections = typer.Typer(
    name="collection", help="The indexes of collections: list, build anew, compare, switch, go back.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="Name of the collection.")]
Version = Annotated[int | None, typer.Option(min=1, help="Which version.", show_default="the one that is built")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


@verb(collections, "indexes", action="index:list")
def list_indexes(ctx: typer.Context, name: Name, json: Json = False) -> None:
    """List the versions of its index, the newest first, with how their searches compare."""
    with target(ctx).connect() as api:
        answer = api.get(_at(name))
    found, anew = answer["data"], answer["anew"]
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
    if found:
        tokens = "" if anew["tokens"] is None else f", about {anew['tokens']:,} tokens, {pace.cost(anew['cost_nano_usd'])}"
        size = f"{anew['documents']:,} documents, {anew['chunks']:,} chunks as now"
        output.note(f"To build it anew with {anew['embedding_model']}: {size}{tokens}.")


@verb(collections, "reindex", action="index:change")
def reindex(
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
