"""Images, sound and files within a conversation: untouched where the provider speaks the client's form, else whole in its own.

What a provider has no place for is refused by the name of the field, before anybody is asked.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from stoa.adapters.providers.memory import JSON, Scripted
from stoa.domain.resources import Model, Provider
from stoa.domain.snapshot import Access

PNG, PDF, WAV = "iVBORw0KGgo=", "JVBERi0xLjQ=", "UklGRg=="
PNG_URL, PDF_URL = f"data:image/png;base64,{PNG}", f"data:application/pdf;base64,{PDF}"

CHAT: dict[str, Any] = {
    "image": {"type": "image_url", "image_url": {"url": PNG_URL, "detail": "low"}},
    "image far": {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
    "sound": {"type": "input_audio", "input_audio": {"data": WAV, "format": "wav"}},
    "file": {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF_URL}},
    "file kept": {"type": "file", "file": {"file_id": "file-1"}},
}
MESSAGES: dict[str, Any] = {
    "image": {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
    "image far": {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}, "cache_control": {"type": "ephemeral"}},
    "file": {
        "type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}, "title": "a.pdf",
    },
    "file far": {"type": "document", "source": {"type": "url", "url": "https://x/a.pdf"}, "citations": {"enabled": True}},
    "text": {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Hello"}},
}  # fmt: skip
RESPONSES: dict[str, Any] = {
    "image": {"type": "input_image", "image_url": PNG_URL, "detail": "low"},
    "image far": {"type": "input_image", "image_url": "https://x/y.png"},
    "file": {"type": "input_file", "filename": "a.pdf", "file_data": PDF_URL},
    "file far": {"type": "input_file", "file_url": "https://x/a.pdf"},
    "file kept": {"type": "input_file", "file_id": "file-1"},
}
PARTS = {"chat": CHAT, "messages": MESSAGES, "responses": RESPONSES}
PATHS = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}

OPENAI = {
    "image": {"type": "image_url", "image_url": {"url": PNG_URL}},
    "image with detail": {"type": "image_url", "image_url": {"url": PNG_URL, "detail": "low"}},
    "image far": {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
    "file": {"type": "file", "file": {"filename": "a.pdf", "file_data": PDF_URL}},
}
ANTHROPIC: dict[str, Any] = {
    "image": MESSAGES["image"], "file": MESSAGES["file"],
    "image far": {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
    "file far": {"type": "document", "source": {"type": "url", "url": "https://x/a.pdf"}},
}  # fmt: skip
GOOGLE = {
    "image": {"inlineData": {"mimeType": "image/png", "data": PNG}},
    "image far": {"fileData": {"fileUri": "https://x/y.png", "mimeType": "image/png"}},
    "sound": {"inlineData": {"mimeType": "audio/wav", "data": WAV}},
    "file": {"inlineData": {"mimeType": "application/pdf", "data": PDF}},
    "file far": {"fileData": {"fileUri": "https://x/a.pdf", "mimeType": "application/pdf"}},
    "text": {"inlineData": {"mimeType": "text/plain", "data": "SGVsbG8="}},
}
AWS = {
    "image": {"image": {"format": "png", "source": {"bytes": PNG}}},
    "sound": {"audio": {"format": "wav", "source": {"bytes": WAV}}},
    "file": {"document": {"format": "pdf", "source": {"bytes": PDF}, "name": "a"}},
    "text": {"document": {"format": "txt", "source": {"bytes": "SGVsbG8="}, "name": "document 1"}},
}

CARRIED = [
    ("chat", "anthropic", ("image", "image far", "file"), ANTHROPIC),
    ("chat", "gemini", ("image", "image far", "sound", "file"), GOOGLE),
    ("chat", "bedrock", ("image", "sound", "file"), AWS),
    ("chat", "cohere", ("image far",), OPENAI),
    ("messages", "openai", ("image", "image far", "file"), OPENAI),
    ("messages", "gemini", ("image", "image far", "file", "text"), GOOGLE),
    ("messages", "bedrock", ("image", "file", "text"), AWS),
    ("responses", "plain", ("image far", "file"), OPENAI),
    ("responses", "anthropic", ("image", "image far", "file", "file far"), ANTHROPIC),
    ("responses", "gemini", ("image", "image far", "file", "file far"), GOOGLE),
]
REFUSED = [
    ("chat", "anthropic", ("sound", "file kept")),
    ("chat", "gemini", ("file kept",)),
    ("chat", "bedrock", ("image far", "file kept")),
    ("chat", "cohere", ("sound", "file", "file kept")),
    ("messages", "openai", ("file far",)),
    ("messages", "bedrock", ("image far", "file far")),
    ("messages", "cohere", ("file", "file far", "text")),
    ("responses", "plain", ("file far",)),
    ("responses", "anthropic", ("file kept",)),
]
PROVIDERS = {
    "openai": Provider(name="openai", type="openai", api_key="sealed:k"),
    "plain": Provider(name="plain", base_url="http://plain/v1"),
    "anthropic": Provider(name="anthropic", type="anthropic", api_key="sealed:k"),
    "gemini": Provider(name="gemini", type="gemini", api_key="sealed:k"),
    "bedrock": Provider(name="bedrock", type="bedrock", region="eu-west-1", api_key="sealed:k"),
    "cohere": Provider(name="cohere", type="cohere", api_key="sealed:k"),
}


@pytest.fixture
def sees(house: Callable[..., Any]) -> Any:
    """A house with a model of each provider, called as its provider is; upstream it is `up`. Nobody answers."""
    models = {name: Model(name=name, provider=name, upstream_name="up") for name in PROVIDERS}
    return house(
        Scripted(500, [b"{}"], JSON), providers=PROVIDERS, models=models, routes={}, prices={},
        access=(Access(True, frozenset(PROVIDERS), frozenset()),),
    )  # fmt: skip


def asked(form: str, model: str, part: Any) -> dict[str, Any]:
    text = {"type": "input_text" if form == "responses" else "text", "text": "What is this?"}
    turn = {"role": "user", "content": [text, part]}
    match form:
        case "chat":
            return {"model": model, "messages": [turn]}
        case "messages":
            return {"model": model, "max_tokens": 9, "messages": [turn]}
        case _:
            return {"model": model, "input": [turn]}


@pytest.mark.parametrize(("form", "provider"), [("chat", "plain"), ("messages", "anthropic"), ("responses", "openai")])
async def test_in_the_clients_own_form_every_part_passes_untouched(sees: Any, form: str, provider: str) -> None:
    for part in PARTS[form].values():
        body = json.dumps(asked(form, provider, part), indent=2).encode()
        await sees.ask(PATHS[form], body)
        sent = sees.upstreams.sent[-1]
        assert sent.body == body.replace(f'"model": "{provider}"'.encode(), b'"model": "up"')


@pytest.mark.parametrize(("form", "provider", "kinds", "wanted"), CARRIED)
async def test_a_part_is_whole_in_the_providers_form(
    sees: Any, form: str, provider: str, kinds: tuple[str, ...], wanted: dict[str, Any]
) -> None:
    for kind in kinds:
        await sees.ask(PATHS[form], asked(form, provider, PARTS[form][kind]))
        body = json.loads(sees.upstreams.sent[-1].body)
        turn = (body.get("messages") or body.get("contents"))[-1]
        assert (turn.get("content") or turn["parts"])[-1] == wanted[kind], kind
    assert len(sees.upstreams.sent) == len(kinds)


@pytest.mark.parametrize(("form", "provider", "kinds"), REFUSED)
async def test_what_the_provider_has_no_place_for_is_refused_by_name(
    sees: Any, form: str, provider: str, kinds: tuple[str, ...]
) -> None:
    for kind in kinds:
        reply = await sees.ask(PATHS[form], asked(form, provider, PARTS[form][kind]))
        assert reply.status == 400, kind
        assert "[0]" in reply.error["message"], kind
    assert sees.upstreams.sent == []


async def test_the_detail_of_an_image_goes_along_where_there_is_a_place_for_it(sees: Any) -> None:
    for form, provider in (("responses", "plain"), ("chat", "cohere")):
        await sees.ask(PATHS[form], asked(form, provider, PARTS[form]["image"]))
        assert json.loads(sees.upstreams.sent[-1].body)["messages"][-1]["content"][-1] == OPENAI["image with detail"]


async def test_an_answer_that_is_spoken_passes_untouched(house: Any, make: Any) -> None:
    answer = make.answer()
    answer["choices"][0]["message"] = {
        "role": "assistant",
        "content": None,
        "audio": {"id": "a", "data": WAV, "transcript": "Hi"},
    }
    body = json.dumps(answer).encode()
    here = house(Scripted(200, [body], JSON))
    reply = await here.chat(modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"})
    assert reply.body == body
    assert json.loads(here.upstreams.sent[0].body)["audio"] == {"voice": "alloy", "format": "wav"}
