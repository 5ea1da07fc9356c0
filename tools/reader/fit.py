"""Fit the weights of `src/stoa/adapters/engines/judgement.py`: `python tools/reader/fit.py`. See README.md beside this.

A conditional logit for which sentence fits best, a logistic regression for whether the best one answers where the doubts do
not decide; both on standardised signals, in numpy, and both judged by five-fold cross-validation over questions before they
are fitted on all of them.
"""

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

from reader_cases import Case, cases, there

from stoa.adapters.engines.embedder import MiniLM
from stoa.adapters.engines.evidence import Evidence, NumberedPassage, Weigher
from stoa.adapters.engines.judgement import EVEN_ODDS, FITS, STEEPNESS, Signals
from stoa.adapters.engines.reader import TOGETHER, chosen, covered_together, doubtful

FOLDS, ROUNDS, SEED = 5, 4, 20
FITS_PENALTY, ANSWERS_PENALTY = 3.0, 1.0
TWO_HOP = 0.2
"""What a two-hop question counts in choosing: its answer's words stand in sentences that do not answer it, too."""
NEAR = 0.5
"""What a near miss counts in answering: some sentences that are left do answer."""
APART = 0.01
"""So far above all pairs of sentences that match without the sources lies the point from which two answer together."""
KEPT = 0.9
"""The share of answerable questions of one passage that shall be answered. Of those of two, what is quoted first often answers
nothing yet, so being silent is right for some."""

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Weighed:
    """The signals of one question's sentences, (sentences, 3), which of them hold the answer, and the best of each variant.

    `doubts` has one for each variant: there, removed, near miss. So has `pairs`: how well two sentences match that belong
    together, 0 where there are none.
    """

    case: Case
    signals: Floats
    right: Flags
    others: Floats
    near: Floats
    doubts: Flags
    pairs: Floats


def main() -> None:
    if not there():
        sys.exit("BeerQA's development half is not beside the checkout (../shared/data): nothing to fit on.")
    with tempfile.TemporaryDirectory() as models:
        model = MiniLM(Path(models), threads=0)
        report(list(weighed(cases(model), Weigher(model, cached_tokens=2_000_000))))


def weighed(asked: Iterable[Case], weigher: Weigher) -> Iterator[Weighed]:
    """The cases with what the judgements see of them."""
    for case in asked:
        variants = [_weighed(case, passages, weigher) for passages in (case.passages, case.others, case.near_miss)]
        right = np.array([case.answered_by(one.unit.text) for one in variants[0][0]])
        own, others, near = (signals for _, signals, _, _ in variants)
        doubts, pairs = (np.array([variant[at] for variant in variants]) for at in (2, 3))
        yield Weighed(case, own, right, others, near, doubts, pairs)


def _weighed(
    case: Case, passages: Sequence[NumberedPassage], weigher: Weigher
) -> tuple[Sequence[Evidence], Floats, bool, float]:
    """Evidence for the first thing asked, its signals, whether the answer is in doubt, and how well two match together."""
    rankings = weigher.weigh(case.question, passages)
    evidence = rankings[0].evidence if rankings else []
    taken = chosen(rankings[0], alone=len(rankings) == 1) if rankings else []
    doubt = bool(rankings) and doubtful(rankings[0].asked, taken, passages)
    pair = covered_together(rankings[0], taken) if rankings else 0.0
    return evidence, np.array([one.signals for one in evidence]).reshape(-1, len(Signals._fields)), doubt, pair


def report(data: Sequence[Weighed]) -> None:
    """Print both judgements: as shipped, under cross-validation, and the numbers to write into judgement.py."""
    squad, answered, doubts, pairs = _squad(data), _answered(data), _doubts(data), _pairs(data)
    print(f"choosing, shipped: {_hits(data, [np.array(FITS)] * len(data), squad)}")
    print("\n".join(crossed(data)))
    print(f"FITS = {_written(_fit_choice(data))}")
    print(f"answering by all signals, cross-validated: {_refusals(answered, squad, doubts, pairs)}")
    (steepness,), bias = _fit_answers(answered[:, :, :1], squad, doubts)
    even = np.quantile(np.where(doubts[:, 0], 0, answered[:, 0, 0])[squad], 1 - KEPT)
    print(
        f"STEEPNESS, EVEN_ODDS = {steepness:.1f}, {even:.3f} (odds are even without the wish to keep at {-bias / steepness:.3f})"
    )
    print(f"TOGETHER = {_together(answered, squad, doubts, pairs):.2f}")
    print(f"shipped: {STEEPNESS}, {EVEN_ODDS}, {TOGETHER}")


def crossed(data: Sequence[Weighed]) -> list[str]:
    """How both judgements, fitted without the question that they judge, do; a line for each."""
    squad = _squad(data)
    return [
        f"choosing, cross-validated: {_hits(data, _crossed(data, _fit_choice), squad)}",
        f"answering, cross-validated: {_refusals(_answered(data)[:, :, :1], squad, _doubts(data), _pairs(data))}",
    ]


def _squad(data: Sequence[Weighed]) -> Flags:
    return np.array([one.case.source == "squad" for one in data])


def _doubts(data: Sequence[Weighed]) -> Flags:
    return np.array([one.doubts for one in data])


def _pairs(data: Sequence[Weighed]) -> Floats:
    return np.array([one.pairs for one in data])


