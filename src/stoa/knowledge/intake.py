"""Taking documents in: an upload, a source kept in step, other rights, a removal. Each commits documents and job together.

What is written here is what should be; the worker makes the index follow. A file's bytes are in the object store before its
document says so.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from stoa.domain.documents import Document, DocumentState, Objects
from stoa.domain.identity import AccessTag, Rights
from stoa.domain.jobs import Job
from stoa.domain.library import Library
from stoa.domain.resources import Collection
from stoa.errors import Conflict, InvalidRequest, NotFound
from stoa.kit.ids import new_id
from stoa.knowledge.chunk import title_of
from stoa.knowledge.sync import plan_sync

KIND = "ingest"

NOT_TAKEN = "0" * 64
"""The digest of a file whose bytes were not taken: one that was merely claimed could open bytes of somebody else."""


@dataclass(frozen=True, slots=True)
class File:
    """A file by its path in the source, with `/` between folders.

    `refusal` says why its bytes were not taken; `rights` are its own, None where it has those of all that come with it.
    """

    path: str
    digest: str
    bytes: int
    refusal: str | None = None
    rights: Rights | None = None


class SyncPlan(msgspec.Struct, frozen=True):
    """What a sync is to do, kept with its job until it starts.

    `acl` and `deny` are the rights of all files but those of `own`. `files` holds digest and size by path, `refused` the reason
    by path.
    """

    source: str
    acl: tuple[AccessTag, ...]
    files: dict[str, tuple[str, int]]
    upload: tuple[str, ...]
    refused: dict[str, str]
    unchanged: int
    requeue: tuple[str, ...]
    remove: tuple[str, ...]
    deny: tuple[AccessTag, ...] = ()
    own: dict[str, Rights] = {}

    def rights(self, path: str) -> Rights:
        """Those that the document of a path is to have."""
        return self.own.get(path) or Rights(frozenset(self.acl), frozenset(self.deny))


def clean_path(path: str) -> str:
    """A path as documents carry it. Raises InvalidRequest for one that is empty, absolute or climbs out of its source."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or ".." in parts or path.startswith("/") or "\0" in path or len(path) > 1024:
        raise InvalidRequest(f"{path[:200]!r} is not a path inside a source, such as 'policies/travel.pdf'.", param="path")
    return "/".join(parts)


class Queued(msgspec.Struct, frozen=True):
    """A job, its documents, and digest and path of the bytes that others have taken the place of."""

    job: Job
    documents: Sequence[Document] = ()
    replaced: Sequence[tuple[str, str]] = ()


async def upload(
    library: Library, files: Sequence[File], *, collection: str, source: str, rights: Rights, by: str, now_ms: int
) -> Queued:
    """Queue files whose bytes are stored. Those already there under the same path are replaced."""
    known = {document.path: document for document in await library.documents.of_source(collection, source)}
    job = new_job(collection, by=by, now_ms=now_ms, total=len(files))
    await library.jobs.add(job)
    paths = {file.path for file in files}
    own = {file.path: file.rights or rights for file in files}
    await put_files(library, files, job.id, collection=collection, source=source, rights=own.__getitem__, now_ms=now_ms)
    documents = [document for document in await library.documents.of_source(collection, source) if document.path in paths]
    return Queued(job, documents, _replaced(known, files))


async def remove(library: Library, document: Document, *, by: str, now_ms: int) -> Job:
    """Take a document away: it cannot be opened from now on, and is out of the index as soon as the job has run."""
    job = new_job(document.collection, by=by, now_ms=now_ms, total=0)
    await library.jobs.add(job)
    await library.documents.put([changed(document, job.id, state="removed", now_ms=now_ms)])
    return job


async def share(library: Library, document: Document, rights: Rights, *, by: str, now_ms: int) -> Job:
    """Give a document other rights: it opens by them from now on, and is found by them as soon as the job has run.

    Raises NotFound when it was removed meanwhile.
    """
    job = new_job(document.collection, by=by, now_ms=now_ms, total=1)
    await library.jobs.add(job)
    if not await library.documents.share(document.id, rights, job_id=job.id, now_ms=now_ms):
        raise NotFound(f"There is no document {document.id!r} here for you.", param="id")
    return job


async def begin_sync(
    library: Library, files: Iterable[File], *, collection: Collection, source: str, rights: Rights, prune: bool,
    readable: frozenset[AccessTag], most_bytes: int, by: str, now_ms: int,
) -> tuple[str, SyncPlan]:  # fmt: skip
    """Compare a source with what is known of it; nothing changes yet. `readable` are the caller's own tags.

    Files that the caller may not read now are to be sent even if only their rights change: whoever gives a document to
    others must have it. A file of more than `most_bytes` is not asked for; it will be a failed document that says so.
    """
    sent = {file.path: file for file in files}
    known = await library.documents.of_source(collection.name, source)
    digests = {path: file.digest for path, file in sent.items()}
    own = {path: file.rights for path, file in sent.items() if file.rights is not None and file.rights != rights}
    found = plan_sync(digests, known, collection=collection, rights=lambda path: own.get(path, rights), prune=prune)
    hidden = {document.path for document in known if not document.rights.open_to(readable)}
    needed = sorted({*found.upload, *(path for path in found.requeue if path in hidden)})
    refused = {path: too_large(sent[path].bytes, most_bytes) for path in needed if sent[path].bytes > most_bytes}
    plan = SyncPlan(
        source=source, acl=tuple(sorted(rights.allow)), deny=tuple(sorted(rights.deny)), own=own,
        files={path: (file.digest, file.bytes) for path, file in sent.items()},
        upload=tuple(path for path in needed if path not in refused), refused=refused,
        unchanged=len(found.unchanged),
        requeue=tuple(path for path in found.requeue if path not in hidden), remove=found.remove,
    )  # fmt: skip
    job = msgspec.structs.replace(new_job(collection.name, by=by, now_ms=now_ms, total=0), state="waiting")
    await library.jobs.add(job, plan=msgspec.to_builtins(plan))
    return job.id, plan


