"""What a guardrail is made of: guards by type, each with what it looks for and what is done about it.

The resource itself, `Guardrail`, stands among the other resources.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

Stage = Literal["input", "output"]
"""`input` is all that goes to a model: what the client sends, results of tools, passages; `output` is what it answers."""
Action = Literal["refuse", "mask", "tokenise", "warn"]
"""From the strictest to the mildest. `tokenise` puts placeholders into the input and the originals back into the answer."""
OnStream = Literal["window", "whole", "refuse"]
"""`window` holds back as much as a finding may need; `whole` holds the answer until it is whole; `refuse` allows no stream."""
OnError = Literal["closed", "open"]
"""What becomes of a request whose guard could not judge it: refused, or let through. The verdict says so."""
Source = Literal["user", "tools", "documents"]
"""`tools` are their results; `documents` are passages that retrieval found, and documents sent along."""

Score = Annotated[float, Meta(gt=0, le=1)]
Positive = Annotated[int, Meta(ge=1)]
Word = Annotated[str, Meta(min_length=1, max_length=200)]


class _Guard(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True, tag_field="type"):
    on: Annotated[tuple[Stage, ...], Meta(min_length=1)] = ("input", "output")
    action: Action = "refuse"
    on_error: OnError = "closed"


class PersonalGuard(_Guard, frozen=True, kw_only=True, tag="personal"):
    """Personal data: addresses, numbers of accounts, cards and identities, and more."""

    action: Action = "mask"
    stream: OnStream = "window"
    kinds: tuple[str, ...] = ()
    """Such as EMAIL_ADDRESS; all when left out."""
    min_score: Score = 0.5
    engine: Literal["builtin", "presidio"] = "builtin"


class SecretsGuard(_Guard, frozen=True, kw_only=True, tag="secrets"):
    """Keys, tokens and passwords."""

    action: Action = "mask"
    stream: OnStream = "window"
    kinds: tuple[str, ...] = ()


class InjectionGuard(_Guard, frozen=True, kw_only=True, tag="injection"):
    """Text that turns to the model instead of the matter: from the user, or hidden in what tools and documents bring."""

    on: Annotated[tuple[Stage, ...], Meta(min_length=1)] = ("input",)
    profile: Literal["balanced", "strict"] = "balanced"
    threshold: Score | None = None
    """The least score that counts; the profile's when left out."""
    sources: Annotated[tuple[Source, ...], Meta(min_length=1)] = ("user", "tools", "documents")


class WordsGuard(_Guard, frozen=True, kw_only=True, tag="words"):
    """Words and phrases: lists that come with Stoa, by language, and one's own."""

    stream: OnStream = "window"
    languages: tuple[str, ...] = ()
    """Whose lists of toxic words count; none when left out."""
    severity: Literal["mild", "strong", "severe"] = "strong"
    """From which on a word of the lists counts."""
    deny: tuple[Word, ...] = ()
    patterns: tuple[Word, ...] = ()
    """Regular expressions of RE2."""


class Topic(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A matter, by sentences about it."""

    name: Word
    examples: Annotated[tuple[Word, ...], Meta(min_length=1)]


class TopicsGuard(_Guard, frozen=True, kw_only=True, tag="topics"):
    """What is spoken about, by how near it comes to example sentences. With `allow`, all else is off topic."""

    on: Annotated[tuple[Stage, ...], Meta(min_length=1)] = ("input",)
    stream: OnStream = "whole"
    allow: tuple[Topic, ...] = ()
    deny: tuple[Topic, ...] = ()
    similarity: Score | None = None
    """How near counts; what was measured for the shipped embedder when left out."""
    embedding_model: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")] = "stoa-embed"


class SizeGuard(_Guard, frozen=True, kw_only=True, tag="size"):
    """How large a request may be."""

    on: Annotated[tuple[Stage, ...], Meta(min_length=1)] = ("input",)
    characters: Positive | None = None
    """Of all its texts together."""
    tokens: Positive | None = None
    """Estimated from the characters."""
    messages: Positive | None = None


class ShapeGuard(_Guard, frozen=True, kw_only=True, tag="shape"):
    """Texts that are not what they look like: characters that nobody sees, other writing systems, floods of one word."""

    on: Annotated[tuple[Stage, ...], Meta(min_length=1)] = ("input",)
    stream: OnStream = "window"
    invisible: bool = True
    """Masked, they are taken out."""
    scripts: tuple[str, ...] = ()
    """Writing systems that are allowed, such as latin; all when left out."""
    repeated: Positive | None = None
    """How often one word, or one run of up to 8 characters, may follow itself."""


class SchemaGuard(_Guard, frozen=True, kw_only=True, tag="schema"):
    """The answer has to be JSON of this schema."""

    on: Annotated[tuple[Stage, ...], Meta(min_length=1)] = ("output",)
    stream: OnStream = "whole"
    schema: dict[str, Any]
    """Any: a JSON schema."""


class HttpGuard(_Guard, frozen=True, kw_only=True, tag="http"):
    """One's own service is asked, as docs/guide/guardrails.md says."""

    stream: OnStream = "whole"
    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")] = "http"
    """What it is called in verdicts."""
    url: Annotated[str, Meta(pattern=r"^https?://[^/\s?#]+(/[^\s?#]*)?$")]
    headers: dict[str, str] = {}
    """`${env:NAME}` is read from the environment of the one who applies; stored encrypted."""
    timeout_s: Annotated[float, Meta(gt=0, le=60)] = 2.0


Guard = (
    PersonalGuard | SecretsGuard | InjectionGuard | WordsGuard | TopicsGuard | SizeGuard | ShapeGuard | SchemaGuard | HttpGuard
)


def type_of(guard: Guard) -> str:
    """The word it is written by."""
    return str(guard.__struct_config__.tag)


def stream_of(guard: Guard) -> OnStream:
    """What it does on streams; guards that only ever see a whole text say `whole`."""
    return "whole" if isinstance(guard, InjectionGuard | SizeGuard) else guard.stream
