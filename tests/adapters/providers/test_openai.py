import msgspec
import pytest
from tests.adapters.providers.scripted import answer, connected

from stoa.adapters.providers.openai import PATHS, SERVERS
from stoa.domain.resources import Model, Provider
from stoa.domain.upstream import Opened


async def asked(table, scripted, recorder, provider, opened, door, *, stream=False, lines=b""):
    scripted.answers.append(answer())
    heard = recorder()
    table.link(provider, opened).door(door, "some/model", stream=stream).post(b'{"a":1}', heard, lines)
    await heard.wait()
    assert heard.status == 200
    return scripted.asked[-1]


@pytest.mark.parametrize("door", PATHS)
async def test_every_door_is_openai_s_own_path_below_the_base_url(table, scripted, recorder, door) -> None:
    provider, opened = connected("openai-compatible", scripted.url + "/base/v1")
    provider = msgspec.structs.replace(provider, speaks=("chat", "completions", "messages", "responses"))
    request = await asked(table, scripted, recorder, provider, opened, door)
    assert request.line == f"POST /base/v1{PATHS[door]} HTTP/1.1"
    assert request.headers["authorization"] == "Bearer sk-s3cret"
    assert request.body == b'{"a":1}'
    assert ("anthropic-version" in request.headers) == (door in ("messages", "count_tokens"))


async def test_a_form_with_files_brings_its_own_content_type(table, scripted, recorder) -> None:
    lines = b"content-type: multipart/form-data; boundary=x\r\n"
    request = await asked(table, scripted, recorder, *connected("openai", scripted.url), "transcription", lines=lines)
    assert request.headers["content-type"] == "multipart/form-data; boundary=x"


async def test_a_server_on_this_machine_needs_no_key(table, scripted, recorder) -> None:
    provider = Provider(name="o", type="ollama", base_url=scripted.url)
    request = await asked(table, scripted, recorder, provider, Opened(None, {}, {}), "responses")
    assert "authorization" not in request.headers


OFFERED = {
    "openai": (
        "chat completions responses",
        "embedding moderation image image_edit image_variation speech transcription translation",
    ),
    "mistral": ("chat", "embedding moderation speech transcription"),
    "groq": ("chat responses", "speech transcription translation"),
    "together": ("chat completions", "embedding rerank image speech transcription translation"),
    "openrouter": ("chat completions responses messages", "embedding rerank"),
    "deepseek": ("chat", ""),
    "ollama": ("chat completions responses messages", "embedding image"),
    "vllm": ("chat completions responses messages", "count_tokens embedding rerank transcription translation"),
    "tgi": ("chat completions", ""),
    "openai-compatible": ("chat completions", " ".join(PATHS.keys() - {"count_tokens"})),
}  # fmt: skip


@pytest.mark.parametrize("kind", SERVERS)
async def test_each_server_offers_what_its_documentation_says(table, kind) -> None:
    link = table.link(*connected(kind, "http://127.0.0.1:1"))
    native, further = (set(words.split()) for words in OFFERED[kind])
    assert (link.form, link.native) == ("chat", native)
    assert {door for door in PATHS if link.door(door, "m", stream=False)} == native | further


async def test_a_resource_that_says_what_its_server_speaks_is_believed(table) -> None:
    provider, opened = connected("tgi", "http://127.0.0.1:1")
    provider = Provider(name="t", type="tgi", base_url=provider.base_url, speaks=("messages",))
    link = table.link(provider, opened)
    assert link.native == {"messages"}
    assert link.door("messages", "m", stream=True) is not None
    assert link.door("chat", "m", stream=True) is not None, "other forms are still translated to chat"
    assert link.door("responses", "m", stream=True) is None


@pytest.mark.parametrize(
    ("kind", "name", "field"),
    [
        ("openai", "gpt-4o-mini", "max_tokens"),
        ("openai", "ft:gpt-3.5-turbo:acme", "max_tokens"),
        ("openai", "o3-mini", "max_completion_tokens"),
        ("openai", "gpt-5.4", "max_completion_tokens"),
        ("openai", "gpt-9", "max_completion_tokens"),
        ("groq", "llama-3.3-70b-versatile", "max_completion_tokens"),
        ("vllm", "gpt-5.4", "max_tokens"),
        ("mistral", "mistral-medium-latest", "max_tokens"),
    ],
)
async def test_the_limit_of_an_answer_has_the_name_that_the_model_knows(table, kind, name, field) -> None:
    link = table.link(*connected(kind, "http://127.0.0.1:1"))
    assert link.facts(Model(name="m", provider="p", upstream_name=name)).max_tokens_field == field


async def test_mistral_is_not_asked_for_what_it_refuses(table) -> None:
    known = table.link(*connected("mistral", "http://127.0.0.1:1")).facts(Model(name="m", provider="p"))
    assert known.stream_usage is False
    assert "user" in known.drop
