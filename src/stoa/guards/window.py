"""The look-behind window of a stream: text leaves when no finding can begin in it any more.

What has left stays in sight for one reach more, so that a detector sees the same words before a place as in the whole text.
"""

from collections.abc import Callable, Sequence

from stoa.guards.finding import Finding


class Window:
    """One stream of text: `feed` every piece and send on what it answers, then `flush`. Not thread-safe.

    `find` and `reach` are a detector's; the reach must be above 0. `replace` is given a finding and the words found and says
    what stands there instead; it may raise to stop the stream, and nothing of that finding has left by then.
    """

    __slots__ = ("_find", "_reach", "_replace", "_sent", "_stride", "_text")

    def __init__(self, find: Callable[[str], Sequence[Finding]], *, reach: int, replace: Callable[[Finding, str], str]) -> None:
        if reach < 1:
            raise ValueError(f"A detector with reach {reach} judges only the whole text: gather it instead of a window")
        self._find = find
        self._reach = reach
        self._stride = max(1, reach // 8)  # looking at every piece of four characters costs seven times as much
        self._replace = replace
        self._text = ""
        self._sent = 0

    @property
    def held(self) -> int:
        """Characters that have come and not left."""
        return len(self._text) - self._sent

    def feed(self, piece: str) -> str:
        """What may leave now, often nothing."""
        self._text += piece
        until = len(self._text) - self._reach
        return self._leave(until) if until - self._sent >= self._stride else ""

    def flush(self) -> str:
        """What was still held: the stream has ended."""
        return self._leave(len(self._text))

    def _leave(self, until: int) -> str:
        """Everything before `until` that is not part of a finding that reaches beyond it: such a one may still grow."""
        text, at = self._text, self._sent
        leaving: list[str] = []
        for finding in self._find(text):
            if finding.end <= at:
                continue
            if finding.start >= until:
                break
            if finding.end > until:
                until = finding.start
                break
            leaving.append(text[at : max(at, finding.start)])
            leaving.append(self._replace(finding, text[finding.start : finding.end]))
            at = finding.end
        if at < until:
            leaving.append(text[at:until])
            at = until
        behind = max(0, at - self._reach)
        self._text, self._sent = text[behind:], at - behind
        return "".join(leaving)
