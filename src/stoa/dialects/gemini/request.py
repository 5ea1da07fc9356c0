"""Writes a conversation as a request of Google's generateContent."""

import re

from stoa.dialects.carrying import Refusals, finish
from stoa.dialects.conversation import Conversation, Fields, Reasoning, Tool
from stoa.dialects.gemini.parts import write_contents
from stoa.dialects.naming import name_of, refuse_rest, refuse_said
from stoa.domain.upstream import Facts

FORM = "Google's generateContent"

UNSUPPORTED = {
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
    "user": "identifies the end user for abuse reports; Google takes none",
    "metadata": "labels the request in the provider's own logs; the Gemini API takes none",
    "parallel_tool_calls": "true is what Google does anyway; false is refused",
    "answer_format.name": "a label", "answer_format.description": "the schema has descriptions of its own",
    "answer_format.strict": "Google always holds to the schema",
    "tool.strict": "becomes the mode VALIDATED for all functions, or ANY where one is required",
    "cache": "Google caches prefixes by itself",
    "image.detail": "changes the cost, not the meaning", "file.name": "a label",
    "reasoning.summary": "Google has one kind of summary; `omitted` asks for none",
    "thinking of others": "text that no signature of Google's goes with: another provider's, or a summary",
}  # fmt: skip
"""What is not carried although the client may have said it, and why that changes nothing it asked for."""

_LEVELS = {"minimal": "MINIMAL", "low": "LOW", "medium": "MEDIUM", "high": "HIGH", "xhigh": "XHIGH", "max": "XHIGH"}
_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}
"""Google's own equivalents for models that count tokens: https://ai.google.dev/gemini-api/docs/openai#thinking"""
_DYNAMIC = -1
_SERVICE_TIERS = {"default": "standard", "flex": "flex", "priority": "priority"}


def write_request(request: Conversation, *, model: str, facts: Facts) -> bytes:
    """The body for `model`. Raises InvalidRequest naming each field that cannot be carried."""
    refusals = Refusals(FORM, facts)
    refuse_said(refusals, request, UNSUPPORTED)
    refuse_rest(refusals, request, LEFT_OUT)
    _refuse_values(request, refusals)
    signed = "gemini" in model and not _counts_tokens(model)
    body: Fields = {"contents": write_contents(request.messages, refusals, signed=signed)}
    if request.system:
        body["systemInstruction"] = {"parts": [{"text": text.text} for text in request.system]}
    if request.tools:
        body["tools"] = [{"functionDeclarations": [_declaration(tool) for tool in request.tools]}]
        if calling := _calling(request):
            body["toolConfig"] = {"functionCallingConfig": calling}
    if config := _generation(request, model, refusals):
        body["generationConfig"] = config
    if request.service_tier not in (None, "auto"):
        if tier := _SERVICE_TIERS.get(request.service_tier):
            body["serviceTier"] = tier
        else:
            refusals.add(name_of(request, "service_tier"), "use 'auto', 'default', 'flex' or 'priority'")
    refusals.check()
    return finish(body, facts)


def _refuse_values(request: Conversation, refusals: Refusals) -> None:
    if request.parallel_tool_calls is False and request.tools:
        refusals.add(name_of(request, "parallel_tool_calls"), "leave it out; the model may ask for several calls at once")
    if request.modalities and request.modalities != ["text"]:
        refusals.add(name_of(request, "modalities"), "ask for text alone")
    if request.verbosity not in (None, "medium"):
        refusals.add(name_of(request, "verbosity"), "leave it out and say in the instructions how long the answer may be")
    if request.tool_choice and not request.tools and request.tool_choice.mode in ("required", "named"):
        refusals.add(name_of(request, "tool_choice"), "name the tools")


def _declaration(tool: Tool) -> Fields:
    written: Fields = {"name": tool.name}
    if tool.description:
        written["description"] = tool.description
    if tool.parameters is not None:
        written["parametersJsonSchema"] = tool.parameters
    return written


def _calling(request: Conversation) -> Fields | None:
    match request.tool_choice:
        case None:
            return {"mode": "VALIDATED"} if any(tool.strict for tool in request.tools) else None
        case choice if choice.mode == "auto":
            return {"mode": "VALIDATED" if any(tool.strict for tool in request.tools) else "AUTO"}
        case choice if choice.mode == "none":
            return {"mode": "NONE"}
        case choice if choice.mode == "named":
            return {"mode": "ANY", "allowedFunctionNames": [choice.name]}
        case _:
            return {"mode": "ANY"}


def _generation(request: Conversation, model: str, refusals: Refusals) -> Fields:
    config: Fields = {
        name: value
        for name, value in {
            "maxOutputTokens": request.max_tokens, "temperature": request.temperature, "topP": request.top_p,
            "topK": request.top_k, "stopSequences": request.stop or None, "candidateCount": request.n, "seed": request.seed,
            "frequencyPenalty": request.frequency_penalty, "presencePenalty": request.presence_penalty,
        }.items()
        if value is not None
    }  # fmt: skip
    if request.logprobs:
        config["responseLogprobs"] = True
        if request.top_logprobs:
            config["logprobs"] = request.top_logprobs
    if request.answer_format is not None:
        config["responseMimeType"] = "application/json"
        if request.answer_format.schema is not None:
            config["responseJsonSchema"] = request.answer_format.schema
    if request.reasoning is not None:
        config["thinkingConfig"] = _thinking(request, request.reasoning, model, refusals)
    return config


def _thinking(request: Conversation, reasoning: Reasoning, model: str, refusals: Refusals) -> Fields:
    if not reasoning.enabled or reasoning.effort == "none":
        return {"thinkingBudget": 0}
    shown = {"includeThoughts": reasoning.summary != "omitted"}
    if reasoning.budget_tokens is not None:
        return {"thinkingBudget": reasoning.budget_tokens} | shown
    if reasoning.effort is None:
        return {"thinkingBudget": _DYNAMIC} | shown
    if reasoning.effort not in _LEVELS:
        refusals.add(name_of(request, "reasoning"), f"use one of {', '.join(_LEVELS)} or none")
        return {}
    if _counts_tokens(model):
        return {"thinkingBudget": _BUDGETS[reasoning.effort]} | shown
    return {"thinkingLevel": _LEVELS[reasoning.effort]} | shown


def _counts_tokens(model: str) -> bool:
    """Models before Gemini 3 know no levels, only budgets, and do without signatures."""
    return re.search(r"gemini-[12](\.\d+)?-", model) is not None
