"""The graph of passages: what each is about and mentions, and walks from passages found to those they lead to.

Its facts are triples: a document has passages, a passage is about a name, a passage mentions a name. Names are folded, as
`knowledge.names` writes them. A name that begins with a slash is the path of a document in the same collection: to mention that
is to link to it. Passages that follow each other in a document are neighbours.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from stoa.domain.identity import AccessTag, Rights

HUB = 48
"""A name found in more passages than this, of those the caller may read, leads only to those that are about it."""

COMMON = 1024
"""A name in more passages than this, whoever may read them, is a hub for everybody: so a walk stays short in any collection."""

RARE = 50.0
"""A name in n passages weighs log(1 + RARE / n)."""

ABOUT_FROM, ABOUT_TO = 6.0, 10.0
"""How much more a name weighs where a passage is about it than where one mentions it: for leaving, for arriving."""

BESIDE = 1.0
"""What the passages before and after in the same document weigh together, for leaving."""

BACK = 0.4
"""The share of a walk that goes back to where it began, at every step."""

STEPS = 2
"""Steps of a walk, each from passages to names and on to passages."""


class PassageFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What one passage says that leads elsewhere; a name is in one of the two."""

    id: str
    about: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()


class DocumentFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A document with its passages in the order of its text. `rights` are those of all of it."""

    id: str
    passages: tuple[PassageFacts, ...]
    rights: Rights


class PassageGraph(Protocol):
    """Change the graph. Every call may be repeated with the same result."""

    async def replace(self, collection: str, documents: Sequence[str], facts: Sequence[DocumentFacts]) -> None:
        """Put these facts in the place of all that is known of the documents; no facts is to forget them."""
        ...

    async def grant(self, collection: str, rights: Mapping[str, Rights]) -> None:
        """Give each document these rights instead of those it had."""
        ...

    async def tend(self, collection: str) -> None:
        """Bring together what was added lately: after a job, and now and then within a long one."""
        ...

    async def drop(self, collection: str) -> None:
        """Take away all of it, and what it lies in."""
        ...


class GraphWalk(Protocol):
    """Follow the graph, among passages that are open to a caller who holds `acl`, and as if there were no others.

    What others hold shows in one thing alone: that a name is COMMON.
    """

    async def walk(
        self, collection: str, seeds: Mapping[str, float], *, acl: frozenset[AccessTag], limit: int
    ) -> Mapping[str, float]:
        """Where a walk that starts at the seeds, by their weights, is most often: at most `limit` passages, the most first.

        The walk is a personalised PageRank within one step of the seeds. A value is the share of it that came to the passage
        from others; so a seed that nothing else leads to has none and is left out. Seeds that are not known, or may not be
        read, are passed over.
        """
        ...


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """A name of a passage and the passages that it leads to, those that are about it first."""

    name: str
    about: bool
    """Whether the passage is about the name; else it mentions it."""
    passages: tuple[str, ...]
    more: bool
    """Whether there are more than those; of a hub, only passages that are about it are listed."""


class GraphLinks(Protocol):
    """Show the graph around a passage, under the same rights as a walk."""

    async def links(self, collection: str, passage: str, *, acl: frozenset[AccessTag], limit: int) -> Sequence[Link]:
        """The names of a passage that lead to others, in order, with at most `limit` passages each."""
        ...
