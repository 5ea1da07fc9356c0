"""What holds for a request: the guards of every guardrail that applies, made ready once for each snapshot."""

import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stoa.domain.guardrails import Action, OnStream, Stage
from stoa.domain.guards import RequestFacts, Verdict
from stoa.gateway.guarding.texts import Role
from stoa.gateway.recording import Within
from stoa.guards.finding import Detector, Finding

if TYPE_CHECKING:
    from stoa.gateway.plan import Client

LARGE, HEAVY = 50_000, 4_000
"""Characters, which take about two milliseconds: of more, by heavy checks or by others, a thread takes care."""
STREAMS: tuple[OnStream, ...] = ("window", "whole", "refuse")
"""From the mildest to the strictest."""


class Marked(Finding, frozen=True, gc=False):
    """A finding with what is to be done about it. `put` stands in its place where somebody else said what."""

    action: Action = "warn"
    check: int = 0
    """Whose it is: its number among the checks of its stage."""
    put: str | None = None


Late = Callable[[Sequence[str], RequestFacts, Stage], Awaitable[Sequence[Sequence[Marked]]]]
"""Judges texts with a wait: what it found in each. `check` of what it gives is not read."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Check:
    """One guard at one stage. Exactly one of `detector`, `late` and `broken` is set."""

    guardrail: str
    guard: str
    action: Action
    open: bool
    """A request that it cannot judge is let through."""
    stream: OnStream
    roles: frozenset[Role] | None = None
    """Whose texts it judges; everybody's when None."""
    apart: bool = True
    """Parts of one message are judged each by itself too."""
    newest: bool = False
    """Of the texts, the last alone."""
    heavy: bool = False
    """It takes several times as long for a text as others do."""
    erases: bool = False
    """What it finds is masked by nothing at all."""
    detector: Detector | None = None
    late: Late | None = None
    broken: str | None = None
    """Why it cannot judge at all."""

    def judges(self, role: Role) -> bool:
        return self.roles is None or role in self.roles


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Size:
    """A guard on how large a request is. None is no limit."""

    guardrail: str
    warn: bool
    characters: int | None
    tokens: int | None
    messages: int | None

    @property
    def passed(self) -> Verdict:
        return Verdict(guardrail=self.guardrail, guard="size", stage="input", action="pass")


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """Everything that holds for one caller's requests to one offering."""

    sizes: tuple[Size, ...]
    small: int
    """Bytes: a body of so many is within every limit on characters and tokens."""
    messages: int | None
    """The least limit on them."""
    within: Within
    """What is told of a request within all limits. It takes no time worth telling."""
    counted: tuple[tuple[str, str, str], ...]
    """How that is counted: guardrail, guard, action."""
    input: tuple[Check, ...]
    output: tuple[Check, ...]
    stream: OnStream
    """The strictest of the output's."""
    no_streams: str | None
    """The guardrail that allows none."""

    @property
    def at_once(self) -> int:
        """Characters of input that are judged without letting others go first."""
        return HEAVY if any(check.heavy for check in self.input) else LARGE

    @property
    def acts_on_output(self) -> bool:
        """Whether any of what is found in an answer changes it."""
        return any(check.action != "warn" for check in self.output)


@dataclass(frozen=True, slots=True, eq=False)
class Guarding:
    """The rules of one offering, by team where a guardrail names teams."""

    everyone: Rules | None
    teams: Mapping[str, Rules]

    def of(self, client: "Client") -> Rules | None:
        """None for callers that none hold for: Stoa's own work, such as embedding documents, is nobody's request."""
        caller = client.caller
        if caller.key_id is None and caller.user_id is None:
            return None
        return self.teams.get(caller.team, self.everyone)


def rules_of(sizes: Sequence[Size], given: Sequence[Check], answered: Sequence[Check]) -> Rules | None:
    """None when there is nothing to run."""
    if not (sizes or given or answered):
        return None
    stream: OnStream = "window"
    forbids: str | None = None
    for check in answered:
        if STREAMS.index(check.stream) > STREAMS.index(stream):
            stream = check.stream
        if check.stream == "refuse" and forbids is None:
            forbids = check.guardrail
    bytes_told = [most for size in sizes for most in (size.characters, size.tokens) if most is not None]
    messages = [size.messages for size in sizes if size.messages is not None]
    return Rules(
        tuple(sizes),
        min(bytes_told, default=sys.maxsize),
        min(messages, default=None),
        Within([size.passed for size in sizes]),
        tuple((size.guardrail, "size", "pass") for size in sizes),
        tuple(given),
        tuple(answered),
        stream,
        forbids,
    )
