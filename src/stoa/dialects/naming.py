"""What each client's dialect calls a field of the form in the middle, so that a refusal speaks the client's language."""

from collections.abc import Mapping

from stoa.dialects.carrying import Refusals
from stoa.dialects.conversation import Conversation
from stoa.domain.operations import ClientForm

_NAMES: Mapping[ClientForm, Mapping[str, str]] = {
    "chat": {"answer_format": "response_format", "reasoning": "reasoning_effort", "web_search": "web_search_options"},
    "completions": {},
    "messages": {
        "answer_format": "output_config.format",
        "reasoning": "thinking",
        "stop": "stop_sequences",
        "parallel_tool_calls": "tool_choice.disable_parallel_tool_use",
        "user": "metadata.user_id",
    },
    "responses": {
        "answer_format": "text.format",
        "verbosity": "text.verbosity",
        "max_tokens": "max_output_tokens",
        "logprobs": "include",
    },
}


def name_of(request: Conversation, field: str) -> str:
    """The client's name for a field of Conversation."""
    return _NAMES[request.form].get(field, field)


def refuse_said(refusals: Refusals, request: Conversation, unsupported: Mapping[str, str]) -> None:
    """Refuse each field of `unsupported` (name in the form in the middle, what to do instead) that the client set."""
    for field, do in unsupported.items():
        if getattr(request, field) not in (None, [], {}):
            refusals.add(name_of(request, field), do)
