"""OpenAI's tool `file_search` in responses: how it is asked for, and how an answer tells what was found and cites it.

The search itself is made before the model is asked, and is told as an item of its own in front of the answer.
"""

import re
from collections.abc import Iterator
from typing import Any

from stoa.dialects.conversation import Fields, FileSearch, FoundFiles
from stoa.dialects.fields import FieldReader

RESULTS = "file_search_call.results"
"""What `include` names to be told the passages too."""

TOOL = "file_search"
_MARKER = re.compile(r"\[(\d{1,3})\]")


def read_tool(item: FieldReader, *, results: bool) -> FileSearch:
    """A tool of that type. It stays in the rest of the request, until somebody has searched: no model knows it."""
    stores, filters, ranking = item.texts("vector_store_ids"), item.fields("filters"), item.fields("ranking_options")
    if not stores:
        raise item.missing("vector_store_ids")
    limit = item.integer("max_num_results", least=1)
    item.skip(["type"])
    item.close()
    item.keep(value=TOOL)
    return FileSearch(stores=stores, filters=filters, limit=limit, ranking=ranking, path=item.path(), results=results)


def call_item(found: FoundFiles, item_id: str, *, results: bool, status: str = "completed") -> Fields:
    done = status == "completed"
    return {
        "type": "file_search_call", "id": item_id, "status": status, "queries": found.queries if done else [],
        "results": found.results if results and done else None,
    }  # fmt: skip


def events_of(found: FoundFiles, item_id: str, *, results: bool) -> Iterator[tuple[str, Fields]]:
    """What a stream says of the search, as the first item of the answer."""
    where: Fields = {"output_index": 0, "item_id": item_id}
    begun = call_item(found, item_id, results=results, status="in_progress")
    yield "response.output_item.added", {"output_index": 0, "item": begun}
    for step in ("in_progress", "searching", "completed"):
        yield f"response.file_search_call.{step}", where
    yield "response.output_item.done", {"output_index": 0, "item": call_item(found, item_id, results=results)}


def citations_in(text: str, found: FoundFiles | None) -> list[Fields]:
    """An annotation for each number in brackets that stands for a passage, at its place in the text."""
    if found is None:
        return []
    made: list[Fields] = []
    for match in _MARKER.finditer(text):
        number = int(match[1])
        if 0 < number <= len(found.results):
            of: dict[str, Any] = found.results[number - 1]  # Any: JSON
            made.append({"type": "file_citation", "index": match.start(), "file_id": of["file_id"], "filename": of["filename"]})
    return made
