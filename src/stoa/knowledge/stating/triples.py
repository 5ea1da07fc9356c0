"""The chunks of documents as triples: what they are, what they mention, and what they say of it, each with where it is said."""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, islice

from stoa.domain.triples import (
    DERIVED_FROM,
    GENERATED_BY,
    OBJECT,
    PART_OF,
    PREDICATE,
    SUBJECT,
    DocumentTriples,
    Iri,
    Term,
    Triple,
    Value,
)
from stoa.domain.vectors import Chunk, IndexedChunk
from stoa.knowledge.facts import links_in
from stoa.knowledge.names import opening_of, spelled
from stoa.knowledge.stating import vocabulary as v
from stoa.knowledge.stating.relations import DEFINITION, KIND, Letter, Named, Relation, as_named, letter_in, relations_in

RULES, VERSION = "rules", "1"
"""The extractor here. Its version grows when it finds something else in the same text."""

MENTIONED = 48
"""Names kept of one passage, the first ones."""

_WHOLE = re.compile(r"-?[0-9]{1,15}")
_FRACTION = re.compile(r"-?[0-9]{1,15}\.[0-9]{1,9}")
_DAY = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")

Found = Mapping[str, Sequence[Relation]]
"""By chunk, what another extractor found."""


def triples_of(
    chunks: Iterable[IndexedChunk], *, found: Found | None = None, by: tuple[str, str] | None = None
) -> list[DocumentTriples]:
    """The triples of documents whose chunks stand together, in order. `by` names who `found` more, and in which version."""
    said: list[DocumentTriples] = []
    for document, rows in groupby(chunks, key=lambda row: row.chunk.document_id):
        kept = list(rows)
        builder = _Builder(document)
        builder.document([row.chunk for row in kept])
        if by is not None and found is not None:
            builder.extractor(*by)
            for row in kept:
                builder.relations(row.chunk, found.get(row.chunk.id, ()))
        said.append(builder.done(kept[0]))
    return said


class _Builder:
    """The triples of one document, as they are found."""

    def __init__(self, document_id: str) -> None:
        self._id, self._document = document_id, v.document_iri(document_id)
        self._triples: dict[Triple, None] = {}
        self._extraction = v.extraction_iri(document_id, RULES)

    def document(self, chunks: Sequence[Chunk]) -> None:
        first = chunks[0]
        path = f"/{first.path}"
        self._add(self._document, v.TYPE, v.DOCUMENT)
        self._add(self._document, v.TITLE, Value(first.title))
        self._add(self._document, v.PATH, Value(path))
        self._add(self._document, v.AT, v.path_iri(path))
        self.extractor(RULES, VERSION)
        if topic := as_named(first.title):
            self._add(self._document, v.ABOUT, self._entity(topic))
        if letter := letter_in(first.text):
            self._letter(letter)
        for number, chunk in enumerate(chunks):
            self._passage(chunk, number)

    def extractor(self, name: str, version: str) -> None:
        """Facts that come from now on were found by this one."""
        self._extraction = v.extraction_iri(self._id, name)
        self._add(self._extraction, PART_OF, self._document)
        self._add(self._extraction, v.USED, self._document)
        self._add(self._extraction, v.BY, v.extractor_iri(name, version))

    def relations(self, chunk: Chunk, found: Iterable[Relation]) -> None:
        passage = v.passage_iri(chunk.id)
        for relation in found:
            subject = self._entity(relation.subject)
            if relation.property == KIND and isinstance(relation.object, str):
                self._fact(subject, v.TYPE, self._labelled(v.kind_iri(relation.object), relation.object), passage)
            else:
                said = relation.object
                object_ = self._entity(said) if isinstance(said, Named) else _value(said)
                word = v.DESCRIPTION if relation.property == DEFINITION else self._property(relation.property)
                self._fact(subject, word, object_, passage)

    def done(self, row: IndexedChunk) -> DocumentTriples:
        return DocumentTriples(id=self._id, iri=self._document, triples=tuple(self._triples), rights=row.rights)

    def _passage(self, chunk: Chunk, number: int) -> None:
        passage = v.passage_iri(chunk.id)
        self._add(passage, v.TYPE, v.PASSAGE)
        self._add(passage, PART_OF, self._document)
        for word, count in ((v.POSITION, number), (v.PAGE, chunk.page), (v.START, chunk.start), (v.END, chunk.end)):
            if count is not None:
                self._add(passage, word, Value(str(count), v.INTEGER))
        if chunk.heading:
            self._add(passage, v.HEADING, Value(" > ".join(chunk.heading)))
        topic = next(filter(None, map(as_named, (*reversed(chunk.heading), chunk.title))), None)
        opening = opening_of(chunk.text)
        if chunk.heading and (headed := as_named(chunk.heading[-1])):
            self._add(passage, v.ABOUT, self._entity(headed))
        for each in islice(spelled(chunk.text), MENTIONED):
            word = v.ABOUT if each.name in opening else v.MENTIONS
            self._add(passage, word, self._entity(Named(each.name, each.text)))
        for path in links_in(chunk.text, chunk.path):
            self._add(passage, v.REFERENCES, v.path_iri(path))
        self.relations(chunk, relations_in(chunk.text, topic=topic))

    def _letter(self, letter: Letter) -> None:
        for person in letter.senders:
            self._add(self._document, v.SENDER, self._entity(person))
        for person in letter.recipients:
            self._add(self._document, v.RECIPIENT, self._entity(person))
        for person, address in letter.addresses:
            self._fact(self._entity(person), v.EMAIL, Value(address))

    def _entity(self, named: Named) -> Iri:
        return self._labelled(v.entity_iri(named.name), " ".join(named.spelled.split()))

    def _property(self, words: str) -> Iri:
        iri = self._labelled(v.property_iri(words), words)
        self._fact(iri, v.TYPE, v.PROPERTY)
        return iri

    def _labelled(self, iri: Iri, label: str) -> Iri:
        self._fact(iri, v.LABEL, Value(label))
        return iri

    def _fact(self, subject: Iri, predicate: Iri, object_: Term, passage: Iri | None = None) -> None:
        """Something that other documents may say too. Without a passage, the document as a whole is where it is said."""
        fact = v.fact_iri(subject, predicate, object_)
        self._add(subject, predicate, object_)
        self._add(fact, SUBJECT, subject)
        self._add(fact, PREDICATE, predicate)
        self._add(fact, OBJECT, object_)
        self._add(fact, GENERATED_BY, self._extraction)
        if passage is not None:
            self._add(fact, DERIVED_FROM, passage)

    def _add(self, subject: Iri, predicate: Iri, object_: Term) -> None:
        self._triples[Triple(subject, predicate, object_)] = None


def _value(text: str) -> Value:
    """A literal of the type that its text has the form of."""
    text = text.strip()
    for form, datatype in ((_WHOLE, v.INTEGER), (_FRACTION, v.DECIMAL), (_DAY, v.DATE)):
        if form.fullmatch(text):
            return Value(text, datatype)
    return Value(text)
