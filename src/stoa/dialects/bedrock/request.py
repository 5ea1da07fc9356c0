"""Writes a conversation as a request of AWS' Converse."""

import re

import msgspec

from stoa.dialects.bedrock.blocks import cache_point, write_messages
from stoa.dialects.bedrock.models import knows_caching, thinking_fields, top_k_fields
from stoa.dialects.carrying import Refusals, finish
from stoa.dialects.conversation import AnswerFormat, Conversation, Fields, Tool, ToolCall, ToolResult
from stoa.dialects.naming import name_of, refuse_rest, refuse_said
from stoa.domain.upstream import Facts

FORM = "AWS' Converse"

UNSUPPORTED = {
    "seed": "leave it out",
    "frequency_penalty": "leave it out",
    "presence_penalty": "leave it out",
    "logit_bias": "leave it out",
    "audio": "leave it out and ask for text",
    "web_search": "leave it out, or give the model a function that searches",
}
"""Fields of a conversation that have no place, and what to do instead."""

LEFT_OUT = {
    "functions": "how the client wants its calls of tools, which its own dialect writes",
    "prediction": "makes an answer faster, never different",
    "store": "a copy that OpenAI keeps of the answer",
    "prompt_cache_key": "concerns OpenAI's cache: the cost, not the answer",
    "prompt_cache_retention": "concerns OpenAI's cache: the cost, not the answer",
    "safety_identifier": "identifies the end user for abuse reports, as user does",
    "truncation": "what is told to `responses` when a conversation is too long; only `disabled` comes here",
    "stream": "the path says it",
    "wants_usage": "usage always comes",
    "user": "identifies the end user for abuse reports; AWS takes none",
    "parallel_tool_calls": "true is the default; false is refused",
    "answer_format.strict": "the answer is always held to the schema",
    "cache": "written for models that cache, Anthropic's and Amazon's",
    "image.detail": "changes the cost, not the meaning",
    "blank text": "AWS refuses it, and it says nothing",
    "reasoning.summary": "there is one kind of it",
    "reasoning": "when a model that thinks by budget goes on after a call whose thinking the client did not return",
    "thinking of others": "text that is not signed, or by another provider, which the model would refuse",
}
"""What is not carried although the client may have said it, and why that changes nothing it asked for."""

_TIERS = {"default": "default", "standard_only": "default", "flex": "flex", "priority": "priority", "reserved": "reserved"}
_METADATA = re.compile(r"[a-zA-Z0-9\s:_@$#=/+,.-]{0,256}")


def write_request(request: Conversation, *, model: str, facts: Facts) -> bytes:
    """The body for `model`. Raises InvalidRequest naming each field that cannot be carried."""
    refusals = Refusals(FORM, facts)
    refuse_said(refusals, request, UNSUPPORTED)
    refuse_rest(refusals, request, LEFT_OUT)
    _refuse_values(request, refusals)
    caches = knows_caching(model)
    body: Fields = {"messages": write_messages(request.messages, refusals, caches=caches)}
    system: list[Fields] = []
    for text in request.system:
        if text.text.strip():
            system.append({"text": text.text})
            system.extend(cache_point(text.cache, caches=caches))
    if system:
        body["system"] = system
    if tools := _tools(request, refusals, caches=caches):
        body["toolConfig"] = tools
    if inference := _inference(request):
        body["inferenceConfig"] = inference
    if request.stop:
        body["additionalModelResponseFieldPaths"] = ["/stop_sequence"]  # which of them it was; ignored by models without
    if request.answer_format is not None:
        body["outputConfig"] = {"textFormat": _text_format(request, request.answer_format, refusals)}
    own, effort = thinking_fields(request, model, facts, refusals)
    if extra := own | top_k_fields(request, model, refusals):
        body["additionalModelRequestFields"] = extra
    if effort is not None:
        body.setdefault("outputConfig", {})["effort"] = effort
    if request.metadata:
        body["requestMetadata"] = _metadata(request, request.metadata, refusals)
    if request.service_tier not in (None, "auto"):
        body["serviceTier"] = {"type": _TIERS.get(request.service_tier, "default")}
    refusals.check()
    return finish(body, facts)


