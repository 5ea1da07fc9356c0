"""The knowledge graph of a collection: what its documents say, as RDF triples, and questions to it in SPARQL 1.1.

A triple belongs to the documents that say it. A caller's graph is made of the documents that are open to them and of no others:
whatever a query says, it is answered as if those were all there are. That graph is one default graph without named ones.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

import msgspec

from stoa.domain.identity import AccessTag, Rights

XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
PROV = "http://www.w3.org/ns/prov#"
DCTERMS = "http://purl.org/dc/terms/"


class Iri(NamedTuple):
    """A name of something; no sign in it needs to be escaped."""

    iri: str


class Value(NamedTuple):
    """A literal; its datatype is a full IRI, a plain string's is left out."""

    text: str
    datatype: str = ""


Term = Iri | Value

PART_OF = Iri(f"{DCTERMS}isPartOf")
GENERATED_BY = Iri(f"{PROV}wasGeneratedBy")
DERIVED_FROM = Iri(f"{PROV}wasDerivedFrom")
SUBJECT, PREDICATE, OBJECT = Iri(f"{RDF}subject"), Iri(f"{RDF}predicate"), Iri(f"{RDF}object")


class Triple(NamedTuple):
    subject: Iri
    predicate: Iri
    object: Term


class DocumentTriples(msgspec.Struct, frozen=True, kw_only=True):
    """All that a document says. `rights` are those of all of it.

    A triple's subject is the document itself, something that is PART_OF it, or something that other documents speak of as well.
    A triple of the last kind stands beside a fact, a node with SUBJECT, PREDICATE and OBJECT that is the same in every document
    which says the same, GENERATED_BY parts of those documents and DERIVED_FROM passages of them: when none is left that
    generated it, the fact and its triple go.
    """

    id: str
    iri: Iri
    triples: tuple[Triple, ...]
    rights: Rights


class KnowledgeGraph(Protocol):
    """Change the graph. Every call may be repeated with the same result, and holds for every query that begins after it."""

    async def replace(self, collection: str, documents: Sequence[str], triples: Sequence[DocumentTriples]) -> None:
        """Put these triples in the place of all that the documents said; no triples is to forget them."""
        ...

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        """Give each document these rights instead of those it had."""
        ...

    async def drop(self, collection: str) -> None:
        """Take away all of it, and what it lies in."""
        ...


AnswerForm = Literal["json", "xml", "csv", "tsv", "turtle", "n-triples"]
"""The first four are for SELECT, the first two also for ASK, the last two for CONSTRUCT and DESCRIBE."""

TABLE_FORMS: tuple[AnswerForm, ...] = ("json", "xml", "csv", "tsv")
GRAPH_FORMS: tuple[AnswerForm, ...] = ("turtle", "n-triples")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What a query may take; it ends when it wants more."""

    seconds: float = 10.0
    rows: int = 10_000
    """Rows of a table, or triples of a graph."""
    answer_bytes: int = 16_777_216
    memory_bytes: int = 1_073_741_824


class Answered(msgspec.Struct, frozen=True):
    """`rows` is how many rows or triples the body has; 1 for ASK."""

    form: AnswerForm
    body: bytes
    rows: int


class GraphCounts(msgspec.Struct, frozen=True):
    """What of a collection's graph is open to a caller."""

    documents: int = 0
    triples: int = 0


class GraphQueries(Protocol):
    """Ask the graph, under the rights of a caller who holds `acl`. An unknown collection is an empty graph."""

    async def query(
        self, collection: str, text: str, *, acl: frozenset[AccessTag], forms: Sequence[AnswerForm], limits: Limits
    ) -> Answered:
        """The answer in the first of the forms that fits the kind of query.

        Raises InvalidRequest for what is no read-only SPARQL 1.1 query over this graph alone, naming line and column, and for
        forms of which none fits; TooLarge for an answer, or memory, over the limits; Overtime for a query over its time;
        NotReady while the graph is being made ready for callers with these rights.
        """
        ...

    async def counts(self, collection: str, *, acl: frozenset[AccessTag]) -> GraphCounts: ...

    def lines(self, collection: str, *, acl: frozenset[AccessTag]) -> Iterator[bytes]:
        """All that is open to the caller as N-Triples, some lines at a time; what several documents say comes for each."""
        ...
