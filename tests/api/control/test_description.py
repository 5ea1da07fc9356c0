import pytest

from stoa.api.control import create_app
from stoa.api.description import Fields, describe
from stoa.settings import Settings


@pytest.fixture(scope="module")
def document() -> Fields:
    return describe(create_app(Settings()))


def test_every_operation_refuses_in_the_one_form(document: Fields) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    forms = {operation["responses"]["4XX"]["content"]["application/json"]["schema"]["$ref"] for operation in operations}
    assert forms == {"#/components/schemas/Refusal"}
    assert not [operation for operation in operations if "422" in operation["responses"]]


def test_all_but_signing_in_asks_for_a_key_or_a_session(document: Fields) -> None:
    assert document["security"] == [{"managementKey": []}, {"session": []}]
    operations = {f"{method} {path}": each for path, held in document["paths"].items() for method, each in held.items()}
    assert [name for name, each in operations.items() if each.get("security") == []] == ["post /api/sessions"]


def test_what_can_be_applied_is_described_kind_by_kind(document: Fields) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Application"]["properties"]["resources"]["items"] == {"$ref": "#/components/schemas/Resource"}
    kinds = schemas["Resource"]["discriminator"]["mapping"]
    assert set(kinds) == {
        "Provider",
        "Model",
        "Route",
        "Collection",
        "Source",
        "Datastore",
        "Assistant",
        "Guardrail",
        "Limit",
        "Budget",
    }
    assert "upstream_name" in schemas[kinds["Model"].rpartition("/")[2]]["properties"]


def test_streams_are_described_by_their_events(document: Fields) -> None:
    content = document["paths"]["/api/jobs/{id}/events"]["get"]["responses"]["200"]["content"]
    assert content["text/event-stream"]["itemSchema"]["properties"]["event"] == {"enum": ["progress"]}
    assert "schema" not in content["text/event-stream"]
