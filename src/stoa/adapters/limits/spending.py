"""What each worker knows of the teams' spend, in a part of the shared file that only it writes and the others read.

Reading takes no lock: a number is written whole. A writer raises what control told before it lowers what is its own, and a
reader looks in the other order, so that a cost on its way to control is seen at least once. Places of teams are never given up
while the file is there.
"""

import hashlib
import logging
from collections.abc import Mapping

from stoa.adapters.limits.file import NAME_BYTES, LimitsFile
from stoa.domain.limits import Spent

log = logging.getLogger("stoa.gateway")

_EMPTY = bytes(NAME_BYTES)


class SharedSpending:
    """Implements `domain.limits.Spending`."""

    def __init__(self, file: LimitsFile) -> None:
        self._file = file
        self._mine = file.spend_of(file.worker)
        self._others = [file.spend_of(worker) for worker in range(1, file.workers + 1) if worker != file.worker]
        self._places: dict[str, int] = {}

    def begin(self, month: int, spent: Mapping[str, Spent]) -> None:
        mine = self._mine
        places = {place: each for team, each in spent.items() if (place := self._place(team)) is not None}
        if mine[0] != month:
            mine[0] = 0  # nobody reads it until it is whole
        for place in range(self._file.teams):
            told, own = places.get(place, Spent(0, 0))
            mine[2 * place + 1] = told
            mine[2 * place + 2] = own
        mine[0] = month

    def tell(self, team: str, spent: Spent) -> None:
        place = self._places.get(team)
        if place is None:
            place = self._place(team)
            if place is None:
                return
        self._mine[2 * place + 1] = spent.told
        self._mine[2 * place + 2] = spent.own

    def others(self, team: str) -> Spent:
        place = self._places.get(team)
        if place is None:
            place = self._place(team)
            if place is None:
                return Spent(0, 0)
        told = own = 0
        month, at = self._mine[0], 2 * place + 2
        for other in self._others:
            if other[0] == month:
                own += other[at]
        for other in self._others:
            if other[0] == month and other[at - 1] > told:
                told = other[at - 1]
        return Spent(told, own)

    def _place(self, team: str) -> int | None:
        """Where all workers tell of the team; None when there is no place left, or not now."""
        name, file = hashlib.blake2b(team.encode(), digest_size=NAME_BYTES).digest(), self._file
        if not file.lock(0):
            return None
        try:
            first = int.from_bytes(name[:4], "little") % file.teams
            for step in range(file.teams):
                place = (first + step) % file.teams
                start = file.team_name(place)
                stored = bytes(file.view[start : start + NAME_BYTES])
                if stored == _EMPTY:
                    file.view[start : start + NAME_BYTES] = stored = name
                if stored == name:
                    self._places[team] = place
                    return place
        finally:
            file.unlock(0)
        log.warning(
            "there are more teams than workers can count together; of %r each worker counts what it spends itself", team
        )
        return None
