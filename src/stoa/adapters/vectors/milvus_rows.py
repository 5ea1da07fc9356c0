"""Rows of a Milvus collection: their schema and indices, chunks as they are written, and as they are read."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from pymilvus import CollectionSchema, DataType, Function, FunctionType, MilvusClient
from pymilvus.milvus_client.index import IndexParams

from stoa.adapters.vectors.words import stems
from stoa.domain.identity import Rights
from stoa.domain.passages import Passage
from stoa.domain.vectors import Chunk, IndexedChunk
from stoa.errors import OperatorError

TEXT_BYTES = 65_535
"""The most that one field holds."""

_ID_BYTES = 512

PASSAGE = ["id", "document_id", "rights", "passage"]
"""The fields that a passage is made from."""

WHOLE = [*PASSAGE, "context", "vector"]
"""Those that a chunk is made from."""


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    """What a search gives of a chunk, in one field."""

    title: str
    path: str
    heading: tuple[str, ...]
    page: int | None
    start: int
    end: int
    text: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(_Stored).decode


def passages_schema(width: int) -> CollectionSchema:
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=_ID_BYTES)
    schema.add_field("document_id", DataType.VARCHAR, max_length=_ID_BYTES)
    schema.add_field("rights", DataType.INT64)
    schema.add_field("passage", DataType.VARCHAR, max_length=TEXT_BYTES)
    schema.add_field("context", DataType.VARCHAR, max_length=TEXT_BYTES)
    plain = {"tokenizer": "standard"}  # what is analyzed are stems of ASCII letters and digits: any analyzer leaves them whole
    schema.add_field("words", DataType.VARCHAR, max_length=TEXT_BYTES, enable_analyzer=True, analyzer_params=plain)
    schema.add_field("terms", DataType.SPARSE_FLOAT_VECTOR)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=width)
    schema.add_function(
        Function(name="bm25", function_type=FunctionType.BM25, input_field_names=["words"], output_field_names=["terms"])
    )
    return schema


def passages_indices(*, lite: bool) -> IndexParams:
    """Of both vectors and of what is filtered by.

    Milvus Lite compares with all vectors: measured, its HNSW finds .86 of the nearest ten under a filter that 150 of 100,000
    rows pass. Milvus itself compares with all where a filter leaves few.
    """
    indices = MilvusClient.prepare_index_params()
    if lite:
        indices.add_index("vector", index_type="FLAT", metric_type="IP")
    else:
        indices.add_index("vector", index_type="HNSW", metric_type="IP", params={"M": 16, "efConstruction": 200})
    bm25 = {"bm25_k1": 1.2, "bm25_b": 0.75}
    indices.add_index("terms", index_type="SPARSE_INVERTED_INDEX", metric_type="BM25", params=bm25)
    indices.add_index("document_id", index_type="INVERTED")
    indices.add_index("rights", index_type="INVERTED")
    return indices


def rights_schema() -> CollectionSchema:
    """Of the table of numbers. Milvus wants a vector in every table; here it says nothing."""
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=_ID_BYTES)
    schema.add_field("number", DataType.INT64)
    schema.add_field("text", DataType.VARCHAR, max_length=TEXT_BYTES)
    schema.add_field("nothing", DataType.FLOAT_VECTOR, dim=2)
    return schema


def rights_indices() -> IndexParams:
    indices = MilvusClient.prepare_index_params()
    indices.add_index("nothing", index_type="FLAT", metric_type="L2")
    return indices


def as_row(row: IndexedChunk, number: int) -> dict[str, Any]:  # Any: values of many columns
    """One row. Raises OperatorError for a chunk that no field of Milvus holds."""
    chunk = row.chunk
    stored = _Stored(chunk.title, chunk.path, chunk.heading, chunk.page, chunk.start, chunk.end, chunk.text)
    passage = _encode(stored).decode()
    if (size := max(len(passage.encode()), len(chunk.context.encode()))) > TEXT_BYTES:
        raise OperatorError(
            f"Passage {chunk.id!r} of {chunk.path!r} takes {size:,} bytes, and Milvus holds {TEXT_BYTES:,} in a field. "
            "Take the document out, cut its longest lines, or keep this collection's index in a folder (LanceDB)."
        )
    return {
        "id": chunk.id, "document_id": chunk.document_id, "rights": number, "passage": passage, "context": chunk.context,
        "words": stems(chunk.contextual_text), "vector": row.vector,
    }  # fmt: skip


def as_passage(collection: str, row: Mapping[str, Any], *, personal: bool) -> Passage:
    one = _decode(row["passage"])
    return Passage(
        id=row["id"], document_id=row["document_id"], collection=collection, title=one.title, path=one.path,
        heading=one.heading, page=one.page, start=one.start, end=one.end, text=one.text, score=0.0, personal=personal,
    )  # fmt: skip


def as_chunk(row: Mapping[str, Any], rights: Rights) -> IndexedChunk:
    one = _decode(row["passage"])
    chunk = Chunk(
        id=row["id"], document_id=row["document_id"], title=one.title, path=one.path, heading=one.heading, page=one.page,
        start=one.start, end=one.end, context=row["context"], text=one.text,
    )  # fmt: skip
    return IndexedChunk(chunk, row["vector"], rights.allow, rights.deny)


def any_of(field: str, values: Iterable[str]) -> str:
    return f"{field} in [{', '.join(literal(value) for value in values)}]"


def literal(value: str) -> str:
    """A string in a filter. Both Milvus and Milvus Lite read these escapes, and nothing else ends it."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        value = value.replace(plain, escaped)
    return f'"{value}"'


def whole_documents(rows: Sequence[dict[str, Any]], *, most: int) -> Iterable[list[dict[str, Any]]]:
    """The rows in parts of about `most`, no document in two of them."""
    of: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        of.setdefault(row["document_id"], []).append(row)
    part: list[dict[str, Any]] = []
    for document in of.values():
        if part and len(part) + len(document) > most:
            yield part
            part = []
        part += document
    if part:
        yield part
