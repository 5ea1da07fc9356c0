"""A collection's rerank model is asked through the gateway's own stages, and what comes of it is told."""

import json
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tests.gateway.conftest import BEHALF_KEY
from tests.upstreams import rerank

from stoa.adapters.providers.memory import Scripted
from stoa.adapters.wal.memory_contents import MemoryContents
from stoa.domain.behalf import Behalf, mint
from stoa.domain.decisions import decision_of
from stoa.domain.passages import Passage
from stoa.domain.reranking import Rerank
from stoa.domain.resources import Assistant, Collection, Model, Provider
from stoa.domain.snapshot import Access, TeamLimits
from stoa.knowledge.rerank import RerankingRetriever

ASKED = "buses by night"
SORTER = Rerank(model="sorter", timeout_s=30)
SEARCH = {"collections": ["handbook"], "question": ASKED, "limit": 3, "acl": ["group:hr"]}


def told(texts: list[str], make: Any) -> list[Passage]:
    return [msgspec.structs.replace(make.passage(n, text), title=f"T{n}") for n, text in enumerate(texts, 1)]


@pytest.fixture
def sorting(house: Callable[..., Any], make: Any) -> Callable[..., Any]:
    """`sorting(double)`: a house whose handbook is reranked by a model of that double; the better passage is found second."""

    def build(double: Any = rerank.jina, kind: str = "vllm", *, wanted: Rerank | None = SORTER, **changes: Any) -> Any:
        def script(sent: Any) -> Scripted:
            return double(sent) if "rerank" in sent.url else make.whole("So it is [1].")

        names = frozenset({"mock", "assistant/handbook", "stoa-reader"})
        here = house(
            script, reranking=RerankingRetriever,
            access=(Access(True, names, frozenset({"stoa-embed"}), frozenset(changes.pop("rerankers", ["sorter"]))),),
            providers={
                "one": Provider(name="one", base_url="http://one/v1"), "two": Provider(name="two", base_url="http://two/v1"),
                "three": Provider(name="three", base_url="http://three", type=kind),
            },
            models={
                "stoa-reader": Model(name="stoa-reader", provider="two"),
                "sorter": Model(name="sorter", provider="three", operation="rerank", upstream_name="bge"),
            },
            routes={},
            collections={"handbook": Collection(name="handbook", team="company", rerank=wanted)} | changes.pop("others", {}),
            **changes,
        )  # fmt: skip
        here.documents.passages = told(["Trains come first.", "All buses run by night.", "Ships wait."], make)
        return here

    return build


async def search(here: Any, **fields: Any) -> Any:
    token = mint(Behalf(team="company"), key=BEHALF_KEY, now_s=time.time())
    return (await here.ask("/v1/passages/search", SEARCH | fields, key=token)).json


def order(found: Any) -> list[str]:
    return [each["id"] for each in found["passages"]]


@pytest.mark.parametrize("style", rerank.STYLES)
async def test_a_search_comes_in_the_order_of_the_model_whatever_form_that_speaks(sorting: Any, style: str) -> None:
    kind, double = rerank.STYLES[style]
    here = sorting(double, kind)
    found = await search(here)
    assert order(found) == ["p2", "p1", "p3"]
    assert [each["scores"]["rerank"] for each in found["passages"]] == [1.0, 0.0, 0.0]
    assert found["reranked"][:2] == ["sorter", "reranked"]
    (sent,) = [json.loads(each.body) for each in here.upstreams.sent]
    assert (sent["query"], sent.get("documents", sent.get("texts"))[1]) == (
        ASKED,
        "T2 > Policy > Trains\nAll buses run by night.",
    )


