"""What a guard said of a request, and the port to guards that are somebody else's service."""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from stoa.domain.behalf import Behalf
from stoa.domain.guardrails import Action, Stage
from stoa.domain.passages import Passage
from stoa.domain.resources import Guardrail

Taken = Literal["pass", "warn", "mask", "tokenise", "refuse", "error"]
"""What a guard did. `error`: it could not judge."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One guard that ran. `kinds` are what it found, with how many of each; never what was written."""

    guardrail: str
    guard: str
    stage: Stage
    action: Taken
    kinds: dict[str, int] = {}
    latency_us: int = 0


class RequestFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What an own guard is told of the request."""

    request_id: str
    team: str
    model: str
    """As the client named it."""
    path: str
    user: str | None = None
    key: str | None = None


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What an own guard is asked. `texts` are judged together; the reply speaks of them by their places in this list."""

    stage: Stage
    texts: Sequence[str]
    request: RequestFacts
    guardrail: str


class ReplyFinding(msgspec.Struct, frozen=True):
    """`texts[text][start:end]`, in characters."""

    kind: str
    text: int = 0
    start: int = 0
    end: int = 0


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """`mask` needs findings with places, or `texts`: all of them, as they are to go on."""

    action: Literal["pass", "warn", "mask", "refuse"]
    findings: Sequence[ReplyFinding] = ()
    texts: Sequence[str] | None = None


class OwnGuard(Protocol):
    """One service."""

    async def judge(self, question: Question) -> Reply:
        """Raises ProviderError when no reply of the form comes in time."""
        ...


class OwnGuards(Protocol):
    """Every service that guardrails may name. The same arguments share their connections."""

    def open(self, url: str, headers: Mapping[str, str], timeout_s: float) -> OwnGuard: ...


class TriedFinding(msgspec.Struct, frozen=True, kw_only=True):
    """`text[start:end]` of the text that was tried, in characters."""

    guard: str
    kind: str
    start: int
    end: int
    score: float
    action: Action


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """What a guardrail makes of one text. `text` is how it would go on; None when it is refused."""

    refused: str | None
    text: str | None
    findings: Sequence[TriedFinding]
    verdicts: Sequence[Verdict]


class Trier(Protocol):
    """Tries a guardrail where guardrails work: in a gateway."""

    async def try_out(self, guardrail: Guardrail | str, text: str, *, stage: Stage, behalf: Behalf) -> Tried:
        """One that is applied, by its name, or one as it might be, its secrets sealed.

        Raises NotFound while the gateway does not have it, and ProviderError.
        """
        ...


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What may go on of a text and of the passages beside it. `id` is of the record of it, null where no guardrail held."""

    id: str | None
    text: str
    passages: Sequence[Passage]


class Warden(Protocol):
    """Judges what goes to a model that the gateway does not ask itself, and what that one wrote.

    Of all guardrails hold those for everything, those of the team, and those of each assistant over a collection of the
    passages. Both raise InvalidRequest with the code `guardrail_refused`, whose `param` is `text` or `passages[N]`, and
    ProviderError where it could not be judged: then it does not go on.
    """

    async def judge_request(self, question: str, passages: Sequence[Passage], *, name: str, behalf: Behalf) -> Judged:
        """A question and what it is to be answered from, before they are sent. `name` is what asks, as records have it."""
        ...

    async def judge_answer(
        self, answer: str, passages: Sequence[Passage], *, name: str, behalf: Behalf, asked: str | None
    ) -> Judged:
        """An answer, and the passages as they are shown beside it; `asked` is the record of the request."""
        ...
