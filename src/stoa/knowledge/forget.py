"""Bytes that no document has any more."""

from collections.abc import Iterable

from stoa.domain.documents import DocumentLedger, Objects, parsed_name, raw_name
from stoa.knowledge.fingerprint import PARSER


async def forget(documents: DocumentLedger, objects: Objects, files: Iterable[tuple[str, str]]) -> None:
    """Delete what is kept of these files, given as digest and path, unless another document has the same bytes."""
    paths = dict(files)
    for digest in await documents.orphans(list(paths)) if paths else ():
        await objects.delete(parsed_name(digest, paths[digest], version=PARSER))
        await objects.delete(raw_name(digest))
