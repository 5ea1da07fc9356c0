"""Who asks: users, keys and services, their roles, and the set of rights that documents are matched against.

An access tag is a string such as `team:research` or `group:hr`. A document carries a set of tags; a caller holds a set;
the caller may read the document when the two share at least one. There is no other way to a passage.
"""

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["member", "developer", "operator", "auditor", "administrator"]
ROLES: tuple[Role, ...] = ("member", "developer", "operator", "auditor", "administrator")

PrincipalKind = Literal["anonymous", "user", "inference_key", "management_key", "service"]

AccessTag = str


def team_tag(team: str) -> AccessTag:
    return f"team:{team}"


def group_tag(group: str) -> AccessTag:
    return f"group:{group}"


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
