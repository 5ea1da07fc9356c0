"""What a gateway asks of control for the tool `file_search`, and what it is told."""

from typing import Any

import msgspec

from stoa.domain.filters import AttributeValue
from stoa.domain.passages import Passage

PATH = "/internal/file-search"

Fields = dict[str, Any]
"""A JSON object as the client wrote it, which control reads. Any: it is the client's."""


class FilesAsked(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`query` are a question and the ones it is made of."""

    vector_store_ids: tuple[str, ...]
    query: tuple[str, ...]
    filters: Fields | None = None
    max_num_results: int | None = None
    ranking_options: Fields | None = None


class FileFound(msgspec.Struct, frozen=True, kw_only=True):
    """A passage, and the file that it is of."""

    passage: Passage
    file_id: str
    filename: str
    attributes: dict[str, AttributeValue] = {}


class FilesFound(msgspec.Struct, frozen=True):
    """The best first."""

    results: tuple[FileFound, ...]
