"""What requests and answers of vector stores look like. Times are seconds since 1970."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from stoa.api.filtering import AttributeFilter
from stoa.api.forms import Flag, Form, Whole
from stoa.domain.documents import Document
from stoa.domain.filters import AttributeValue
from stoa.domain.resources import Collection
from stoa.domain.vector_stores import Held, VectorStore, file_of
from stoa.errors import InvalidRequest

MOST_FILES = 500
"""In one request."""

LEAST_TOKENS, MOST_TOKENS = 32, 256
"""Of a chunk here: what the embedder reads."""

Metadata = Annotated[
    dict[Annotated[str, Field(min_length=1, max_length=64)], Annotated[StrictStr, Field(max_length=512)]], Field(max_length=16)
]
Attributes = Annotated[
    dict[
        Annotated[str, Field(min_length=1, max_length=64)],
        StrictBool | Annotated[StrictStr, Field(max_length=512)] | StrictInt | StrictFloat,
    ],
    Field(max_length=16),
]
Tags = Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=50)]
FileId = Annotated[str, Field(min_length=1, max_length=64)]


class ExpiresAfter(Form):
    anchor: Literal["last_active_at"]
    days: Annotated[Whole, Field(ge=1, le=365)]


class Auto(Form):
    type: Literal["auto"]


class StaticSizes(Form):
    max_chunk_size_tokens: Annotated[Whole, Field(ge=100, le=4096)]
    chunk_overlap_tokens: Annotated[Whole, Field(ge=0, le=2048)] = 0


class Static(Form):
    """Chunks here hold 256 tokens at most and do not overlap; the answer says what is so."""

    type: Literal["static"]
    static: StaticSizes


Chunking = Annotated[Auto | Static, Field(discriminator="type")]


class NewStore(Form):
    name: Annotated[str, Field(max_length=256)] = ""
    description: Annotated[str, Field(max_length=512)] | None = None
    file_ids: Annotated[tuple[FileId, ...], Field(max_length=MOST_FILES)] = ()
    expires_after: ExpiresAfter | None = None
    chunking_strategy: Chunking | None = None
    metadata: Metadata | None = None


class ChangedStore(Form):
    name: Annotated[str, Field(max_length=256)] | None = None
    expires_after: ExpiresAfter | None = None
    metadata: Metadata | None = None


class NewFile(Form):
    """`allow` and `deny` are access tags, such as group:hr, as documents have them; the store's team if left out."""

    file_id: FileId
    attributes: Attributes | None = None
    chunking_strategy: Chunking | None = None
    allow: Tags = ()
    deny: Tags = ()


class NewBatch(Form):
    """Either `file_ids`, with what is said beside them for all, or `files`, each with its own."""

    file_ids: Annotated[tuple[FileId, ...], Field(max_length=MOST_FILES)] | None = None
    files: Annotated[tuple[NewFile, ...], Field(max_length=MOST_FILES)] | None = None
    attributes: Attributes | None = None
    chunking_strategy: Chunking | None = None
    allow: Tags = ()
    deny: Tags = ()


class ChangedFile(Form):
    attributes: Attributes | None


class HybridSearch(Form):
    """A weight of 0 leaves that half of the search out; any others are weighed as everywhere in Stoa."""

    embedding_weight: Annotated[float, Field(strict=True, ge=0)]
    text_weight: Annotated[float, Field(strict=True, ge=0)]


class RankingOptions(Form):
    ranker: Literal["none", "auto", "default-2024-11-15"] = "auto"
    score_threshold: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.0
    hybrid_search: HybridSearch | None = None


Query = Annotated[str, Field(min_length=1, max_length=2000)]


class StoreQuestion(Form):
    query: Query | Annotated[tuple[Query, ...], Field(min_length=1, max_length=10)]
    filters: AttributeFilter | None = None
    max_num_results: Annotated[Whole, Field(ge=1, le=50)] = 10
    ranking_options: RankingOptions | None = None
    rewrite_query: Flag = False


class Counts(BaseModel):
    in_progress: int
    completed: int
    failed: int
    cancelled: int
    total: int


class StoreView(BaseModel):
    """`stoa` says whose team's collection it is, and whether it was made here."""

    id: str
    object: Literal["vector_store"] = "vector_store"
    created_at: int
    name: str
    description: str
    usage_bytes: int
    file_counts: Counts
    status: Literal["expired", "in_progress", "completed"]
    expires_after: ExpiresAfter | None
    expires_at: int | None
    last_active_at: int | None
    metadata: dict[str, str]
    stoa: dict[str, Any]


