"""Queries with names and parameters: what is refused when they are written, and what when they are asked."""

from typing import Any

import pytest

from stoa.domain.datastores import Lookup, Parameter, Query, Tool, bound, check_query, function_name, schema_of
from stoa.errors import InvalidRequest

QUERY = Query(
    name="orders",
    description="Orders of a customer.",
    sql="SELECT * FROM orders WHERE customer = :customer AND days < :days AND team = :caller_team AND owner = :caller_user "
    "AND tag IN (SELECT value FROM json_each(:caller_tags)) AND at <> '12\\:30' AND x::text <> ''",
    parameters={"customer": Parameter(), "days": Parameter(type="integer", required=False)},
)


def asked(query: Query = QUERY, **arguments: Any) -> dict[str, Any]:
    acl = frozenset({"team:sales", "user:ada", "by:user:bo"})
    return bound(query, Lookup(tool="erp/orders", arguments=arguments, team="sales", user="ada", acl=acl))


def of_type(kind: Any, **fields: Any) -> Query:
    return Query(name="q", description="d", sql="SELECT :v", parameters={"v": Parameter(type=kind, **fields)})


def test_a_sound_query_passes() -> None:
    check_query(QUERY, param="queries[0]")


@pytest.mark.parametrize(
    ("sql", "parameters", "param", "said"),
    [
        ("DELETE FROM x WHERE a = :a", ("a",), "queries[0].sql", "must be one SELECT"),
        ("SELECT :a, :customr", ("a", "customer"), "queries[0].sql", "':customr'.*Did you mean 'customer'"),
        ("SELECT 'a :b'", (), "queries[0].sql", "A colon that is no parameter is written"),
        ("SELECT 1", ("a",), "queries[0].parameters.a", "does not use ':a'"),
        ("SELECT :caller_team", ("caller_team",), "queries[0].parameters.caller_team", "filled in by Stoa"),
    ],
)
def test_a_query_that_contradicts_itself_is_refused(sql: str, parameters: tuple[str, ...], param: str, said: str) -> None:
    query = Query(name="q", description="d", sql=sql, parameters={name: Parameter() for name in parameters})
    with pytest.raises(InvalidRequest, match=said) as told:
        check_query(query, param="queries[0]")
    assert told.value.param == param


def test_who_asks_is_filled_in_and_nobody_can_set_it() -> None:
    tags = '["team:sales", "user:ada"]'
    assert asked(customer="ACME") == {
        "customer": "ACME", "days": None, "caller_team": "sales", "caller_user": "ada", "caller_tags": tags,
    }  # fmt: skip
    for name in ("caller_team", "caller_user", "caller_tags", "sql"):
        with pytest.raises(InvalidRequest, match=f"There is no parameter '{name}'; there are: customer, days"):
            asked(customer="ACME", **{name: "board"})


@pytest.mark.parametrize(
    ("query", "fitting", "others"),
    [
        (of_type("string"), ["", "x' OR 1=1 --", "ü" * 200], [1, True, ["x"], "x" * 201, "a\0b"]),
        (of_type("integer"), [0, -5, 3.0], [3.5, "3", True, 2**63, float("inf")]),
        (of_type("number"), [0, -5.5], ["3", True, float("nan"), float("inf"), 10**400]),
        (of_type("boolean"), [True, False], [1, "true"]),
        (of_type("string", enum=("open", "done")), ["open"], ["closed", "OPEN", 1]),
    ],
    ids=["string", "integer", "number", "boolean", "enum"],
)
def test_values_are_of_the_type_that_is_declared(query: Query, fitting: list[Any], others: list[Any]) -> None:
    for value in fitting:
        assert asked(query, v=value) == {"v": value}
    for value in others:
        with pytest.raises(InvalidRequest, match="The parameter 'v' is"):
            asked(query, v=value)
    for nothing in ({}, {"v": None}):
        with pytest.raises(InvalidRequest, match="'v' is required"):
            asked(query, **nothing)


def test_a_model_is_told_names_and_types() -> None:
    tool = Tool(
        "d",
        {"state": Parameter(enum=("open", "done"), description="Which."), "days": Parameter(type="integer", required=False)},
    )
    assert function_name("erp.eu/open_orders") == "erp_eu__open_orders"
    assert schema_of(tool) == {
        "type": "object",
        "properties": {
            "state": {"type": "string", "description": "Which.", "enum": ["open", "done"]},
            "days": {"type": "integer"},
        },
        "required": ["state"],
        "additionalProperties": False,
    }
