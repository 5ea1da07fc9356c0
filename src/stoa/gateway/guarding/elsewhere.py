"""What goes to a model that somebody else asks, and what that one wrote, judged as if the gateway had asked it.

The tool `ask` of MCP has the client's own model write, from documents of the organisation. Only Stoa's own roles may ask this.
Nobody puts originals back for placeholders there, since who reads the answer is that model: what would be tokenised is masked.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from time import perf_counter
from typing import NamedTuple

import msgspec

from stoa.domain.decisions import FORM, Decision, pack_times
from stoa.domain.exchange import Exchange
from stoa.domain.guardrails import Stage
from stoa.domain.guards import Judged, RequestFacts, Verdict
from stoa.domain.passages import Passage
from stoa.domain.usage import UsageFact
from stoa.errors import InvalidRequest, NotFound, OperatorError, StoaError
from stoa.gateway.guarding.brought import as_sent, as_shown
from stoa.gateway.guarding.judging import Judge, Refused, judge_places
from stoa.gateway.guarding.rules import Check, Rules
from stoa.gateway.guarding.texts import Cell, Place
from stoa.gateway.guarding.trying import sized
from stoa.gateway.key import is_of_a_role
from stoa.gateway.plan import Client, Plan
from stoa.gateway.recording import said
from stoa.gateway.stages import PARENT, Stages

JUDGE = b"/v1/guardrails/judge"

_encode = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    stage: Stage
    name: str
    text: str
    """The question or the answer."""
    passages: tuple[Passage, ...]
    asked: str | None = None
    """The record of the request that this is the answer to."""


_decode = msgspec.json.Decoder(_Asked).decode


class _Work(NamedTuple):
    """Whose request it is, under what, and the verdicts as they come."""

    asked: _Asked
    rules: Rules
    facts: RequestFacts
    verdicts: list[Verdict]


def judging(
    exchange: Exchange, client: Client, plan: Plan, stages: Stages, request_id: str
) -> Callable[[bytes], Awaitable[bytes]]:
    """What answers it. That raises InvalidRequest, NotFound, Refused and Unavailable; each judgement leaves a fact."""

    async def answered(body: bytes) -> bytes:
        if not is_of_a_role(exchange.headers):
            raise NotFound("There is nothing here for keys: guardrails are tried with `stoa guard try`.")
        try:
            asked = _decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InvalidRequest(f"The body must be a JSON object with stage, name, text and passages: {error}.") from None
        caller = client.caller
        rules = rules_for(plan, caller.team, asked.passages)
        if rules is None:
            return _encode(Judged(id=None, text=asked.text, passages=asked.passages))
        facts = RequestFacts(
            request_id=request_id,
            team=caller.team,
            model=asked.name,
            path=JUDGE.decode(),
            user=caller.user_id,
            key=caller.key_id,
        )
        record = _Record(client, plan, stages, request_id)
        PARENT.set(record.id)  # of what guards ask of models
        work = _Work(asked, rules, facts, [])
        try:
            judged = await (_request(work, record.id) if asked.stage == "input" else _answer(work, record.id))
        except StoaError as error:
            record.refused(work, error)
            raise
        await record.passed(work)
        return _encode(judged)

    return answered


def rules_for(plan: Plan, team: str, passages: Sequence[Passage]) -> Rules | None:
    """What holds for texts of these passages' collections, whoever's model reads them. None when there is nothing to run."""
    if plan.guardrails is None:
        return None
    touched = {each.collection for each in passages}
    assistants = [
        each
        for each in plan.offerings["chat"].values()
        if each.assistant is not None and not touched.isdisjoint(each.assistant.collections)
    ]
    rules = plan.guardrails.elsewhere(team, assistants)
    return None if rules is None else replace(rules, input=_masking(rules.input), output=_masking(rules.output))


def _masking(checks: Sequence[Check]) -> tuple[Check, ...]:
    return tuple(replace(check, action="mask") if check.action == "tokenise" else check for check in checks)


async def _request(work: _Work, record: str) -> Judged:
    asked, rules, verdicts = work.asked, work.rules, work.verdicts
    for told, verdict in sized(rules, asked.text):
        verdicts.append(verdict)
        if verdict.action == "refuse":
            raise Refused(told, param="text")
    judge = Judge("input", rules.input, lambda: work.facts, None)
    try:
        text = await _text(judge, asked.text, Place("user", [Cell([asked.text], 0, asked.text)]))
        passages = await _named(judge, asked.passages, at_once=rules.at_once)
    finally:
        verdicts += judge.verdicts()
    return Judged(id=record, text=text, passages=passages)


async def _answer(work: _Work, record: str) -> Judged:
    asked, rules = work.asked, work.rules
    judge = Judge("output", rules.output, lambda: work.facts, None)
    try:
        text = await _text(judge, asked.text, Place("text", [Cell([asked.text], 0, asked.text)]))
    finally:
        work.verdicts.extend(judge.verdicts())
    passages = await as_shown(Judge("output", rules.output, lambda: work.facts, None), asked.passages)
    return Judged(id=record, text=text, passages=passages)


async def _text(judge: Judge, text: str, place: Place) -> str:
    if not text:
        return text
    late = await judge.found_late([place]) if judge.waits else None
    try:
        (changes,) = await asyncio.to_thread(judge_places, judge, [place], late)
    except Refused as refused:
        refused.param = "text"
        raise
    place.write(changes, judge.put)
    written: str = place.cells[0].holder[0]
    return written


async def _named(judge: Judge, passages: Sequence[Passage], *, at_once: int) -> Sequence[Passage]:
    try:
        return await as_sent(judge, passages, at_once=at_once)
    except Refused as refused:  # whoever asks has not written the passage, and cannot leave anything out of it
        raise Refused(refused.found, param=f"passages[{refused.place}]") from None


class _Record:
    """The fact of one judgement. Implements `commit.Settled`: what was judged goes on only once that is written down."""

    fact: UsageFact

    def __init__(self, client: Client, plan: Plan, stages: Stages, request_id: str) -> None:
        self.id = stages.ids.new()
        self._client, self._plan, self._stages, self._request_id = client, plan, stages, request_id
        self._began = perf_counter()
        self._written: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def passed(self, work: _Work) -> None:
        self.fact = self._fact(work, None)
        self._stages.commit.add(self)
        await self._written

    def refused(self, work: _Work, error: StoaError) -> None:
        self._stages.metrics.refused(error.code)
        self._stages.commit.note(self._fact(work, error))

    def release(self) -> None:
        if not self._written.done():
            self._written.set_result(None)

    def withhold(self, error: OperatorError) -> None:
        if not self._written.done():
            self._written.set_exception(error)

    def _fact(self, work: _Work, error: StoaError | None) -> UsageFact:
        for verdict in work.verdicts:
            self._stages.metrics.guarded(verdict)
        caller, took_s = self._client.caller, perf_counter() - self._began
        marks = (0.0, 0.0, 0.0, took_s, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0, took_s)
        return UsageFact(
            id=self.id,
            at_ms=time.time_ns() // 1_000_000,
            request_id=self._request_id,
            operation="chat",
            team=caller.team,
            key_id=caller.key_id,
            user_id=caller.user_id,
            requested=work.asked.name,
            assistant=None,
            model=None,
            provider=None,
            status=200 if error is None else error.status,
            cache="bypass",
            streamed=False,
            prompt_tokens=None,
            completion_tokens=None,
            tokens_from="none",
            cost_nano_usd=0,
            latency_ms=took_s * 1000,
            first_token_ms=None,
            attempts=0,
            error=error.code if error is not None else None,
            snapshot_version=self._plan.version,
            price_version=self._plan.price_version,
            corpus_version=None,
            parent_id=work.asked.asked,
            refused=error is not None,
            decision=_pack(Decision(FORM, pack_times(*marks), "", verdicts=said(work.verdicts) or None)),
        )