class LastError(BaseModel):
    code: Literal["server_error", "unsupported_file", "invalid_file"]
    message: str


class StoreFileView(BaseModel):
    id: str
    object: Literal["vector_store.file"] = "vector_store.file"
    usage_bytes: int
    created_at: int
    vector_store_id: str
    status: Literal["in_progress", "completed", "cancelled", "failed"]
    last_error: LastError | None
    chunking_strategy: Static
    attributes: dict[str, AttributeValue]


class BatchView(BaseModel):
    id: str
    object: Literal["vector_store.files_batch"] = "vector_store.files_batch"
    created_at: int
    vector_store_id: str
    status: Literal["in_progress", "completed", "cancelled", "failed"]
    file_counts: Counts


class DeletedView(BaseModel):
    id: str
    object: Literal["vector_store.deleted", "vector_store.file.deleted"]
    deleted: Literal[True] = True


class TextView(BaseModel):
    type: Literal["text"] = "text"
    text: str


class ContentView(BaseModel):
    """All of a file's text is on one page."""

    object: Literal["vector_store.file_content.page"] = "vector_store.file_content.page"
    data: list[TextView]
    has_more: Literal[False] = False
    next_page: None = None
    file_id: str
    filename: str
    attributes: dict[str, AttributeValue]


class ResultView(BaseModel):
    """A passage of a file."""

    file_id: str
    filename: str
    score: float
    attributes: dict[str, AttributeValue]
    content: list[TextView]


class ResultsView(BaseModel):
    object: Literal["vector_store.search_results.page"] = "vector_store.search_results.page"
    search_query: list[str]
    data: list[ResultView]
    has_more: Literal[False] = False
    next_page: None = None


def tokens_of(chunking: Auto | Static | None) -> int | None:
    """How many tokens a chunk may hold; None where that is left to us. Raises InvalidRequest for too much overlap."""
    if not isinstance(chunking, Static):
        return None
    wanted = chunking.static
    if wanted.chunk_overlap_tokens > wanted.max_chunk_size_tokens // 2:
        raise InvalidRequest(
            "Chunks may overlap by half of max_chunk_size_tokens at most.",
            param="chunking_strategy.static.chunk_overlap_tokens",
        )
    return min(max(wanted.max_chunk_size_tokens, LEAST_TOKENS), MOST_TOKENS)


def store_view(collection: Collection, store: VectorStore | None, held: Held, *, applied_at: int, now_ms: int) -> StoreView:
    expired = store is not None and store.expired(now_ms)
    queued = held.documents.get("queued", 0)
    expires_at = store.expires_at if store is not None else None
    days = store.expires_days if store is not None else None
    return StoreView(
        id=collection.name, created_at=(store.created_at if store is not None else applied_at) // 1000,
        name=store.name if store is not None else collection.name, description=collection.description,
        usage_bytes=held.bytes, status="expired" if expired else "in_progress" if queued else "completed",
        file_counts=Counts(
            in_progress=queued, completed=held.documents.get("indexed", 0), failed=held.documents.get("failed", 0), cancelled=0,
            total=held.total,
        ),
        expires_after=None if days is None else ExpiresAfter(anchor="last_active_at", days=days),
        expires_at=None if expires_at is None else expires_at // 1000,
        last_active_at=None if store is None else store.last_active_at // 1000,
        metadata=store.metadata if store is not None else {},
        stoa={"team": collection.team, "made_here": store is not None},
    )  # fmt: skip


def file_view(document: Document, collection: Collection, attributes: dict[str, AttributeValue]) -> StoreFileView:
    status: Literal["in_progress", "completed", "failed"] = "in_progress"
    if document.state in ("indexed", "failed"):
        status = "completed" if document.state == "indexed" else "failed"
    error = LastError(code="invalid_file", message=document.error or "it could not be read") if status == "failed" else None
    sizes = StaticSizes.model_construct(max_chunk_size_tokens=collection.chunk_tokens, chunk_overlap_tokens=0)
    return StoreFileView(
        id=file_of(document.id, document.source, document.path)[0], usage_bytes=document.bytes,
        created_at=document.created_at // 1000, vector_store_id=collection.name, status=status, last_error=error,
        chunking_strategy=Static.model_construct(type="static", static=sizes), attributes=attributes,
    )  # fmt: skip
