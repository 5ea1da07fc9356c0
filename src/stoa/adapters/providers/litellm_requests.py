"""What a client may ask of litellm's SDK: OpenAI's own fields, and nothing that the SDK would take for its own.

The SDK reads addresses, keys, callbacks and much else from the same arguments as the request, and fetches pictures that a
message only links to. Neither is ever the client's to say.
"""

from typing import Any, cast

import msgspec

Fields = dict[str, Any]
"""A JSON object. Any: it is the client's."""

CHAT = frozenset(
    {
        "messages", "stream", "stream_options", "temperature", "top_p", "n", "stop", "max_tokens", "max_completion_tokens",
        "seed", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "top_logprobs", "user", "response_format",
        "tools", "tool_choice", "parallel_tool_calls", "reasoning_effort", "modalities", "audio", "prediction",
        "service_tier", "verbosity",
    }
)  # fmt: skip
EMBEDDING = frozenset({"input", "dimensions", "encoding_format", "user"})


def read(body: bytes, allowed: frozenset[str]) -> Fields:
    """Raises ValueError naming what cannot be passed on."""
    fields = msgspec.json.decode(body, type=Fields)
    fields.pop("model", None)
    for name in fields:
        if name not in allowed:
            raise ValueError(f"{name!r} is not passed on to this provider; leave it out")
    for message in _objects(fields.get("messages")):
        for part in _objects(message.get("content")):
            _refuse_links(part)
    return fields


def _refuse_links(part: Fields) -> None:
    for name, value in part.items():
        url = value.get("url") or value.get("file_url") if isinstance(value, dict) else value if "url" in name else None
        if isinstance(url, str) and not url.startswith("data:"):
            raise ValueError(f"{name!r} of a message must hold the data itself for this provider, as a data: URL")
    for inner in _objects(part.get("content")):
        _refuse_links(inner)


def _objects(value: object) -> list[Fields]:
    items = cast("list[object]", value) if isinstance(value, list) else []  # cast: whatever the client sent
    return [cast("Fields", each) for each in items if isinstance(each, dict)]  # cast: keys of JSON are text
