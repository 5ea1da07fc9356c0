from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stoa.adapters.limits.file import LimitsFile
from stoa.adapters.limits.spending import SharedSpending
from stoa.domain.usage import Kept
from stoa.errors import LimitReached
from stoa.gateway.spending import SharedBudgets

NOW = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp() * 1000)
NEXT_MONTH = int(datetime(2026, 12, 1, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def workers(tmp_path: Path) -> Callable[..., list[SharedBudgets]]:
    files: list[Path] = []

    def make(number: int, *kept: Kept) -> list[SharedBudgets]:
        files.append(tmp_path / f"limits-{len(files)}")
        made: list[SharedBudgets] = []
        for worker in range(1, number + 1):
            file = LimitsFile(files[-1], worker=worker, workers=number, buckets=1, ways=1, teams=8)
            budgets = SharedBudgets(kept[worker - 1] if kept else Kept(), SharedSpending(file), now_ms=NOW)
            made.append(budgets)
        return made

    return make


def used(budgets: SharedBudgets, now_ms: int = NOW) -> int:
    return budgets.used("t", now_ms=now_ms)


def test_what_one_spends_or_reserves_counts_in_the_others_at_once(workers) -> None:
    one, two = workers(2)
    one.reserve("t", 70, limit=100, now_ms=NOW)
    two.reserve("t", 40, limit=100, now_ms=NOW)
    assert (used(one), used(two)) == (110, 110)
    with pytest.raises(LimitReached):
        two.reserve("t", 1, limit=100, now_ms=NOW)
    one.release("t", 70)
    one.spent("t", 5, position=10, now_ms=NOW)
    assert (used(one), used(two)) == (45, 45)


def test_a_cost_that_one_has_shipped_is_not_forgotten_by_those_who_were_not_told(workers) -> None:
    one, two = workers(2)
    one.spent("t", 60, position=10, now_ms=NOW)
    one.shipped(10, {"t": 60}, now_ms=NOW)
    assert (used(one), used(two)) == (60, 60)
    two.shipped(0, {"t": 60}, now_ms=NOW)
    assert (used(one), used(two)) == (60, 60)


def test_what_a_worker_kept_from_before_its_start_counts_in_the_others(workers) -> None:
    one, two = workers(2, Kept({"t": 5}, as_of_ms=NOW, unshipped={"2026-11": {"t": 30}}), Kept())
    assert (used(one), used(two)) == (35, 35)


def test_a_new_month_starts_from_nothing_in_all(workers) -> None:
    one, two = workers(2)
    one.spent("t", 10, position=1, now_ms=NOW)
    two.reserve("t", 7, limit=None, now_ms=NOW)
    assert used(one, NEXT_MONTH) == 0, "the other has not come to the new month yet"
    assert used(two, NEXT_MONTH) == 7
    assert used(one, NEXT_MONTH) == 7, "what is under way is still reserved"


Move = tuple[str, int, int]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(moves=st.lists(st.tuples(st.sampled_from(["spend", "ship", "ask"]), st.integers(0, 2), st.integers(1, 50)), max_size=60))
def test_spend_is_never_known_too_low_by_any_worker(workers, moves: list[Move]) -> None:
    """Costs move from the workers to control, which tells its sum to whoever ships or asks."""
    each: Any = workers(3)
    position, unshipped, control, whole = [0, 0, 0], [0, 0, 0], 0, 0
    for move, who, cost in moves:
        match move:
            case "spend":
                position[who] += 70_000
                each[who].spent("t", cost, position=position[who], now_ms=NOW)
                unshipped[who] += cost
                whole += cost
            case "ship":
                control += unshipped[who]
                unshipped[who] = 0
                each[who].shipped(position[who], {"t": control}, now_ms=NOW)
            case _:
                each[who].shipped(0, {"t": control}, now_ms=NOW)
        assert [used(budgets) for budgets in each] == [whole] * 3
