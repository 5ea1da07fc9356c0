import json

import pytest

from stoa.adapters.providers.litellm_requests import CHAT, EMBEDDING, read


def body(**fields: object) -> bytes:
    return json.dumps({"model": "m", **fields}).encode()


def test_openai_s_fields_pass_and_the_model_is_the_link_s() -> None:
    assert read(body(messages=[{"role": "user", "content": "x"}], seed=1), CHAT) == {
        "messages": [{"role": "user", "content": "x"}],
        "seed": 1,
    }
    assert read(body(input=["a"]), EMBEDDING) == {"input": ["a"]}


@pytest.mark.parametrize(
    "name",
    ["api_base", "base_url", "api_key", "mock_response", "fallbacks", "custom_llm_provider", "extra_headers", "num_retries"],
)
def test_what_the_sdk_would_take_for_its_own_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match=f"'{name}' is not passed on"):
        read(body(messages=[], **{name: "http://169.254.169.254/"}), CHAT)


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "http://169.254.169.254/"}},
        {"type": "image_url", "image_url": "https://example.com/a.png"},
        {"type": "file", "file": {"file_url": "https://example.com/a.pdf"}},
        {"type": "tool_result", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]},
    ],
)
def test_nothing_is_fetched_that_a_message_links_to(part: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must hold the data itself"):
        read(body(messages=[{"role": "user", "content": [part]}]), CHAT)


def test_pictures_that_stand_in_the_message_pass() -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    message = {"role": "user", "content": [{"type": "text", "text": "see https://example.com"}, part]}
    assert read(body(messages=[message]), CHAT) == {"messages": [message]}


def test_what_is_no_object_is_refused() -> None:
    for wrong in (b"[]", b"{", b"1"):
        with pytest.raises(ValueError, match=r"."):
            read(wrong, CHAT)
