"""What the checks of one stage say of texts, and what comes of it: the strictest wins, and what cannot be judged is refused."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter

from stoa.domain.guardrails import Action, Stage
from stoa.domain.guards import RequestFacts, Taken, Verdict
from stoa.errors import CallerError, OperatorError, StoaError
from stoa.gateway.guarding.rules import Check, Marked
from stoa.gateway.guarding.texts import Place, Role
from stoa.guards.finding import Finding
from stoa.guards.personal.masking import Placeholders

log = logging.getLogger("stoa.gateway")

_STRICTEST: dict[Action, int] = {"refuse": 0, "mask": 1, "tokenise": 2, "warn": 3}
_WORDS = {"input": "request", "output": "answer"}


class Refused(CallerError):
    """A guardrail refuses. The message names it, the guard and the kinds, and nothing of what was written."""

    status = 400
    code = "guardrail_refused"
    place: int | None = None
    """Which of several texts it was."""
    found: str = ""
    """What the message says of the finding alone, without advice to whoever wrote the text."""


class Unavailable(OperatorError):
    """A guard could not judge, and what is not judged does not go on."""

    status = 503
    code = "guardrail_unavailable"


class Seen:
    """What one check saw so far at one stage."""

    __slots__ = ("action", "failed", "kinds", "ran", "seconds")

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.action: Action | None = None
        """The strictest that it asked for."""
        self.seconds = 0.0
        self.ran = False
        self.failed = False

    def note(self, one: Marked) -> None:
        self.kinds[one.kind] += 1
        if self.action is None or _STRICTEST[one.action] < _STRICTEST[self.action]:
            self.action = one.action

    @property
    def taken(self) -> Taken:
        return "error" if self.failed else self.action or "pass"


class Judge:
    """One stage of one request."""

    __slots__ = ("_facts", "_placeholders", "_stage", "checks", "seen")

    def __init__(
        self, stage: Stage, checks: Sequence[Check], facts: Callable[[], RequestFacts], placeholders: Placeholders | None
    ) -> None:
        """`placeholders` are the request's, for checks that tokenise."""
        self._stage: Stage = stage
        self.checks = checks
        self._facts = facts
        self._placeholders = placeholders
        self.seen = [Seen() for _ in checks]

    @property
    def waits(self) -> bool:
        """Whether any check takes its time."""
        return any(check.late is not None for check in self.checks)

    @property
    def reach(self) -> int:
        """Characters that have to be held back for what may change the text; 0 when that needs the whole."""
        acting = [check.detector.reach for check in self.checks if check.detector is not None and check.action != "warn"]
        return max(acting, default=1) if all(acting) else 0

    # --- what is found

    def found(self, place: Place, *, acting: bool | None = None, newest: bool = True) -> list[Marked]:
        """By checks that need no wait; with `acting` only by those that change the text, or only by those that do not."""
        found: list[Marked] = []
        for number, check in enumerate(self.checks):
            if check.late is not None or (acting is not None and acting is (check.action == "warn")):
                continue
            if not check.judges(place.role) or (check.newest and not newest):
                continue
            seen = self.seen[number]
            began = perf_counter()
            seen.ran = True
            if check.detector is None:
                self.fail(number, check.broken or "")
                continue
            try:
                each = place.find(check.detector.find, apart=check.apart)
            except Exception as error:  # whatever it is, the text was not judged
                log.exception("guard %s of guardrail %s failed", check.guard, check.guardrail)
                self.fail(number, type(error).__name__)
                continue
            seen.seconds += perf_counter() - began
            put = "" if check.erases else None
            found += [Marked(one.kind, one.start, one.end, one.score, check.action, number, put) for one in each]
        return found

    async def found_late(self, places: Sequence[Place]) -> list[list[Marked]]:
        """By checks that take their time, in each of the places."""
        found: list[list[Marked]] = [[] for _ in places]
        facts = self._facts()
        for number, check in enumerate(self.checks):
            if check.late is None:
                continue
            chosen = [at for at, place in enumerate(places) if check.judges(place.role)]
            if check.newest:
                chosen = chosen[-1:]
            if not chosen:
                continue
            seen = self.seen[number]
            seen.ran = True
            began = perf_counter()
            try:
                told = await check.late([places[at].text for at in chosen], facts, self._stage)
            except StoaError as error:
                log.warning("guard %s of guardrail %s could not judge: %s", check.guard, check.guardrail, error.message)
                self.fail(number, error.message)
            except Exception as error:  # whatever it is, the texts were not judged
                log.exception("guard %s of guardrail %s failed", check.guard, check.guardrail)
                self.fail(number, type(error).__name__)
            else:
                for at, each in zip(chosen, told, strict=True):
                    found[at] += [Marked(one.kind, one.start, one.end, one.score, one.action, number, one.put) for one in each]
            seen.seconds += perf_counter() - began
        return found

    def fail(self, number: int, why: str) -> None:
        """The check could not judge. Raises Unavailable unless it is to let such requests through."""
        check, seen = self.checks[number], self.seen[number]
        del why  # it may hold words of the text; the log has it
        seen.failed = True
        if not check.open and check.action != "warn":
            raise Unavailable(
                f"Guard {check.guard!r} of guardrail {check.guardrail!r} could not judge the {_WORDS[self._stage]}, which "
                "therefore does not go on. Try again, or tell who runs Stoa.",
            )

    def refuse_tokens(self) -> None:
        """Words that came as numbers cannot be judged. Raises Refused unless every check lets such requests through."""
        for check, seen in zip(self.checks, self.seen, strict=True):
            seen.ran = seen.failed = True
            if check.action != "warn" and not check.open:
                raise Refused(f"Guardrail {check.guardrail!r} cannot read tokens: send the text itself.", param="input")

    # --- what comes of it

    def settle(self, found: Sequence[Marked], *, counted: bool = True) -> list[Marked]:
        """What is to be changed, in order and without overlap. Raises Refused."""
        if counted:
            for one in found:
                self.seen[one.check].note(one)
        for one in found:
            if one.action == "refuse":
                raise self.refusal(one.check, found)
        return merged(found)

    def leaving(self, finding: Finding, value: str) -> str:
        """What stands in the place of a finding of `merged` in a stream, counted when it leaves. Raises Refused."""
        assert isinstance(finding, Marked)
        self.seen[finding.check].note(finding)
        if finding.action == "refuse":
            raise self.refusal(finding.check, (finding,))
        return self.put(finding, value)

    def refusal(self, number: int, found: Iterable[Marked]) -> Refused:
        check = self.checks[number]
        kinds = sorted({one.kind for one in found if one.check == number})
        what = (
            f"Guardrail {check.guardrail!r} refuses this {_WORDS[self._stage]}: its guard {check.guard!r} found "
            f"{', '.join(kinds) or 'what it does not allow'}."
        )
        refused = Refused(f"{what} Leave that out and ask again.")
        refused.found = what
        return refused

    def put(self, finding: Finding, value: str) -> str:
        """What stands in the place of a finding that was settled."""
        assert isinstance(finding, Marked)
        if finding.put is not None:
            return finding.put
        if finding.action == "tokenise" and self._placeholders is not None and self._stage == "input":
            return self._placeholders(finding, value)
        return f"[{finding.kind}]"

    def verdicts(self) -> list[Verdict]:
        """Of every check that ran."""
        return [
            Verdict(
                guardrail=check.guardrail,
                guard=check.guard,
                stage=self._stage,
                action=seen.taken,
                kinds=dict(seen.kinds),
                latency_us=round(seen.seconds * 1_000_000),
            )
            for check, seen in zip(self.checks, self.seen, strict=True)
            if seen.ran
        ]


