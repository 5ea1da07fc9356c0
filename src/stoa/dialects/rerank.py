"""Rerank: Cohere's and Jina's form as clients speak it, carried to upstreams that differ in names.

A `style` is how a server wants to be asked that does not take what clients write, as Jina, vLLM, Together and others do:
    cohere    v2/rerank: documents as text, results without them
    tei       /rerank of Hugging Face's text-embeddings-inference: `texts`, and a bare list of scores
"""

from typing import Literal, NamedTuple, cast

import msgspec

from stoa.dialects.answer import TokenUsage
from stoa.dialects.carrying import finish
from stoa.dialects.conversation import Fields
from stoa.domain.upstream import Facts
from stoa.errors import InvalidRequest

Style = Literal["cohere", "tei"]


class RerankRequest(msgspec.Struct, kw_only=True, frozen=True):
    """`documents` are texts; `shown` is how the client wrote them."""

    model: str
    query: str
    documents: list[str]
    shown: list[object]
    top_n: int | None = None
    return_documents: bool = False
    max_tokens_per_doc: int | None = None


class Reranked(NamedTuple):
    """An answer in the client's form. `search_units` is what Cohere bills by."""

    body: bytes
    usage: TokenUsage
    search_units: int | None


def read_request(body: bytes) -> RerankRequest:
    """Raises InvalidRequest naming the field."""
    try:
        told: object = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"The body has to be a JSON object; found {error}.") from error
    if not isinstance(told, dict):
        raise InvalidRequest("The body has to be a JSON object.")
    fields = cast("Fields", told)
    if unknown := [name for name in fields if name not in _Body.__struct_fields__]:
        raise InvalidRequest(
            f"Nothing is known of {', '.join(map(repr, unknown))} in a rerank request. Leave it out.",
            param=unknown[0],
            code="unsupported_parameter",
        )
    try:
        asked = msgspec.convert(fields, _Body)
    except msgspec.ValidationError as error:
        raise InvalidRequest(
            f"The request cannot be read: {error}.", param=str(error).rpartition("`$.")[2][:-1] or None
        ) from error
    if not asked.documents:
        raise InvalidRequest("'documents' has to hold at least one text.", param="documents")
    if asked.top_n is not None and asked.top_n < 1:
        raise InvalidRequest(f"'top_n' has to be at least 1, not {asked.top_n}.", param="top_n")
    return RerankRequest(
        model=asked.model,
        query=asked.query,
        documents=[_text(document, place) for place, document in enumerate(asked.documents)],
        shown=cast("list[object]", asked.documents),
        top_n=asked.top_n,
        return_documents=asked.return_documents,
        max_tokens_per_doc=asked.max_tokens_per_doc,
    )


def write(request: RerankRequest, *, style: Style, model: str, facts: Facts) -> bytes:
    """The upstream's body. Raises InvalidRequest naming what cannot be carried."""
    body: Fields = {"query": request.query}
    if style == "tei":
        body["texts"] = request.documents  # one model, so no name; scores of all, of which Stoa takes the best
    else:
        body |= {"model": model, "documents": request.documents}
        if request.top_n is not None:
            body["top_n"] = min(request.top_n, len(request.documents))
    if request.max_tokens_per_doc is not None and "max_tokens_per_doc" not in facts.drop:
        if style != "cohere":
            raise InvalidRequest(
                f"'max_tokens_per_doc' has no place in this provider's form ({style}). Shorten the documents, or leave it out.",
                param="max_tokens_per_doc",
                code="unsupported_parameter",
            )
        body["max_tokens_per_doc"] = request.max_tokens_per_doc
    return finish(body, facts)


def read(body: bytes, request: RerankRequest, *, style: Style, model: str, answer_id: str) -> Reranked:
    """The client's answer. `answer_id` is for servers that give none. Raises ValueError when the body is of another form."""
    if style == "tei":
        found = _Answer(results=msgspec.json.decode(body, type=list[_Score]))
    else:
        found = msgspec.json.decode(body, type=_Answer)
    scores = found.results
    if scores is None:
        raise ValueError("an answer without results")
    if any(not 0 <= score.index < len(request.documents) for score in scores):
        raise ValueError("a score for a document that was not sent")
    ranked = sorted(scores, key=lambda score: -score.points())[: request.top_n]
    results: list[Fields] = [{"index": score.index, "relevance_score": score.points()} for score in ranked]
    if request.return_documents:
        for result in results:
            shown = request.shown[result["index"]]
            result["document"] = {"text": shown} if isinstance(shown, str) else shown
    tokens, units = _counts(found)
    answer: Fields = {"id": found.id or answer_id, "model": model, "results": results}
    if tokens is not None:
        answer["usage"] = {"prompt_tokens": tokens, "total_tokens": tokens}
    if units is not None:
        answer["meta"] = {"billed_units": {"search_units": units}}
    return Reranked(msgspec.json.encode(answer), TokenUsage(input=tokens), units)


class _Body(msgspec.Struct):
    model: str
    query: str
    documents: list[str | Fields]
    top_n: int | None = None
    return_documents: bool = False
    max_tokens_per_doc: int | None = None


class _Score(msgspec.Struct):
    index: int
    relevance_score: float | None = None
    score: float | None = None

    def points(self) -> float:
        found = self.relevance_score if self.relevance_score is not None else self.score
        if found is None:
            raise ValueError("a result without a score")
        return found


class _Units(msgspec.Struct):
    search_units: float | None = None
    input_tokens: float | None = None


class _Meta(msgspec.Struct):
    billed_units: _Units | None = None
    tokens: _Units | None = None


class _Answer(msgspec.Struct):
    id: str | None = None
    results: list[_Score] | None = None
    meta: _Meta | None = None


def _text(document: str | Fields, place: int) -> str:
    if isinstance(document, str):
        return document
    text: object = document.get("text")
    if not isinstance(text, str) or len(document) > 1:
        raise InvalidRequest(
            f"'documents[{place}]' has to be a text or an object with a 'text' alone; found {', '.join(map(repr, document))}.",
            param=f"documents[{place}]",
        )
    return text


def _counts(found: _Answer) -> tuple[int | None, int | None]:
    billed = found.meta.billed_units if found.meta else None
    told = found.meta.tokens if found.meta else None
    counted = next(
        (units.input_tokens for units in (told, billed) if units is not None and units.input_tokens is not None), None
    )
    units = billed.search_units if billed is not None else None
    return None if counted is None else int(counted), None if units is None else int(units)
