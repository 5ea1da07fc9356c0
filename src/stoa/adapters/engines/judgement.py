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

ANSWERS = Signals(17.2, 3.1, 0.4)
BIAS = -11.4
"""Of a logistic regression: whether the best sentence of the passages answers, even odds where .9 of the answerable are kept.
The words matched least were left out here, too: their weight came out negative, for it made up for others'."""


def fits(signals: Signals) -> float:
    """Higher is better; on no scale."""
    return sum(weight * signal for weight, signal in zip(FITS, signals, strict=True))


def answers(signals: Signals) -> float:
    """The probability that it answers, 0 to 1, where half of the questions are answerable."""
    return 1 / (1 + exp(-BIAS - sum(weight * signal for weight, signal in zip(ANSWERS, signals, strict=True))))
