"""What was asked and answered, for a replay that runs other guardrails on it: by the rights of whoever replays."""

from collections.abc import Mapping, Sequence

from stoa.adapters.database.contents import ContentTable
from stoa.adapters.database.stores import DatabaseStores
from stoa.api.access import Caller
from stoa.api.contents import content_target
from stoa.domain.contents import Opened
from stoa.domain.usage import UsageFact
from stoa.gateway.guarding.rehearsed import Unread
from stoa.wiring import Control, now_ms

_MOST_JUDGED = 5000
"""Contents that guardrails are run on: a millisecond each, and a line in control's log."""


class ReplayContents:
    """What was asked and answered, as far as the caller may read it. Each reading is recorded."""

    def __init__(self, caller: Caller, parts: Control) -> None:
        self._caller = caller
        self._parts = parts
        self._may: dict[tuple[str, str | None, str | None], bool] = {}
        self._left = _MOST_JUDGED

    async def read(self, facts: Sequence[UsageFact]) -> Mapping[str, Opened | Unread]:
        """By the fact's id; what is not kept is not among them."""
        if not facts:
            return {}
        found: dict[str, Opened | Unread] = {}
        async with self._parts.database.read() as connection:
            stores = DatabaseStores(connection)
            for fact in facts:
                if not await self._may_read(fact, stores):
                    found[fact.id] = "not_readable"
            wanted = [fact.id for fact in facts if fact.id not in found]
            stored = await ContentTable(connection).found(wanted, now_ms=now_ms())
        for name, each in stored.items():
            if each.key is None:
                continue  # erased
            if not self._left:
                found[name] = "beyond"
                continue
            self._left -= 1
            await self._parts.readings.reads(self._caller.principal, name)
            found[name] = self._parts.seals.open(each.key, name, each.sealed)
        return found

    async def _may_read(self, fact: UsageFact, stores: DatabaseStores) -> bool:
        whose = (fact.team, fact.user_id, fact.key_id)
        if whose not in self._may:
            self._may[whose] = self._caller.may(await content_target(fact, stores))
        return self._may[whose]
