"""Tokenizers: what counts the tokens of a text as a model does, and which model has which."""

import re
from typing import Protocol

BUILTIN = "builtin"
"""That of the built-in models."""
ENCODINGS = ("cl100k_base", "o200k_base")
"""Those of OpenAI's models."""
NONE = "none"
"""The approximation is wanted, though the model's tokenizer would be known."""

TOKENIZERS = (*ENCODINGS, BUILTIN, NONE)

_FILE = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*/){0,4}[A-Za-z0-9][A-Za-z0-9._-]*\.json")
_OLDER = re.compile(r"gpt-(?:3\.5|35|4)(?![0-9.o])|text-embedding-(?:3-|ada-002)")
_NEWER = re.compile(r"(?:chatgpt-|gpt-oss|gpt-[4-9]|o[1-9](?![0-9a-z]))")


class Tokenizer(Protocol):
    """One model's. It is asked by the gateway while requests wait, so it says how much it can be asked."""

    characters: int
    """How many it counts in about a millisecond."""
    around_message: int
    """Tokens of a message besides its text."""
    around_all: int
    """Tokens of a conversation besides its messages."""
    tiles: bool
    """Whether its models take images in tiles, as OpenAI's do; by their pixels if not."""

    def count(self, text: str) -> int:
        """Raises ValueError for a text that cannot be encoded."""
        ...


class Tokenizers(Protocol):
    """All that there are on this machine."""

    def has(self, name: str) -> bool:
        """Whether what it needs is installed, as far as a glance tells."""
        ...

    def load(self, name: str) -> Tokenizer:
        """May take a second: not to be called where requests wait. Raises OperatorError that says what is wrong."""
        ...


def is_tokenizer(name: str) -> bool:
    """Whether a model's field can be this: a name of ours, or a file's path within the folder of tokenizers."""
    return name in TOKENIZERS or _FILE.fullmatch(name) is not None


def known_encoding(model: str) -> str | None:
    """The encoding of a model of OpenAI by the name that a provider knows it by; None for others.

    As OpenAI's own package tells it. Names of gateways (`openai/gpt-4o`) and fine-tuned models (`ft:gpt-4o:me`) are such too.
    """
    name = model.rpartition("/")[2].removeprefix("ft:")
    if _OLDER.match(name):
        return "cl100k_base"
    return "o200k_base" if _NEWER.match(name) else None
