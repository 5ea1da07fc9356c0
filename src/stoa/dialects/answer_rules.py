"""What all dialects do alike with an answer: ids of their own, thinking nobody wants to see, usage told in parts."""

import msgspec

from stoa.dialects.answer import TokenUsage
from stoa.dialects.conversation import Conversation, Part, Thinking


def own_id(prefix: str, upstream: str) -> str:
    """An id as this dialect's clients expect it; the upstream's is still in it."""
    return upstream if upstream.startswith(prefix) else prefix + upstream


def shown_thoughts(content: list[Part], request: Conversation) -> list[Thinking]:
    """The thinking in an answer, unless the client asked not to see it."""
    if hides_thinking(request):
        return []
    return [part for part in content if isinstance(part, Thinking)]


def hides_thinking(request: Conversation) -> bool:
    return request.reasoning is not None and request.reasoning.summary == "omitted"


def later(before: TokenUsage | None, told: TokenUsage) -> TokenUsage:
    """What is known once `told` came: each number replaces the one before."""
    if before is None:
        return told
    changed = {name: value for name in told.__struct_fields__ if (value := getattr(told, name)) is not None}
    return msgspec.structs.replace(before, **changed)
