"""Recorded contents under the guardrails of another snapshot: what they would refuse or mask.

Only guards that judge here and at once are run; those that ask others (own services, topics, Presidio) are left out, and named.
A content that is kept was left as the guardrails of its time had made it.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, cast

import msgspec

from stoa.domain.contents import Opened
from stoa.domain.guards import RequestFacts
from stoa.domain.rehearsals import GuardSums
from stoa.domain.resources import Guardrail
from stoa.domain.snapshot import Snapshot
from stoa.domain.usage import UsageFact
from stoa.gateway.counting.estimate import tokens_in_text
from stoa.gateway.guarding.judging import Judge, Refused, Unavailable, judge_places
from stoa.gateway.guarding.ready import Rulebook, holds
from stoa.gateway.guarding.rules import Check, Rules, Size
from stoa.gateway.guarding.stream import ROOTS
from stoa.gateway.guarding.texts import Texts, read
from stoa.gateway.rehearsal import route_of
from stoa.guards.personal.masking import Placeholders

REFUSED = Refused.code
Unread = Literal["not_kept", "not_readable", "beyond"]
"""Why there is no content to judge."""
_MESSAGES = ("messages", "input")


class RehearsedGuards:
    """Those of a candidate, where they differ from those of now. `book` is the candidate's."""

    def __init__(self, candidate: Snapshot, now: Snapshot, book: Rulebook) -> None:
        self._candidate = candidate
        self._now = now
        self._book = book
        self._known: dict[tuple[str, str], tuple[Sequence[Guardrail], bool]] = {}
        self._rules: dict[tuple[str, ...], Rules | None] = {}
        self._sums = GuardSums()
        self._left_out: set[str] = set()

    def differ(self, fact: UsageFact) -> bool:
        """Whether other guardrails, or changed ones, would hold for the request."""
        return self._holding(fact)[1]

    def is_free(self, fact: UsageFact) -> bool:
        """Whether none would hold."""
        return not self._holding(fact)[0]

    def refuses(self, fact: UsageFact, content: Opened | Unread) -> bool:
        """Whether the request would be refused before a model is asked, as far as its content tells; counted in the sums."""
        if not isinstance(content, Opened):
            setattr(self._sums, content, getattr(self._sums, content) + 1)
            return False
        rules = self._rules_of(fact)
        try:
            if content.cut:
                raise ValueError("only its beginning is kept")
            texts = read(content.request)
            texts.request()
        except (ValueError, msgspec.MsgspecError, RecursionError):
            self._sums.not_kept += 1
            return False
        self._sums.judged += 1
        if rules is None:
            return False
        if any(_is_over(size, texts) for size in rules.sizes):
            self._sums.refused += 1
            return True
        refused, masked = self._judged(Judge("input", self._at_once(rules.input), lambda: _facts(fact), Placeholders()), texts)
        if refused:
            self._sums.refused += 1
            return True
        if content.answer is not None and fact.error != REFUSED:
            judge = Judge("output", self._at_once(rules.output), lambda: _facts(fact), None)
            withheld, changed = self._judged(judge, _answer_of(fact, content.answer))
            self._sums.answers_refused += withheld
            masked = masked or changed
        self._sums.masked += masked
        return False

    def sums(self) -> GuardSums | None:
        """None where nothing differed for any request."""
        if not any(differs for _, differs in self._known.values()):
            return None
        return msgspec.structs.replace(self._sums, left_out=sorted(self._left_out))

    def _judged(self, judge: Judge, texts: Texts) -> tuple[bool, bool]:
        """Whether it is refused, and whether it is changed."""
        try:
            if texts.unread:
                judge.refuse_tokens()
            return False, any(judge_places(judge, texts.places))
        except (Refused, Unavailable):
            return True, False

    def _at_once(self, checks: Sequence[Check]) -> Sequence[Check]:
        self._left_out.update(f"{each.guardrail}/{each.guard}" for each in checks if each.detector is None)
        return [each for each in checks if each.detector is not None]

    def _rules_of(self, fact: UsageFact) -> Rules | None:
        names = tuple(each.name for each in self._holding(fact)[0])
        if names not in self._rules:
            self._rules[names] = self._book.together(names)
        return self._rules[names]

    def _holding(self, fact: UsageFact) -> tuple[Sequence[Guardrail], bool]:
        """What would hold, and whether that is another thing than now."""
        if fact.key_id is None and fact.user_id is None:
            return (), False
        key = (fact.requested, fact.team)
        found = self._known.get(key)
        if found is None:
            then, now = _holding(self._candidate, *key), _holding(self._now, *key)
            found = self._known[key] = (list(then.values()), then != now)
        return found


def _holding(snapshot: Snapshot, requested: str, team: str) -> Mapping[str, Guardrail]:
    route = route_of(snapshot, requested)
    if route is None:
        return {}
    reached = [route.name, *(each.model for each in (*route.targets, *route.fallbacks))]
    if route.shadow is not None:
        reached.append(route.shadow.model)
    return {name: each for name, each in snapshot.guardrails.items() if team in each.teams or holds(each, requested, reached)}


def _answer_of(fact: UsageFact, answer: bytes) -> Texts:
    """As it is kept: in the client's form, or as text."""
    roots = ROOTS.get(fact.form)
    if roots is not None:
        try:
            texts = read(answer)
        except (ValueError, msgspec.MsgspecError, RecursionError):
            texts, roots = Texts({"text": answer.decode("utf-8", "replace")}), ("text",)
        texts.answer(*roots)
        return texts
    return Texts({})


def _is_over(size: Size, texts: Texts) -> bool:
    if size.warn:
        return False
    lists = [cast("list[object]", found) for name in _MESSAGES if isinstance(found := texts.fields.get(name), list)]
    return (
        (size.characters is not None and texts.characters > size.characters)
        or (size.tokens is not None and sum([tokens_in_text(place.text) for place in texts.places]) > size.tokens)
        or (size.messages is not None and max(map(len, lists), default=1) > size.messages)
    )


def _facts(fact: UsageFact) -> RequestFacts:
    return RequestFacts(
        request_id=fact.id, team=fact.team, model=fact.requested, path="/api/replay", user=fact.user_id, key=fact.key_id
    )
