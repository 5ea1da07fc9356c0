"""The words of the knowledge graph: schema.org, Dublin Core and PROV where they fit, and a few of Stoa's own.

IRIs are stable: `stoa:document/ID`, `stoa:passage/ID`, `stoa:extraction/ID/EXTRACTOR`, and by their folded names
`stoa:entity/NAME`, `stoa:kind/NAME` and `stoa:property/NAME`. A fact is named by a hash of what it says. docs/guide/graph.md
explains every word.
"""

import hashlib
from urllib.parse import quote, unquote

from stoa.domain.triples import DCTERMS, PROV, RDF, XSD, Iri, Term

STOA = "stoa:"
SCHEMA = "https://schema.org/"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"

PREFIXES = {"stoa": STOA, "schema": SCHEMA, "dcterms": DCTERMS, "prov": PROV, "rdf": RDF, "rdfs": RDFS, "xsd": XSD}
"""Known in every query without being declared."""

TYPE, LABEL = Iri(f"{RDF}type"), Iri(f"{RDFS}label")
TITLE, REFERENCES = Iri(f"{DCTERMS}title"), Iri(f"{DCTERMS}references")
ABOUT, MENTIONS = Iri(f"{SCHEMA}about"), Iri(f"{SCHEMA}mentions")
SENDER, RECIPIENT, EMAIL, DESCRIPTION = (Iri(SCHEMA + word) for word in ("sender", "recipient", "email", "description"))
USED, BY = Iri(f"{PROV}used"), Iri(f"{PROV}wasAssociatedWith")
DOCUMENT, PASSAGE, PROPERTY = Iri("stoa:Document"), Iri("stoa:Passage"), Iri(f"{RDF}Property")
PATH, AT, POSITION, PAGE, HEADING = (Iri(STOA + word) for word in ("path", "at", "position", "page", "heading"))
START, END = Iri("stoa:start"), Iri("stoa:end")

INTEGER, DECIMAL, DATE, BOOLEAN = (XSD + word for word in ("integer", "decimal", "date", "boolean"))

WORDS = {TYPE.iri: "is a", DESCRIPTION.iri: "is defined as", EMAIL.iri: "e-mail", LABEL.iri: "is called"}
"""How people are told words that have no label in the graph."""


def document_iri(document_id: str) -> Iri:
    return _named("document", document_id)


def passage_iri(passage_id: str) -> Iri:
    return _named("passage", passage_id)


def extraction_iri(document_id: str, extractor: str) -> Iri:
    """What one extractor did with one document."""
    return Iri(f"{_named('extraction', document_id).iri}/{quote(extractor, safe='')}")


def extractor_iri(extractor: str, version: str) -> Iri:
    return Iri(f"{_named('extractor', extractor).iri}/{quote(version, safe='')}")


def path_iri(path: str) -> Iri:
    """A place where a document may lie; `path` begins with a slash."""
    return Iri(f"stoa:path{quote(path, safe='/')}")


def entity_iri(name: str) -> Iri:
    """Whatever goes by a folded name."""
    return _named("entity", name)


def kind_iri(name: str) -> Iri:
    return _named("kind", name)


def property_iri(name: str) -> Iri:
    return _named("property", name)


def fact_iri(subject: Iri, predicate: Iri, object_: Term) -> Iri:
    """The same wherever the same is said."""
    told = "\0".join((subject.iri, predicate.iri, *object_, str(len(object_))))
    return Iri(f"stoa:fact/{hashlib.sha256(told.encode(errors='replace')).hexdigest()[:32]}")


def _named(kind: str, name: str) -> Iri:
    return Iri(f"stoa:{kind}/{quote(name, safe='', errors='replace')}")


def id_of(iri: str) -> str:
    """Of a document or a passage."""
    return unquote(iri.rpartition("/")[2])
