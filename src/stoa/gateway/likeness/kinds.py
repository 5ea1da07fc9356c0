"""What a sentence asks for, and what is left of it without the words that say so.

`How do I`, `how can one` and `what is the best way to` ask for the same; `how do I get there` and `why do I get there` don't.
"""

import re
from typing import Literal, NamedTuple

from stoa.gateway.likeness.vocabulary import AUXILIARY, EMPHASIS

Kind = Literal[
    "method", "advice", "count", "amount", "degree", "manner", "reason", "time", "place", "person", "owner", "meaning",
    "consequence", "likeness", "choice", "whether", "order",
]  # fmt: skip
"""`degree` is how long, how safe; `choice` is what and which; `order` is no question but a thing to do."""

_SOMEBODY = "(?:i|you|we|one|someone|somebody|anyone|anybody|people|a person)"
_ANYBODY = "(?:i|we|one|someone|somebody|anyone|anybody|people|a person)"
_WAY = "(?:the |some |a |any |your )?(?:(?:best|good|right|proper) )?(?:ways?|methods?)"

_POLITE = re.compile(
    r"^(?:(?:please|hi|hello|hey) )*"
    r"(?:(?:(?:can|could|would|will) (?:you|someone|anyone|anybody) )?(?:please )?(?:tell|explain to|show) me "
    r"|(?:do you|does anyone|does anybody) know |i (?:want|need|would like) to know )"
    r"(?:please )?(?:about )?(?=(?:what|which|who|whose|when|where|why|how)\b)"
)
_OPINION = re.compile(rf"\b(what|which|who|when|where|why|how) do you think(?= (?:{'|'.join(sorted(AUXILIARY))})\b)")
_PUT: tuple[tuple[Kind, str], ...] = (
    ("method", rf"how (?:do|can|could|would|might|does) {_SOMEBODY}(?: to)?(?! (?:feel|think|like|want|look|see)\b)"),
    ("method", "how to"),
    ("method", rf"(?:what|which) (?:is|are|would be) {_WAY} (?:to|(?:in which |that )?{_SOMEBODY} (?:can|could|may))"),
    ("method", rf"(?:what|which) (?:is|are|would be) {_WAY} (?:of|for)(?= \w+ing\b)"),
    ("method", rf"what (?:can|could) {_SOMEBODY} do to"),
    ("advice", rf"what should {_SOMEBODY} do to"),
    ("method", rf"(?:is|are) there (?:a|any|some)? ?(?:ways?|methods?) (?:to|(?:that )?{_SOMEBODY} can)"),
    ("advice", rf"how should {_SOMEBODY}"),
    ("count", r"how many|what is the number of"),
    ("amount", r"how (?:much|expensive)(?= (?:is|are|was|were|do|does|did|will|would)\b)"),
    ("amount", r"what (?:is|are) the (?:price|cost)s? of"),
    ("consequence", r"what (?:would|will)? ?happens? if|what if"),
    ("likeness", r"(?:what|how) (?:is|does) it (?:feel )?(?:like )?(?:to be|being|to|(?=\w+ing\b))"),
    ("reason", r"why|how come|what (?:is|are|was) the reasons? (?:for|behind|why|that)"),
    ("meaning", r"what (?:do|does)(?= .*\bmeans?$)|what (?:is|are) (?:the )?(?:meaning|definition) of"),
    ("manner", r"how (?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)"),
    ("degree", r"how"),
    ("time", r"when|(?:at )?what time"),
    ("place", r"where"),
    ("owner", r"whose"),
    ("person", r"who|whom"),
    ("choice", r"(?:what|which)(?: one)?"),
)
_FRAMES: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(rf"\b(?:{pattern})(?: |$|(?<= ))")) for kind, pattern in _PUT
)
_ABLE = re.compile(rf"^(?:is it possible (?:for {_SOMEBODY} )?(?:to|that)|(?:can|could) {_ANYBODY}) ")
_PRICED = re.compile(r"\b(?:costs?|priced?)\b")
_MEANS = re.compile(r"\bmeans?$")


class Asked(NamedTuple):
    """`rest` holds the words besides those that asked."""

    kind: Kind
    rest: list[str]


class _Found(NamedTuple):
    start: int
    end: int
    kind: Kind


def asked(words: list[str]) -> Asked:
    """What one sentence asks for; a sentence that tells something is an `order` or whatever its first asking word says."""
    text = _OPINION.sub(r"\1", _POLITE.sub("", " ".join(word for word in words if word not in EMPHASIS)))
    start = _ABLE.match(text)
    if start is not None:
        return Asked("whether", ["can", *text[start.end() :].split()])
    found = [_Found(*match.span(), kind) for kind, pattern in _FRAMES if (match := pattern.search(text)) is not None]
    first = min(found, key=lambda one: one.start, default=None)
    if text.partition(" ")[0] in AUXILIARY and (first is None or first.start):
        return Asked("whether", text.split())
    if first is None:
        return Asked("order", text.split())
    at, end, kind = first
    rest = f"{text[:at]}{_kept(kind, text[at:end])}{text[end:]}"
    if kind == "amount":
        rest = _PRICED.sub("", rest)
    if kind == "meaning":
        rest = _MEANS.sub("", rest)
    return Asked(kind, rest.split())


def _kept(kind: Kind, frame: str) -> str:
    """Time and modality stay: how did it, how would it."""
    if kind in ("method", "count", "amount", "degree", "consequence", "likeness", "meaning"):
        return ""
    return "".join(f"{word} " for word in frame.split() if word in AUXILIARY)
