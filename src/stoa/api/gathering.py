"""Requests on their way into a dataset: those whose content is kept, whole, a conversation, and the caller's to read."""

from collections.abc import Sequence
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from stoa.adapters.database.contents import ContentTable
from stoa.adapters.database.datasets import DatasetTables
from stoa.api.access import Caller
from stoa.api.contents import requests_named
from stoa.domain.contents import Opened, Stored
from stoa.domain.datasets import Body, Dataset, Origin
from stoa.domain.usage import UsageFact
from stoa.errors import InvalidRequest
from stoa.factory.datasets import Kept, New
from stoa.factory.examples import body_of_request
from stoa.gateway.example import example_of, tools_of
from stoa.wiring import Control, now_ms

Left = Literal["unknown", "other_team", "not_kept", "erased", "cut", "no_conversation", "too_large", "there_already"]

_WHY: dict[Left, str] = {
    "unknown": "There is no such request whose content you may read.",
    "not_kept": "Nothing of it is kept: the team does not keep what is asked and answered, or it is past its time.",
    "erased": "It was erased: nobody can read it any more.",
    "cut": "It was large: only its beginning is kept.",
    "no_conversation": "It is no conversation: only chats become examples.",
    "there_already": "It is in the dataset already.",
}

Refused = tuple[str, Left, str]
"""A request as it was named, and why it stays out."""


async def gathered(
    dataset: Dataset, names: Sequence[str], caller: Caller, parts: Control
) -> tuple[Sequence[New], Sequence[Refused]]:
    """Examples of requests, each reading recorded, and those that cannot become any."""
    found: list[New] = []
    left: list[Refused] = []
    async with parts.database.read() as connection:
        facts: dict[str, tuple[str, UsageFact]] = {}  # by their own id: clients may have named one twice
        for name in dict.fromkeys(names):
            fact = await _readable(name, caller, connection)
            if fact is None:
                left.append(_refused(name, "unknown"))
            elif fact.team != dataset.team:
                team = f"It is of the team {fact.team!r}, and the dataset of {dataset.team!r}."
                left.append((name, "other_team", team))
            else:
                facts.setdefault(fact.id, (name, fact))
        there = await DatasetTables(connection).requests(dataset.id, list(facts), version=dataset.version)
        kept = await ContentTable(connection).found(list(facts), now_ms=now_ms())
    for name, fact in facts.values():
        if fact.id in there:
            left.append(_refused(name, "there_already"))
            continue
        stored = kept.get(fact.id)
        if stored is None or stored.key is None:
            left.append(_refused(name, "not_kept" if stored is None else "erased"))
            continue
        await parts.readings.reads(caller.principal, fact.id)
        opened = parts.seals.open(stored.key, fact.id, stored.sealed)
        try:
            made = _example(fact, opened)
        except InvalidRequest as error:
            left.append((name, "too_large", error.message))
            continue
        if isinstance(made, Body):
            found.append(New(made, _origin(fact, opened), _kept(stored, stored.key)))
        else:
            left.append(_refused(name, made))
    return found, left


async def _readable(name: str, caller: Caller, connection: AsyncConnection) -> UsageFact | None:
    async for fact, target in requests_named(name, caller, connection):
        if caller.may(target, "content:read"):
            return fact
    return None


def _example(fact: UsageFact, opened: Opened) -> Body | Left:
    if opened.cut:
        return "cut"
    messages = example_of(fact.form, opened.request, opened.answer)
    if messages is None:
        return "no_conversation"
    return body_of_request(messages, tools=tools_of(fact.form, opened.request))


def _origin(fact: UsageFact, opened: Opened) -> Origin:
    return Origin(
        source="request", request=fact.id, model=fact.model, snapshot=fact.snapshot_version, asked_at=fact.at_ms,
        masked=opened.masked,
    )  # fmt: skip


def _kept(stored: Stored, key: str) -> Kept:
    return Kept(stored.key_id, key, stored.expires_at_ms)


def _refused(name: str, left: Left) -> Refused:
    return name, left, _WHY[left]
