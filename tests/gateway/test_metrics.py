"""What `/metrics` shows after traffic: by Prometheus' own parser, against the catalogue and against the guide."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Metric as Family
from prometheus_client.parser import text_string_to_metric_families

from stoa.adapters.limits.measured import Measured
from stoa.adapters.providers.memory import JSON, Scripted
from stoa.domain.guardrails import WordsGuard
from stoa.domain.metrics import METRICS, Sheet
from stoa.domain.resources import Budget, Guardrail, Model, Retries, Route, Shadow, Target
from stoa.domain.snapshot import TeamLimits
from stoa.gateway.counting.local import LocalCounter
from stoa.gateway.exposition import render

GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "observability.md"
STAGES = {"receive", "read", "admit", "cache", "route", "upstream", "answer", "settle"}
MESSAGES = [{"role": "user", "content": "hi"}]


class Spans:
    """A tracer that traces nothing and tells what it would count."""

    def begin(self, headers: Any, path: str) -> None: ...

    def counts(self) -> dict[str, int]:
        return {"sent": 1, "full": 2, "refused": 3}

    def close(self) -> None: ...


class CountedElsewhere(LocalCounter):
    """As one that counts in Redis shows itself."""

    kind, lost = "redis", False

    def __init__(self) -> None:
        super().__init__(lambda: 0)
        self.measured = Measured()
        self.measured.called(0.001)
        self.measured.waited(0.001)
        self.measured.decided_alone("open")

    def show(self, sheet: Any) -> None:
        self.measured.show(sheet, lost=self.lost)


async def scrape(here: Any) -> dict[str, Family]:
    """By name, `_total` included."""
    reply = await here.ask("/metrics", method="GET", key=None)
    assert reply.named["content-type"].startswith("text/plain; version=0.0.4")
    families = list(text_string_to_metric_families(reply.body.decode()))
    return {family.name + ("_total" if family.type == "counter" else ""): family for family in families}


def value(families: dict[str, Family], name: str, **labels: str) -> float:
    """The sum over the samples that have these labels."""
    family = next(family for known, family in families.items() if name.startswith(known.removesuffix("_total")))
    found = [s.value for s in family.samples if s.name == name and labels.items() <= s.labels.items()]
    assert found, f"no sample of {name} has {labels}"
    return sum(found)


async def traffic(house: Any, make: Any) -> Any:
    """A gateway through which something of every kind has gone."""

    def script(sent: Any) -> Scripted:
        if "embeddings" in sent.url:
            return Scripted(200, [b'{"data":[{"index":0,"embedding":"AAAAAA=="}],"usage":{"prompt_tokens":3}}'], JSON)
        if "one" in sent.url:
            return Scripted(503, [b"{}"], JSON)
        return make.stream(*make.talk("a", "b")) if b'"stream"' in sent.body else make.whole("from two")

    route = Route(name="spread", targets=(Target(model="mock"), Target(model="other", weight=0)), retries=Retries(budget=1),
                  shadow=Shadow(model="other"))  # fmt: skip
    models = make.snapshot().models | {"narrow": Model(name="narrow", provider="two", max_parallel=1)}
    names = frozenset({"mock", "other", "spread", "assistant/handbook", "narrow"})
    here = house(
        script, routes={"spread": route}, models=models, tracer=Spans(), counter=CountedElsewhere(),
        access=(make.access(True, names, frozenset({"stoa-embed"})),),
        guardrails={"mild": Guardrail(name="mild", guards=(WordsGuard(deny=("dragon",)),), routes=("mock",))},
        budgets={"soft": Budget(name="soft", scope="team", warn_usd="0")},
    )  # fmt: skip
    here.documents.passages, here.documents.embed_first = [make.passage(1)], "handbook"
    for _ in range(40):
        await here.chat("spread", temperature=1)
        await here.chat("spread")  # from the second one on, out of the cache
        await here.chat("other", stream=True)
        await here.chat("assistant/handbook", temperature=1)
    await here.chat("mock")
    await here.chat("nobody-knows")
    await here.chat(key="wrong")
    return here


async def test_every_metric_is_shown_with_name_kind_help_and_labels_of_the_catalogue(house, make) -> None:
    families = await scrape(await traffic(house, make))
    assert families.keys() == METRICS.keys()
    for name, metric in METRICS.items():
        family = families[name]
        assert (family.type, family.documentation) == (metric.kind, metric.help), name
        assert family.samples, f"{name} is in the catalogue, but nothing ever counts it"
        for sample in family.samples:
            assert tuple(label for label in sample.labels if label != "le") == metric.labels, name


def test_the_guides_table_is_the_catalogue() -> None:
    rows = re.findall(r"^\| `(stoa_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", GUIDE.read_text(), re.MULTILINE)
    told = {name: (kind, labels, text) for name, kind, labels, text in rows}
    meant = {
        name: (metric.kind, ", ".join(f"`{label}`" for label in metric.labels), metric.help) for name, metric in METRICS.items()
    }
    assert len(told) == len(rows), "a name stands twice"
    assert told == meant, "the table is made by: python tools/metrics_table.py"


async def test_sums_are_those_of_the_usage_log(house, make) -> None:
    here = await traffic(house, make)
    families = await scrape(here)
    facts = [fact for fact in here.facts if fact.arm != "shadow"]
    shadows = [fact for fact in here.facts if fact.arm == "shadow"]
    assert value(families, "stoa_shadow_requests_total") == len(shadows) > 0
    assert value(families, "stoa_shadow_cost_nano_usd_total") == sum(fact.cost_nano_usd or 0 for fact in shadows)
    assert value(families, "stoa_requests_total") == len(facts)
    assert value(families, "stoa_request_seconds_count") == len(facts)
    assert value(families, "stoa_request_seconds_sum") == pytest.approx(sum(fact.latency_ms for fact in facts) / 1000)
    assert value(families, "stoa_first_token_seconds_count") == sum(fact.first_token_ms is not None for fact in facts)
    for kind in ("prompt", "completion"):
        counted = sum(getattr(fact, f"{kind}_tokens") or 0 for fact in facts)
        assert value(families, "stoa_tokens_total", kind=kind) == counted
    assert value(families, "stoa_cost_nano_usd_total") == sum(fact.cost_nano_usd or 0 for fact in facts)
    assert value(families, "stoa_unknown_cost_requests_total") == sum(fact.cost_nano_usd is None for fact in facts)
    assert value(families, "stoa_retries_total") == sum(max(0, fact.attempts - 1) for fact in facts) > 0
    assert value(families, "stoa_requests_total", cache="hit") == sum(fact.cache == "hit" for fact in facts) > 0
    assert value(families, "stoa_cache_hits_total") == sum(fact.cache == "hit" for fact in facts)
    assert (
        value(families, "stoa_cache_saved_nano_usd_total", tier="exact") == sum(fact.saved_nano_usd or 0 for fact in facts) > 0
    )
    assert value(families, "stoa_refused_total", code="model_not_found") == 1
    assert value(families, "stoa_refused_total", code="invalid_api_key") == 1
    assert value(families, "stoa_target_failed_total") == value(families, "stoa_upstream_failures_total")
    answered = value(families, "stoa_target_answered_total")
    assert answered == sum(fact.attempts for fact in here.facts) - value(families, "stoa_upstream_failures_total")


async def test_every_stage_is_timed_and_their_sums_are_the_overhead(house, make) -> None:
    here = await traffic(house, make)
    families = await scrape(here)
    stages = families["stoa_stage_seconds"].samples
    counts = {s.labels["stage"]: s.value for s in stages if s.name.endswith("_count")}
    sums = {s.labels["stage"]: s.value for s in stages if s.name.endswith("_sum")}
    assert counts.keys() == STAGES | {"augment", "overhead"}
    clocked = counts["overhead"]
    assert clocked == len([n for n in range(1, here.gateway._metrics.begun + 1) if n % 16 == 0])
    assert {stage: counts[stage] for stage in ("receive", "read", "admit", "cache", "answer", "settle")} == dict.fromkeys(
        ("receive", "read", "admit", "cache", "answer", "settle"), clocked
    )
    assert counts["upstream"] == counts["route"] < clocked, "what the cache answers asks nobody"
    own = sum(seconds for stage, seconds in sums.items() if stage not in ("receive", "augment", "upstream", "overhead"))
    assert sums["overhead"] == pytest.approx(own, rel=1e-6)
    assert 0 < sums["overhead"] < value(families, "stoa_request_seconds_sum")


async def test_putting_an_answer_into_the_clients_form_is_our_own_time(house, make) -> None:
    here = house(make.whole("word " * 200_000))
    for _ in range(16):
        body = {"model": "mock", "max_tokens": 5, "temperature": 1, "messages": MESSAGES}
        await here.ask("/v1/messages", body)
    families = await scrape(here)
    sums = {s.labels["stage"]: s.value for s in families["stoa_stage_seconds"].samples if s.name.endswith("_sum")}
    assert sums["answer"] > 0.0005, "a megabyte was translated in it"


async def test_a_line_and_an_open_breaker_are_seen(house, make) -> None:
    models = make.snapshot().models | {"mock": Model(name="mock", provider="one", max_parallel=1)}
    here = house(Scripted(200, [], JSON, hold=True), models=models)
    replies = [here.begin("/v1/chat/completions", {"model": "mock", "messages": MESSAGES, "temperature": 1}) for _ in range(3)]
    families = await scrape(here)
    target = {"model": "mock", "provider": "one", "lane": "realtime"}
    assert value(families, "stoa_target_inflight", **target) == 1
    assert value(families, "stoa_target_waiting", **target) == 2
    for reply in replies:
        reply.intake.on_gone()
    here.upstreams.script = lambda sent: Scripted(500, [b"{}"], JSON)
    await asyncio.sleep(0.01)
    for _ in range(6):
        await here.chat(temperature=1)
    families = await scrape(here)
    assert value(families, "stoa_target_breaker", model="mock") == 2
    assert value(families, "stoa_target_error_rate", model="mock") == 1
    assert value(families, "stoa_target_waiting", **target) == 0


async def test_what_requests_say_of_themselves_makes_no_series(house, make) -> None:
    here = house(teams={"company": TeamLimits()})

    async def series() -> int:
        return sum(len(family.samples) for family in (await scrape(here)).values())

    await here.chat()
    await here.chat("nobody")
    await here.chat(key="wrong")
    await here.ask("/v1/nothing", {})
    before = await series()
    for number in range(50):
        await here.chat(x_request_id=f"r{number}", text=f"q{number}", user=f"u{number}")
        await here.chat(f"nobody-{number}")
        await here.chat(key=f"wrong-{number}")
        await here.ask(f"/v1/nothing-{number}", {})
    assert await series() == before
    labels = {label for metric in METRICS.values() for label in metric.labels}
    assert not labels & {"key", "key_id", "user", "user_id", "team", "request_id", "peer", "path"}


def test_labels_are_escaped() -> None:
    sheet = Sheet()
    odd = 'a"b\\c\nd'
    sheet.add("stoa_refused_total", 1, odd)
    (family,) = (f for f in text_string_to_metric_families(render(sheet).decode()) if f.samples)
    assert family.samples[0].labels == {"code": odd}
