"""What each client's dialect calls a field of the form in the middle, so that a refusal speaks the client's language."""

from collections.abc import Collection, Mapping

from stoa.dialects.carrying import Refusals
from stoa.dialects.conversation import Conversation, Message
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


_INSTEAD = {"prompt": "send one prompt, as text"}
"""What to do instead of a field that cannot simply be left out."""


def name_of(request: Conversation, field: str) -> str:
    """The client's name for a field of Conversation."""
    return _NAMES[request.form].get(field, field)


def place_of(message: Message, at: int) -> str:
    """The client's name for the place of a message, which is the `at`-th of the conversation."""
    return message.path or f"messages[{at}]"


def refuse_said(refusals: Refusals, request: Conversation, unsupported: Mapping[str, str]) -> None:
    """Refuse each field of `unsupported` (name in the form in the middle, what to do instead) that the client set.

    An empty list or object says nothing, but for `web_search`: with an empty one the model searches as it likes.
    """
    for field, do in unsupported.items():
        value = getattr(request, field)
        if value not in (None, [], {}) or (field == "web_search" and value is not None):
            refusals.add(name_of(request, field), do)


def refuse_rest(refusals: Refusals, request: Conversation, known: Collection[str]) -> None:
    """Refuse what the form in the middle has no place for, but for what the writer knows how to treat."""
    for path, value in request.rest.items():
        if path not in known:
            told = f"leave it out (it is of type {value!r})" if _is_part(path, value) else "leave it out"
            refusals.add(path, _INSTEAD.get(path, told))


def _is_part(path: str, value: object) -> bool:
    """Readers keep the type of a part or a tool that they cannot carry."""
    return isinstance(value, str) and path.endswith("]")
