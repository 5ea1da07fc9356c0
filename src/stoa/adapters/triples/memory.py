"""The knowledge graph in memory: for tests and for reading what the ports mean.

Every query is answered over a store made for it, of the documents that are open to the caller.
"""

from collections.abc import Iterator, Mapping, Sequence

from stoa.adapters.triples.answers import answer
from stoa.adapters.triples.checks import check
from stoa.adapters.triples.written import lines_of
from stoa.domain.identity import AccessTag, Rights
from stoa.domain.triples import Answered, AnswerForm, DocumentTriples, GraphCounts, Limits, Triple
from stoa.errors import InvalidRequest


class MemoryKnowledge:
    """KnowledgeGraph and GraphQueries over a dict. Of the limits, time and memory are not held to."""

    def __init__(self, *, prefixes: Mapping[str, str]) -> None:
        self._prefixes = dict(prefixes)
        self._said: dict[str, dict[str, tuple[tuple[Triple, ...], Rights]]] = {}

    async def replace(self, collection: str, documents: Sequence[str], triples: Sequence[DocumentTriples]) -> None:
        said = self._said.setdefault(collection, {})
        for name in documents:
            said.pop(name, None)
        said.update({one.id: (one.triples, one.rights) for one in triples})

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        said = self._said.get(collection, {})
        said.update({name: (said[name][0], each) for name, each in rights.items() if name in said})

    async def drop(self, collection: str) -> None:
        self._said.pop(collection, None)

    async def query(
        self, collection: str, text: str, *, acl: frozenset[AccessTag], forms: Sequence[AnswerForm], limits: Limits
    ) -> Answered:
        check(text)
        return self._query(self._open_to(collection, acl), text, forms, limits)  # here: results are bound to their thread

    async def counts(self, collection: str, *, acl: frozenset[AccessTag]) -> GraphCounts:
        found = self._open_to(collection, acl)
        return GraphCounts(documents=len(found), triples=sum(len(set(triples)) for triples in found))

    def lines(self, collection: str, *, acl: frozenset[AccessTag]) -> Iterator[bytes]:
        return (lines_of(triples) for triples in self._open_to(collection, acl))

    async def close(self) -> None:
        """Nothing is open."""

    def _open_to(self, collection: str, acl: frozenset[AccessTag]) -> list[tuple[Triple, ...]]:
        return [triples for triples, rights in self._said.get(collection, {}).values() if rights.open_to(acl)]

    def _query(self, said: Sequence[Sequence[Triple]], text: str, forms: Sequence[AnswerForm], limits: Limits) -> Answered:
        import pyoxigraph

        store = pyoxigraph.Store()
        for triples in said:
            store.load(lines_of(triples), format=pyoxigraph.RdfFormat.N_TRIPLES)
        try:
            results = store.query(text, prefixes=self._prefixes, default_graph=pyoxigraph.DefaultGraph(), named_graphs=[])
        except SyntaxError as error:
            raise InvalidRequest(f"The query is not SPARQL 1.1: {error}.", param="query") from None
        return answer(results, forms=forms, rows=limits.rows, answer_bytes=limits.answer_bytes, prefixes=self._prefixes)
