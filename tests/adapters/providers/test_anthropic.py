import msgspec
import pytest
from tests.adapters.providers.scripted import answer, connected

from stoa.domain.resources import Model


@pytest.mark.parametrize(
    ("door", "path"), [("messages", "/v1/messages"), ("chat", "/v1/messages"), ("count_tokens", "/v1/messages/count_tokens")]
)
async def test_key_and_version_are_headers_of_its_own_and_betas_pass(table, scripted, recorder, door, path) -> None:
    scripted.answers.append(answer())
    heard = recorder()
    link = table.link(*connected("anthropic", f"{scripted.url}/v1"))
    link.door(door, "claude", stream=False).post(b"{}", heard, b"anthropic-beta: files-api-2025-04-14\r\n")
    await heard.wait()
    (request,) = scripted.asked
    assert request.target == path
    assert request.headers["x-api-key"] == "sk-s3cret"
    assert request.headers["anthropic-version"] == "2023-06-01"
    assert request.headers["anthropic-beta"] == "files-api-2025-04-14"
    assert "authorization" not in request.headers


async def test_it_speaks_messages_alone_and_another_version_can_be_named(table, scripted, recorder) -> None:
    provider, opened = connected("anthropic", scripted.url)
    link = table.link(msgspec.structs.replace(provider, api_version="2030-01-01"), opened)
    assert (link.form, link.native) == ("messages", {"messages"})
    assert link.door("embedding", "m", stream=False) is None
    scripted.answers.append(answer())
    heard = recorder()
    link.door("messages", "m", stream=True).post(b"{}", heard)
    await heard.wait()
    assert scripted.asked[0].headers["anthropic-version"] == "2030-01-01"


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("claude-3-haiku-20240307", 4096),
        ("claude-3-5-sonnet-20241022", 8192),
        ("claude-sonnet-4-6", 32_000),
        ("claude-x", 32_000),
    ],
)
async def test_the_number_of_tokens_that_must_be_named_is_one_the_model_takes(table, name, tokens) -> None:
    link = table.link(*connected("anthropic", "http://127.0.0.1:1"))
    assert link.facts(Model(name="m", provider="p", upstream_name=name)).max_output_tokens == tokens
