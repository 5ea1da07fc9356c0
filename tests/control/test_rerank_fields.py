"""A collection whose search cannot be reranked as it says is refused with the field and the reason."""

from typing import Any

import pytest

from stoa.control.reading import read_resource
from stoa.control.references import References
from stoa.domain.resources import Collection, Model, Provider
from stoa.errors import InvalidRequest

STATE = [
    Provider(name="one", base_url="http://one/v1"), Model(name="large", provider="one"),
    Model(name="stoa-embed", provider="one", operation="embedding"), Model(name="sorter", provider="one", operation="rerank"),
]  # fmt: skip


def check(**rerank: Any) -> Collection:
    found = read_resource({"kind": "Collection", "name": "handbook", "team": "lab", "rerank": rerank}, place="resources[0]")
    References([*STATE, found], teams=("lab",)).check(found)
    assert isinstance(found, Collection)
    return found


def test_a_rerank_model_is_asked_for_thirty_passages_within_a_second() -> None:
    rerank = check(model="sorter").rerank
    assert rerank is not None
    assert (rerank.model, rerank.top, rerank.timeout_s) == ("sorter", 30, 1.0)


@pytest.mark.parametrize(
    ("rerank", "why"),
    [
        ({"model": "sortr"}, "rerank.model"),
        ({"model": "large"}, "chat"),
        ({"model": "sorter", "top": 1}, "top"),
        ({"model": "sorter", "timeout_s": 0}, "timeout_s"),
        ({"model": "sorter", "most": 9}, "most"),
        ({}, "model"),
    ],
)
def test_what_cannot_be_asked_is_refused_by_its_field(rerank: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check(**rerank)
    assert why in f"{refused.value.param} {refused.value.message}"
