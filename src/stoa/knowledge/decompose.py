"""A question that asks several things, as the questions that it is made of: each is searched for on its own.

Rules over English words, without a model. What is told before the first question, and what an earlier part is about, goes along
with a part that does not stand alone. A question that asks one thing, and any in another language, is one part.
"""

import re
from collections.abc import Sequence

from stoa.knowledge.rewrite import content_words, rewrite

MOST_PARTS = 4
"""Further things asked are left to the search for the whole question."""

FEWEST_WORDS = 2
"""A part with fewer words of meaning hangs on the one before: `and why?`."""

_SENTENCE = re.compile(r"[^.?!;]+(?:[.;](?=\S)[^.?!;]*)*[.?!;]*")
_BEFORE = r"(?:(?:in|by|for|from|on|at|to|with|within|until|since|up to|after|before)\s+)?"
_ASKS = r"(?:how|when|where|who|whom|whose|why|what|which)\b"
_HELPS = (
    r"(?:is|are|was|were|do|does|did|can|could|may|must|should|will|would|has|have)\s+"
    r"(?:the|a|an|i|we|they|it|he|she|my|our|there)\b"
)
_JOINT = re.compile(rf",?\s+(?:and|or|but)\s+(?:also\s+)?(?={_BEFORE}{_ASKS}|{_HELPS})", re.IGNORECASE)
_ASKING = re.compile(rf"^\W*(?:{_BEFORE}{_ASKS}|{_HELPS}|(?:tell|explain|describe|list|compare|give)\b)", re.IGNORECASE)
_AND = re.compile(r"^\W*(?:and|or|but|also|then)\s+(?:also\s+)?", re.IGNORECASE)


def decompose(question: str) -> Sequence[str]:
    """The parts, in order, each able to stand alone; the question itself when it asks one thing."""
    told: list[str] = []
    parts: list[str] = []
    for sentence in _SENTENCE.findall(" ".join(question.split())):
        if not sentence.rstrip().endswith("?") and _ASKING.match(sentence) is None:
            told.append(sentence.strip())
            continue
        for piece in _JOINT.split(sentence):
            part = _AND.sub("", piece).strip(" ,;?!.")
            if parts and len(content_words(part)) < FEWEST_WORDS and not part[:1].isupper():
                continue  # the search for the part before finds it
            if part:
                parts.append(f"{part}?")
    if len(parts) < 2:
        return [question]
    return [rewrite(part, [*told, *parts[:at]]) for at, part in enumerate(parts[:MOST_PARTS])]
