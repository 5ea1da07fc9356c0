"""What a request leaves of why it went the way it went."""

import asyncio

from stoa.adapters.providers.memory import Scripted
from stoa.domain.decisions import Decision, decision_of, marks_of, spans_of
from stoa.domain.resources import Hedge, Retries, Route, Target
from stoa.domain.usage import UsageFact
from stoa.gateway.access import MOST_A_SECOND


def of(fact: UsageFact) -> Decision:
    assert fact.decision is not None
    return decision_of(fact.decision)


def failing_first(make):
    return lambda sent: Scripted(503, [b"{}"]) if "one" in sent.url else make.whole("from two")


async def test_a_plain_request_tells_when_it_was_where(house) -> None:
    here = house()
    await here.chat(temperature=1)
    found = of(here.facts[0])
    marks = marks_of(found)
    assert list(marks) == ["received", "read", "admitted", "asked", "answered", "settled"]
    assert sorted(marks.values()) == list(marks.values())
    assert [span.stage for span in spans_of(found)] == ["receive", "read", "admit", "route", "upstream", "answer"]
    assert spans_of(found)[-1].end_us == marks["settled"]
    assert (found.strategy, found.draw, found.way, found.cache_key) == ("weighted", None, None, None)


async def test_a_stream_tells_of_its_first_content(house, make) -> None:
    here = house(make.stream(*make.talk("a", "b")))
    await here.chat(stream=True)
    marks = marks_of(of(here.facts[0]))
    assert marks["asked"] <= marks["head"] <= marks["content"] <= marks["answered"]


async def test_a_draw_is_told_with_its_weights(house) -> None:
    targets = (Target(model="mock", weight=3), Target(model="other", weight=1))
    here = house(routes={"spread": Route(name="spread", targets=targets)})
    await here.chat("spread", temperature=1)
    found, fact = of(here.facts[0]), here.facts[0]
    assert found.draw is not None
    assert (found.weight, found.total) == (3 if fact.model == "mock" else 1, 4)
    assert (found.draw * 4 < 3) == (fact.model == "mock")


async def test_equal_requests_have_equal_cache_keys(house) -> None:
    here = house(routes={"spread": Route(name="spread", targets=(Target(model="mock"),), cache=True)})
    for text in ("a", "a", "b"):
        await here.chat("spread", text)
    first, hit, other = (of(fact).cache_key for fact in here.facts)
    assert here.facts[1].cache == "hit"
    assert first == hit != other
    assert first is not None


async def test_tries_that_failed_are_told_with_what_came_instead(house, make) -> None:
    route = Route(
        name="spread", targets=(Target(model="mock"), Target(model="other", weight=0)), retries=Retries(attempts=1, budget=1)
    )
    here = house(failing_first(make), routes={"spread": route})
    assert (await here.chat("spread", temperature=1)).status == 200
    way = of(here.facts[0]).way
    assert way is not None
    assert [(each.kind, each.model, each.provider, each.status, each.error_class) for each in way.tried] == [
        ("first", "mock", "one", 503, "server_error"),
        ("retry", "mock", "one", 503, "server_error"),
    ]
    assert way.kind == "next"
    assert all(0 <= each.asked_s <= each.ended_s for each in way.tried)


async def test_a_request_that_nobody_answered_tells_all_its_tries(house) -> None:
    here = house(Scripted(503, [b"{}"]))
    await here.chat(temperature=1)
    (fact,) = here.facts
    way = of(fact).way
    assert fact.error is not None and way is not None
    assert [each.model for each in way.tried] == ["mock"]
    assert "answered" not in marks_of(of(fact))


async def test_a_hedge_that_was_faster_tells_of_the_try_that_lost(house, make) -> None:
    route = Route(name="spread", targets=(Target(model="mock"), Target(model="other", weight=0)), hedge=Hedge(after_s=0.001))
    here = house(lambda sent: Scripted(200, [], hold=True) if "one" in sent.url else make.whole(), routes={"spread": route})
    assert (await here.chat("spread", temperature=1)).status == 200
    way = of(here.facts[0]).way
    assert way is not None
    assert (way.kind, [(each.model, each.error) for each in way.tried]) == ("hedge", [("mock", "lost")])


