"""What an answer of OpenAI's responses repeats of the request, with the defaults of what was not said."""

from typing import Any

from stoa.dialects.conversation import Fields
from stoa.dialects.fields import FieldReader

_DEFAULTS: Fields = {
    "previous_response_id": None,
    "instructions": None,
    "tool_choice": "auto",
    "truncation": "disabled",
    "parallel_tool_calls": True,
    "top_p": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "top_logprobs": 0,
    "temperature": 1.0,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "safety_identifier": None,
    "prompt_cache_key": None,
    "user": None,
}
_FUNCTION: Fields = {"type": "function", "name": "", "description": None, "parameters": None, "strict": None}


def echo_of(reader: FieldReader) -> Fields:
    """`store` and `background` tell what is so, not what was asked: no answer is kept, and none is made in the background."""
    echo: Fields = {name: _or(reader.peek(name), default) for name, default in _DEFAULTS.items()}
    text: Fields = reader.peek("text") or {}
    reasoning: Fields = reader.peek("reasoning") or {}
    tools: list[Fields] = reader.peek("tools") or []
    echo["tools"] = [_FUNCTION | tool if tool.get("type") == "function" else tool for tool in tools]
    echo["text"] = {**text, "format": text.get("format") or {"type": "text"}}
    echo["reasoning"] = {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")}
    echo["store"] = False
    echo["background"] = False
    return echo


def _or(value: Any, default: Any) -> Any:  # Any: JSON
    return default if value is None else value
