"""The form in the middle: a conversation to be continued, as every dialect can read it or write it.

A request that stays within one dialect never comes here: its bytes pass untouched. One that changes dialects is read into this
form and written from it, and what the other side has no place for is refused by its name, never lost.
"""

from typing import Any, Literal

import msgspec

from stoa.domain.operations import ClientForm

Role = Literal["user", "assistant", "system"]
"""`system` only for instructions in the middle of a conversation: those at its beginning are `Conversation.system`."""

Fields = dict[str, Any]
"""A JSON object that is carried as it is. Any: it is the client's or the upstream's."""


class Part(msgspec.Struct, kw_only=True, tag_field="type"):
    """One piece of a message's content."""

    cache: Fields | None = None
    """Anthropic's `cache_control`, carried to those who know it, left out elsewhere: it changes the cost, not the meaning."""


class Text(Part, tag="text"):
    text: str


class Image(Part, tag="image"):
    """Exactly one of `url` and `data` (base64, with its `media_type`) is set."""

    url: str | None = None
    data: str | None = None
    media_type: str | None = None
    detail: str | None = None


class Audio(Part, tag="audio"):
    """`data` is base64; `format` such as wav or mp3."""

    data: str
    format: str


class File(Part, tag="file"):
    """A document. One of `url`, `data` (base64) and `file_id` is set."""

    url: str | None = None
    data: str | None = None
    file_id: str | None = None
    media_type: str | None = None
    name: str | None = None


class ToolCall(Part, tag="tool_call"):
    """`arguments` is JSON text, as the model wrote it."""

    id: str
    name: str
    arguments: str


class ToolResult(Part, tag="tool_result"):
    """What a tool gave back; stands in a message of the user."""

    call_id: str
    content: list[Part]
    """Texts and images."""
    error: bool = False


class Thinking(Part, tag="thinking"):
    """What a model thought. `signature` proves it to the provider that wrote it; `redacted` is opaque instead of text."""

    text: str = ""
    signature: str | None = None
    redacted: str | None = None


class Refusal(Part, tag="refusal"):
    text: str


class Message(msgspec.Struct, kw_only=True):
    role: Role
    content: list[Part]
    name: str | None = None
    path: str = ""
    """Where it stands in the client's request, so that a refusal can say it; of several that became one, the first."""


class Tool(msgspec.Struct, kw_only=True):
    """A function that the model may ask for. `parameters` is a JSON schema."""

    name: str
    description: str | None = None
    parameters: Fields | None = None
    strict: bool | None = None
    cache: Fields | None = None


class ToolChoice(msgspec.Struct, kw_only=True):
    """`name` belongs to `named`."""

    mode: Literal["auto", "none", "required", "named"]
    name: str | None = None


class AnswerFormat(msgspec.Struct, kw_only=True):
    """The answer has to be JSON; with a `schema`, of that form."""

    schema: Fields | None = None
    name: str | None = None
    description: str | None = None
    strict: bool | None = None


class Reasoning(msgspec.Struct, kw_only=True):
    """How much the model is to think: by `effort` (minimal, low, medium, high, xhigh, max), or by tokens."""

    enabled: bool = True
    effort: str | None = None
    budget_tokens: int | None = None
    summary: str | None = None
    """What of it the client wants to see: auto, concise, detailed; or omitted, for nothing."""
    adaptive: bool = False
    """The model decides how much."""


class FileSearch(msgspec.Struct, kw_only=True):
    """A wish of OpenAI's responses: search these stores first. `filters` and `ranking` are as the client wrote them.

    `path` is where it stands in the request; `results` whether the client wants to see the passages.
    """

    stores: list[str]
    filters: Fields | None = None
    limit: int | None = None
    ranking: Fields | None = None
    path: str
    results: bool = False


class FoundFiles(msgspec.Struct, kw_only=True):
    """What was searched by and found, in the order of the numbers that the model was told: of each a passage's `file_id`,
    `filename`, `score`, `text` and `attributes`.
    """

    queries: list[str]
    results: list[Fields]


class Conversation(msgspec.Struct, kw_only=True):
    """A request for the next message. None and empty mean: not said."""

    model: str
    messages: list[Message]
    form: ClientForm = "chat"
    """How the client spoke, so that a refusal can call a field by the client's name."""
    functions: bool = False
    """The client speaks of functions, as OpenAI's chat did before tools, and gets its calls in that form."""
    system: list[Text] = []
    """Instructions of system and developer that stand before everything else."""
    stream: bool = False
    wants_usage: bool = False
    """The client wants usage on the stream, in dialects where that is a choice."""
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stop: list[str] = []
    n: int | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: dict[str, float] | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: list[Tool] = []
    tool_choice: ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    answer_format: AnswerFormat | None = None
    reasoning: Reasoning | None = None
    verbosity: str | None = None
    user: str | None = None
    metadata: dict[str, str] | None = None
    service_tier: str | None = None
    modalities: list[str] | None = None
    audio: Fields | None = None
    prediction: Fields | None = None
    web_search: Fields | None = None
    file_search: FileSearch | None = None
    found: FoundFiles | None = None
    """What came of `file_search`, once somebody has searched: the answer tells it."""
    echo: Fields = {}
    """What the answer repeats of the request, in the client's dialect: only `responses` has that."""
    rest: Fields = {}
    """What this form has no place for, by its path in the client's request. A writer refuses each by name, or knows why not."""
