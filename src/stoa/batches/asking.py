"""One line of a batch: asked until there is an answer that will not get better by waiting, and written as OpenAI writes it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from stoa.batches.lines import Request
from stoa.domain.batches import Answered, Asker, Batch, BatchLedger
from stoa.errors import Forbidden, ProviderError

_WAITED_OUT = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Patience:
    """Pauses that double up to a longest, where nobody says when to come back.

    `tries` are for a line whose answer does not come, `unknown_s` is how long a gateway may not know a key that is good.
    """

    first_s: float = 0.5
    longest_s: float = 30.0
    tries: int = 3
    unknown_s: float = 30.0


class Reply(msgspec.Struct, frozen=True):
    """What became of a line."""

    line: bytes
    good: bool
    tokens: tuple[int, int] = (0, 0)
    cost_nano_usd: int | None = 0
    """None where it is not known."""


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None


class _Counted(msgspec.Struct):
    usage: _Usage | None = None


class _Response(msgspec.Struct):
    status_code: int
    request_id: str
    body: msgspec.Raw


class _Error(msgspec.Struct):
    code: str
    message: str


class _OutputLine(msgspec.Struct):
    id: str
    custom_id: str
    response: _Response | None
    error: _Error | None


class _Told(msgspec.Struct, frozen=True):
    message: str = ""


class _Refused(msgspec.Struct):
    error: _Told = _Told()


@dataclass(slots=True)
class Asking:
    """How the lines of one batch are asked. `waiting` says what they wait for, for whoever watches."""

    batch: Batch
    asker: Asker
    ledger: BatchLedger
    now_ms: Callable[[], int]
    patience: Patience = field(default_factory=Patience)
    waiting: str | None = None

    async def reply(self, number: int, request: Request) -> Reply:
        """Raises Forbidden when the batch's owner is no longer there."""
        pause, lost, unknown = self.patience.first_s, 0, 0.0
        while True:
            wait: float | None = None
            try:
                answered = await self.asker.ask(
                    self.batch.endpoint, bytes(request.body), behalf=self.batch.behalf, request_id=f"{self.batch.id}.{number}"
                )
            except ProviderError as error:
                lost += error.code == "timeout"
                if lost >= self.patience.tries:
                    return self.failed(number, request.custom_id, error.code, error.message)
                self.waiting = error.message
            else:
                if answered.status == 401:
                    await self._require_owner()
                    unknown += pause
                    waited_out = unknown <= self.patience.unknown_s
                else:
                    waited_out, wait = answered.status in _WAITED_OUT, answered.retry_after_s
                if not waited_out or (wait is not None and not self._in_time(wait)):
                    self.waiting = None
                    return self._answered(number, request.custom_id, answered)
                self.waiting = _reason(answered)
            await asyncio.sleep(wait or pause)
            pause = min(pause * 2, self.patience.longest_s)

    def failed(self, number: int, custom_id: str, code: str, message: str) -> Reply:
        """A line that got no answer."""
        line = _OutputLine(self._id(number), custom_id, None, _Error(code, message))
        return Reply(msgspec.json.encode(line), good=False)

    def _answered(self, number: int, custom_id: str, answered: Answered) -> Reply:
        try:
            body = msgspec.json.format(answered.body, indent=-1)  # on one line, numbers as they were written
        except msgspec.DecodeError:
            message = f"The answer with status {answered.status} was not JSON."
            return self.failed(number, custom_id, "invalid_response", message)
        response = _Response(answered.status, answered.request_id, msgspec.Raw(body))
        line = msgspec.json.encode(_OutputLine(self._id(number), custom_id, response, None))
        good = 200 <= answered.status < 300
        cost = answered.cost_nano_usd if good else answered.cost_nano_usd or 0  # what was refused cost nothing, unless it says
        return Reply(line, good=good, tokens=_tokens(body) if good else (0, 0), cost_nano_usd=cost)

    def _in_time(self, wait_s: float) -> bool:
        return self.now_ms() + wait_s * 1000 < self.batch.expires_at

    async def _require_owner(self) -> None:
        if await self.ledger.owner_acl(self.batch, now_ms=self.now_ms()) is None:
            raise Forbidden("The key or user that made this batch may call models no longer: revoked, expired or disabled.")

    def _id(self, number: int) -> str:
        return f"batch_req_{self.batch.id.removeprefix('batch_')}_{number}"


def _tokens(body: bytes) -> tuple[int, int]:
    try:
        usage = msgspec.json.decode(body, type=_Counted).usage or _Usage()
    except msgspec.DecodeError:
        return 0, 0  # an endpoint that counts in another way
    return usage.prompt_tokens or usage.input_tokens or 0, usage.completion_tokens or usage.output_tokens or 0


def _reason(answered: Answered) -> str:
    try:
        return msgspec.json.decode(answered.body, type=_Refused).error.message or f"status {answered.status}"
    except msgspec.DecodeError:
        return f"status {answered.status}"
