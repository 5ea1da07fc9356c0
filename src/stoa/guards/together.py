"""Findings of several origins as one list."""

from collections.abc import Iterable, Sequence

from stoa.guards.finding import Detector, Finding


def settled(findings: Iterable[Finding]) -> list[Finding]:
    """In the order of their places, without overlap: findings that overlap become one, of the kind with the best score.

    Nothing that any of them covers is lost; among equal scores the longest names the kind.
    """
    ordered = sorted(findings, key=lambda finding: (finding.start, -finding.end))
    if len(ordered) < 2:
        return ordered
    kept = [ordered[0]]
    best = ordered[0]  # of those that the last of `kept` covers
    for finding in ordered[1:]:
        last = kept[-1]
        if finding.start >= last.end:
            kept.append(finding)
            best = finding
            continue
        best = max(best, finding, key=lambda one: (one.score, one.end - one.start))
        kept[-1] = Finding(best.kind, last.start, max(last.end, finding.end), best.score)
    return kept


class Together:
    """Several detectors as one. Its reach is the widest of theirs, 0 when one of them needs the whole text."""

    def __init__(self, detectors: Sequence[Detector]) -> None:
        self._detectors = tuple(detectors)
        reaches = [detector.reach for detector in detectors]
        self.reach = max(reaches, default=0) if all(reaches) else 0

    def find(self, text: str) -> Sequence[Finding]:
        return settled(finding for detector in self._detectors for finding in detector.find(text))