def merged(found: Iterable[Marked]) -> list[Marked]:
    """Those that change the text, in order, without overlap: of several at one place the strictest says what becomes of it."""
    kept: list[Marked] = []
    for one in sorted(found, key=lambda each: (each.start, -each.end)):
        if one.action == "warn":
            continue
        last = kept[-1] if kept else None
        if last is None or one.start >= last.end:
            kept.append(one)
            continue
        best = min(last, one, key=lambda each: (_STRICTEST[each.action], -each.score))
        kept[-1] = Marked(best.kind, last.start, max(last.end, one.end), best.score, best.action, best.check)
    return kept


def judge_places(judge: Judge, places: Sequence[Place], late: Sequence[Sequence[Marked]] | None = None) -> list[list[Marked]]:
    """What is to be changed in each place. Raises Refused and Unavailable."""
    newest = newest_of(places)
    every = [
        [*judge.found(place, newest=at == newest), *(late[at] if late is not None else ())] for at, place in enumerate(places)
    ]
    changes: list[list[Marked]] = []
    for at, found in enumerate(every):
        try:
            changes.append(judge.settle(found) if found else [])
        except Refused as refused:
            refused.place = at
            raise
    return changes


def newest_of(places: Sequence[Place]) -> int:
    """Which one is the last that the user wrote; -1 for none."""
    wrote: tuple[Role, ...] = ("user", "text")
    return next((at for at in range(len(places) - 1, -1, -1) if places[at].role in wrote), -1)
