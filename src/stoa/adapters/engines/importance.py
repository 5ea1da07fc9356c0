"""How much each token of a question counts: little for the words of any question, little for what another part asks."""

import re
from collections.abc import Sequence

import numpy as np

from stoa.adapters.engines.embedder import MAX_TOKENS, Vectors
from stoa.adapters.engines.question import Part
from stoa.adapters.engines.words import Rarity

BACKGROUND = 0.1
"""What a token counts that is told before a question. One of another part counts nothing: it is asked about there."""

COMMON = 0.5
"""What a token of a common word counts beside one of the rarest; the best of 1, .7, .5, .3 and .15 for choosing sentences."""

_WORD = re.compile(r"[^\W_]+")


def importance(question: str, part: Part, others: Sequence[Part], rarity: Rarity) -> Vectors:
    """One weight for each token of the whole question, as the model sees it, for one thing that it asks. They sum to 1."""
    offsets = rarity.tokenizer.encode(question, add_special_tokens=False).offsets[: MAX_TOKENS - 2]
    weights = np.full(len(offsets), COMMON, dtype=np.float32)
    for word in _WORD.finditer(question):
        places = [at for at, (start, end) in enumerate(offsets) if word.start() <= start and end <= word.end()]
        weights[places] = COMMON + (1 - COMMON) * rarity.of(word[0])
    for at, (start, _) in enumerate(offsets):
        if not part.start <= start < part.end:
            weights[at] *= 0 if any(other.start <= start < other.end for other in others) else BACKGROUND
    return weights / weights.sum()
