"""Who asks: users, keys and services, their roles, and the tags by which documents are opened to them and closed.

An access tag is `team:research`, `group:hr`, `user:ada` or `public`. A document carries two sets of tags and a caller holds
one. The caller may read the document when a tag of the first set is held and none of the second: a denial beats everything.
There is no other way to a passage.

A key holds `by:` tags beside its own, such as `by:user:ada`: those of who made it. They open nothing and are denied like their
maker's own, so that nobody reads through a key what they are denied themselves.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import msgspec

Role = Literal["member", "developer", "operator", "auditor", "administrator"]
ROLES: tuple[Role, ...] = ("member", "developer", "operator", "auditor", "administrator")

PrincipalKind = Literal["anonymous", "user", "inference_key", "management_key", "service"]

AccessTag = str

PUBLIC: AccessTag = "public"
"""Held by everybody who is signed in and by every key."""

NOBODY: AccessTag = "nobody"
"""Held by no one: what a document is opened to that nobody may read where it lies."""

TAG_FORMS = "A tag is team:NAME, group:NAME, user:NAME or public."

_PERSON, _MADE_BY = "user:", "by:"
_KINDS = ("team", "group", "user")


def team_tag(team: str) -> AccessTag:
    return f"team:{team}"


def group_tag(group: str) -> AccessTag:
    return f"group:{group}"


def user_tag(name: str) -> AccessTag:
    return f"{_PERSON}{name}"


def is_tag(text: str) -> bool:
    """Whether it has the form of one; whether anybody holds it is another question."""
    kind, _, name = text.partition(":")
    return text == PUBLIC or (kind in _KINDS and bool(name.strip()) and len(text) <= 200)


def made_by(held: Iterable[AccessTag]) -> frozenset[AccessTag]:
    """What a key holds of its maker's tags. That everybody holds `public` needs no telling."""
    return frozenset(f"{_MADE_BY}{tag}" for tag in held if tag != PUBLIC and not tag.startswith(_MADE_BY))


def opening(held: Iterable[AccessTag]) -> frozenset[AccessTag]:
    """The tags of a caller that documents may be opened to."""
    return frozenset(tag for tag in held if not tag.startswith(_MADE_BY))


def denying(held: Iterable[AccessTag]) -> frozenset[AccessTag]:
    """The tags by which a caller may be denied documents: its own and its maker's."""
    return frozenset(tag.removeprefix(_MADE_BY) for tag in held)


def impersonal(held: Iterable[AccessTag]) -> frozenset[AccessTag]:
    """Without those of single people: what callers who are given the same answers have in common."""
    return frozenset(tag for tag in held if not tag.removeprefix(_MADE_BY).startswith(_PERSON))


class Rights(msgspec.Struct, frozen=True):
    """Whom a document is for: whoever holds a tag of `allow` and none of `deny`."""

    allow: frozenset[AccessTag]
    deny: frozenset[AccessTag] = frozenset()

    def open_to(self, held: frozenset[AccessTag]) -> bool:
        """Whether a caller who holds these tags may read it."""
        return not self.allow.isdisjoint(opening(held)) and self.deny.isdisjoint(denying(held))

    @property
    def personal(self) -> bool:
        """Whether they name single people, so that colleagues who hold the same teams and groups may differ."""
        return any(tag.startswith(_PERSON) for tag in (*self.allow, *self.deny))


@dataclass(frozen=True, slots=True)
class Principal:
    """The one on whose behalf something is done.

    `anonymous` has no id; `service` is a role of Stoa itself. `acl` is the set of access tags it holds.
    """

    kind: PrincipalKind
    id: str
    name: str
    team: str | None = None
    roles: frozenset[Role] = field(default_factory=frozenset[Role])
    acl: frozenset[AccessTag] = field(default_factory=frozenset[AccessTag])


ANONYMOUS = Principal(kind="anonymous", id="", name="anonymous")
