"""OpenAI's encodings, with their vocabularies in the package: nothing is fetched, and a count takes time linear in its text."""

import importlib
import importlib.util
from typing import Any

from stoa.errors import MissingExtra

PACKAGE = "rs_bpe"


class Encoding:
    """Implements `domain.tokenizers.Tokenizer`. Raises MissingExtra.

    Around messages stands what OpenAI tells of gpt-4o and gpt-4: three tokens each and one for the role, and three to begin the
    answer.
    """

    characters = 16_384
    around_message = 4
    around_all = 3
    tiles = True

    def __init__(self, name: str) -> None:
        if not is_installed():
            raise MissingExtra(
                f"The tokenizer {name!r} is in a package that is not installed. Install it with: pip install 'stoa[tokenizers]'"
            )
        encodings: Any = importlib.import_module(f"{PACKAGE}.bpe")  # Any: it comes without types
        self._encoding = getattr(encodings.openai, name)()

    def count(self, text: str) -> int:
        return self._encoding.count(text)


def is_installed() -> bool:
    return importlib.util.find_spec(PACKAGE) is not None
