"""A request written as OpenAI's chat completions, for an upstream that speaks them."""

from stoa.dialects.carrying import Refusals, finish
from stoa.dialects.conversation import Conversation, Fields, Reasoning, Tool, ToolChoice
from stoa.dialects.effort import effort_of
from stoa.dialects.naming import name_of, refuse_rest
from stoa.dialects.openai.chat_turns import write_messages
from stoa.domain.upstream import Facts

LEFT_OUT = {
    "metadata": "labels for what OpenAI stores, which refuses them where nothing is stored; they change no answer",
    "cache": "Anthropic's marks for its cache change the cost, not the answer",
    "reasoning.summary": "there is no choice of what is shown of the thinking",
    "truncation": "what is told to `responses` when a conversation is too long; only `disabled` comes here",
}
"""What is not carried and changes no answer, with the reason."""

CARRIED = frozenset({"prompt_cache_key", "prompt_cache_retention", "safety_identifier", "store"})
"""Fields that need no place in the form in the middle: all of OpenAI's dialects call them the same."""


def write(request: Conversation, *, model: str, facts: Facts) -> bytes:
    """The body for `model`. Raises InvalidRequest naming each field that cannot be carried."""
    refusals = Refusals("OpenAI's chat completions", facts)
    body: Fields = {"model": model, "messages": write_messages(request, facts, refusals)}
    if request.stream:
        body["stream"] = True
        if facts.stream_usage:
            body["stream_options"] = {"include_usage": True}
    if request.max_tokens is not None:
        body[facts.max_tokens_field] = request.max_tokens
    for name in _SAME:
        value = getattr(request, name)
        if value not in (None, [], {}):
            body[name] = value
    if request.web_search is not None:
        body["web_search_options"] = request.web_search
    _tools(body, request)
    _answer_format(body, request)
    if request.reasoning is not None:
        _reasoning(body, request.reasoning, request, facts)
    _beyond(body, request, facts, refusals)
    refusals.check()
    return finish(body, facts)


_SAME = (
    "temperature", "top_p", "stop", "n", "seed", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs",
    "top_logprobs", "parallel_tool_calls", "verbosity", "user", "service_tier", "modalities", "audio", "prediction",
)  # fmt: skip


def _tools(body: Fields, request: Conversation) -> None:
    if request.tools:
        body["tools"] = [{"type": "function", "function": _function(tool)} for tool in request.tools]
    if request.tool_choice is not None and (request.tools or request.tool_choice.mode not in ("auto", "none")):
        body["tool_choice"] = _choice(request.tool_choice)
    if not request.tools:
        body.pop("parallel_tool_calls", None)  # OpenAI refuses it where there are no tools, and without any it says nothing


def _function(tool: Tool) -> Fields:
    function: Fields = {"name": tool.name}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    if tool.strict is not None:
        function["strict"] = tool.strict
    return function


def _choice(choice: ToolChoice) -> object:
    if choice.mode == "named":
        return {"type": "function", "function": {"name": choice.name}}
    return choice.mode


def _answer_format(body: Fields, request: Conversation) -> None:
    wanted = request.answer_format
    if wanted is None:
        return
    if wanted.schema is None:
        body["response_format"] = {"type": "json_object"}
        return
    schema: Fields = {"name": wanted.name or "answer", "schema": wanted.schema}
    if wanted.description is not None:
        schema["description"] = wanted.description
    if wanted.strict is not None:
        schema["strict"] = wanted.strict
    body["response_format"] = {"type": "json_schema", "json_schema": schema}


def _reasoning(body: Fields, reasoning: Reasoning, request: Conversation, facts: Facts) -> None:
    if not reasoning.enabled:
        body["reasoning_effort"] = "none"
    elif reasoning.effort is not None:
        body["reasoning_effort"] = reasoning.effort
    elif reasoning.budget_tokens is not None:
        body["reasoning_effort"] = effort_of(reasoning.budget_tokens, request.max_tokens or facts.max_output_tokens)


def _beyond(body: Fields, request: Conversation, facts: Facts, refusals: Refusals) -> None:
    """Fields that only some servers of this dialect know."""
    if request.top_k is not None:
        if "top_k" in facts.extras:
            body["top_k"] = request.top_k
        else:
            refusals.add(name_of(request, "top_k"), "use top_p")
    for name, value in request.rest.items():
        if name in CARRIED or name in facts.extras:
            body[name] = value
    refuse_rest(refusals, request, CARRIED | facts.extras)
