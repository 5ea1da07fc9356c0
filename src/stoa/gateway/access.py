"""The access log: one line for a request that failed or was refused, or for every one, as the settings say.

Nothing stands in it that a client has written, but for a request id that was found fit for a header: no content, no credential,
no name of a model that there is not. Errors are told by their code; messages may repeat what was asked.
"""

import logging
import time
from collections.abc import Callable, Mapping

from stoa.domain.exchange import Exchange
from stoa.domain.snapshot import Caller
from stoa.domain.usage import UsageFact
from stoa.errors import StoaError

log = logging.getLogger("stoa.access")

MOST_A_SECOND = 100
"""Lines of requests that went wrong: when everything fails, the log must not be what fails next."""


class AccessLog:
    """With `everything` also requests that went well are told of. `name_of` gives the name of a key by its id."""

    def __init__(
        self,
        *,
        everything: bool,
        name_of: Callable[[str], str | None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.everything = everything
        self._name_of = name_of
        self._now = now
        self._second = 0
        self._lines = 0
        self._left_out = 0

    def answered(self, fact: UsageFact) -> None:
        """A request that has reached the usage log."""
        if fact.error is not None and not self._room():
            return
        fields: dict[str, object] = {
            "request_id": fact.request_id,
            "status": fact.status,
            "error": fact.error,
            "operation": fact.operation,
            "form": fact.form,
            "key": fact.key_id,
            "key_name": self._name_of(fact.key_id) if fact.key_id is not None else None,
            "user": fact.user_id,
            "team": fact.team,
            "route": fact.requested,
            "model": fact.model,
            "provider": fact.provider,
            "arm": fact.arm,
            "lane": fact.lane,
            "cache": fact.cache,
            "attempts": fact.attempts,
            "streamed": fact.streamed,
            "prompt_tokens": fact.prompt_tokens,
            "completion_tokens": fact.completion_tokens,
            "tokens_from": fact.tokens_from,
            "cost_nano_usd": fact.cost_nano_usd,
            "ms": round(fact.latency_ms, 3),
            "first_token_ms": round(fact.first_token_ms, 3) if fact.first_token_ms is not None else None,
            "snapshot": fact.snapshot_version,
            "fact": fact.id,
            "parent": fact.parent_id,
        }
        _write("request" if fact.error is None else "request failed", fields)

    def refused(
        self,
        error: StoaError,
        exchange: Exchange,
        *,
        path: str | None,
        request_id: str | None,
        caller: Caller | None = None,
        route: str | None = None,
    ) -> None:
        """A request that was refused before a model was asked. `path` and `route` are of those that there are."""
        if not self._room():
            return
        fields: dict[str, object] = {
            "request_id": request_id,
            "status": error.status,
            "error": error.code,
            "path": path,
            "peer": exchange.peer or None,
            "key": caller.key_id if caller is not None else None,
            "key_name": caller.name if caller is not None and caller.key_id is not None else None,
            "user": caller.user_id if caller is not None else None,
            "team": caller.team if caller is not None else None,
            "route": route,
        }
        _write("request refused", fields)

    def _room(self) -> bool:
        second = int(self._now())
        if second != self._second:
            left_out, self._left_out = self._left_out, 0
            self._second, self._lines = second, 0
            if left_out:
                log.info("%d more requests failed or were refused within a second, and are not told of", left_out)
        self._lines += 1
        if self._lines > MOST_A_SECOND:
            self._left_out += 1
        return self._lines <= MOST_A_SECOND


def _write(message: str, fields: Mapping[str, object]) -> None:
    log.info(message, extra={"fields": {name: value for name, value in fields.items() if value is not None}})
