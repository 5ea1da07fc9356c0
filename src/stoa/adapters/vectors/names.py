"""What the tables of collections are called in each store: the one place that knows.

A name is Stoa's own: `handbook`, or `_2.handbook` for the second index of that collection (`domain.indexes`). LanceDB takes it
as it is. Milvus knows letters, digits and underscores: there every other character is written as its code between underscores.
"""

import re

_PREFIX = "stoa_"
_OTHER = re.compile(r"[^a-z0-9]")
_CODE = re.compile(r"_([0-9a-f]+)_")
_RIGHTS = "__rights"


def in_milvus(collection: str) -> str:
    """The alias under which a collection is searched. No two collections have the same."""
    return _PREFIX + _OTHER.sub(lambda found: f"_{ord(found[0]):x}_", collection)


def generation_in_milvus(collection: str, number: int) -> str:
    """The table behind the alias; a collection that is put back gets the next."""
    return f"{in_milvus(collection)}__v{number}"


def generation_of(name: str) -> int:
    """Its number."""
    return int(name.rpartition("__v")[2])


def rights_in_milvus(collection: str) -> str:
    """The table that says what the numbers of rights mean."""
    return in_milvus(collection) + _RIGHTS


def from_rights_in_milvus(name: str) -> str | None:
    """The collection that a table of rights belongs to, None for every other name."""
    if not (name.startswith(_PREFIX) and name.endswith(_RIGHTS)):
        return None
    return _CODE.sub(lambda found: chr(int(found[1], 16)), name.removeprefix(_PREFIX).removesuffix(_RIGHTS))