def _refuse_values(request: Conversation, refusals: Refusals) -> None:
    if request.n not in (None, 1):
        refusals.add(name_of(request, "n"), "ask once for each answer")
    if request.logprobs:
        refusals.add(name_of(request, "logprobs"), "leave it out")
    if request.top_logprobs:
        refusals.add(name_of(request, "top_logprobs"), "leave it out")
    if request.parallel_tool_calls is False and request.tools:
        refusals.add(name_of(request, "parallel_tool_calls"), "leave it out; the model may ask for several calls at once")
    if request.modalities and request.modalities != ["text"]:
        refusals.add(name_of(request, "modalities"), "ask for text alone")
    if request.verbosity not in (None, "medium"):
        refusals.add(name_of(request, "verbosity"), "leave it out and say in the instructions how long the answer may be")
    if request.service_tier not in (None, "auto", *_TIERS):
        refusals.add(name_of(request, "service_tier"), f"use one of auto, {', '.join(_TIERS)}")


def _inference(request: Conversation) -> Fields:
    values = {
        "maxTokens": request.max_tokens,
        "temperature": request.temperature,
        "topP": request.top_p,
        "stopSequences": request.stop or None,
    }
    return {name: value for name, value in values.items() if value is not None}


def _tools(request: Conversation, refusals: Refusals, *, caches: bool) -> Fields | None:
    used = any(isinstance(part, ToolCall | ToolResult) for message in request.messages for part in message.content)
    mode = request.tool_choice.mode if request.tool_choice else None
    if mode == "none" and used:
        refusals.add(
            name_of(request, "tool_choice"), "use 'auto': once tools were called they have to stay, and cannot be forbidden"
        )
    if mode == "none" or not request.tools:
        if used and not request.tools:
            refusals.add(name_of(request, "tools"), "name the tools that the conversation called; AWS wants to know them")
        if mode in ("required", "named"):
            refusals.add(name_of(request, "tool_choice"), "name the tools")
        return None
    config: Fields = {"tools": [written for tool in request.tools for written in _tool(tool, caches=caches)]}
    match mode:
        case "auto":
            config["toolChoice"] = {"auto": {}}
        case "required":
            config["toolChoice"] = {"any": {}}
        case "named":
            config["toolChoice"] = {"tool": {"name": request.tool_choice.name if request.tool_choice else None}}
        case _:
            pass
    return config


def _tool(tool: Tool, *, caches: bool) -> list[Fields]:
    schema: Fields = {"type": "object", "properties": {}} if tool.parameters is None else tool.parameters
    written: Fields = {"name": tool.name, "inputSchema": {"json": schema}}
    if tool.description:
        written["description"] = tool.description
    if tool.strict:
        written["strict"] = True
    return [{"toolSpec": written}, *cache_point(tool.cache, caches=caches)]


def _text_format(request: Conversation, wanted: AnswerFormat, refusals: Refusals) -> Fields:
    if wanted.schema is None:
        refusals.add(name_of(request, "answer_format"), "give a JSON schema; JSON of any form cannot be asked for")
        return {}
    schema: Fields = {"schema": msgspec.json.encode(wanted.schema).decode()}
    schema |= {k: v for k, v in (("name", wanted.name), ("description", wanted.description)) if v}
    return {"type": "json_schema", "structure": {"jsonSchema": schema}}


def _metadata(request: Conversation, metadata: dict[str, str], refusals: Refusals) -> dict[str, str]:
    fits = len(metadata) <= 16 and all(k and _METADATA.fullmatch(k) and _METADATA.fullmatch(v) for k, v in metadata.items())
    if not fits:
        refusals.add(
            name_of(request, "metadata"), "use at most 16 entries of up to 256 letters, digits, spaces and :_@$#=/+,.-"
        )
    return metadata
