from urllib.parse import parse_qs

import msgspec
import pytest
from tests.adapters.providers.scripted import answer, connected

from stoa.domain.resources import Model
from stoa.domain.upstream import Opened
from stoa.errors import OperatorError

ENTRA = {"tenant_id": "t-1", "client_id": "c-1", "client_secret": "cl1ent-s3cret"}


def azure(scripted, *, version=None, path="", opened=None):
    provider, usual = connected("azure", scripted.url + path)
    return msgspec.structs.replace(provider, api_version=version), opened or usual


async def asked(table, scripted, recorder, provider, opened, door="chat"):
    scripted.answers.append(answer())
    heard = recorder()
    table.link(provider, opened).door(door, "my deployment", stream=False).post(b"{}", heard)
    await heard.wait()
    assert heard.failure is None
    return scripted.asked[-1]


@pytest.mark.parametrize("path", ["", "/openai", "/openai/v1"])
async def test_without_a_version_the_paths_are_openai_s_below_openai_v1(table, scripted, recorder, path) -> None:
    for door, expected in (("chat", "/chat/completions"), ("responses", "/responses"), ("embedding", "/embeddings")):
        request = await asked(table, scripted, recorder, *azure(scripted, path=path), door)
        assert request.target == "/openai/v1" + expected
        assert (request.headers["api-key"], "authorization" in request.headers) == ("sk-s3cret", False)


async def test_preview_is_the_same_with_a_query(table, scripted, recorder) -> None:
    request = await asked(table, scripted, recorder, *azure(scripted, version="preview"))
    assert request.target == "/openai/v1/chat/completions?api-version=preview"


@pytest.mark.parametrize("path", ["", "/openai"])
async def test_a_date_means_a_path_with_the_deployment(table, scripted, recorder, path) -> None:
    provider, opened = azure(scripted, version="2024-10-21", path=path)
    request = await asked(table, scripted, recorder, provider, opened, "embedding")
    assert request.target == "/openai/deployments/my%20deployment/embeddings?api-version=2024-10-21"
    link = table.link(provider, opened)
    assert link.door("responses", "d", stream=False) is None
    assert link.native == {"chat", "completions"}


async def test_the_name_of_the_token_limit_goes_by_the_version(table, scripted) -> None:
    names = {
        version: table.link(*azure(scripted, version=version)).facts(Model(name="m", provider="p")).max_tokens_field
        for version in (None, "v1", "2024-02-01", "2024-10-21")
    }
    assert list(names.values()) == ["max_completion_tokens", "max_completion_tokens", "max_tokens", "max_completion_tokens"]


async def test_credentials_of_entra_become_a_token_that_is_asked_for_once(table, scripted, recorder) -> None:
    opened = Opened(None, ENTRA | {"token_url": f"{scripted.url}/token"}, {})
    kept = table.link(*azure(scripted, opened=opened))  # as the plan before a change keeps it until the change is made
    for _ in range(3):
        request = await asked(table, scripted, recorder, *azure(scripted, opened=opened))
        assert (request.headers["authorization"], "api-key" in request.headers) == ("Bearer tok-1", False)
    (token,) = scripted.tokens_asked
    assert kept.native == {"chat", "completions", "responses"}
    assert parse_qs(token.body.decode()) == {
        "grant_type": ["client_credentials"],
        "client_id": ["c-1"],
        "client_secret": ["cl1ent-s3cret"],
        "scope": ["https://cognitiveservices.azure.com/.default"],
    }


async def test_a_credential_that_is_missing_is_named(table, scripted) -> None:
    with pytest.raises(OperatorError, match=r"'p', field 'credentials.client_secret': Entra ID needs it"):
        table.link(*azure(scripted, opened=Opened(None, {"tenant_id": "t", "client_id": "c"}, {})))
