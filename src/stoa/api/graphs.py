"""`/api/collections/{name}/sparql`, the query operation of the SPARQL 1.1 protocol, and what the page shows of a graph."""

from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from stoa.adapters.database.indexes import IndexTable
from stoa.api.access import Caller, Parts, allow
from stoa.api.forms import View
from stoa.api.holdings import collection_named
from stoa.domain import entities
from stoa.domain.triples import AnswerForm, Limits
from stoa.errors import InvalidRequest
from stoa.knowledge.stating.lookup import Entities
from stoa.wiring import Control

router = APIRouter(prefix="/api/collections/{name}", tags=["graphs"])

FORMS: Mapping[str, tuple[AnswerForm, ...]] = {
    "application/sparql-results+json": ("json",),
    "application/json": ("json",),
    "application/sparql-results+xml": ("xml",),
    "application/xml": ("xml",),
    "text/csv": ("csv",),
    "text/tab-separated-values": ("tsv",),
    "text/turtle": ("turtle",),
    "application/n-triples": ("n-triples",),
    "text/*": ("csv", "turtle"),
    "application/*": ("json", "n-triples"),
    "*/*": ("json", "turtle"),
}
"""By media type, those preferred first where it stands for several."""

_TYPES: Mapping[AnswerForm, str] = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "turtle": "text/turtle; charset=utf-8",
    "n-triples": "application/n-triples",
}
_ONLY_QUERY = "a query goes over the whole of what is open to you, and nothing here takes updates"


class NodeView(View):
    iri: str
    label: str


class SaidView(View):
    """Where something is said; without a passage, the document as a whole says it."""

    document_id: str
    title: str
    passage_id: str | None
    start: int | None
    end: int | None


class FactView(View):
    """The entity has the property, or is what another has it with if `inverse`; with a node, or with a value."""

    property: NodeView
    inverse: bool
    node: NodeView | None
    value: str | None
    said: list[SaidView]


class FoundEntityView(View):
    """`passages` is how many name it."""

    iri: str
    label: str
    passages: int


class EntityView(View):
    """`near` are those named in the same passages; `more` is whether there are more facts or passages than these."""

    iri: str
    labels: list[str]
    facts: list[FactView]
    passages: list[SaidView]
    near: list[FoundEntityView]
    more: bool


class FoundEntities(View):
    data: list[FoundEntityView]


class GraphView(View):
    """What of the collection's graph is open to the caller. Triples that several documents say count for each."""

    documents: int
    triples: int


@router.get("/graph")
async def read_graph(name: str, caller: Annotated[Caller, allow("graph:query")], parts: Parts) -> GraphView:
    counts = await parts.graphs.counts(await _graph(parts, caller, name), acl=caller.principal.acl)
    return GraphView(documents=counts.documents, triples=counts.triples)


@router.get("/graph/triples", response_class=Response)
async def export_graph(name: str, caller: Annotated[Caller, allow("graph:query")], parts: Parts) -> Response:
    """All that is open to the caller, as N-Triples. A triple that several documents say comes once for each of them."""
    graph = await _graph(parts, caller, name)
    headers = {"content-disposition": f'attachment; filename="{name}.nt"', "cache-control": "private, no-store"}
    lines = parts.graphs.lines(graph, acl=caller.principal.acl)
    return StreamingResponse(lines, media_type=_TYPES["n-triples"], headers=headers)


