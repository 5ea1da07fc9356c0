"""What foreign forms do with each field that a client can say: carried, left out with a reason, or refused by its name."""

import json
from typing import Any

import msgspec
import pytest

from stoa.dialects.bedrock import request as bedrock_request
from stoa.dialects.bedrock.form import Bedrock
from stoa.dialects.cohere import request as cohere_request
from stoa.dialects.cohere.form import Cohere
from stoa.dialects.conversation import (
    AnswerFormat,
    Audio,
    Conversation,
    File,
    Image,
    Message,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from stoa.dialects.forms import Upstream
from stoa.dialects.gemini import request as gemini_request
from stoa.dialects.gemini.form import Gemini
from stoa.dialects.naming import name_of
from stoa.domain.upstream import Facts
from stoa.errors import InvalidRequest

FORMS = {
    "gemini": (Gemini(), gemini_request.LEFT_OUT, "gemini-3-pro-preview"),
    "bedrock": (Bedrock(), bedrock_request.LEFT_OUT, "anthropic.claude-opus-4-6-v1"),
    "cohere": (Cohere(), cohere_request.LEFT_OUT, "command-a-03-2025"),
}
SAID: dict[str, object] = {
    "functions": True,
    "system": [Text(text="Be brief.")], "stream": True, "wants_usage": True, "max_tokens": 10, "temperature": 0.1, "top_p": 0.2,
    "top_k": 3, "stop": ["END"], "n": 2, "seed": 4, "frequency_penalty": 0.5, "presence_penalty": 0.6, "logit_bias": {"1": 2.0},
    "logprobs": True, "top_logprobs": 2, "tools": [Tool(name="clock")], "tool_choice": ToolChoice(mode="required"),
    "parallel_tool_calls": False,
    "answer_format": AnswerFormat(schema={"type": "object"}),
    "reasoning": Reasoning(effort="low"), "verbosity": "low", "user": "anna",
    "metadata": {"job": "1"}, "service_tier": "flex", "modalities": ["text", "audio"],
    "audio": {"voice": "x"}, "prediction": {"content": "x"}, "web_search": {"x": 1}, "rest": {"best_of": 3},
}  # fmt: skip
"""Each field of a conversation with something said in it."""
SAID_WITH = {"tool_choice": "tools", "parallel_tool_calls": "tools", "top_logprobs": "logprobs"}
"""Fields that say nothing without another."""


def asked(**fields: object) -> Conversation:
    request = Conversation(model="route", messages=[Message(role="user", content=[Text(text="Hello")])])
    for name, value in fields.items():
        setattr(request, name, value)
    return request


def write(codec: Upstream, model: str, request: Conversation, **facts: object) -> dict[str, Any]:
    return json.loads(codec.write(request, model=model, facts=Facts(**facts)))  # type: ignore[arg-type]


def test_every_field_of_a_conversation_is_tried_here() -> None:
    searched = {"file_search", "found"}  # the tool stands in `rest` as well, until somebody has searched
    every = {field.name for field in msgspec.structs.fields(Conversation)}
    assert every - {"model", "messages", "form", "echo"} - searched == set(SAID)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("field", SAID)
def test_no_field_is_lost_in_silence(form: str, field: str) -> None:
    codec, left_out, model = FORMS[form]
    beside = SAID_WITH.get(field)
    context = {} if beside is None else {beside: SAID[beside]}
    try:
        with_it = write(codec, model, asked(**context, **{field: SAID[field]}))
    except InvalidRequest as refusal:
        named = "best_of" if field == "rest" else name_of(asked(), field)
        assert repr(named) in refusal.message
        assert refusal.param == named or beside == refusal.param
    else:
        assert with_it != write(codec, model, asked(**context)) or field in left_out


@pytest.mark.parametrize("form", FORMS)
def test_all_that_cannot_be_carried_is_named_at_once(form: str) -> None:
    codec, _, model = FORMS[form]
    with pytest.raises(InvalidRequest) as refusal:
        write(codec, model, asked(logit_bias={"1": 1.0}, rest={"best_of": 2, "suffix": "x"}))
    assert all(f"'{name}'" in refusal.value.message for name in ("logit_bias", "best_of", "suffix"))
    assert refusal.value.param == "logit_bias"
    assert refusal.value.status == 400


@pytest.mark.parametrize("form", FORMS)
def test_a_refusal_speaks_the_clients_language(form: str) -> None:
    codec, _, model = FORMS[form]
    with pytest.raises(InvalidRequest) as refusal:
        write(codec, model, asked(form="messages", parallel_tool_calls=False, tools=SAID["tools"]))
    assert refusal.value.param == "tool_choice.disable_parallel_tool_use"


@pytest.mark.parametrize("form", FORMS)
def test_what_concerns_openais_own_storage_and_cache_is_left_out(form: str) -> None:
    codec, _, model = FORMS[form]
    request = asked(rest={"store": True, "prompt_cache_key": "x", "safety_identifier": "y"})
    assert write(codec, model, request) == write(codec, model, asked())


def test_instructions_amid_a_conversation_go_where_there_is_a_role_for_them() -> None:
    messages = [
        Message(role="user", content=[Text(text="Hi")]),
        Message(role="system", content=[Text(text="Be brief.")]),
        Message(role="user", content=[Text(text="Ho")]),
    ]
    codec, _, model = FORMS["bedrock"]
    assert [message["role"] for message in write(codec, model, asked(messages=messages))["messages"]] == [
        "user",
        "system",
        "user",
    ]
    for form in ("gemini", "cohere"):
        codec, _, model = FORMS[form]
        with pytest.raises(InvalidRequest) as refusal:
            write(codec, model, asked(messages=messages))
        assert refusal.value.param == "messages[1].role"


@pytest.mark.parametrize("form", FORMS)
def test_what_the_operator_lets_drop_is_not_refused(form: str) -> None:
    codec, _, model = FORMS[form]
    assert write(codec, model, asked(logit_bias={"1": 1.0}), drop=frozenset({"logit_bias"})) == write(codec, model, asked())


@pytest.mark.parametrize("form", FORMS)
def test_the_operators_fields_win_and_reach_inside(form: str) -> None:
    codec, _, model = FORMS[form]
    body = write(codec, model, asked(max_tokens=5), fields={"guardrailConfig": {"x": 1}, "inferenceConfig": {"maxTokens": 1}})
    assert body["guardrailConfig"] == {"x": 1}
    assert body["inferenceConfig"] == {"maxTokens": 1}


@pytest.mark.parametrize("form", FORMS)
def test_a_name_within_a_message_is_refused_by_its_place(form: str) -> None:
    codec, _, model = FORMS[form]
    with pytest.raises(InvalidRequest) as refusal:
        write(codec, model, asked(messages=[Message(role="user", content=[Text(text="Hi")], name="anna")]))
    assert refusal.value.param == "messages[0].name"


@pytest.mark.parametrize(
    ("form", "part", "param"),
    [
        ("gemini", File(file_id="file-1"), "messages[0].file_id"),
        ("bedrock", Image(url="https://example.com/a.png"), "messages[0].image_url"),
        ("bedrock", Image(data="AA==", media_type="image/tiff"), "messages[0].image_url"),
        ("bedrock", File(file_id="file-1"), "messages[0].file"),
        ("bedrock", File(data="AA==", media_type="application/zip"), "messages[0].file"),
        ("cohere", Audio(data="AA==", format="wav"), "messages[0].content"),
        ("cohere", File(data="AA==", media_type="application/pdf"), "messages[0].content"),
        ("cohere", ToolResult(call_id="c", content=[Image(url="https://example.com/a.png")]), "messages[0].content"),
    ],
)
def test_a_part_that_cannot_be_carried_is_refused_by_its_place(form: str, part: object, param: str) -> None:
    codec, _, model = FORMS[form]
    request = asked(messages=[Message(role="user", content=[part])], tools=[Tool(name="look")])  # type: ignore[list-item]
    with pytest.raises(InvalidRequest) as refusal:
        write(codec, model, request)
    assert refusal.value.param == param


@pytest.mark.parametrize("form", ["gemini", "bedrock"])
@pytest.mark.parametrize("arguments", ["[1]", "{", "3"])
def test_arguments_that_are_no_object_are_refused_where_the_form_wants_one(form: str, arguments: str) -> None:
    codec, _, model = FORMS[form]
    call = ToolCall(id="c1", name="look", arguments=arguments)
    with pytest.raises(InvalidRequest, match="'c1'"):
        write(codec, model, asked(messages=[Message(role="assistant", content=[call])], tools=[Tool(name="look")]))


def test_google_is_told_of_no_result_whose_call_nobody_made() -> None:
    result = ToolResult(call_id="c9", content=[Text(text="x")])
    with pytest.raises(InvalidRequest, match="'c9'"):
        write(Gemini(), "gemini-2.5-flash", asked(messages=[Message(role="user", content=[result])]))


def test_aws_cannot_forbid_tools_that_were_called() -> None:
    messages = [Message(role="assistant", content=[ToolCall(id="c1", name="look", arguments="{}")])]
    with pytest.raises(InvalidRequest) as refusal:
        write(
            Bedrock(),
            "amazon.nova-pro-v1:0",
            asked(messages=messages, tools=[Tool(name="look")], tool_choice=ToolChoice(mode="none")),
        )
    assert refusal.value.param == "tool_choice"


def test_aws_is_asked_for_thinking_only_where_the_model_is_known_to_think() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        write(Bedrock(), "meta.llama3-70b-instruct-v1:0", asked(reasoning=Reasoning(effort="high")))
    assert refusal.value.param == "reasoning_effort"
    assert write(Bedrock(), "meta.llama3-70b-instruct-v1:0", asked(reasoning=Reasoning(enabled=False))) == write(
        Bedrock(), "meta.llama3-70b-instruct-v1:0", asked()
    )


def test_aws_caching_is_asked_for_only_where_the_model_knows_it() -> None:
    request = asked(system=[Text(text="Long", cache={"type": "ephemeral"})])
    assert write(Bedrock(), "meta.llama3-70b-instruct-v1:0", request)["system"] == [{"text": "Long"}]
    assert write(Bedrock(), "us.amazon.nova-pro-v1:0", request)["system"] == [
        {"text": "Long"},
        {"cachePoint": {"type": "default"}},
    ]


def test_json_of_any_form_is_refused_by_aws_which_wants_a_schema() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        write(Bedrock(), "amazon.nova-pro-v1:0", asked(answer_format=AnswerFormat()))
    assert refusal.value.param == "response_format"
