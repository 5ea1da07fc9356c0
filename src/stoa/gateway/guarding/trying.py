"""One guardrail tried on one text, with the very guards that judge requests. Only Stoa's own roles may ask."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from stoa.domain.exchange import Exchange
from stoa.domain.guardrails import Stage
from stoa.domain.guards import RequestFacts, Tried, TriedFinding, Verdict
from stoa.domain.resources import Guardrail
from stoa.errors import InvalidRequest, NotFound
from stoa.gateway.counting.estimate import tokens_in_text
from stoa.gateway.guarding.judging import Judge, Refused, Unavailable
from stoa.gateway.guarding.ready import Rulebook
from stoa.gateway.guarding.rules import Marked, Rules
from stoa.gateway.guarding.texts import Cell, Place, Role
from stoa.gateway.key import is_of_a_role
from stoa.gateway.plan import Client
from stoa.guards.personal.masking import Placeholders
from stoa.kit.names import did_you_mean

PATH = "/v1/guardrails/try"

_encode = msgspec.json.Encoder().encode


class _Asked(msgspec.Struct, forbid_unknown_fields=True):
    guardrail: Guardrail | str
    """The name of one that is applied, or one as it might be, its secrets sealed."""
    text: str
    stage: Stage = "input"


def trying(
    exchange: Exchange,
    client: Client,
    book: Callable[[], Rulebook | None],
    draft: Callable[[Guardrail], Rules | None],
    request_id: str,
) -> Callable[[bytes], Awaitable[bytes]]:
    """What answers a trial. It raises InvalidRequest and NotFound."""
    caller = client.caller
    facts = RequestFacts(request_id=request_id, team=caller.team, model="", path=PATH, user=caller.user_id)

    async def answered(body: bytes) -> bytes:
        if not is_of_a_role(exchange.headers):
            raise NotFound("There is nothing here for keys: guardrails are tried with `stoa guard try`.")
        try:
            asked = msgspec.json.decode(body, type=_Asked)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise InvalidRequest(f"The body must be a JSON object with guardrail and text: {error}.") from None
        if isinstance(asked.guardrail, Guardrail):
            rules = await asyncio.to_thread(draft, asked.guardrail)
            if rules is None:
                raise InvalidRequest("The guardrail judges nothing.", param="guardrail")
            return _encode(await tried(rules, asked.text, asked.stage, facts))
        found = book()
        rules = found.alone(asked.guardrail) if found is not None else None
        if rules is None:
            names = found.names if found is not None else []
            raise NotFound(
                f"The gateway has no guardrail {asked.guardrail!r}.{did_you_mean(asked.guardrail, names)} One that was applied "
                "just now is there within two seconds.",
                param="guardrail",
            )
        return _encode(await tried(rules, asked.text, asked.stage, facts))

    return answered


async def tried(rules: Rules, text: str, stage: Stage, facts: RequestFacts) -> Tried:
    """As of a message from the user, or of the text of an answer."""
    role: Role = "user" if stage == "input" else "text"
    judge = Judge(stage, rules.input if stage == "input" else rules.output, lambda: facts, Placeholders())
    place = Place(role, [Cell([text], 0, text)])
    sizes = sized(rules, text) if stage == "input" else []
    found: list[Marked] = []
    refused: str | None = next((told for told, verdict in sizes if verdict.action == "refuse"), None)
    try:
        found = [*judge.found(place), *(await judge.found_late([place]))[0]] if text else []
        place.write(judge.settle(found), judge.put)
    except (Refused, Unavailable) as error:
        refused = refused or error.message
    return Tried(
        refused=refused,
        text=None if refused is not None else place.cells[0].holder[0],
        findings=[
            TriedFinding(
                guard=judge.checks[one.check].guard,
                kind=one.kind,
                start=one.start,
                end=one.end,
                score=one.score,
                action=one.action,
            )
            for one in sorted(found, key=lambda one: one.start)
        ],
        verdicts=[*(verdict for _, verdict in sizes), *judge.verdicts()],
    )


def sized(rules: Rules, text: str) -> list[tuple[str, Verdict]]:
    """What guards on sizes say, with words for whoever asks."""
    told: list[tuple[str, Verdict]] = []
    tokens = round(tokens_in_text(text)) if rules.sizes else 0
    for size in rules.sizes:
        over = [
            f"{found} {what} where {most} are allowed"
            for what, found, most in (("characters", len(text), size.characters), ("tokens", tokens, size.tokens))
            if most is not None and found > most
        ]
        action = "pass" if not over else "warn" if size.warn else "refuse"
        verdict = Verdict(guardrail=size.guardrail, guard="size", stage="input", action=action)
        told.append((f"Guardrail {size.guardrail!r} refuses this request: it has {' and '.join(over)}.", verdict))
    return told
