"""What the tries of one request leave behind: their failures, what the client is told of them, and what the record tells."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from stoa.domain.operations import CALLERS_FAULTS
from stoa.gateway.faults import Fault, exhausted
from stoa.gateway.recording import Tracks

if TYPE_CHECKING:
    from stoa.gateway.asker import Asker
    from stoa.gateway.attempt import Attempt
    from stoa.gateway.plan import Offering, Target
    from stoa.gateway.routing.order import Choices
    from stoa.gateway.stages import Stages


class Trail:
    """Tries that remember."""

    # Defaults stand in the class, so that a request which needs none of it pays for none of it.
    count: int = 0
    tracks: Tracks | None = None
    _choices: Choices[Target] | None = None
    _faults: dict[str, tuple[Target, Fault]] | None = None  # of each target that failed, its last
    _moved_on = False  # whether another than the first may answer

    def __init__(self, stages: Stages, offering: Offering, asker: Asker) -> None:
        self._stages = stages
        self._offering = offering
        self._asker = asker

    def _tracks(self) -> Tracks:
        self.tracks = self.tracks or Tracks()
        return self.tracks

    def _left_unused(self, attempt: Attempt, error: str, error_class: str | None = None) -> None:
        self._tracks().tried.append((attempt, perf_counter(), error, error_class))

    def _note(self, target: Target, fault: Fault) -> None:
        faults = self._faults = self._faults or {}
        faults.pop(target.model, None)
        faults[target.model] = (target, fault)

    def _first_was(self, target: Target) -> None:
        if not self._moved_on:
            self._moved_on = True
            self._asker.asked_first(target)

    def _nothing_left(self, now: float) -> None:
        name, faults = self._offering.name, list((self._faults or {}).values())
        last: Target | None = None
        if not faults:
            assert self._choices is not None
            left = self._choices.nothing_left(now)
            fault = Fault(503, "no_target", left.message, "server_error", retry_after_s=left.wait_s)
        else:
            last, fault = faults[-1]
            if fault.error_class in CALLERS_FAULTS:
                pass
            elif len(faults) > 1:
                fault = exhausted(name, faults, now)
            elif self.count > 1:
                fault = fault._replace(message=f"{fault.message} It was asked {self.count} times.")
        self._asker.gave_up(fault, last)