def _together(answered: Floats, squad: Flags, doubts: Flags, pairs: Floats) -> float:
    """The point above all pairs without the sources, of questions that only a pair could answer."""
    undecided = np.where(doubts | (answered[:, :, 0] >= EVEN_ODDS), 0, pairs)
    return max(undecided[:, 1].max(), undecided[squad, 2].max()) + APART


def _answered(data: Sequence[Weighed]) -> Floats:
    """The signals of the best sentence: (questions, there / removed / near miss, signals)."""
    return np.array([[_best(signals, np.array(FITS)) for signals in (one.signals, one.others, one.near)] for one in data])


def _best(signals: Floats, values: Floats) -> Floats:
    return signals[np.argmax(signals @ values)] if len(signals) else np.zeros(len(values))


def _crossed(data: Sequence[Weighed], fit: Callable[[Sequence[Weighed]], Floats]) -> list[Floats]:
    """For each question the weights that were fitted without it."""
    fold = np.random.default_rng(SEED).permutation(len(data)) % FOLDS
    values = [fit([one for one, where in zip(data, fold, strict=True) if where != held]) for held in range(FOLDS)]
    return [values[held] for held in fold]


def _fit_choice(data: Sequence[Weighed]) -> Floats:
    """Newton's method on the chance that a right sentence comes first, alignment's weight scaled to 1."""
    usable = [(one.signals, one.right, 1.0 if one.case.source == "squad" else TWO_HOP) for one in data if one.right.any()]
    scale = np.concatenate([signals for signals, _, _ in usable]).std(axis=0)
    values = np.zeros(len(scale))
    for _ in range(40):
        slope, bend = FITS_PENALTY * values, FITS_PENALTY * np.eye(len(values))
        for signals, right, counts in usable:
            rows = signals / scale
            chance = np.exp(rows @ values - (rows @ values).max())
            chance, among = chance / chance.sum(), np.where(right, chance, 0) / chance[right].sum()
            mean = chance @ rows
            slope += counts * (mean - among @ rows)
            bend += counts * ((rows.T * chance) @ rows - np.outer(mean, mean))
        values = values - np.linalg.solve(bend, slope)
    values = values / scale
    return values / values[0]


def _hits(data: Sequence[Weighed], values: Sequence[Floats], squad: Flags) -> str:
    first, second = [], []
    for one, weights in zip(data, values, strict=True):
        order = np.argsort(-(one.signals @ weights), kind="stable")
        first.append(bool(one.right[order[:1]].any()))
        second.append(bool(one.right[order[:2]].any()))
    return (
        f"best holds the answer in {np.mean(np.array(first)[squad]):.3f} of the SQuAD part, best two in "
        f"{np.mean(np.array(second)[squad]):.3f}; all {np.mean(first):.3f}, {np.mean(second):.3f}"
    )


def _fit_answers(answered: Floats, squad: Flags, doubts: Flags) -> tuple[Floats, float]:
    """Weights and bias. `answered` is (questions, there / removed / near miss, signals); what is in doubt is decided."""
    rows = np.concatenate([answered[:, 0], answered[:, 1], answered[squad, 2]])
    counts = np.concatenate([np.ones(2 * len(answered)), np.full(squad.sum(), NEAR)])
    counts *= ~np.concatenate([doubts[:, 0], doubts[:, 1], doubts[squad, 2]])
    target = np.concatenate([np.ones(len(answered)), np.zeros(len(answered) + squad.sum())])
    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    rows = np.column_stack([(rows - mean) / scale, np.ones(len(rows))])
    penalty = np.append(np.full(len(scale), ANSWERS_PENALTY), 1e-6)
    values = np.zeros(rows.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-rows @ values))
        bend = (rows.T * (counts * chance * (1 - chance))) @ rows + np.diag(penalty)
        values = values - np.linalg.solve(bend, rows.T @ (counts * (chance - target)) + penalty * values)
    weights = values[:-1] / scale
    return weights, float(values[-1] - weights @ mean)


def _refusals(answered: Floats, squad: Flags, doubts: Flags, pairs: Floats) -> str:
    """At the threshold that keeps KEPT of the questions fitted on, what is kept and refused of those held out."""
    rounds: list[list[float]] = []
    for turn in range(ROUNDS):
        fold = np.random.default_rng(SEED + turn).permutation(len(answered)) % FOLDS
        kept = np.zeros(answered.shape[:2], dtype=bool)
        for held in range(FOLDS):
            values, bias = _fit_answers(answered[fold != held], squad[fold != held], doubts[fold != held])
            scores = np.where(doubts, -1e9, answered @ values + bias)
            kept[fold == held] = scores[fold == held] >= np.quantile(scores[(fold != held) & squad, 0], 1 - KEPT)
            together = _together(*(each[fold != held] for each in (answered, squad, doubts, pairs)))
            kept[fold == held] |= ((pairs >= together) & ~doubts)[fold == held]
        rounds.append([kept[:, 0].mean(), kept[squad, 0].mean(), *(1 - kept[:, 1:2].mean(0)), *(1 - kept[squad, 1:].mean(0))])
    all_kept, squad_kept, removed, squad_removed, near = np.mean(rounds, axis=0)
    return (
        f"kept {all_kept:.3f} (SQuAD part {squad_kept:.3f}), refused without gold {removed:.3f} ({squad_removed:.3f}), "
        f"near misses refused {near:.3f}"
    )


def _written(values: Floats) -> str:
    return "Signals(" + ", ".join(f"{value:.2f}" for value in values) + ")"


if __name__ == "__main__":
    main()
