"""What repeats a better passage stands further down, and what says something of its own does not."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from stoa.domain.passages import Passage
from stoa.knowledge.redundancy import diverse

WORDS = [f"wordly{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(400)]


def text(*, changed: int = 0, start: int = 0) -> str:
    """Of a hundred words, the last `changed` of which are others."""
    return " ".join(
        [*WORDS[start : start + 100 - changed], *(f"other{chr(97 + n % 26)}{n // 26 * 'x'}" for n in range(changed))]
    )


def passage(number: int, words: str, score: float | None = None) -> Passage:
    worth = 1.0 - number / 100 if score is None else score
    return Passage(f"p{number}", "d", "c", "t", "p", (), None, 0, len(words), words, worth)


def ids(found: Sequence[Passage]) -> list[str]:
    return [each.id for each in found]


def test_edited_copies_of_the_best_do_not_fill_the_top() -> None:
    copies = [passage(n, text(changed=10 * n), 0.9 - n / 100) for n in range(4)]
    others = [passage(9, text(start=150), 0.6), passage(8, text(start=250), 0.5)]
    assert ids(diverse([*copies, *others], limit=3)) == ["p0", "p9", "p8"]


def test_what_shares_a_little_with_a_better_one_keeps_its_place() -> None:
    found = diverse([passage(0, text()), passage(1, text(changed=60), 0.9), passage(2, text(start=200), 0.8)], limit=3)
    assert ids(found) == ["p0", "p1", "p2"]


def test_a_copy_that_names_somebody_else_says_something_of_its_own() -> None:
    form = "The office in {} is open on all working days and its visitors ring at the door of the yard and wait"
    offices = [passage(n, form.format(city)) for n, city in enumerate(("Lisbon", "Turin", "Ghent"))]
    assert ids(diverse([*offices, passage(9, text(), 0.5)], limit=3)) == ["p0", "p1", "p2"]


def test_an_excerpt_of_a_better_passage_stands_behind_and_the_whole_of_an_excerpt_does_not() -> None:
    whole, part, other = text(), " ".join(text().split()[:40]), passage(3, text(start=200), 0.1)
    assert ids(diverse([passage(1, whole), passage(2, part), other], limit=3)) == ["p1", "p3", "p2"]
    assert ids(diverse([passage(1, part), passage(2, whole), other], limit=3)) == ["p1", "p2", "p3"]


def test_short_texts_and_texts_of_short_words_are_compared_whole() -> None:
    copies = [passage(n, f"We do it as we did it {word}") for n, word in enumerate(("then", "now"))]
    assert ids(diverse([*copies, passage(9, text(), 0.5)], limit=3)) == ["p0", "p9", "p1"]


def test_a_ranking_by_another_score_than_the_passages_own_is_kept() -> None:
    by = {"p1": 0.2, "p2": 0.9}
    ranked = [passage(2, text(), 0.1), passage(1, text(start=200), 0.3)]
    assert ids(diverse(ranked, limit=2, score_of=lambda each: by[each.id])) == ["p2", "p1"]


def test_a_passage_that_repeats_a_better_one_stands_behind_all_that_say_something_else() -> None:
    first, again, other = passage(1, text()), passage(2, text() + " indeed"), passage(3, text(start=90, changed=150))
    assert [p.id for p in diverse([first, again, other], limit=2)] == ["p1", "p3"]
    assert [p.id for p in diverse([first, again, other], limit=3)] == ["p1", "p3", "p2"]


def test_passages_that_differ_in_a_number_are_not_the_same() -> None:
    rules = [
        passage(n, f"Employees may accept gifts up to a value of EUR {n}0 per partner and year, and no more.") for n in (1, 2)
    ]
    assert [p.id for p in diverse([*rules, passage(9, "Something else is said here.")], limit=2)] == ["p1", "p2"]


@given(
    st.lists(st.sampled_from(["a b c d e f", "a b c d e f g", "x y z", "", "4 apples are here"]), max_size=12),
    st.integers(0, 14),
)
def test_what_stands_behind_is_not_lost_and_the_best_stays_first(texts: Sequence[str], limit: int) -> None:
    ranked = [passage(n, words) for n, words in enumerate(texts)]
    found = diverse(ranked, limit=limit)
    assert len(found) == min(limit, len(ranked))
    assert len({p.id for p in found}) == len(found)
    assert found[:1] == ranked[: min(1, limit)]
    assert diverse(ranked, limit=20)[:limit] == found
