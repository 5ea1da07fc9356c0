"""Keeping a source in step: which of its files must be sent, which only change hands, and which are gone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from stoa.domain.documents import Document
from stoa.domain.identity import AccessTag


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """Paths of a source, in order. `regrant` are unchanged files with other rights."""

    upload: tuple[str, ...]
    unchanged: tuple[str, ...]
    regrant: tuple[str, ...]
    remove: tuple[str, ...]


def plan_sync(files: Mapping[str, str], known: Iterable[Document], *, acl: frozenset[AccessTag], prune: bool) -> SyncPlan:
    """Compare what lies in the source (SHA-256 by path) with the documents known of it. What failed is sent again."""
    documents = {document.path: document for document in known}
    upload, unchanged, regrant = list[str](), list[str](), list[str]()
    for path, digest in sorted(files.items()):
        document = documents.get(path)
        if document is None or document.digest != digest or document.state == "failed":
            upload.append(path)
        elif document.acl != acl:
            regrant.append(path)
        else:
            unchanged.append(path)
    remove = sorted(set(documents) - set(files)) if prune else []
    return SyncPlan(tuple(upload), tuple(unchanged), tuple(regrant), tuple(remove))
