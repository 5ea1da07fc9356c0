"""Train the weights of the injection detector: `python tools/injection/train.py [--write] [--without FAMILY] [--families]`.

A logistic regression on the detector's own features, in numpy. An attack is one window of its text: first every window of it
is taken for one, then, twice, only the window that looks most like one. See README.md beside this.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import sources
from examples import FAMILIES, Example, Maker

from stoa.guards.injection.detector import windows
from stoa.guards.injection.features import SHAPE_AT, SPACE, TRIPLES_AT, WORD_PAIRS_AT, WORDS_AT, features
from stoa.guards.injection.plain import plain
from stoa.guards.injection.weights import NAME, Weights, unpacked

SEED = 20
EACH = 700
"""Attacks of each family."""
CLEAN = 32_000
MORE_CLEAN = 90_000
"""Of so many more harmless texts those are added that the first weights come near to flagging."""
NEAR = -2.5
ROUNDS = 160
PLACE = Path(__file__).parents[2] / "src" / "stoa" / "guards" / "injection" / NAME
# Ideas carry from one wording and language to the next, words do not: they may only say little.
PENALTY_IDEAS, PENALTY_TRIPLES, PENALTY_WORDS = 2.0, 4.0, 14.0
CLEAN_WEIGHT = 3.0

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Windows:
    """Rows of features, one row a window: `columns[starts[n]:starts[n + 1]]`; `owner` is the number of the text."""

    columns: npt.NDArray[np.int64]
    rows: npt.NDArray[np.int64]
    owner: npt.NDArray[np.int64]
    inside: npt.NDArray[np.bool_]

    def scores(self, values: Floats, bias: float) -> Floats:
        return np.bincount(self.rows, values[self.columns], len(self.owner)) + bias


def read(examples: Sequence[Example]) -> Windows:
    """The windows of all texts; `inside` says whether one touches the place of the attack."""
    columns: list[npt.NDArray[np.int64]] = []
    owner: list[int] = []
    inside: list[bool] = []
    for number, example in enumerate(examples):
        core = example.core or (0, len(example.text))
        for start, end, text, way in windows(example.text):
            columns.append(features(plain(text), way=way))
            owner.append(number)
            inside.append(min(end, core[1]) - max(start, core[0]) >= min(40, core[1] - core[0]))
    rows = np.repeat(np.arange(len(columns)), [len(row) for row in columns])
    return Windows(np.concatenate(columns), rows, np.array(owner), np.array(inside))


def fit(examples: Sequence[Example]) -> tuple[Floats, float]:
    """Values for the features and the bias."""
    data = read(examples)
    attack = np.array([example.attack for example in examples])[data.owner]
    values, bias = np.zeros(SPACE), 0.0
    chosen = data.inside.copy()
    for step in range(3):
        if step:
            chosen = _most_like(data, data.scores(values, bias))
        target = (attack & chosen).astype(float)
        # Windows of an attack's text that are not the attack teach nothing: some are part of it, some are not.
        weight = np.where(attack, chosen.astype(float), CLEAN_WEIGHT)
        per_text = np.bincount(data.owner, np.where(attack, chosen, 0), len(examples))
        weight = np.where(attack, weight / np.maximum(per_text[data.owner], 1), weight)
        values, bias = _descend(data, target, weight, values, bias)
    return values, bias


def _most_like(data: Windows, scores: Floats) -> npt.NDArray[np.bool_]:
    best = np.full(data.owner[-1] + 1, -np.inf)
    np.maximum.at(best, data.owner, np.where(data.inside, scores, -np.inf))
    return data.inside & (scores >= best[data.owner])


def _descend(data: Windows, target: Floats, weight: Floats, values: Floats, bias: float) -> tuple[Floats, float]:
    """Adam on all rows at once; the penalty is on the squares."""
    penalty = np.full(SPACE, PENALTY_IDEAS)
    penalty[TRIPLES_AT:WORDS_AT] = PENALTY_TRIPLES
    penalty[WORDS_AT:SHAPE_AT] = PENALTY_WORDS
    moment, square = np.zeros(SPACE + 1), np.zeros(SPACE + 1)
    total = weight.sum()
    for step in range(1, ROUNDS + 1):
        chance = 1 / (1 + np.exp(-np.clip(data.scores(values, bias), -30, 30)))
        error = (chance - target) * weight
        slope = np.append(np.bincount(data.columns, error[data.rows], SPACE) + penalty * values, error.sum()) / total
        moment = 0.9 * moment + 0.1 * slope
        square = 0.99 * square + 0.01 * slope**2
        move = 0.06 * (moment / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
        values, bias = values - move[:-1], bias - move[-1]
    return values, bias


def trained(maker: Maker, *, without: str = "", each: int = EACH, clean: int = CLEAN, more: int = MORE_CLEAN) -> Weights:
    """In two goes: the second with the harmless texts that the first found hard."""
    examples = training_set(maker, without=without, each=each, clean=clean)
    first = unpacked_from(fit(examples))
    pool = [maker.clean() for _ in range(more)]
    hard = [example for example, score in zip(pool, judge(pool, first), strict=True) if score > NEAR]
    print(f"{len(hard):,} of {more:,} harmless texts are hard", flush=True)
    return unpacked_from(fit([*examples, *hard]))


def training_set(maker: Maker, *, without: str = "", each: int = EACH, clean: int = CLEAN) -> list[Example]:
    """Attacks of all families but one, and harmless texts."""
    families = [family for family in FAMILIES if family != without]
    attacks = [maker.attack(family) for family in families for _ in range(each * (3 if family == "payload" else 1))]
    return attacks + [maker.clean() for _ in range(clean)]


def packed(values: npt.NDArray[np.floating]) -> tuple[npt.NDArray[np.int8], float]:
    """One byte a weight."""
    scale = float(np.abs(values).max()) / 127
    return np.round(values / scale).astype(np.int8), scale


def judge(examples: Sequence[Example], weights: Weights) -> Floats:
    """The score of each text: that of its worst window, before the logistic function."""
    data = read(examples)
    worst = np.full(len(examples), -99.0)
    np.maximum.at(worst, data.owner, data.scores(weights.values.astype(float), weights.bias))
    return worst


def check(weights: Weights, *, place: Path, seed: int = SEED + 1) -> None:
    """On patterns that were not trained with, unless all were."""
    maker = Maker(seed, held_out=True, place=place)
    clean = judge([maker.clean() for _ in range(3000)], weights)
    print(f"patterns held out: {np.mean(clean >= 0):.2%} of harmless texts flagged")
    for family in FAMILIES:
        found = judge([maker.attack(family) for _ in range(150)], weights)
        print(f"  {family:32} {np.mean(found >= 0):.0%}")


def main(arguments: Sequence[str]) -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--write", action="store_true", help="train with all patterns and store the weights in the package")
    options.add_argument("--without", default="", help="leave this family out, and say how much of it is found")
    options.add_argument("--families", action="store_true", help="leave each family out in turn")
    options.add_argument("--sources", type=Path, default=sources.PLACE, help="where the packages with sample texts lie")
    chosen = options.parse_args(arguments)
    if chosen.families or chosen.without:
        for family in [chosen.without] if chosen.without else FAMILIES:
            maker = Maker(SEED, place=chosen.sources)
            weights = trained(maker, without=family, each=150, clean=6_000, more=4_000)
            found = judge(_many(family, chosen.sources), weights)
            print(f"without {family:32} {np.mean(found >= 0):.0%} of it found", flush=True)
        return
    weights = trained(Maker(SEED, held_out=None if chosen.write else False, place=chosen.sources))
    values = weights.values
    bounds = (0, TRIPLES_AT, WORDS_AT, WORD_PAIRS_AT, SHAPE_AT, SPACE)
    for name, start, end in zip(("ideas", "triples", "words", "word pairs", "shape"), bounds, bounds[1:], strict=False):
        print(f"{name:10} |weights| sum {np.abs(values[start:end]).sum():8.1f}, largest {np.abs(values[start:end]).max():.2f}")
    check(weights, place=chosen.sources)
    if chosen.write:
        stored, scale = packed(values)
        np.savez_compressed(PLACE, values=stored, scale=np.float32(scale), bias=np.float32(weights.bias))
        print(f"{PLACE}: {PLACE.stat().st_size:,} bytes")


def _many(family: str, place: Path) -> list[Example]:
    maker = Maker(SEED + 2, held_out=None, place=place)
    return [maker.attack(family) for _ in range(300)]


def unpacked_from(trained: tuple[Floats, float]) -> Weights:
    """As the package will have them, rounding included."""
    stored, scale = packed(trained[0])
    return unpacked(stored, scale, trained[1])


if __name__ == "__main__":
    main(sys.argv[1:])