async def test_a_target_that_is_left_alone_is_told_as_passed_over(house) -> None:
    route = Route(name="spread", strategy="ordered", targets=(Target(model="mock"), Target(model="other")))
    here = house(routes={"spread": route})
    next(state for state in here.gateway.states if state.model == "mock").is_healthy(False, "refused: secret words")
    await here.chat("spread", temperature=1)
    way = of(here.facts[0]).way
    assert way is not None
    assert [each.model for each in way.passed_over] == ["mock"]
    assert "health check" in way.passed_over[0].why and "secret" not in way.passed_over[0].why
    assert way.why == "Number 2 in the route's order."


async def test_an_assistants_request_tells_which_documents_it_was_given_and_no_text(house, make) -> None:
    here = house()
    here.documents.passages = [make.passage(1, "Trains come first."), make.passage(2)]
    await here.chat("assistant/handbook")
    (fact,) = here.facts
    way = of(fact).way
    assert way is not None
    assert [(each.collection, each.document_id, each.score) for each in way.retrieved] == [
        ("handbook", "d1", 1.0), ("handbook", "d2", 0.5),
    ]  # fmt: skip
    assert fact.decision is not None and b"Trains" not in fact.decision
    assert "augmented" in marks_of(of(fact))


async def test_what_was_refused_leaves_a_fact_that_costs_nothing(house, make) -> None:
    here = house()
    await here.chat("nobody-knows")
    await asyncio.sleep(0)
    (fact,) = here.refusals
    assert (fact.status, fact.error, fact.requested, fact.model) == (404, "model_not_found", "nobody-knows", None)
    assert (fact.cost_nano_usd, fact.attempts, fact.team, fact.key_id) == (0, 0, "company", "app")
    assert [span.stage for span in spans_of(of(fact))] == ["receive", "answer"]


async def test_a_body_that_cannot_be_read_is_refused_with_a_fact_too(house) -> None:
    here = house()
    await here.begin("/v1/chat/completions", b"{").wait()
    await asyncio.sleep(0)
    assert [(fact.status, fact.requested) for fact in here.refusals] == [(400, "")]


async def test_without_a_valid_key_nothing_is_left(house) -> None:
    here = house()
    await here.chat(key="wrong")
    await asyncio.sleep(0)
    assert here.log.facts == []


async def test_of_a_flood_of_refusals_only_some_are_kept_and_the_rest_is_counted(house) -> None:
    here = house()
    for _ in range(3 * MOST_A_SECOND):
        await here.chat("nobody-knows" + "x" * 300)
    await asyncio.sleep(0)
    assert MOST_A_SECOND <= len(here.refusals) <= 2 * MOST_A_SECOND  # a second may have ended meanwhile
    assert all(len(fact.requested) <= 200 for fact in here.refusals)
    left_out = here.gateway.sheet().numbers["stoa_refusals_left_out_total"][()]
    assert len(here.refusals) + left_out == 3 * MOST_A_SECOND


async def test_a_log_that_is_full_does_not_hold_a_refusal_back(house) -> None:
    here = house()
    here.log.full = True
    assert (await here.chat("nobody-knows")).status == 404
    await asyncio.sleep(0)
    here.log.full = False
    assert (await here.chat(temperature=1)).status == 200


async def test_with_errors_alone_a_request_that_went_well_leaves_no_record(house, make) -> None:
    here = house(lambda sent: Scripted(503, [b"{}"]) if "two" in sent.url else make.whole(), decisions=0.0)
    await here.chat(temperature=1)
    await here.chat("other", temperature=1)
    well, badly = here.facts
    assert (well.decision, badly.decision is not None) == (None, True)
