"""Names in Milvus: one for each collection, of letters it knows, and back again."""

import re

from hypothesis import given
from hypothesis import strategies as st

from stoa.adapters.vectors.names import (
    from_rights_in_milvus,
    generation_in_milvus,
    generation_of,
    in_milvus,
    rights_in_milvus,
)

NAMES = st.text("abv019-._", min_size=1, max_size=30)


@given(NAMES, NAMES)
def test_no_two_collections_share_a_name(one: str, other: str) -> None:
    assert (in_milvus(one) == in_milvus(other)) == (one == other)
    tables = {in_milvus(one), generation_in_milvus(one, 1), rights_in_milvus(one)}
    assert len(tables) == 3
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in tables)
    if one != other:
        assert tables.isdisjoint({in_milvus(other), generation_in_milvus(other, 1), rights_in_milvus(other)})


@given(NAMES, st.integers(1, 99))
def test_a_name_is_read_back(name: str, number: int) -> None:
    assert from_rights_in_milvus(rights_in_milvus(name)) == name
    assert from_rights_in_milvus(in_milvus(name)) is None
    assert generation_of(generation_in_milvus(name, number)) == number


def test_tables_of_others_are_none_of_ours() -> None:
    assert from_rights_in_milvus("theirs__rights") is None
