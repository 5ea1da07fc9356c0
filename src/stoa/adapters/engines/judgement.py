"""Two judgements on a sentence from a handful of signals: how well it fits beside others, and whether it answers at all.

The numbers come from `tools/reader/fit.py`, which prints how they do under cross-validation, and are written here by hand.
"""

from math import exp
from typing import NamedTuple


class Signals(NamedTuple):
    """What is known of a sentence and a question, each from 0 (or a little below) to 1.

    `alignment` is the mean cosine of the question's tokens with their closest ones, `around` the share of its words that stand
    in the sentence, beside it or in its headings, `kind` whether there is what the question expects, such as a date.
    """

    alignment: float
    around: float
    kind: float


FITS = Signals(1.0, 0.16, 0.17)
"""Weights of a sum; only differences between sentences count. The sentence's own words and the words of the question that are
matched least were tried as further signals, and did not choose better under cross-validation."""

STEEPNESS, EVEN_ODDS = 21.0, 0.565
"""Of a logistic regression on the alignment of the best sentence. With the doubts it keeps .9 of the answerable questions of
one passage. The other signals, powers of the cosines and words matched least did not separate better under cross-validation."""


def fits(signals: Signals) -> float:
    """Higher is better; on no scale."""
    return sum(weight * signal for weight, signal in zip(FITS, signals, strict=True))


def answers(signals: Signals) -> float:
    """How likely it answers, 0 to 1. At 0.5 a tenth of what one passage answers goes unanswered, with the doubts."""
    return 1 / (1 + exp(-STEEPNESS * (signals.alignment - EVEN_ODDS)))
