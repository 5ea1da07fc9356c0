"""A follow-up question as one that stands alone: what it points back to is added from the questions before it.

Rules over English words, without a model: a question that points back (it, that one, what about ...) or that says too
little to be searched for gets the content words of the question before; any other is left alone, as are most in other
languages.
"""

import re
from collections.abc import Sequence

from stoa.knowledge.english import (
    BACK_REFERENCES,
    CONTRACTED,
    EXPLETIVES,
    OF_SOMETHING,
    OPENERS,
    POINTS_BACK,
    QUESTION_WORDS,
    STOP,
)

MOST_ADDED = 12
"""Words taken from earlier questions at most, so that the new one keeps its weight."""

_WORD = re.compile(r"[^\W_]+(?:['’.\-/][^\W_]+)*")
_OPENERS = re.compile(rf"^(?:{'|'.join(map(re.escape, OPENERS))})(?!\w)", re.IGNORECASE)
_EXPLETIVES = re.compile(rf"\b(?:{'|'.join(EXPLETIVES)})\b", re.IGNORECASE)
_BACK_REFERENCES = re.compile(rf"\b(?:{'|'.join(BACK_REFERENCES)})|^that\b", re.IGNORECASE)
_OF_SOMETHING = re.compile(rf"\b(?:{'|'.join(OF_SOMETHING)})\W*$", re.IGNORECASE)
_CLAUSE = re.compile(r",|\band\b|^(?:when|if|after|before|once|while)\b", re.IGNORECASE)
_QUESTION_WORDS = re.compile(rf"\b(?:{'|'.join(QUESTION_WORDS)})\b", re.IGNORECASE)


def rewrite(question: str, history: Sequence[str]) -> str:
    """The question, with the words it needs from the earlier questions, which are oldest first."""
    resolved = ""
    for earlier in history[-6:]:
        resolved = _resolve(earlier, resolved)
    return _resolve(question, resolved)


def _resolve(question: str, before: str) -> str:
    """One step: `before` is the question before, itself resolved."""
    question = " ".join(question.split())
    if not before or not _needs_context(question):
        return question
    said = {_stem(word) for word in content_words(question)}
    added: list[str] = []
    for word in content_words(before):
        stem = _stem(word)
        if stem not in said:
            said.add(stem)
            added.append(word)
    return f"{question} ({' '.join(added[-MOST_ADDED:])})" if added else question


def content_words(text: str) -> list[str]:
    """The words that say what a text is about, in order."""
    return [word for word in _WORD.findall(text) if not _is_empty(word.lower()) and (len(word) > 1 or word.isdigit())]


def _is_empty(word: str) -> bool:
    """Also what's, I'm and don't, which are two words that say nothing."""
    first, _, rest = word.replace("’", "'").partition("'")
    return word in STOP or (rest in CONTRACTED and (first in STOP or first.removesuffix("n") in STOP))


def _needs_context(question: str) -> bool:
    content = content_words(question)
    if _OPENERS.match(question):
        return len(content) <= 5
    if len(content) <= 2 and _OF_SOMETHING.search(question):
        return True
    if len(content) <= 1 and not _is_name(question, content):
        return True
    if len(content) <= 3 and question.endswith("?") and not _QUESTION_WORDS.search(question):
        return True
    return _points_back(question, content)


def _points_back(question: str, content: Sequence[str]) -> bool:
    """Whether a pronoun has nothing in its own question to stand for."""
    if _BACK_REFERENCES.search(question) and len(content) <= 6:
        return True
    without = _EXPLETIVES.sub(" ", question)
    for found in _WORD.finditer(without):
        if found[0].lower() in POINTS_BACK:
            ahead = content_words(without[: found.start()])
            clauses = len(content) >= 4 or _CLAUSE.search(without[: found.start()]) is not None
            return len(ahead) < 2 or not clauses
    return False


def _is_name(question: str, content: Sequence[str]) -> bool:
    """A question about one thing by name, such as `What is Cardelva?`: a capital or a digit inside the sentence."""
    return any(re.search(r"\d|[A-ZÄÖÜ]", word) and not question.startswith(word) for word in content)


def _stem(word: str) -> str:
    word = word.lower().removesuffix("'s").removesuffix("’s")
    for ending in ("ings", "ing", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending).removesuffix("e")
    return word.removesuffix("e")
