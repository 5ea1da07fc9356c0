"""Where the models behind Converse differ: caching, thinking, top_k. Told by the vendor's name within the model's.

An inference profile's ARN may hide it; then `fields` of the model's facts say what the model wants.
"""

import re

from stoa.dialects.carrying import Refusals
from stoa.dialects.conversation import Conversation, Fields, Message, Thinking, ToolCall
from stoa.dialects.effort import LEAST_BUDGET, budget_of
from stoa.dialects.naming import name_of
from stoa.dialects.signatures import marked
from stoa.domain.upstream import Facts

_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "max"}
_THREE_EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
_BY_BUDGET = re.compile(r"claude-(3-7|(opus|sonnet)-4-(2\d{7}|0|1)|(opus|sonnet|haiku)-4-5)")
"""Claude's models that think by a number of tokens; later ones decide for themselves, steered by effort."""


def knows_caching(model: str) -> bool:
    return "anthropic." in model or "amazon.nova" in model


def top_k_fields(request: Conversation, model: str, refusals: Refusals) -> Fields:
    """What to add to additionalModelRequestFields."""
    if (top_k := request.top_k) is None:
        return {}
    if "anthropic." in model or "mistral." in model:
        return {"top_k": top_k}
    if "cohere." in model:
        return {"k": top_k}
    if "amazon.nova" in model:
        return {"inferenceConfig": {"topK": top_k}}
    refusals.add(name_of(request, "top_k"), "leave it out; this model takes none, or its name does not tell its maker")
    return {}


def thinking_fields(request: Conversation, model: str, facts: Facts, refusals: Refusals) -> tuple[Fields, str | None]:
    """What to add to additionalModelRequestFields, and the effort for outputConfig."""
    reasoning = request.reasoning
    if reasoning is None:
        return {}, None
    off = not reasoning.enabled or reasoning.effort == "none"
    effort = reasoning.effort
    if effort not in (None, "none", *_EFFORTS):
        refusals.add(name_of(request, "reasoning"), f"use one of none, {', '.join(_EFFORTS)}")
        return {}, None
    if "anthropic." in model:
        return _claude(request, model, facts, refusals, off=off)
    if "amazon.nova-2" in model and reasoning.budget_tokens is None:
        if off:
            return {"reasoningConfig": {"type": "disabled"}}, None
        return {
            "reasoningConfig": {"type": "enabled", "maxReasoningEffort": _THREE_EFFORTS.get(effort or "medium", "high")}
        }, None
    if "openai." in model and reasoning.budget_tokens is None and not off:
        return {"reasoning_effort": _THREE_EFFORTS.get(effort or "medium", "high")}, None
    if not off:  # a model that cannot think does not, which is what was asked for
        refusals.add(name_of(request, "reasoning"), "leave it out; this model takes none, or its name does not tell its maker")
    return {}, None


def _claude(request: Conversation, model: str, facts: Facts, refusals: Refusals, *, off: bool) -> tuple[Fields, str | None]:
    reasoning = request.reasoning
    assert reasoning is not None
    if off:
        return {"thinking": {"type": "disabled"}}, None
    effort = None if reasoning.effort is None else _EFFORTS[reasoning.effort]
    if reasoning.budget_tokens is None and facts.thinking == "adaptive" and not _BY_BUDGET.search(model):
        return {"thinking": {"type": "adaptive"}}, effort
    room = request.max_tokens or facts.max_output_tokens
    budget = reasoning.budget_tokens or budget_of(reasoning.effort or "medium", room)
    if budget is None:
        refusals.add(name_of(request, "reasoning"), f"allow more than {LEAST_BUDGET} tokens, the least that it thinks with")
    if _goes_on_without_its_thinking(request.messages):
        return {}, None
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}, None


def _goes_on_without_its_thinking(messages: list[Message]) -> bool:
    """Whether the last thing the model did was to call tools, and the client's dialect could not return why.

    Claude refuses to think on without the thinking that led to the call, so it goes on without any; a client whose dialect
    returns thinking keeps it.
    """
    last = next((message for message in reversed(messages) if message.role == "assistant"), None)
    if last is None or not any(isinstance(part, ToolCall) for part in last.content):
        return False
    return not any(
        isinstance(part, Thinking) and (part.redacted or (part.signature and marked(part.signature) is None))
        for part in last.content
    )
