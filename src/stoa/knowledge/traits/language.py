"""The language of a text, where there is no doubt of it."""

from functools import cache
from typing import Protocol, cast

SURE = 0.9
_LEAST_LETTERS = 60
_SAMPLE = 2_000
"""Characters looked at from the beginning, and as many from the middle: a head in another language does not decide."""

_NONE = "zxx"


class _Identifier(Protocol):
    def classify(self, text: str) -> tuple[str, float]: ...


def language_of(text: str) -> str | None:
    """Its ISO 639 code, of two letters where there is one; None for a text that is short, mixed or no language."""
    middle = len(text) // 2
    sample = text[:_SAMPLE] if len(text) <= 2 * _SAMPLE else f"{text[:_SAMPLE]}\n{text[middle : middle + _SAMPLE]}"
    if sum(map(str.isalpha, sample)) < _LEAST_LETTERS:
        return None
    code, share = _identifier().classify(sample)
    return code if share >= SURE and code != _NONE else None


@cache
def _identifier() -> _Identifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    found = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType] - without types
    return cast("_Identifier", found)  # cast: the package has no types
