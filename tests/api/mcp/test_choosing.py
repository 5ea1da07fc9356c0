"""Which collection is searched: as it is named, as the user chooses, or all of them."""

from collections.abc import Callable
from typing import Any

import pytest
from mcp_types import ElicitResult
from tests.api.company import Company
from tests.api.mcp.conftest import Connect

from stoa.api.mcp.choosing import EVERY

pytestmark = pytest.mark.slow


class User:
    """Answers a form, and keeps what was in it."""

    def __init__(self, *answers: ElicitResult) -> None:
        self.answers = list(answers)
        self.forms: list[Any] = []  # Any: JSON schemas

    async def __call__(self, context: object, params: Any) -> ElicitResult:
        self.forms.append(params.requested_schema["properties"]["collection"]["enum"])
        return self.answers.pop(0)


def picked(name: object) -> ElicitResult:
    return ElicitResult.model_construct(action="accept", content={"collection": name})


@pytest.fixture(params=["legacy", "auto"])
def mode(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
async def notes(company: Company) -> None:
    """A second collection, with a document in each."""
    resource = {"kind": "Collection", "name": "notes", "team": "company", "chunk_tokens": 32}
    await company.running.administer("POST", "/api/resources/apply", {"resources": [resource], "dry_run": False})
    await company.upload({"travel.md": b"Travel costs are paid."})
    await company.hana.post("/api/collections/notes/documents", files=[("files", ("note.txt", b"A note on travel costs."))])
    await company.work()


def paths(answer: Any) -> set[str]:
    assert not answer.is_error, answer.content
    return {each["path"] for each in answer.structured_content["results"]}


async def test_a_user_with_several_chooses_among_those_that_they_may_know(
    notes: None, connect: Connect, keys: dict[str, str], mode: str
) -> None:
    user = User(picked("notes"))
    async with connect(keys["team"], mode=mode, elicitation_callback=user) as client:
        assert paths(await client.call_tool("search", {"query": "travel costs"})) == {"note.txt"}
    assert user.forms == [[EVERY, "handbook", "notes"]]


async def test_a_session_asks_once(notes: None, connect: Connect, keys: dict[str, str]) -> None:
    user = User(picked("notes"))
    async with connect(keys["team"], mode="legacy", elicitation_callback=user) as client:
        for _ in range(2):
            assert paths(await client.call_tool("search", {"query": "travel costs"})) == {"note.txt"}
    assert len(user.forms) == 1


async def test_whoever_does_not_want_to_choose_has_all_searched(
    notes: None, connect: Connect, keys: dict[str, str], mode: str
) -> None:
    for answer in (ElicitResult(action="decline"), picked(EVERY)):
        async with connect(keys["team"], mode=mode, elicitation_callback=User(answer)) as client:
            assert paths(await client.call_tool("search", {"query": "travel costs"})) == {"note.txt", "travel.md"}


async def test_whoever_closes_the_form_has_nothing_searched(
    notes: None, connect: Connect, keys: dict[str, str], mode: str
) -> None:
    async with connect(keys["team"], mode=mode, elicitation_callback=User(ElicitResult(action="cancel"))) as client:
        answer = await client.call_tool("search", {"query": "travel costs"})
    assert answer.is_error
    assert "gave the question up" in answer.content[0].text  # type: ignore[union-attr]


@pytest.mark.parametrize("given", ["unknown", 7, ["handbook"], None])
async def test_what_was_not_offered_is_refused(
    notes: None, connect: Connect, keys: dict[str, str], mode: str, given: object
) -> None:
    async with connect(keys["team"], mode=mode, elicitation_callback=User(picked(given))) as client:
        answer = await client.call_tool("search", {"query": "travel costs"})
    assert answer.is_error
    assert "The client answered" in answer.content[0].text  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [({}, {"note.txt", "travel.md"}), ({"collections": ["handbook"]}, {"travel.md"})],
    ids=["a client that cannot be asked", "collections that are named"],
)
async def test_nobody_is_asked_where_there_is_nothing_to_ask(
    notes: None, connect: Connect, keys: dict[str, str], mode: str, arguments: dict[str, Any], found: set[str]
) -> None:
    callbacks: dict[str, Callable[..., Any]] = {"elicitation_callback": User()} if arguments else {}
    async with connect(keys["team"], mode=mode, **callbacks) as client:
        assert paths(await client.call_tool("search", {"query": "travel costs"} | arguments)) == found
