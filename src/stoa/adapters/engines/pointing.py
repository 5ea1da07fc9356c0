"""Which sentences cannot be understood alone, because they point back: `It opens at nine`, `In 1990 she founded ...`."""

import re

_LEADS = (
    r"(?:(?:[Hh]owever|[Aa]lso|[Tt]hen|[Ll]ater|[Tt]hus|[Tt]herefore|[Ii]n addition|[Aa]s a result|[Aa]fterwards|[Aa]nd|[Bb]ut)"
    r",?\s+)?"
)
_WHEN = r"(?:(?:[Ii]n|[Oo]n|[Aa]t|[Bb]y|[Ff]rom|[Dd]uring|[Aa]fter|[Bb]efore|[Ss]ince|[Uu]ntil|[Aa]s)\s+[^,A-Z.]{1,40},?\s+)?"
_MONTHS = re.compile(r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December)\b")

_PERSON = re.compile(rf"{_LEADS}{_WHEN}(?:[Hh]e|[Ss]he|[Hh]is|[Hh]er|[Hh]im)\b")
_THING = re.compile(rf"{_LEADS}(?:[Ii]ts?|[Tt]hey|[Tt]heir|[Tt]hem)\b")
_SHOWN = re.compile(
    rf"{_LEADS}(?:[Tt]his|[Tt]hat|[Tt]hese|[Tt]hose|[Ss]uch|[Bb]oth|[Nn]either|[Tt]he (?:latter|former|same))\b\s*(\w*)"
)
_OTHERWISE = re.compile(
    r"(?:Otherwise|Instead|Then|There|So|Here|Afterwards|Thereafter|If not|If so)\b,?\s+(?!is\b|are\b|was\b|were\b)"
)
_EMPTY_IT = re.compile(
    rf"{_LEADS}[Ii]t(?:\s+(?:is|was|will be|may be|can be|has been|must be)\s+"
    r"(?:\w+\s+){0,2}?(?:that|to|for|when|if|whether)\b"
    r"|\s+(?:takes|took|seems?|follows)\b)"
)
_OWN = frozenset("policy guide document handbook section page chapter procedure manual article site company".split())  # noqa: SIM905


def points_back(sentence: str) -> bool:
    """Whether it needs the sentence before it. A pronoun later in a sentence mostly means something in that sentence."""
    sentence = sentence.lstrip("\"'“‘(")
    if _PERSON.match(_MONTHS.sub("may", sentence)):
        return True
    if _THING.match(sentence):
        return not _EMPTY_IT.match(sentence)
    if shown := _SHOWN.match(sentence):
        return shown[1].lower() not in _OWN
    return _OTHERWISE.match(sentence) is not None
