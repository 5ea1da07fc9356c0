"""`/api/collections/{name}/syncs` and `/api/syncs`: keeping a folder in step by sending only what changed."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from stoa.adapters.database.ledgers import DocumentRecords
from stoa.adapters.database.library import DatabaseLibrary
from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import Flag, Form, View, Whole
from stoa.api.holdings import collection_named, keep, require_no_source, rights_of
from stoa.api.jobs import JobView, job_view
from stoa.control.rights import TagReader, or_team
from stoa.domain.identity import Rights
from stoa.domain.jobs import Job
from stoa.domain.resources import Collection
from stoa.domain.stores import Stores
from stoa.errors import Conflict, InvalidRequest
from stoa.knowledge import intake
from stoa.knowledge.forget import forget
from stoa.wiring import Control, now_ms

router = APIRouter(tags=["syncs"])

Id = Annotated[str, Path(alias="id")]

_NAMED = 5
"""How many missing files an error names."""


class SyncFile(Form):
    path: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    bytes: Annotated[Whole, Field(ge=0, le=1 << 53)]
    allow: tuple[str, ...] | None = None
    """In the place of the sync's `allow` and `groups`."""
    deny: tuple[str, ...] | None = None
    """In the place of the sync's."""


class NewSync(Form):
    """All files of a source as they are now. With `prune`, documents whose files are not among them are removed.

    They are for whoever holds one of `allow` or is in one of `groups`, for the collection's team where both are empty, and for
    nobody who holds one of `deny`.
    """

    source: Annotated[str, Field(min_length=1, max_length=255)]
    files: list[SyncFile]
    groups: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()
    prune: Flag = True


class SyncView(View):
    """Send each file of `upload`, then start. `remove` are the documents that go.

    A file that is too large is not asked for; the job names it among its errors.
    """

    sync: str
    upload: list[str]
    unchanged: int
    remove: list[str]


class Received(View):
    path: str
    bytes: int


class Started(View):
    job: JobView


@router.post("/api/collections/{name}/syncs", status_code=201)
async def begin_sync(name: str, new: NewSync, caller: Annotated[Caller, allow("document:ingest")], parts: Parts) -> SyncView:
    """Compare a source with what is known of it. Nothing changes until it starts."""
    require_no_source(new.source)
    async with parts.read() as stores:
        collection = await collection_named(stores, caller, name)
        rights = await rights_of(stores, collection, groups=new.groups, allow=new.allow, deny=new.deny)
        own = await _own_rights(stores, collection, new.files, rights)
    files = [
        intake.File(intake.clean_path(file.path), file.sha256, file.bytes, rights=own.get((file.allow, file.deny)))
        for file in new.files
    ]
    if len({file.path for file in files}) < len(files):
        raise InvalidRequest("A path stands more than once among the files.", param="files")
    async with parts.database.write() as connection:
        sync, plan = await intake.begin_sync(
            DatabaseLibrary(connection), files, collection=collection, source=new.source, rights=rights, prune=new.prune,
            readable=caller.principal.acl, most_bytes=parts.settings.worker.document_bytes, by=caller.principal.id,
            now_ms=now_ms(),
        )  # fmt: skip
    return SyncView(sync=sync, upload=list(plan.upload), unchanged=plan.unchanged, remove=list(plan.remove))


@router.put("/api/syncs/{id}/files")
async def send_file(
    id_: Id,
    request: Request,
    caller: Annotated[Caller, allow("document:ingest")],
    parts: Parts,
    path: Annotated[str, Query(description="One of `upload`.")],
) -> Received:
    """The file's bytes are the body. Sending it again changes nothing."""
    _, plan = await _find(parts, caller, id_)
    kept = await keep(parts.objects, request.stream(), path=intake.clean_path(path), limit=parts.settings.worker.document_bytes)
    await intake.receive(parts.objects, id_, plan, path=kept.path, digest=kept.digest)
    return Received(path=kept.path, bytes=kept.bytes)


@router.post("/api/syncs/{id}/start", status_code=202)
async def start_sync(id_: Id, caller: Annotated[Caller, allow("document:ingest")], parts: Parts) -> Started:
    """Queue the job. Raises Conflict while files are missing; starting again answers the same job."""
    job, plan = await _find(parts, caller, id_)
    if job.state == "waiting":
        missing = await intake.missing(parts.objects, id_, plan)
        if missing:
            named = ", ".join(repr(path) for path in missing[:_NAMED])
            raise Conflict(f"{len(missing)} files of the sync have not come yet: {named}.", code="files_missing")
        async with parts.database.write() as connection:
            queued = await intake.start_sync(DatabaseLibrary(connection), job, plan, now_ms=now_ms())
        job = queued.job
        await intake.sweep(parts.objects, id_, plan)
        await forget(DocumentRecords(parts.database), parts.objects, queued.replaced)
    return Started(job=job_view(job, [], now_ms=now_ms()))


async def _own_rights(
    stores: Stores, collection: Collection, files: Sequence[SyncFile], rights: Rights
) -> dict[tuple[tuple[str, ...] | None, tuple[str, ...] | None], Rights]:
    """The rights of files that say something of their own, by what they say."""
    found: dict[tuple[tuple[str, ...] | None, tuple[str, ...] | None], Rights] = {}
    reader = TagReader(stores)
    for said in {(file.allow, file.deny) for file in files} - {(None, None)}:
        allow, deny = said
        read = await reader.rights(rights.allow if allow is None else allow, rights.deny if deny is None else deny)
        found[said] = or_team(read, collection.team)
    return found


async def _find(parts: Control, caller: Caller, sync_id: str) -> tuple[Job, intake.SyncPlan]:
    async with parts.database.read() as connection:
        job, plan = await intake.sync_of(DatabaseLibrary(connection), sync_id, by=caller.principal.id)
    async with parts.read() as stores:
        await collection_named(stores, caller, job.collection or "")
    return job, plan
