"""Documents done again from their raw bytes, which are kept: nothing is fetched, and nothing is missed meanwhile.

What is asked for is read, cut and embedded anew whatever is kept of it; until then its old passages are found and open.
"""

from stoa.domain.documents import Document
from stoa.domain.identity import AccessTag
from stoa.domain.jobs import Job
from stoa.domain.library import Library
from stoa.domain.narrowing import EVERY, DocumentFilter
from stoa.errors import NotFound
from stoa.knowledge.fingerprint import anew
from stoa.knowledge.intake import NOT_TAKEN, new_job

_TELLS_NOTHING = frozenset(("state", "parser_before"))
"""Fields of a filter that say nothing about what is in a document or where it lies."""


async def reindex(
    library: Library, *, collection: str, wanted: DocumentFilter, held: frozenset[AccessTag], by: str, now_ms: int
) -> Job:
    """Queue the documents that a filter means; how many is the job's total. Raises NotFound when it means none.

    A filter that asks about content is held only against documents that whoever holds these tags may read: a number would
    tell of the others. All documents, and those of a state or an older reader, are done whoever may read them. Files whose
    bytes were never taken are left as they are.
    """
    chosen: dict[str, str | None] = {}
    after: str | None = None
    while some := await library.documents.of_collection(collection, after=after):
        told = some if _tells_nothing(wanted) else await library.documents.told(some, held)
        chosen |= {each.id: anew(each.indexed_as) for each in told if _is_meant(each, wanted, held)}
        after = some[-1].id
    if not chosen:
        raise NotFound(f"No document in {collection!r} that you may read is meant by this.", param="filter")
    job = new_job(collection, by=by, now_ms=now_ms, total=len(chosen))
    await library.jobs.add(job)
    await library.documents.again(chosen, job_id=job.id, now_ms=now_ms)
    return job


def _tells_nothing(wanted: DocumentFilter) -> bool:
    return all(name in _TELLS_NOTHING or getattr(wanted, name) == getattr(EVERY, name) for name in wanted.__struct_fields__)


def _is_meant(document: Document, wanted: DocumentFilter, held: frozenset[AccessTag]) -> bool:
    return document.digest != NOT_TAKEN and wanted.holds(document) and (_tells_nothing(wanted) or document.rights.open_to(held))
