"""Trying an assistant that is not served: a request brings it along, as it is drawn up.

Only Stoa's own roles may ask so; control has looked at the rights of whoever drew it up. From there on it is a request like any
other of theirs: what they may read, limits, budgets, guardrails and the record are those of the assistant it would be. Its
answers are kept in no cache.
"""

from dataclasses import replace

import msgspec

from stoa.domain.resources import Assistant
from stoa.errors import Forbidden, InvalidRequest, NotFound
from stoa.gateway.counting.book import Rules
from stoa.gateway.plan import Client, Offering, Plan
from stoa.gateway.planning import over

PATH = b"/v1/assistants/try"

_encode = msgspec.json.Encoder().encode


class _Trial(msgspec.Struct):
    assistant: msgspec.Raw
    request: dict[str, msgspec.Raw]


_decode = msgspec.json.Decoder(_Trial).decode
_decode_assistant = msgspec.json.Decoder(Assistant).decode


def begun(plan: Plan, client: Client, body: bytes) -> tuple[Plan, Client, bytes]:
    """The plan with the assistant of this body in it, the client there, and what it asks. Raises what `drafted` does."""
    try:
        trial = _decode(body)
        assistant = _decode_assistant(trial.assistant)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The body must be a JSON object with 'assistant' and 'request': {error}.") from None
    offering = drafted(plan, client, assistant)
    chat = {**plan.offerings["chat"], offering.name: offering}
    with_it = replace(plan, offerings={**plan.offerings, "chat": chat})
    alone = replace(client, merged={}, quick={})  # the client's own would remember the draft
    return with_it, alone, _encode({**trial.request, "model": offering.name})


def drafted(plan: Plan, client: Client, assistant: Assistant) -> Offering:
    """What the assistant would be to this client. Raises NotFound and Forbidden.

    Whoever may ask the assistant that is served under this name may ask a draft of it over the same route; over another, or
    under another name, only those who may ask that route by itself.
    """
    name, chat = f"assistant/{assistant.name}", plan.offerings["chat"]
    below, served = chat.get(assistant.route), chat.get(name)
    if below is None:
        raise NotFound(
            f"The gateway does not know the route {assistant.route!r} yet. One that was applied just now is there within two "
            "seconds.",
            param="assistant.route",
        )
    unknown = [each for each in assistant.collections if each not in plan.indexes]
    if unknown:
        raise NotFound(
            f"The gateway does not know the collection {unknown[0]!r} yet. One that was applied just now is there within two "
            "seconds.",
            param="assistant.collections",
        )
    same = served is not None and served.assistant is not None and served.assistant.route == assistant.route
    needs = name if same and name in client.access.chat else below.needs
    if needs not in client.access.chat:
        raise Forbidden(
            f"{client.caller.name!r} may not use the route {assistant.route!r}, so the assistant cannot be tried with it.",
            param="assistant.route",
        )
    rules = below.rules if served is None else below.rules + _own_rules(plan, served)
    made = replace(over(below, name, needs, assistant, ""), rules=rules, cache=None, miss_lines=b"", shadow=None, guards=None)
    return made if plan.guardrails is None else plan.guardrails.over(made)


def _own_rules(plan: Plan, served: Offering) -> Rules:
    """The budgets of the assistant itself, which stand behind those of its route."""
    assert served.assistant is not None
    return served.rules[len(plan.offerings["chat"][served.assistant.route].rules) :]
