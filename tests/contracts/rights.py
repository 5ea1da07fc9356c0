"""What holds at every door through which documents are given out: a store, the retriever, the cache, an interface.

A door joins with one fixture, `door`, that gives a `Door`, and an import of the tests:

    from tests.contracts.rights import *

Every document's text holds the words `common words`, and whoever asks a door asks for those. A graph of links is a door too:
what a walk passes through counts as given, since its neighbours show that it is there.
"""

from collections.abc import Mapping
from typing import Protocol

from stoa.domain.identity import PUBLIC, AccessTag, Rights, group_tag, made_by, team_tag, user_tag

__all__ = [
    "test_a_change_of_rights_holds_for_everybody",
    "test_a_denial_beats_whatever_opens",
    "test_each_document_is_given_to_those_whom_it_is_for_and_to_nobody_else",
    "test_many_hidden_documents_do_not_hide_the_one_that_is_open",
    "test_what_is_removed_is_given_to_nobody",
]

ANN = frozenset({PUBLIC, team_tag("company"), group_tag("hr"), group_tag("staff"), user_tag("ann")})
"""In hr, which is within staff."""
BEN = frozenset({PUBLIC, team_tag("company"), user_tag("ben")})
CYN = frozenset({PUBLIC, team_tag("other"), group_tag("it"), group_tag("staff"), user_tag("cyn")})
"""In it, which is within staff too."""
KEY_OF_ANN = frozenset({PUBLIC, team_tag("company")}) | made_by(ANN)
"""A key without groups that Ann made."""

CALLERS: Mapping[str, frozenset[AccessTag]] = {"ann": ANN, "ben": BEN, "cyn": CYN, "key": KEY_OF_ANN}


class Door(Protocol):
    """`CALLERS` are there before the first document is."""

    async def put(self, documents: Mapping[str, Rights]) -> None:
        """Let these be there, by name, with these rights, and nothing else of the same name."""
        ...

    async def share(self, name: str, rights: Rights) -> None:
        """Give one other rights, and wait until they hold."""
        ...

    async def remove(self, name: str) -> None: ...

    async def given(self, caller: str) -> frozenset[str]:
        """The names of all that the caller gets. A door of several ways fails where they differ."""
        ...


def rights(allow: str, deny: str = "") -> Rights:
    return Rights(frozenset(allow.split()), frozenset(deny.split()))


async def given(door: Door) -> dict[str, str]:
    """By document, the initials of those who get it; documents that nobody gets are left out."""
    found: dict[str, str] = {}
    for caller in CALLERS:
        for name in sorted(await door.given(caller)):
            found[name] = found.get(name, "") + caller[0]
    return found


FOR: Mapping[str, tuple[Rights, str]] = {
    "public": (rights("public"), "abck"),
    "team": (rights("team:company"), "abk"),
    "group": (rights("group:hr"), "a"),
    "outer-group": (rights("group:staff"), "ac"),
    "person": (rights("user:ben"), "b"),
    "several": (rights("group:it user:ben"), "bc"),
    "another-group": (rights("group:h"), ""),
    "maker-tags-open-nothing": (rights("by:user:ann by:group:hr"), ""),
    "it's') OR true --": (rights("team:it's')--"), ""),
}


async def test_each_document_is_given_to_those_whom_it_is_for_and_to_nobody_else(door: Door) -> None:
    await door.put({name: each for name, (each, _) in FOR.items()})
    assert await given(door) == {name: whom for name, (_, whom) in FOR.items() if whom}


async def test_a_denial_beats_whatever_opens(door: Door) -> None:
    denied = {
        "a-group": (rights("public team:company user:ann", "group:hr"), "bc"),
        "an-outer-group": (rights("public", "group:staff"), "b"),
        "a-team": (rights("public user:ann user:ben", "team:company"), "c"),
        "a-person-and-her-key": (rights("public", "user:ann"), "bc"),
        "somebody-else": (rights("group:hr", "user:ben group:it"), "a"),
        "everybody-who-may": (rights("group:hr", "group:staff"), ""),
    }
    await door.put({name: each for name, (each, _) in denied.items()})
    assert await given(door) == {name: whom for name, (_, whom) in denied.items() if whom}


async def test_a_change_of_rights_holds_for_everybody(door: Door) -> None:
    await door.put({"moved": rights("team:company"), "stays": rights("team:company")})
    for each, whom in (
        (rights("group:it"), "c"),
        (rights("public"), "abck"),
        (rights("public", "user:ann"), "bc"),
        (rights("public", "user:ben"), "ack"),
        (rights("team:company"), "abk"),
        (rights("user:cyn"), "c"),
    ):
        await door.share("moved", each)
        assert await given(door) == {"moved": whom, "stays": "abk"}


async def test_what_is_removed_is_given_to_nobody(door: Door) -> None:
    await door.put({"gone": rights("public"), "stays": rights("public")})
    assert await given(door) == {"gone": "abck", "stays": "abck"}
    await door.remove("gone")
    assert await given(door) == {"stays": "abck"}


async def test_many_hidden_documents_do_not_hide_the_one_that_is_open(door: Door) -> None:
    hidden = {f"hidden-{n:02}": rights("group:hr") if n % 2 else rights("public", "user:ben") for n in range(60)}
    await door.put({**hidden, "open": rights("user:ben")})
    assert await door.given("ben") == {"open"}
