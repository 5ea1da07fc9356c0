"""A request written as Anthropic's messages, for an upstream that speaks them."""

from stoa.dialects.anthropic.turns import cached, write_messages
from stoa.dialects.carrying import Refusals, finish
from stoa.dialects.conversation import Conversation, Fields, Reasoning, Tool, ToolChoice
from stoa.dialects.effort import budget_of, effort_of
from stoa.dialects.naming import name_of, refuse_rest, refuse_said
from stoa.domain.upstream import Facts

LEFT_OUT = {
    "metadata": "labels for what OpenAI stores; they change no answer",
    "name": "of a participant: there is no place for it, and the role is told",
    "prediction": "makes an answer faster, never different",
    "detail": "how finely OpenAI's models look at an image; Anthropic's have one way",
    "answer_format.name": "a label that no model sees",
    "answer_format.strict": "Anthropic always holds the answer to the schema",
    "tools.strict": "false is the default",
    "store": "a copy that OpenAI keeps of the answer",
    "prompt_cache_key": "concerns OpenAI's cache: the cost, not the answer",
    "prompt_cache_retention": "concerns OpenAI's cache: the cost, not the answer",
    "thinking without proof": "Anthropic takes back only what it signed itself, and does without in earlier turns",
}
"""What is not carried and changes no answer, with the reason."""

_REFUSED = {
    "n": "send the request several times",
    "seed": "leave it out: Anthropic's models know no seed",
    "frequency_penalty": "leave it out",
    "presence_penalty": "leave it out",
    "logit_bias": "leave it out",
    "logprobs": "leave it out: Anthropic's models tell no probabilities",
    "top_logprobs": "leave it out: Anthropic's models tell no probabilities",
    "modalities": "ask for text alone",
    "audio": "ask for text alone",
    "web_search": "give the model a tool of your own that searches",
}
_DEFAULT_VERBOSITY = "medium"
_EFFORTS = {"minimal": "low"}
"""Efforts that Anthropic does not know, and the nearest that it does."""


def write(request: Conversation, *, model: str, facts: Facts) -> bytes:
    """The body for `model`. Raises InvalidRequest naming each field that cannot be carried."""
    refusals = Refusals("Anthropic's messages", facts)
    max_tokens = request.max_tokens or facts.max_output_tokens
    body: Fields = {"model": model, "max_tokens": max_tokens}
    if request.system:
        plain = len(request.system) == 1 and request.system[0].cache is None
        body["system"] = request.system[0].text if plain else [cached(text.text, text) for text in request.system]
    body["messages"] = write_messages(request, refusals)
    if request.stream:
        body["stream"] = True
    if request.stop:
        body["stop_sequences"] = request.stop
    for name in ("temperature", "top_p", "top_k"):
        value = getattr(request, name)
        if value is not None:
            body[name] = value
    _tools(body, request)
    _answer_format(body, request, refusals)
    if request.reasoning is not None:
        _reasoning(body, request, request.reasoning, max_tokens, facts, refusals)
    _identity(body, request, refusals)
    refuse_said(refusals, request, _REFUSED)
    if request.verbosity not in (None, _DEFAULT_VERBOSITY):
        refusals.add(name_of(request, "verbosity"), "say in the instructions how long the answer is to be")
    refuse_rest(refusals, request, {*LEFT_OUT, "safety_identifier"})
    refusals.check()
    return finish(body, facts)


def _identity(body: Fields, request: Conversation, refusals: Refusals) -> None:
    user = request.user or request.rest.get("safety_identifier")
    if user is not None:
        body["metadata"] = {"user_id": user}
    if request.service_tier == "default":
        body["service_tier"] = "standard_only"
    elif request.service_tier is not None:
        refusals.add("service_tier", "leave it out, or say 'auto' or 'default'")


def _tools(body: Fields, request: Conversation) -> None:
    if not request.tools:
        return
    body["tools"] = [_tool(tool) for tool in request.tools]
    choice = _choice(request.tool_choice)
    if request.parallel_tool_calls is False and choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    elif request.tool_choice is None:
        return
    body["tool_choice"] = choice


def _tool(tool: Tool) -> Fields:
    written: Fields = {"name": tool.name}
    if tool.description is not None:
        written["description"] = tool.description
    written["input_schema"] = {"type": "object", **(tool.parameters or {"properties": {}})}
    if tool.strict:
        written["strict"] = True
    if tool.cache is not None:
        written["cache_control"] = tool.cache
    return written


def _choice(choice: ToolChoice | None) -> Fields:
    match choice:
        case ToolChoice(mode="named"):
            return {"type": "tool", "name": choice.name}
        case ToolChoice(mode="required"):
            return {"type": "any"}
        case ToolChoice(mode="none"):
            return {"type": "none"}
        case _:
            return {"type": "auto"}


def _answer_format(body: Fields, request: Conversation, refusals: Refusals) -> None:
    wanted = request.answer_format
    if wanted is None:
        return
    if not wanted.schema:
        refusals.add(name_of(request, "answer_format"), "give a JSON schema: Anthropic's models promise JSON only by one")
        return
    schema = wanted.schema
    if wanted.description is not None and "description" not in schema:
        schema = {**schema, "description": wanted.description}
    body["output_config"] = {"format": {"type": "json_schema", "schema": schema}}


def _reasoning(
    body: Fields, request: Conversation, reasoning: Reasoning, max_tokens: int, facts: Facts, refusals: Refusals
) -> None:
    if not reasoning.enabled:
        body["thinking"] = {"type": "disabled"}
        return
    if facts.thinking == "budget":
        budget = reasoning.budget_tokens or budget_of(reasoning.effort or "high", max_tokens)
        if budget is None:
            refusals.add(name_of(request, "reasoning"), "this model thinks only where it may answer with more than 1024 tokens")
            return
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
    else:
        effort = reasoning.effort
        if effort is None and reasoning.budget_tokens is not None:
            effort = effort_of(reasoning.budget_tokens, max_tokens)
        body["thinking"] = {"type": "adaptive"}
        if effort is not None:
            body["output_config"] = {**body.get("output_config", {}), "effort": _EFFORTS.get(effort, effort)}
    if reasoning.summary is not None:
        body["thinking"]["display"] = "omitted" if reasoning.summary == "omitted" else "summarized"
