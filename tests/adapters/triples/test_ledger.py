"""The ledger tells callers apart, also one that was written before it kept a list of tags."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tests.contracts.said import HR, NOBODY, A, said

from stoa.adapters.triples.ledger import Kind, Ledger, Size
from stoa.domain.identity import Rights


def test_callers_are_told_apart_by_the_tags_that_rights_name_or_named_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert ledger.kind_of(A) == Kind(NOBODY, NOBODY)
    ledger.replace(["d"], [said("d", ("x", "is", "y"), deny=frozenset({"user:ben"}))])
    assert ledger.kind_of(A | HR | {"user:ada"}) == Kind(A, A)
    assert ledger.kind_of(A | {"by:user:ben"}) == Kind(A, A | {"user:ben"})
    ledger.grant({"d": Rights(HR)})
    ledger.replace(["d"], [])
    assert ledger.kind_of(A | HR) == Kind(A | HR, A | HR), "a kind stays the same when rights come and go"


def test_a_ledger_without_a_list_of_tags_tells_the_same_and_gets_one(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.replace(["d", "h"], [said("d", ("x", "is", "y")), said("h", ("x", "is", "z"), acl=HR, deny=A)])
    held = [A, HR, A | HR, NOBODY, frozenset({"group:hr", "by:team:a"})]
    told = [ledger.kind_of(each) for each in held]
    with closing(sqlite3.connect(tmp_path / "triples.sqlite")) as rows:
        rows.execute("DROP TABLE named")
        assert [ledger.kind_of(each) for each in held] == told
        ledger.replace(["d"], [])
        assert rows.execute("SELECT tag FROM named ORDER BY tag").fetchall() == [("group:hr",), ("team:a",)]
    assert [ledger.kind_of(each) for each in held] == told


def test_a_survey_counts_what_is_there_by_its_rights(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.replace(["a", "b", "h"], [said("a"), said("b", ("x", "is", "y")), said("h", acl=HR)])
    ledger.replace(["a"], [])
    survey = ledger.survey()
    assert (
        survey.size(survey.open_to(ledger.kind_of(A)))
        == ledger.size(ledger.kind_of(A))
        == Size(1, len(set(said("b", ("x", "is", "y")).triples)))
    )
    assert survey.size(survey.open_to(ledger.kind_of(A | HR))).documents == 2
    assert survey.latest == ledger.latest()


def test_changes_that_were_replaced_are_not_given_by_their_numbers(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.replace(["a", "b"], [said("a"), said("b")])
    numbers = [number for number, _ in ledger.numbers(0, ledger.latest())]
    ledger.grant({"a": Rights(HR)})
    assert [change.iri for change in ledger.chosen(numbers)] == ["stoa:document/b"]
    assert [iri for _, iri in ledger.numbers(numbers[-1], ledger.latest())] == ["stoa:document/a"]
    assert ledger.waiting(numbers[-1]).documents == 1
