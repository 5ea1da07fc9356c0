"""What differs between two forms of a resource."""

from typing import Any

from stoa.control.differences import Difference, differences, leaves


def test_fields_are_named_by_their_paths() -> None:
    before = {
        "kind": "Route",
        "cache": {"ttl_s": 60, "likeness": 0.9},
        "targets": [{"model": "a"}, {"model": "b", "weight": 1}],
    }
    after = {"kind": "Route", "cache": {"ttl_s": 30}, "targets": [{"model": "a"}, {"model": "b", "weight": 3}], "retries": 2}
    assert differences(before, after) == (
        Difference("cache.ttl_s", 60, 30),
        Difference("cache.likeness", 0.9, None),
        Difference("targets[1].weight", 1, 3),
        Difference("retries", None, 2),
    )


def test_lists_of_another_length_and_of_names_differ_as_a_whole() -> None:
    some = {"targets": [{"model": "a"}], "teams": ["a", "b"], "examples": []}
    others = {"targets": [{"model": "a"}, {"model": "b"}], "teams": ["a", "c"], "examples": []}
    assert differences(some, others) == (
        Difference("targets", [{"model": "a"}], [{"model": "a"}, {"model": "b"}]),
        Difference("teams", ["a", "b"], ["a", "c"]),
    )


def test_what_is_the_same_does_not_differ_in_whatever_order() -> None:
    assert differences({"a": 1, "b": {"c": [1], "d": None}}, {"b": {"d": None, "c": [1]}, "a": 1}) == ()


def test_leaves_are_all_values_that_hold_no_others() -> None:
    said: dict[str, Any] = {"a": 1, "b": {"c": [{"d": "x"}, "y"], "e": {}}}
    assert list(leaves(said)) == [("a", 1), ("b.c[0].d", "x"), ("b.c[1]", "y")]
