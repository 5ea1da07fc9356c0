"""Keeping a source in step: which of its files must be sent, which only need work here, and which are gone."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from stoa.domain.documents import Document
from stoa.domain.identity import Rights
from stoa.domain.resources import Collection
from stoa.knowledge.fingerprint import fingerprint, same_text


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """Paths of a source, in order. `requeue` are unchanged files with other rights, or read otherwise than now."""

    upload: tuple[str, ...]
    unchanged: tuple[str, ...]
    requeue: tuple[str, ...]
    remove: tuple[str, ...]


def plan_sync(
    files: Mapping[str, str], known: Iterable[Document], *, collection: Collection, rights: Callable[[str], Rights], prune: bool
) -> SyncPlan:
    """Compare what lies in the source (SHA-256 by path) with the documents known of it. What failed is sent again.

    `rights` are those that the document of a path is to have.
    """
    documents = {document.path: document for document in known}
    upload, unchanged, requeue = list[str](), list[str](), list[str]()
    for path, digest in sorted(files.items()):
        document = documents.get(path)
        if document is None or document.digest != digest or document.state == "failed":
            upload.append(path)
        elif document.rights != rights(path) or _outdated(document, collection):
            requeue.append(path)
        else:
            unchanged.append(path)
    remove = sorted(set(documents) - set(files)) if prune else []
    return SyncPlan(tuple(upload), tuple(unchanged), tuple(requeue), tuple(remove))


def _outdated(document: Document, collection: Collection) -> bool:
    """Whether its text was read otherwise than now; for another cut or model, a whole new index is built beside."""
    return document.state == "indexed" and not same_text(document.indexed_as, fingerprint(document, collection))