@router.get("/entities")
async def search_entities(
    name: str,
    caller: Annotated[Caller, allow("graph:query")],
    parts: Parts,
    search: Annotated[str, Query(max_length=200, description="Only those whose name contains this.")] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> FoundEntities:
    """Those named most often first."""
    found = await (await _entities(parts, caller, name)).search(search, limit=limit)
    return FoundEntities(data=[_found(each) for each in found])


@router.get("/entity")
async def read_entity(
    name: str,
    caller: Annotated[Caller, allow("graph:query")],
    parts: Parts,
    entity: Annotated[str, Query(min_length=1, max_length=700, description="Its IRI, or its name.")],
) -> EntityView:
    """What documents say of one entity, each fact with the passages that say it."""
    found = await (await _entities(parts, caller, name)).entity(entity)
    return EntityView(
        iri=found.iri, labels=list(found.labels), facts=[_fact(each) for each in found.facts],
        passages=[_said(each) for each in found.passages], near=[_found(each) for each in found.near], more=found.more,
    )  # fmt: skip


@router.get("/sparql", response_class=Response)
async def query_by_address(
    name: str,
    request: Request,
    caller: Annotated[Caller, allow("graph:query")],
    parts: Parts,
    query: Annotated[str, Query(description="A SPARQL 1.1 query: SELECT, ASK, CONSTRUCT or DESCRIBE.")] = "",
) -> Response:
    """Ask the graph, with the query in the address."""
    _only_query([name for name, _ in request.query_params.multi_items()])
    return await _answer(parts, caller, name, query, request.headers.get("accept", ""))


@router.post("/sparql", response_class=Response)
async def query_by_body(name: str, request: Request, caller: Annotated[Caller, allow("graph:query")], parts: Parts) -> Response:
    """Ask the graph, with the query as the body (application/sparql-query) or as a field `query` of a form."""
    _only_query([name for name, _ in request.query_params.multi_items()])
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        body = (await request.body()).decode()
    except UnicodeDecodeError:
        raise InvalidRequest("The query is not UTF-8.", param="query") from None
    if kind == "application/x-www-form-urlencoded":
        fields = parse_qsl(body, keep_blank_values=True, max_num_fields=100)
        _only_query([name for name, _ in fields])
        body = dict(fields).get("query", "")
    elif kind != "application/sparql-query":
        raise InvalidRequest(
            f"A query is sent as application/sparql-query or as application/x-www-form-urlencoded, but found {kind!r}.",
            param="content-type",
        )
    return await _answer(parts, caller, name, body, request.headers.get("accept", ""))


def forms_of(accept: str) -> list[AnswerForm]:
    """The forms that a header Accept names, the most wanted first. Raises InvalidRequest when it names none of ours."""
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accept.split(",") if accept.strip() else ["*/*"]):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((piece[2:] for piece in parameters if piece.startswith("q=")), "1")
        try:
            wanted.append((-float(weight), place, kind))
        except ValueError:
            raise InvalidRequest(f"The header Accept has the weight {weight!r}, which is no number.", param="accept") from None
    forms: dict[AnswerForm, None] = {}
    for weight, _, kind in sorted(wanted):
        if weight < 0:
            forms |= dict.fromkeys(FORMS.get(kind, ()))
    if not forms:
        known = ", ".join(kind for kind in FORMS if "*" not in kind)
        raise InvalidRequest(f"An answer comes as one of {known}; asked was for {accept!r}.", param="accept")
    return list(forms)


async def _answer(parts: Control, caller: Caller, name: str, text: str, accept: str) -> Response:
    if not text.strip():
        raise InvalidRequest("There is no query; send one as the parameter `query`.", param="query")
    told = await parts.graphs.query(
        await _graph(parts, caller, name), text, acl=caller.principal.acl, forms=forms_of(accept), limits=_limits(parts)
    )
    headers = {"cache-control": "private, no-store", "x-content-type-options": "nosniff", "x-stoa-rows": str(told.rows)}
    return Response(told.body, media_type=_TYPES[told.form], headers=headers)


def _only_query(names: Sequence[str]) -> None:
    """Raises InvalidRequest for parameters of the protocol that choose graphs or update."""
    for each in names:
        if each != "query":
            raise InvalidRequest(f"There is no parameter {each!r} here: {_ONLY_QUERY}.", param=each)
    if len(names) > 1:
        raise InvalidRequest("There is more than one parameter 'query'.", param="query")


async def _entities(parts: Control, caller: Caller, name: str) -> Entities:
    return Entities(parts.graphs, await _graph(parts, caller, name), caller.principal.acl, _limits(parts))


async def _graph(parts: Control, caller: Caller, name: str) -> str:
    """The graph of a collection is that of the index which is searched. Raises NotFound."""
    async with parts.read() as stores:
        collection = await collection_named(stores, caller, name)
    async with parts.database.read() as connection:
        found = await IndexTable(connection).of(collection.name)
    return next((each.name for each in found if each.state == "serving"), collection.name)


def _limits(parts: Control) -> Limits:
    graph = parts.settings.graph
    return Limits(
        seconds=graph.timeout_s, rows=graph.rows, answer_bytes=graph.answer_bytes, memory_bytes=graph.memory_bytes
    )  # fmt: skip


def _said(said: entities.Said) -> SaidView:
    return SaidView(
        document_id=said.document_id, title=said.title, passage_id=said.passage_id, start=said.start, end=said.end
    )  # fmt: skip


def _found(found: entities.FoundEntity) -> FoundEntityView:
    return FoundEntityView(iri=found.iri, label=found.label, passages=found.passages)


def _node(node: entities.Node) -> NodeView:
    return NodeView(iri=node.iri, label=node.label)


def _fact(fact: entities.Fact) -> FactView:
    return FactView(
        property=_node(fact.property), inverse=fact.inverse, node=_node(fact.node) if fact.node else None, value=fact.value,
        said=[_said(each) for each in fact.said],
    )  # fmt: skip
