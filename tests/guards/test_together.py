from stoa.guards.finding import Finding
from stoa.guards.together import Together, settled


class Saying:
    def __init__(self, *findings: Finding, reach: int = 5) -> None:
        self.reach = reach
        self.findings = findings

    def find(self, text: str) -> tuple[Finding, ...]:
        return self.findings


def test_findings_are_put_in_order() -> None:
    assert settled([Finding("B", 5, 6), Finding("A", 0, 2)]) == [Finding("A", 0, 2), Finding("B", 5, 6)]


def test_overlapping_findings_become_one_and_lose_nothing() -> None:
    assert settled([Finding("A", 0, 4, 0.5), Finding("B", 3, 9, 0.9), Finding("C", 8, 12, 0.4)]) == [Finding("B", 0, 12, 0.9)]


def test_among_equal_scores_the_longest_names_the_kind() -> None:
    assert settled([Finding("A", 0, 3), Finding("B", 2, 9)]) == [Finding("B", 0, 9)]


def test_neighbours_stay_apart() -> None:
    assert len(settled([Finding("A", 0, 3), Finding("B", 3, 5)])) == 2


def test_the_reach_of_several_is_the_widest() -> None:
    assert Together([Saying(reach=3), Saying(reach=9)]).reach == 9


def test_one_that_needs_the_whole_text_makes_all_need_it() -> None:
    assert Together([Saying(reach=3), Saying(reach=0)]).reach == 0
    assert Together([]).reach == 0


def test_each_is_asked() -> None:
    both = Together([Saying(Finding("B", 4, 6)), Saying(Finding("A", 1, 2))])
    assert [finding.kind for finding in both.find("abcdefgh")] == ["A", "B"]
