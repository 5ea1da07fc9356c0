"""Presidio's pattern recognizers as a detector: some ninety kinds of many countries, without a language model.

Names of persons and places need such a model and are not found. Its patterns are those of a backtracking engine: each is given
a second, and a text on which one takes longer raises, so that nothing passes unseen. Some hundreds of texts a second.
"""

import importlib
import importlib.util
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from stoa.errors import MissingExtra
from stoa.guards.finding import Finding
from stoa.guards.together import settled

LEAST_SCORE = 0.4
REACH = 200

_SECONDS = 1.0
_BEFORE = 60
_BOOST = 0.35
"""What a word that belongs to a kind adds, in front of a match or behind it, as in Presidio's own enhancer."""


class Presidio:
    """Implements `guards.finding.Detector`. On a stream it is sure of findings of up to `reach` characters.

    `kinds` are Presidio's names, None for all. Raises MissingExtra, and ValueError where no recognizer knows a kind;
    `find` raises TimeoutError.
    """

    reach = REACH

    def __init__(self, kinds: Iterable[str] | None = None, *, least_score: float = LEAST_SCORE) -> None:
        if importlib.util.find_spec("presidio_analyzer") is None:
            raise MissingExtra(
                "A guardrail uses Presidio's recognizers, whose package is not installed. "
                "Install it with: pip install 'stoa[presidio]'"
            )
        known = {kind: recognizer for recognizer in _recognizers() for kind in recognizer.supported_entities}
        wanted = set(known) if kinds is None else set(kinds)
        if unknown := sorted(wanted - set(known)):
            raise ValueError(f"kinds: Presidio has no pattern for {unknown[0]!r}; it has {', '.join(sorted(known))}")
        self._recognizers = [one for one in _recognizers() if wanted & set(one.supported_entities)]
        self._least = least_score

    def find(self, text: str) -> Sequence[Finding]:
        return settled(
            found for recognizer in self._recognizers for found in _found(recognizer, text) if found.score >= self._least
        )


@cache
def _recognizers() -> Sequence[Any]:  # Any: the package has no types
    """One of each kind that needs nothing but the text."""
    _keep_at_home()
    analyzer: Any = importlib.import_module("presidio_analyzer")
    predefined: Any = importlib.import_module("presidio_analyzer.predefined_recognizers")
    found = [getattr(predefined, name) for name in sorted(dir(predefined))]
    classes = [one for one in found if isinstance(one, type) and issubclass(one, analyzer.PatternRecognizer)]
    return [cls() for cls in (*classes, predefined.PhoneRecognizer)]


def _keep_at_home() -> None:
    """The list of top-level domains is the one in its package; tldextract would fetch it at the first address otherwise."""
    domains: Any = importlib.import_module("tldextract.tldextract")
    domains.TLD_EXTRACTOR = domains.TLDExtract(suffix_list_urls=(), cache_dir=None)


def _found(recognizer: Any, text: str) -> Iterable[Finding]:  # Any: the package has no types
    for kind, start, end, score in _matches(recognizer, text):
        if 0 < score < 1 and recognizer.context and _named(recognizer.context, text, start, end):
            score = max(min(1.0, score + _BOOST), LEAST_SCORE)
        if score > 0:
            yield Finding(kind, start, end, score)


def _matches(recognizer: Any, text: str) -> Iterable[tuple[str, int, int, float]]:  # Any: the package has no types
    """Its patterns are run here rather than by itself: it goes on in silence when one takes too long."""
    kind = recognizer.supported_entities[0]
    if not hasattr(recognizer, "patterns"):
        for result in recognizer.analyze(text, recognizer.supported_entities, None):
            yield kind, result.start, result.end, result.score
        return
    for pattern in recognizer.patterns:
        for match in _compiled(pattern.regex, recognizer.global_regex_flags).finditer(text, timeout=_SECONDS):
            value = match.group()
            if value:
                yield kind, match.start(), match.end(), _score(recognizer, value, pattern.score)


def _score(recognizer: Any, value: str, plain: float) -> float:  # Any: the package has no types
    valid = recognizer.validate_result(value)
    if valid is False or recognizer.invalidate_result(value):
        return 0.0
    return 1.0 if valid else plain


def _named(words: Iterable[str], text: str, start: int, end: int) -> bool:
    around = f"{text[max(0, start - _BEFORE) : start]} {text[end : end + _BEFORE]}".lower()
    return any(word.lower() in around for word in words)


@cache
def _compiled(pattern: str, flags: int) -> Any:  # Any: the package has no types
    return importlib.import_module("regex").compile(pattern, flags)
