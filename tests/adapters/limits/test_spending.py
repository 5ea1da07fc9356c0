from stoa.domain.limits import Spent


def test_each_worker_adds_what_the_others_told(spendings) -> None:
    one, two, three = spendings(3)
    for each in (one, two, three):
        each.begin(7, {})
    one.tell("a", Spent(100, 5))
    two.tell("a", Spent(90, 7))
    two.tell("b", Spent(0, 1))
    assert one.others("a") == Spent(90, 7)
    assert two.others("a") == Spent(100, 5)
    assert three.others("a") == Spent(100, 12)
    assert three.others("b") == Spent(0, 1)
    assert three.others("nobody") == Spent(0, 0)


def test_who_speaks_of_another_month_is_not_heard(spendings) -> None:
    one, two = spendings(2)
    one.begin(7, {"a": Spent(100, 5)})
    two.begin(8, {})
    assert two.others("a") == Spent(0, 0)
    one.begin(8, {"a": Spent(1, 2)})
    assert two.others("a") == Spent(1, 2)


def test_a_worker_that_begins_again_takes_back_what_it_had_told(spendings) -> None:
    one, two = spendings(2)
    two.begin(7, {})
    one.begin(7, {"a": Spent(10, 500), "b": Spent(10, 500)})
    one.begin(7, {"a": Spent(20, 3)})
    assert two.others("a") == Spent(20, 3)
    assert two.others("b") == Spent(0, 0)


def test_a_team_beyond_the_places_is_counted_by_each_worker_alone(spendings, caplog) -> None:
    one, two = spendings(2, buckets=1, ways=1, teams=2)
    for each in (one, two):
        each.begin(7, {})
    for team in ("a", "b", "c"):
        one.tell(team, Spent(0, 9))
    assert sorted(two.others(team).own for team in ("a", "b", "c")) == [0, 9, 9]
    assert "more teams than workers can count together" in caplog.text
