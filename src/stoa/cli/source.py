"""`stoa source`: where documents come from, how it goes, and syncing now."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stoa.cli import output, values
from stoa.cli.progress import progress
from stoa.cli.target import target
from stoa.cli.verbs import verb
from stoa.errors import InvalidRequest

if TYPE_CHECKING:
    from stoa.cli.client import Client

sources = typer.Typer(
    name="source", help="Sources of documents: list, show, test, sync, history, push, pause, resume.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="Name of the source.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]

_COUNTS = {
    "added": "added", "changed": "changed", "removed": "removed", "rights_moved": "with other rights",
    "failed": "failed", "held_back": "held back until its hours",
}  # fmt: skip


@verb(sources, "list", action="source:list")
def list_sources(ctx: typer.Context, json: AsJson = False) -> None:
    """The sources of the collections you look after, and how their last syncs went."""
    with target(ctx).connect() as api:
        found = list(api.each("/api/sources"))
    if json:
        output.as_json(found)
        return
    output.table(
        ("name", "type", "collection", "documents", "failed", "state", "last sync", "next sync"),
        [
            (
                each["name"], each["type"], each["collection"], each["documents"], each["failed"], state_of(each),
                output.when(each["last_sync"]["started_at"]) if each["last_sync"] else None, output.when(each["next_sync_at"]),
            )
            for each in found
        ],
        empty="There is no source. Make one with: stoa apply -f FILE, with kind: Source",
    )  # fmt: skip


@verb(sources, "show", action="source:read")
def show(ctx: typer.Context, name: Name, json: AsJson = False) -> None:
    """One source: its last sync, and the documents that could not be read."""
    with target(ctx).connect() as api:
        found = api.get(f"/api/sources/{values.segment(name)}")
    if json:
        output.as_json(found)
        return
    last = found["last_sync"]
    output.result(f"{name}: {found['type']}, into {found['collection']}, {state_of(found)}")
    output.result(f"{found['documents']:,} documents, {found['failed']:,} of them could not be read.")
    output.result(f"Last sync {output.when(last['started_at'])}: {summary(last)}" if last else "It was never synced.")
    if found["next_sync_at"]:
        output.result(f"Next sync {output.when(found['next_sync_at'])}.")
    for error in found["errors"]:
        output.note(f"failed: {error['path']}: {error['reason']}")


@verb(sources, "test", action="source:test")
def test(ctx: typer.Context, name: Name) -> None:
    """See whether it can be reached, without bringing anything. Exit code 1 when it cannot."""
    with target(ctx).connect() as api:
        found = api.post("/api/source-tests", {"name": name})
    if not found["reached"]:
        output.error(found["message"])
        raise typer.Exit(1)
    output.result(found["message"])


@verb(sources, "sync", action="source:sync")
def sync(
    ctx: typer.Context,
    name: Name,
    confirm_removals: Annotated[
        bool, typer.Option("--confirm-removals", help="Take away what is gone from the source, however much it is.")
    ] = False,
    wait: Annotated[bool, typer.Option(help="Follow it to its end.")] = True,
) -> None:
    """Sync now, whatever the source's hours are. Exit code 1 when it did not succeed or a document failed."""
    from stoa.cli.syncing import follow

    with target(ctx).connect() as api:
        begun = api.post(f"/api/sources/{values.segment(name)}/syncs", {"confirm_removals": confirm_removals})
        if not wait:
            output.note(f"The sync {begun['id']} begins. Follow it with: stoa job follow {begun['id']}")
            return
        with progress() as bar:
            follow(api, api.get(f"/api/jobs/{begun['id']}"), progress=bar)
        ended = _sync(api, name, begun["id"])
    output.note(f"{name}: {summary(ended)}")
    if ended["state"] != "succeeded":
        output.error(f"The sync {ended['state']}: {ended['message'] or 'no reason was given'}")
    if ended["state"] != "succeeded" or ended["failed"]:
        raise typer.Exit(1)


@verb(sources, "history", action="source:read")
def history(ctx: typer.Context, name: Name, json: AsJson = False) -> None:
    """Its syncs, the newest first. Of those in a row that began by themselves and found nothing, the last is kept."""
    with target(ctx).connect() as api:
        found = list(api.each(f"/api/sources/{values.segment(name)}/syncs"))
    if json:
        output.as_json(found)
        return
    output.table(
        ("started", "cause", "state", "listed", "what it did", "rights in force after", "message"),
        [
            (
                output.when(each["started_at"]), each["cause"], each["state"], each["listed"], summary(each),
                f"{each['acl_lag_ms'] / 1000:.1f} s" if each["acl_lag_ms"] is not None else None, each["message"],
            )
            for each in found
        ],
        empty=f"The source {name!r} was never synced. Sync it with: stoa source sync {name}",
    )  # fmt: skip


@verb(sources, "push", action="document:ingest")
def push(
    ctx: typer.Context,
    name: Name,
    file: Annotated[Path, typer.Argument(help="The file to send.", exists=True, dir_okay=False)],
    path: Annotated[str, typer.Option(help="Its place in the source.", show_default="the file's name")] = "",
    allow: Annotated[str, typer.Option(help="Who may read it: group:hr,user:ada. Else as the source says.")] = "",
    deny: Annotated[str, typer.Option(help="And who may not: group:interns.")] = "",
) -> None:
    """Send a document to a source of type push. Sending it again changes nothing."""
    rights = {field: text for field, text in (("allow", allow), ("deny", deny)) if text}
    with target(ctx).connect() as api:
        found = api.put_file(f"/api/sources/{values.segment(name)}/documents", file, path=path or file.name, **rights)
    output.result(f"{found['document']['path']} {found['change']}")


@verb(sources, "pause", action="resource:apply")
def pause(ctx: typer.Context, name: Name) -> None:
    """Let no sync begin by itself any more."""
    _set_paused(ctx, name, paused=True)
    output.note(f"The source {name!r} is paused. Let it go on with: stoa source resume {name}")


@verb(sources, "resume", action="resource:apply")
def resume(ctx: typer.Context, name: Name) -> None:
    """Let syncs begin by themselves again."""
    _set_paused(ctx, name, paused=False)
    output.note(f"The source {name!r} goes on.")


def state_of(source: Mapping[str, Any]) -> str:  # Any: JSON as the API documents it
    """In one word."""
    last = source["last_sync"]
    if last and last["state"] == "running":
        return "syncing"
    if source["paused"]:
        return "paused"
    return last["state"] if last else "never synced"


def summary(sync: Mapping[str, Any]) -> str:  # Any: JSON as the API documents it
    """What a sync did, such as `3 added, 1 failed`."""
    told = [f"{sync[field]:,} {word}" for field, word in _COUNTS.items() if sync[field]]
    return ", ".join(told) or "nothing to do"


def _sync(api: "Client", source: str, sync_id: str) -> Any:  # Any: JSON as the API documents it
    for each in api.each(f"/api/sources/{values.segment(source)}/syncs"):
        if each["id"] == sync_id:
            return each
    raise InvalidRequest(f"The sync {sync_id!r} is not in the history any more.")


def _set_paused(ctx: typer.Context, name: str, *, paused: bool) -> None:
    with target(ctx).connect() as api:
        fields = api.get(f"/api/resources/Source/{values.segment(name)}")
        api.post("/api/resources/apply", {"resources": [{**fields, "paused": paused}], "dry_run": False})
