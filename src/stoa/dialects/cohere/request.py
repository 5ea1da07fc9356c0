"""Writes a conversation as a request of Cohere's v2 chat."""

from stoa.dialects.carrying import Refusals, finish
from stoa.dialects.cohere.messages import write_messages
from stoa.dialects.conversation import Conversation, Fields, Reasoning, Tool
from stoa.dialects.naming import name_of, refuse_rest, refuse_said
from stoa.domain.upstream import Facts

FORM = "Cohere's v2 chat"

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
    "wants_usage": "usage always comes",
    "user": "identifies the end user for abuse reports; Cohere takes none",
    "metadata": "labels the request in the provider's own logs; Cohere takes none",
    "parallel_tool_calls": "true is the default; false is refused",
    "answer_format.name": "a label",
    "answer_format.description": "the schema has descriptions of its own",
    "answer_format.strict": "the answer is always held to the schema",
    "cache": "Cohere caches prefixes by itself",
    "reasoning.summary": "there is one kind of it",
    "thinking of others": "what another provider signed is not shown to Cohere's model",
}
"""What is not carried although the client may have said it, and why that changes nothing it asked for."""

_BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192}
"""Cohere knows no efforts, only budgets; more than medium is as much as the model wants."""


def write_request(request: Conversation, *, model: str, facts: Facts) -> bytes:
    """The body for `model`. Raises InvalidRequest naming each field that cannot be carried."""
    refusals = Refusals(FORM, facts)
    refuse_said(refusals, request, UNSUPPORTED)
    refuse_rest(refusals, request, LEFT_OUT)
    _refuse_values(request, refusals)
    body: Fields = {"model": model, "messages": write_messages(request, refusals)}
    if request.stream:
        body["stream"] = True
    body |= _sampling(request)
    body |= _tools(request, refusals)
    if (wanted := request.answer_format) is not None:
        body["response_format"] = {"type": "json_object"} | ({} if wanted.schema is None else {"json_schema": wanted.schema})
    if request.reasoning is not None:
        body["thinking"] = _thinking(request, request.reasoning, refusals)
    refusals.check()
    return finish(body, facts)


def _refuse_values(request: Conversation, refusals: Refusals) -> None:
    if request.n not in (None, 1):
        refusals.add(name_of(request, "n"), "ask once for each answer")
    if request.top_logprobs:
        refusals.add(name_of(request, "top_logprobs"), "leave it out; logprobs alone tells those of the chosen tokens")
    if request.parallel_tool_calls is False and request.tools:
        refusals.add(name_of(request, "parallel_tool_calls"), "leave it out; the model may ask for several calls at once")
    if request.modalities and request.modalities != ["text"]:
        refusals.add(name_of(request, "modalities"), "ask for text alone")
    if request.verbosity not in (None, "medium"):
        refusals.add(name_of(request, "verbosity"), "leave it out and say in the instructions how long the answer may be")
    if request.service_tier not in (None, "auto", "default"):
        refusals.add(name_of(request, "service_tier"), "leave it out")


def _sampling(request: Conversation) -> Fields:
    values = {
        "max_tokens": request.max_tokens, "temperature": request.temperature, "p": request.top_p, "k": request.top_k,
        "stop_sequences": request.stop or None, "seed": request.seed, "frequency_penalty": request.frequency_penalty,
        "presence_penalty": request.presence_penalty, "logprobs": request.logprobs,
    }  # fmt: skip
    return {name: value for name, value in values.items() if value is not None}


def _tools(request: Conversation, refusals: Refusals) -> Fields:
    choice = request.tool_choice
    if not request.tools:
        if choice is not None and choice.mode in ("required", "named"):
            refusals.add(name_of(request, "tool_choice"), "name the tools")
        return {}
    tools = request.tools
    written: Fields = {}
    match choice.mode if choice is not None else "auto":
        case "none":
            written["tool_choice"] = "NONE"
        case "required":
            written["tool_choice"] = "REQUIRED"
        case "named":  # one that is forced is the only one that there is
            tools = [tool for tool in tools if choice is not None and tool.name == choice.name]
            written["tool_choice"] = "REQUIRED"
        case _:
            pass
    written["tools"] = [_tool(tool) for tool in tools]
    if any(tool.strict for tool in tools):
        written["strict_tools"] = True
    return written


def _tool(tool: Tool) -> Fields:
    parameters: Fields = {"type": "object", "properties": {}} if tool.parameters is None else tool.parameters
    function: Fields = {"name": tool.name, "parameters": parameters}
    if tool.description:
        function["description"] = tool.description
    return {"type": "function", "function": function}


def _thinking(request: Conversation, reasoning: Reasoning, refusals: Refusals) -> Fields:
    if not reasoning.enabled or reasoning.effort == "none":
        return {"type": "disabled"}
    if reasoning.effort not in (None, "high", "xhigh", "max", *_BUDGETS):
        refusals.add(name_of(request, "reasoning"), f"use one of none, {', '.join(_BUDGETS)}, high, xhigh")
    budget = reasoning.budget_tokens or _BUDGETS.get(reasoning.effort or "")
    return {"type": "enabled"} | ({} if budget is None else {"token_budget": budget})