async def sync_of(library: Library, sync_id: str, *, by: str) -> tuple[Job, SyncPlan]:
    """A sync that the caller began. Raises NotFound."""
    job = await library.jobs.get(sync_id)
    plan = await library.jobs.plan(sync_id)
    if job is None or job.created_by != by or not plan:
        raise NotFound(f"There is no sync {sync_id!r} of yours.", param="sync")
    return job, msgspec.convert(plan, SyncPlan)


async def receive(objects: Objects, sync_id: str, plan: SyncPlan, *, path: str, digest: str) -> None:
    """Note that a file of the sync has come. Raises InvalidRequest for one that was not asked for or is another now."""
    if path not in plan.upload:
        raise InvalidRequest(f"The sync {sync_id!r} did not ask for {path!r}.", param="path")
    if digest != plan.files[path][0]:
        raise Conflict(f"{path!r} has changed since the sync began; begin another.", param="path")
    await objects.put(_mark(sync_id, path), digest.encode())


async def missing(objects: Objects, sync_id: str, plan: SyncPlan) -> Sequence[str]:
    """Files that the sync asked for and that have not come."""
    return [path for path in plan.upload if await objects.get(_mark(sync_id, path)) is None]


async def start_sync(library: Library, job: Job, plan: SyncPlan, *, now_ms: int) -> Queued:
    """Carry the plan into the documents and queue the job. Starting again changes nothing."""
    if job.state != "waiting":
        return Queued(job)
    collection = job.collection or ""
    known = {document.path: document for document in await library.documents.of_source(collection, plan.source)}
    files = [File(path, *plan.files[path]) for path in plan.upload]
    files += [File(path, NOT_TAKEN, plan.files[path][1], reason) for path, reason in plan.refused.items()]
    await put_files(library, files, job.id, collection=collection, source=plan.source, rights=plan.rights, now_ms=now_ms)
    requeued = [known[path] for path in plan.requeue if path in known and known[path].digest == plan.files[path][0]]
    await library.documents.put(
        [changed(d, job.id, state="queued", now_ms=now_ms, rights=plan.rights(d.path)) for d in requeued]
    )
    gone = [known[path] for path in plan.remove if path in known]
    await library.documents.put([changed(d, job.id, state="removed", now_ms=now_ms) for d in gone])
    await library.jobs.queue(job.id, total=len(files) + len(requeued))
    return Queued(await library.jobs.get(job.id) or job, replaced=_replaced(known, files))


async def sweep(objects: Objects, sync_id: str, plan: SyncPlan) -> None:
    """Take away the notes of what has come."""
    for path in plan.upload:
        await objects.delete(_mark(sync_id, path))


async def put_files(
    library: Library, files: Sequence[File], job_id: str, *, collection: str, source: str, rights: Callable[[str], Rights],
    now_ms: int,
) -> None:  # fmt: skip
    await library.documents.put([
        Document(
            id=new_id("doc"), collection=collection, source=source, path=file.path, title=title_of(file.path),
            digest=file.digest, bytes=file.bytes, acl=rights(file.path).allow, deny=rights(file.path).deny, state="queued",
            error=file.refusal, job_id=job_id, created_at=now_ms, updated_at=now_ms,
        )
        for file in files
    ])  # fmt: skip


def _replaced(known: Mapping[str, Document], files: Sequence[File]) -> list[tuple[str, str]]:
    return [(known[f.path].digest, f.path) for f in files if f.path in known and known[f.path].digest != f.digest]


def changed(document: Document, job_id: str, *, state: DocumentState, now_ms: int, rights: Rights | None = None) -> Document:
    acl, deny = (document.acl, document.deny) if rights is None else (rights.allow, rights.deny)
    return msgspec.structs.replace(document, state=state, error=None, job_id=job_id, updated_at=now_ms, acl=acl, deny=deny)


def new_job(collection: str, *, by: str, now_ms: int, total: int) -> Job:
    """An ingestion job, complete and not taken yet."""
    return Job(
        id=new_id("job"), kind=KIND, collection=collection, state="queued", total=total, done=0, failed=0, pages=0, chunks=0,
        message=None, created_by=by, created_at=now_ms,
    )  # fmt: skip


def too_large(found: int, most: int) -> str:
    return f"The file has {found:,} bytes; the limit is {most:,} (worker.document_bytes)."


def _mark(sync_id: str, path: str) -> str:
    return f"syncs/{sync_id}/{hashlib.sha256(path.encode()).hexdigest()[:32]}"
