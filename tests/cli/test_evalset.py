"""`stoa evalset` and `stoa evaluate retrieval`."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from tests.cli.conftest import ScriptedApi, listed
from typer.testing import Result

SMOKE = {
    "name": "smoke", "collection": "handbook", "description": "", "queries": 2, "judgements": 3,
    "created_at": "2031-01-01T10:00:00Z",
}  # fmt: skip
GOOD = {"label": "good", "path": "travel.md", "text": "Hotels\ncost 150 euros.", "present": False}
ITEM: dict[str, Any] = {"query": "hotel", "judgements": [GOOD], "hidden": 2}
SCORES: dict[str, Any] = {
    "queries": 2, "recall": {"1": 0.5, "3": 1.0}, "mrr": 0.75, "bad": 0.5, "reranked": 0, "not_reranked": [],
    "each": [{"query": "hotel", "ranks": [1, None], "bad": []}, {"query": "train", "ranks": [2], "bad": [1]}],
}  # fmt: skip


def test_sets_are_listed_with_what_is_in_them(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/evaluation-sets"] = listed(SMOKE)
    result = stoa("evalset", "list", "--collection", "handbook")
    assert result.exit_code == 0
    assert "smoke" in result.stdout
    assert api.requests[0].url.params["collection"] == "handbook"


def test_a_set_is_made_and_deleted(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/evaluation-sets"] = SMOKE
    api.answers["DELETE", "/api/evaluation-sets/smoke"] = 204
    assert stoa("evalset", "create", "smoke", "--collection", "handbook").exit_code == 0
    assert api.sent("POST", "/api/evaluation-sets") == [{"name": "smoke", "collection": "handbook", "description": ""}]
    assert stoa("evalset", "delete", "smoke").exit_code == 0


def test_what_is_judged_is_shown_and_what_is_hidden_is_said(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["GET", "/api/evaluation-sets/smoke/items"] = listed(ITEM)
    result = stoa("evalset", "show", "smoke")
    assert "travel.md (changed)" in result.stdout
    assert "Hotels cost 150 euros." in result.stdout
    assert "2 more are of documents that are gone" in result.stderr


def test_a_set_is_exported_as_it_comes(stoa: Callable[..., Result], api: ScriptedApi, tmp_path: Path) -> None:
    api.answers["GET", "/api/evaluation-sets/smoke/export"] = lambda _: httpx.Response(200, content=b'{"query": "a"}\n')
    assert stoa("evalset", "export", "smoke").stdout == '{"query": "a"}\n'
    assert stoa("evalset", "export", "smoke", "--out", str(tmp_path / "out.jsonl")).exit_code == 0
    assert (tmp_path / "out.jsonl").read_bytes() == b'{"query": "a"}\n'


def test_retrieval_is_measured_and_what_is_missed_is_named(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/evaluation-sets/smoke/scores"] = SCORES
    result = stoa("evaluate", "retrieval", "smoke", "--limit", "3")
    assert result.exit_code == 0
    assert "recall@3" in result.stdout
    assert "0.750" in result.stdout
    assert "1 miss a good passage" in result.stderr
    assert "hotel" in result.stderr
    assert api.sent("POST", "/api/evaluation-sets/smoke/scores") == [{"limit": 3, "rerank": None}]
    assert json.loads(stoa("evaluate", "retrieval", "smoke", "--json").stdout) == SCORES


def test_a_rerank_model_is_measured_beside_the_order_without_it(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    path = "/api/evaluation-sets/smoke/scores"
    api.answers["POST", path] = SCORES | {"mrr": 0.9, "reranked": 1, "not_reranked": ["It gave no answer within 1 s."]}
    result = stoa("evaluate", "retrieval", "smoke", "--rerank", "sorter", "--compare")
    assert result.exit_code == 0, result.stderr
    assert api.sent("POST", path) == [{"limit": 10, "rerank": "sorter"}, {"limit": 10, "rerank": "off"}]
    assert "WITHOUT A MODEL" in result.stdout
    assert "put in order: 1. It gave no answer" in result.stderr
    told = json.loads(stoa("evaluate", "retrieval", "smoke", "--rerank", "sorter", "--compare", "--json").stdout)
    assert set(told) == {"without", "with"}


def test_a_bar_that_is_missed_is_an_exit_code(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/evaluation-sets/smoke/scores"] = SCORES
    assert stoa("evaluate", "retrieval", "smoke", "--least-mrr", "0.7").exit_code == 0
    result = stoa("evaluate", "retrieval", "smoke", "--least-mrr", "0.8")
    assert (result.exit_code, "0.750 is below 0.8" in result.stderr) == (1, True)


def test_a_set_without_a_good_passage_is_said(stoa: Callable[..., Result], api: ScriptedApi) -> None:
    api.answers["POST", "/api/evaluation-sets/smoke/scores"] = SCORES | {"queries": 0, "recall": None, "mrr": None}
    assert "judge some" in stoa("evaluate", "retrieval", "smoke").stderr
