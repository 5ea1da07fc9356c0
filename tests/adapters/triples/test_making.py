"""A view that is made over from another one holds what one from nothing holds, whatever happened to either in between."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.contracts.said import HR, NOBODY, A, said
from tests.contracts.test_knowledge_graph import MEMORY
from tests.contracts.test_knowledge_rights import HELD, some_steps

from stoa.adapters.triples.ledger import Kind, Ledger
from stoa.adapters.triples.making import Base, nearest
from stoa.adapters.triples.views import Views
from stoa.domain.identity import Rights


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="stoa-graph-", dir=MEMORY) as name:
        yield Path(name)


def put(ledger: Ledger, *names: str, acl: frozenset[str] = A, deny: frozenset[str] = NOBODY) -> None:
    ledger.replace(names, [said(name, ("x", "is", name), ("y", "is", "z"), acl=acl, deny=deny) for name in names])


def held(views: Views, kind: Kind) -> set[str]:
    """The triples of a view that was brought forward."""
    newest = views.newest(kind)
    assert newest is not None
    store = ox.Store.read_only(str(newest[1]))
    return {str(quad.triple) for quad in store if quad.graph_name == ox.DefaultGraph()}


def open_to(ledger: Ledger, kind: Kind) -> set[str]:
    return {str(quad.triple) for quad in ox.parse(b"".join(ledger.whole(kind)), ox.RdfFormat.N_TRIPLES)}


def test_the_nearest_view_holds_nothing_that_is_closed(folder: Path) -> None:
    ledger = Ledger(folder)
    put(ledger, *(f"a{n}" for n in range(8)))
    put(ledger, "h", acl=HR)
    put(ledger, "d", deny=HR)
    survey, here = ledger.survey(), ledger.latest()
    only_a, only_hr, both = (ledger.kind_of(acl) for acl in (A, HR, A | HR))
    undenied = Kind(A, NOBODY, undenied=True)
    bases = [Base(kind, here, folder) for kind in (only_a, only_hr, both, undenied)]
    assert [base.kind for base in nearest(survey, ledger, only_a, bases)] == [only_a, undenied]
    assert [base.kind for base in nearest(survey, ledger, both, bases)] == [both, undenied, only_hr]
    assert nearest(survey, ledger, both, [Base(both, here + 1, folder)]) == [], "of a ledger that was put back"


@pytest.mark.slow
def test_a_new_kind_of_caller_is_served_by_what_others_have(folder: Path) -> None:
    ledger, views = Ledger(folder), Views(folder)
    put(ledger, *(f"a{n}" for n in range(20)))
    put(ledger, "h", acl=HR)
    for acl in (A, A | HR):
        views.forward(ledger.kind_of(acl), keep=4)
    assert held(views, ledger.kind_of(A | HR)) == open_to(ledger, ledger.kind_of(A | HR))
    files = [
        {path.stat().st_ino for path in (folder / "views").glob(f"{ledger.kind_of(acl).name}/store/*.sst")}
        for acl in (A, A | HR)
    ]
    assert files[0] & files[1], "the larger view has files of the smaller one"


@pytest.mark.slow
def test_a_view_of_another_form_or_of_a_later_ledger_is_made_again(folder: Path) -> None:
    ledger, views = Ledger(folder), Views(folder)
    put(ledger, "one", "two")
    kind = ledger.kind_of(A)
    views.forward(kind, keep=4)
    store = ox.Store(str(folder / "views" / kind.name / "store"))
    store.update("DROP ALL ; INSERT DATA { GRAPH <stoa:view> { <a:b> <a:c> <a:d> } }")
    del store
    put(ledger, "three")
    assert views.forward(kind, keep=4).change == ledger.latest()
    assert held(views, kind) == open_to(ledger, kind)


@pytest.mark.slow
@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.too_slow])
@given(steps=some_steps, order=st.permutations(HELD), near=st.sampled_from((0, 1, 64)))
def test_views_made_over_one_another_hold_what_is_open(steps: Sequence[Any], order: Sequence[str], near: int) -> None:
    """In each step some views come forward and others fall behind, so that bases are older, or newer, than what follows."""
    with tempfile.TemporaryDirectory(prefix="stoa-graph-", dir=MEMORY) as name:
        ledger, views = Ledger(Path(name)), Views(Path(name), near=near)
        put(ledger, *(f"common{n}" for n in range(6)), acl=frozenset({"public"}))
        for number, changes in enumerate(steps):
            for kind, what in changes:
                change(ledger, kind, what)
            every = [ledger.kind_of(frozenset(each.split())) for each in order[number % 2 :]]
            for kind in [Kind(frozenset({"public"}), NOBODY, undenied=True), *every]:
                if kind.opening:
                    views.forward(kind, keep=32)
                    assert held(views, kind) == open_to(ledger, kind), kind


def change(ledger: Ledger, kind: str, what: Any) -> None:
    if kind == "put":
        ledger.replace([one.id for one in what], what)
    elif kind == "share":
        rights: dict[str, Rights] = what
        ledger.grant(rights)
    else:
        ledger.replace(what, [])
