import pytest

from stoa.guards.schema import AnswerSchema

SCHEMA = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
        "note": {"type": "string", "pattern": "^(a+)+$"},
    },
    "required": ["items"],
    "additionalProperties": False,
    "$defs": {"item": {"type": "object", "properties": {"price": {"type": "number", "minimum": 0}}, "required": ["price"]}},
}
schema = AnswerSchema(SCHEMA)


def told(text: str) -> tuple[str, str]:
    fault = schema.fault(text)
    assert fault is not None
    return fault.path, fault.message


def test_an_answer_as_asked_for_passes() -> None:
    assert schema.fault('{"items": [{"price": 3}, {"price": 0.5}]}') is None


def test_a_wrong_value_is_told_with_its_place_and_what_was_expected() -> None:
    assert told('{"items": [{"price": 3}, {"price": -1}]}') == (
        "/items/1/price",
        "At /items/1/price: -1 is less than the minimum of 0 (found -1)",
    )


def test_a_missing_field_is_told() -> None:
    assert told('{"items": [{}]}') == ("/items/0", 'At /items/0: "price" is a required property (found {})')


def test_a_field_that_nobody_asked_for_is_told() -> None:
    assert "'extra' was unexpected" in told('{"items": [], "extra": 1}')[1]


def test_what_is_no_json_is_told_with_how_it_begins() -> None:
    path, message = told("Sure! Here is the JSON: {}")
    assert path == ""
    assert message.startswith("Expected JSON, found 'Sure! Here is the JSON: {}': ")


def test_a_long_value_is_not_repeated_in_full() -> None:
    assert len(told('{"items": "' + "x" * 10_000 + '"}')[1]) < 500


def test_a_pattern_cannot_be_made_slow() -> None:
    assert told('{"items": [], "note": "' + "a" * 5_000 + '!"}')[0] == "/note"


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"type": "objekt"}, "schema/type: "),
        ({"properties": {"a": {"minimum": "3"}}}, "schema/properties/a/minimum: "),
        ({"$ref": "#/$defs/nowhere"}, "schema: .*nowhere"),
        ({"pattern": "("}, "schema/pattern: "),
        ({"$ref": "https://example.com/schema.json"}, "leads out of the schema"),
    ],
)
def test_a_wrong_schema_is_told_with_its_place(wrong: dict[str, object], place: str) -> None:
    with pytest.raises(ValueError, match=place):
        AnswerSchema(wrong)
