"""Chunks as triples: what is there, what says so, and that a document owns all that is not said by others as well."""

from stoa.domain.identity import Rights
from stoa.domain.triples import DERIVED_FROM, GENERATED_BY, OBJECT, PART_OF, PREDICATE, SUBJECT, DocumentTriples, Iri, Value
from stoa.domain.vectors import Chunk, IndexedChunk
from stoa.knowledge.stating import vocabulary as v
from stoa.knowledge.stating.relations import Named, Relation
from stoa.knowledge.stating.triples import triples_of

A = frozenset({"team:a"})


def chunk(
    text: str, number: int = 0, *, document: str = "d", title: str = "Site Guide", heading: tuple[str, ...] = ()
) -> IndexedChunk:
    made = Chunk(
        id=f"{document}.{number}", document_id=document, title=title, path="sites/guide.md", heading=heading, page=2,
        start=10, end=20, context="", text=text,
    )  # fmt: skip
    return IndexedChunk(made, (), A, frozenset({"user:ben"}))


def one(*chunks: IndexedChunk) -> DocumentTriples:
    (document,) = triples_of(chunks)
    return document


def test_a_document_and_its_passages_say_what_they_are_and_where() -> None:
    document = one(chunk("Ada Byron met Ben Roe. See [the plan](../plan.md).", heading=("Port Ansel",)))
    said = set(document.triples)
    passage, iri = v.passage_iri("d.0"), v.document_iri("d")
    assert (document.iri, document.rights) == (iri, Rights(A, frozenset({"user:ben"})))
    assert {
        (iri, v.TITLE, Value("Site Guide")), (iri, v.AT, v.path_iri("/sites/guide.md")),
        (iri, v.ABOUT, v.entity_iri("site guide")),
        (passage, PART_OF, iri), (passage, v.PAGE, Value("2", v.INTEGER)), (passage, v.START, Value("10", v.INTEGER)),
        (passage, v.ABOUT, v.entity_iri("port ansel")), (passage, v.ABOUT, v.entity_iri("ada byron")),
        (passage, v.MENTIONS, v.entity_iri("ben roe")), (passage, v.REFERENCES, v.path_iri("/plan.md")),
        (v.entity_iri("ben roe"), v.LABEL, Value("Ben Roe")),
    } <= said  # fmt: skip


def test_a_fact_is_the_same_in_every_document_that_says_it_and_tells_who_does() -> None:
    first, second = triples_of([chunk("Owner: Ada Byron"), chunk("Owner: Ada Byron", document="e")])
    told = (v.entity_iri("site guide"), v.property_iri("owner"), v.entity_iri("ada byron"))
    fact = v.fact_iri(*told)
    for document in (first, second):
        said = set(document.triples)
        passage, extraction = v.passage_iri(f"{document.id}.0"), v.extraction_iri(document.id, "rules")
        assert {
            told, (fact, SUBJECT, told[0]), (fact, PREDICATE, told[1]), (fact, OBJECT, told[2]), (fact, DERIVED_FROM, passage),
            (fact, GENERATED_BY, extraction), (extraction, PART_OF, document.iri),
            (extraction, v.BY, Iri("stoa:extractor/rules/1")),
        } <= said  # fmt: skip


def test_every_triple_is_owned_by_the_document_or_stands_beside_a_fact_that_it_generated() -> None:
    document = one(
        chunk("Ada Byron, head of Analytics, is a mathematician.\nOwner: Ben Roe\nRate: 7"),
        chunk("From: Ada Byron <ada@x.org>\nTo: Ben Roe\n\n| Name | Due |\n|---|---|\n| Plan B | 2025-10-24 |", 1),
    )
    owned = {document.iri} | {each.subject for each in document.triples if each.predicate == PART_OF}
    facts = {each.subject for each in document.triples if each.predicate == GENERATED_BY}
    stated = {v.fact_iri(each.subject, each.predicate, each.object) for each in document.triples}
    for each in document.triples:
        assert each.subject in owned | facts or v.fact_iri(each.subject, each.predicate, each.object) in facts, each
    assert facts <= stated, "and no fact is without its triple"
    assert len(document.triples) == len(set(document.triples))


def test_values_have_the_type_that_they_are_written_in() -> None:
    said = one(chunk("Rate: 7\nShare: 0.5\nDue: 2025-10-24\nCode: 007-A\nMonth: 2025-13-01")).triples
    values = {each.object for each in said if each.subject == v.entity_iri("site guide") and isinstance(each.object, Value)}
    assert values >= {Value("7", v.INTEGER), Value("0.5", v.DECIMAL), Value("2025-10-24", v.DATE), Value("2025-13-01")}


def test_what_another_extractor_found_is_told_apart() -> None:
    found = {"d.0": [Relation(Named("ada", "Ada"), "runs", Named("acme", "Acme"))]}
    (document,) = triples_of([chunk("Ada runs Acme.")], found=found, by=("model-x", "1"))
    fact = v.fact_iri(v.entity_iri("ada"), v.property_iri("runs"), v.entity_iri("acme"))
    by = v.extraction_iri("d", "model-x")
    assert {(fact, GENERATED_BY, by), (by, v.BY, Iri("stoa:extractor/model-x/1"))} <= set(document.triples)
    assert (fact, GENERATED_BY, v.extraction_iri("d", "rules")) not in document.triples


def test_names_of_any_kind_make_iris() -> None:
    said = one(chunk("R&D “Größe” <x> {y} `z` 100% Ångström's ☃ Ünit/9 was here with A\\B.", title="\ud800 | ^ Title")).triples
    from stoa.adapters.triples.written import lines_of

    assert lines_of(said).decode()