async def test_the_team_that_asks_pays_for_the_order_and_the_record_of_the_answer_says_that_it_was_reranked(
    sorting: Any,
) -> None:
    here = sorting()
    await here.chat("assistant/handbook", ASKED)
    system = json.loads(here.upstreams.sent[-1].body)["messages"][0]["content"]
    assert "[1] T2 > Policy > Trains\nAll buses" in system
    order_fact, answer = here.facts
    assert (order_fact.operation, order_fact.model, order_fact.team, order_fact.prompt_tokens) == (
        "rerank",
        "sorter",
        "company",
        9,
    )
    assert order_fact.parent_id == answer.id
    way = decision_of(answer.decision).way
    assert way is not None
    assert [(each.model, each.state) for each in way.reranked] == [("sorter", "reranked")]
    assert [each.score for each in way.retrieved] == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("double", "state", "why"),
    [
        (rerank.broken, "failed", "gave no order"),
        (rerank.one_short, "failed", "2 scores for 3 passages"),
        (rerank.silent, "late", "within 0.05 s"),
    ],
)
async def test_an_answer_does_not_wait_for_a_model_that_fails_or_is_late_and_says_so(
    sorting: Any, double: Any, state: str, why: str
) -> None:
    here = sorting(double, wanted=Rerank(model="sorter", timeout_s=0.05 if state == "late" else 30))
    reply = await here.chat("assistant/handbook", ASKED)
    assert reply.status == 200
    assert reply.json["stoa"]["citations"][0]["title"] == "T1"
    way = decision_of(here.facts[-1].decision).way
    assert way is not None
    (one,) = way.reranked
    assert one.state == state
    assert why in one.why


async def test_a_model_that_the_team_may_not_use_or_that_is_not_there_puts_nothing_in_order(sorting: Any) -> None:
    found = await search(sorting(), rerank="sorterr")
    assert (order(found), found["reranked"][1]) == (["p1", "p2", "p3"], "failed")
    assert "no model 'sorterr'" in found["reranked"][3]
    closed = sorting(rerankers=())
    assert "may not use 'sorter'" in (await search(closed))["reranked"][3]


async def test_what_is_kept_of_answers_holds_no_passage_that_was_put_in_order(sorting: Any) -> None:
    contents = MemoryContents()
    here = sorting(contents=contents, teams={"company": TeamLimits(content_days=30)})
    await here.chat("assistant/handbook", ASKED)
    assert [fact.operation for fact in here.facts] == ["rerank", "chat"]
    assert [each.id for each in contents.contents] == [here.facts[1].id]


async def test_a_search_may_try_another_model_or_none(sorting: Any) -> None:
    assert (await search(sorting(wanted=None)))["reranked"] is None
    tried = await search(sorting(wanted=None), rerank="sorter")
    assert (order(tried), tried["reranked"][:2]) == (["p2", "p1", "p3"], ["sorter", "reranked"])
    here = sorting()
    without = await search(here, rerank="off")
    assert (order(without), without["reranked"], here.upstreams.sent) == (["p1", "p2", "p3"], None, [])


async def test_collections_that_are_not_reranked_in_one_way_are_not_reranked_together(sorting: Any) -> None:
    here = sorting(others={"plain": Collection(name="plain", team="company")})
    found = await search(here, collections=["handbook", "plain"])
    assert (order(found), found["reranked"][:2], here.upstreams.sent) == (["p1", "p2", "p3"], ["", "differ"], [])
    assert "none, sorter" in found["reranked"][3]
    alike = sorting(others={"plain": Collection(name="plain", team="company", rerank=SORTER)})
    assert order(await search(alike, collections=["handbook", "plain"])) == ["p2", "p1", "p3"]


async def test_each_part_of_a_question_is_put_in_order_for_itself(sorting: Any) -> None:
    here = sorting()
    await here.chat("assistant/handbook", "buses by night AND ships that wait.")
    asked = [json.loads(each.body)["query"] for each in here.upstreams.sent if "rerank" in each.url]
    assert asked == ["buses by night AND ships that wait.", "buses by night", "ships that wait."]
    way = decision_of(here.facts[-1].decision).way
    assert way is not None
    assert len(way.reranked) == 3


async def test_another_way_of_reranking_is_another_answer_for_the_cache(sorting: Any) -> None:
    def fingerprint(here: Any) -> bytes:
        return here.gateway._plan.offerings["chat"]["assistant/handbook"].fingerprint

    prints = {fingerprint(sorting(wanted=each)) for each in (None, Rerank(model="sorter"), Rerank(model="sorter", top=9))}
    assert len(prints) == 3


async def test_an_assistant_without_collections_asks_no_model_for_an_order(sorting: Any) -> None:
    here = sorting(assistants={"handbook": Assistant(name="handbook")})
    await here.chat("assistant/handbook", ASKED)
    assert [each.url for each in here.upstreams.sent] == ["http://two/v1/chat/completions"]
