"""Numbers in words as digits: `twenty five` and `25`, `two million` and `2000000` are the same number."""

from collections.abc import Iterator, Sequence
from itertools import chain

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
SMALL = {
    **{word: number for number, word in enumerate(_ONES.split())},
    **{word: 10 * number for number, word in enumerate(_TENS.split(), 2)},
}
SCALES = {
    "hundred": 100, "thousand": 1_000, "lakh": 100_000, "million": 1_000_000, "crore": 10_000_000, "billion": 1_000_000_000,
    "trillion": 1_000_000_000_000,
}  # fmt: skip


def with_digits(words: Sequence[str]) -> list[str]:
    """The words with each number in digits. A single `one` stays, because it is mostly somebody."""
    return list(chain.from_iterable(_runs(words)))


def _runs(words: Sequence[str]) -> Iterator[Sequence[str]]:
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and _belongs(words, at, end):
            end += 1
        run = words[at:end]
        if not run or (end == at + 1 and (run[0] == "one" or run[0] in SCALES or run[0].isdecimal())):
            yield words[at : at + 1]
            at += 1
        else:
            yield [str(_value(run))]
            at = end


def _belongs(words: Sequence[str], start: int, at: int) -> bool:
    """Digits only begin a number (`2 million`); tens take one digit (`twenty five`); a scale takes anything smaller."""
    word = words[at]
    if word in SCALES:
        return at > start
    number = SMALL.get(word)
    if number is None:
        return at == start and word.isdecimal()
    if at == start:
        return True
    before = words[at - 1]
    return before in SCALES or (0 < number < 10 and SMALL.get(before, 0) >= 20)


def _value(run: Sequence[str]) -> int:
    total = part = 0
    for word in run:
        scale = SCALES.get(word)
        if scale is None:
            part += SMALL[word] if word in SMALL else int(word)
        elif scale == 100:
            part *= scale
        else:
            total, part = total + part * scale, 0
    return total + part
