"""Single fields of OpenAI's and Anthropic's clients: what each becomes in another form, or the name it is refused by.

`golden/fields.json` holds a case a line: `fields` that are added to the shortest request, and `sent` or `refused`.
"""

import json
from typing import Any

import pytest
from tests.dialects.goldens import FOLDER

from stoa.dialects.table import CLIENTS, UPSTREAMS
from stoa.domain.operations import ClientForm
from stoa.domain.upstream import Facts
from stoa.errors import InvalidRequest

SHORTEST: dict[ClientForm, dict[str, Any]] = {
    "chat": {"model": "m", "messages": [{"role": "user", "content": "hi"}]},
    "completions": {"model": "m", "prompt": "hi"},
    "messages": {"model": "m", "max_tokens": 4096, "messages": [{"role": "user", "content": "hi"}]},
    "responses": {"model": "m", "input": "hi"},
}
CASES: list[dict[str, Any]] = json.loads((FOLDER / "fields.json").read_text(encoding="utf-8"))


def written(case: dict[str, Any]) -> Any:
    request = CLIENTS[case["client"]].read(json.dumps(SHORTEST[case["client"]] | case["fields"]).encode())
    sent = json.loads(UPSTREAMS[case["upstream"]].write(request, model="up", facts=Facts()))
    sent.pop("model", None)
    return sent


def name(case: dict[str, Any]) -> str:
    return f"{case['client']}-{case['upstream']}-{'-'.join(case['fields'])}"


@pytest.mark.parametrize("case", [case for case in CASES if "sent" in case], ids=name)
def test_a_field_becomes_what_the_other_form_calls_it(case: dict[str, Any]) -> None:
    assert written(case) == case["sent"]


@pytest.mark.parametrize("case", [case for case in CASES if "refused" in case], ids=name)
def test_a_field_without_a_place_is_refused_by_the_clients_name_for_it(case: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        written(case)
    assert refused.value.param == case["refused"]
    assert f"{case['refused']!r}" in refused.value.message


WRONG: list[tuple[ClientForm, dict[str, Any], str]] = [
    ("chat", {"messages": []}, "messages"),
    ("chat", {"messages": "hi"}, "messages"),
    ("chat", {"messages": ["hi"]}, "messages[0]"),
    ("chat", {"messages": [{"content": "hi"}]}, "messages[0].role"),
    ("chat", {"messages": [{"role": "nobody", "content": "hi"}]}, "messages[0].role"),
    ("chat", {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0].image_url"),
    ("chat", {"messages": [{"role": "tool", "content": "hi"}]}, "messages[0].tool_call_id"),
    ("chat", {"temperature": True}, "temperature"),
    ("chat", {"max_tokens": 0}, "max_tokens"),
    ("chat", {"n": 1.5}, "n"),
    ("chat", {"stop": [1]}, "stop"),
    ("chat", {"tools": [{"type": "function"}]}, "tools[0].function"),
    ("chat", {"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    ("messages", {"max_tokens": None}, "max_tokens"),
    ("messages", {"messages": [{"role": "user"}]}, "messages[0].content"),
    ("messages", {"messages": [{"role": "tool", "content": "hi"}]}, "messages[0].role"),
    ("messages", {"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "messages[0].content[0].source"),
    ("messages", {"tool_choice": {"type": "some"}}, "tool_choice.type"),
    ("messages", {"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
    ("messages", {"output_config": {"format": {"type": "xml"}}}, "output_config.format.type"),
    ("messages", {"service_tier": "gold"}, "service_tier"),
    ("messages", {"system": [{"type": "image", "source": {"type": "url", "url": "u"}}]}, "system"),
    ("responses", {"input": []}, "input"),
    ("responses", {"input": [{"type": "function_call_output", "output": "r"}]}, "input[0].call_id"),
    ("responses", {"input": [{"role": "user", "content": [{"type": "input_file"}]}]}, "input[0].content[0].file_data"),
    ("responses", {"tool_choice": "some"}, "tool_choice"),
    ("responses", {"text": {"format": "json"}}, "text.format"),
    ("completions", {"prompt": None}, "prompt"),
    ("completions", {"max_tokens": "many"}, "max_tokens"),
]


@pytest.mark.parametrize(("client", "fields", "param"), WRONG)
def test_a_field_of_another_kind_than_it_must_be_is_named(client: ClientForm, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        CLIENTS[client].read(json.dumps(SHORTEST[client] | fields).encode())
    assert refused.value.param == param


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("body", [b"", b"[]", b"3", b"\xff", b"[" * 10_000])
def test_what_is_no_object_is_refused_in_words(client: ClientForm, body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="must be a JSON object"):
        CLIENTS[client].read(body)
