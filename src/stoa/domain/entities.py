"""What the knowledge graph knows of one thing: the shapes in which it is shown to people."""

import msgspec


class Node(msgspec.Struct, frozen=True):
    """Something with an IRI, and how documents call it."""

    iri: str
    label: str


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """Where something is said. Offsets are characters of the document's text; None where the document as a whole says it."""

    document_id: str
    title: str
    passage_id: str | None = None
    start: int | None = None
    end: int | None = None


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One triple of an entity: it is the subject unless `inverse`. `value` stands in place of another node."""

    property: Node
    inverse: bool
    node: Node | None = None
    value: str | None = None
    said: tuple[Said, ...] = ()


class FoundEntity(msgspec.Struct, frozen=True):
    """An entity and in how many passages it is named."""

    iri: str
    label: str
    passages: int


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """`more` is whether there are more facts or passages than these."""

    iri: str
    labels: tuple[str, ...]
    facts: tuple[Fact, ...]
    passages: tuple[Said, ...]
    near: tuple[FoundEntity, ...]
    """What is named in the same passages, the most often first."""
    more: bool
