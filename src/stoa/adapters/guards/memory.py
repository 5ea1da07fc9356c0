"""Own guards without a network: the fake of the port."""

from collections.abc import Callable, Mapping

from stoa.domain.guards import Question, Reply

Script = Callable[[Question], Reply]
"""May raise what a service raises."""


class MemoryGuards:
    """Implements `domain.guards.OwnGuards`; replies as `script` says."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.opened: list[tuple[str, Mapping[str, str], float]] = []
        self.asked: list[Question] = []

    def open(self, url: str, headers: Mapping[str, str], timeout_s: float) -> "MemoryGuards":
        self.opened.append((url, headers, timeout_s))
        return self

    async def judge(self, question: Question) -> Reply:
        self.asked.append(question)
        return self.script(question)
