"""How much a model is to think: an effort in one dialect, a number of tokens in another, each read as the nearest.

An effort stands for a part of the tokens that the answer may hold, thinking included; a number of tokens for the effort whose
part is nearest. The parts are OpenRouter's, see openrouter.ai/docs, reasoning tokens.
"""

from collections.abc import Mapping

LEAST_BUDGET = 1024
"""Anthropic takes no less."""

_PARTS: Mapping[str, float] = {"low": 0.2, "medium": 0.5, "high": 0.8}
_BEYOND: Mapping[str, float] = {"minimal": 0.1, "xhigh": 0.95, "max": 0.95}


def budget_of(effort: str, max_tokens: int) -> int | None:
    """Tokens to think with, less than `max_tokens`; None when those leave no room, or nobody knows the effort."""
    part = _PARTS.get(effort) or _BEYOND.get(effort)
    if part is None or max_tokens <= LEAST_BUDGET:
        return None
    return min(max(LEAST_BUDGET, int(max_tokens * part)), max_tokens - 1)


def effort_of(budget_tokens: int, max_tokens: int) -> str:
    """low, medium or high: what every model that takes an effort knows."""
    part = budget_tokens / max(1, max_tokens)
    return min(_PARTS, key=lambda effort: abs(_PARTS[effort] - part))
