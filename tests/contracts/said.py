"""Documents for the tests of knowledge graphs, small and written by hand."""

from stoa.domain.identity import Rights
from stoa.domain.triples import GENERATED_BY, OBJECT, PART_OF, PREDICATE, SUBJECT, DocumentTriples, Iri, Term, Triple, Value
from stoa.knowledge.stating import vocabulary as v

A, HR = frozenset({"team:a"}), frozenset({"group:hr"})
NOBODY = frozenset[str]()


def entity(name: str) -> Iri:
    return v.entity_iri(name)


def said(
    name: str, *facts: tuple[str, str, str | Term], acl: frozenset[str] = A, deny: frozenset[str] = NOBODY
) -> DocumentTriples:
    """A document with one passage that mentions every subject, and these facts: entity, property, and an entity or a value."""
    document, extraction, passage = v.document_iri(name), v.extraction_iri(name, "rules"), v.passage_iri(f"{name}.0")
    triples = [
        Triple(document, v.TITLE, Value(name)), Triple(extraction, PART_OF, document), Triple(passage, PART_OF, document),
    ]  # fmt: skip
    for subject, predicate, object_ in facts:
        told = Triple(
            entity(subject), v.property_iri(predicate), entity(object_) if isinstance(object_, str) else object_
        )  # fmt: skip
        fact = v.fact_iri(*told)
        triples += [
            told, Triple(passage, v.MENTIONS, told.subject), Triple(fact, SUBJECT, told.subject),
            Triple(fact, PREDICATE, told.predicate), Triple(fact, OBJECT, told.object), Triple(fact, GENERATED_BY, extraction),
        ]  # fmt: skip
    return DocumentTriples(id=name, iri=document, triples=tuple(triples), rights=Rights(acl, deny))
