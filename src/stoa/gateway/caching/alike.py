"""Stage 3, cache, last of all: the answer to a question that says the same. Only where a route's policy is `semantic`."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC
from collections.abc import Sequence
from hashlib import sha256
from operator import mul
from typing import NamedTuple

from stoa.domain.resources import CachePolicy
from stoa.errors import StoaError
from stoa.gateway.caching.entry import Entry
from stoa.gateway.caching.key import common_of
from stoa.gateway.caching.looking import Looking
from stoa.gateway.likeness.judgement import NEAR, judge
from stoa.gateway.likeness.reading import Reading, read
from stoa.gateway.likeness.store import Known
from stoa.gateway.likeness.turns import question
from stoa.gateway.stages import PARENT, SPAN
from stoa.gateway.tokens import Tokens

log = logging.getLogger("stoa.gateway")

EMBEDDER = "stoa-embed"
"""The model that tells how near two questions are: what is near enough was measured with this one."""

LONGEST_S = 0.05
"""How long a request waits for it; then its own model is asked."""


class _Question(NamedTuple):
    scope: bytes
    text: str
    reading: Reading


class _Alike(NamedTuple):
    known: Known
    reading: Reading | None


class LookingAlike(Looking, ABC):
    """Nothing is embedded before a question is there whose words say the same."""

    _question: _Question | None = None
    _task: asyncio.Task[None] | None = None

    def _missed(self) -> None:
        policy = self.offering.cache
        if policy is None or not policy.semantic or self.cache != "miss" or not self._seek(policy):
            super()._missed()

    def _seek(self, policy: CachePolicy) -> bool:
        """Whether there is a question to be compared, which is under way then."""
        caching = self.stages.caching
        asked = self._question = self._read(policy)
        if caching is None or asked is None:
            return False
        now, entries = caching.clock(), caching.entries
        alike = [
            _Alike(known, reading)
            for known in caching.questions.alike(asked.scope, asked.reading)
            if entries.get(known.answer, now_s=now, ttl_s=policy.ttl_s) is not None
            and judge(asked.reading, reading := read(known.text), 1.0).same
        ]
        if alike:
            self._task = asyncio.get_running_loop().create_task(self._compare(asked, alike, policy))
        return bool(alike)

    def _read(self, policy: CachePolicy) -> _Question | None:
        """The question of the request, where it has one that others may ask too."""
        found = question(self._body, self.surface.path)
        reading = read(found.text) if found is not None else None
        if found is None or reading is None or not reading.legible:
            return None
        common = common_of(self.client, self.offering, policy, self.exchange.headers)
        return _Question(sha256(b"%b\0%b" % (common, found.rest)).digest(), found.text, reading)

    async def _compare(self, asked: _Question, alike: Sequence[_Alike], policy: CachePolicy) -> None:
        PARENT.set(self.id)  # of this task alone
        SPAN.set(self.span)
        nearest = None
        try:
            async with asyncio.timeout(LONGEST_S):
                nearest = await self._nearest(asked, alike, policy)
        except (StoaError, TimeoutError) as error:
            log.debug("a question could not be compared: %s", error, extra={"request_id": self.request_id})
        except Exception:
            log.exception("a question could not be compared", extra={"request_id": self.request_id})
        finally:
            self._task = None
        caching = self.stages.caching
        if nearest is not None and caching is not None:
            self.similarity, known = nearest
            self._found = caching.entries.get(known.answer, now_s=caching.clock(), ttl_s=policy.ttl_s)
            caching.questions.used(known)
        if self.clock is not None:
            self.clock.mark("cache")
        self._go_on(self._take_alike)

    async def _nearest(self, asked: _Question, alike: Sequence[_Alike], policy: CachePolicy) -> tuple[float, Known] | None:
        """The nearest that is judged the same. Raises StoaError when nothing can be embedded."""
        caching = self.stages.caching
        if caching is None or caching.embedder is None:
            return None
        new = [known for known, _ in alike if known.vector is None]
        texts = [asked.text, *(known.text for known in new)]
        own, *others = await caching.embedder.embed(texts, team=self.client.caller.team)
        for known, vector in zip(new, others, strict=True):
            known.vector = vector
        near = policy.similarity if policy.similarity is not None else NEAR
        cosines = [sum(map(mul, own, known.vector or ())) for known, _ in alike]
        same = [
            (cosine, known)
            for cosine, (known, reading) in zip(cosines, alike, strict=True)
            if judge(asked.reading, reading, cosine, near=near).same
        ]
        return max(same, key=lambda each: each[0], default=None)

    def _take_alike(self) -> None:
        entry, self._found = self._found, None
        if entry is None or not self._replay(entry, "semantic"):
            self.similarity = None
            super()._missed()

    def _keep(self, answer: bytes, tokens: Tokens) -> Entry | None:
        entry = super()._keep(answer, tokens)
        caching, key, policy = self.stages.caching, self._cache_key, self.offering.cache
        if entry is None or caching is None or key is None or policy is None or not policy.semantic:
            return entry
        asked = self._question or self._read(policy)
        if asked is not None and caching.entries.get(key, now_s=entry.kept_at_s, ttl_s=policy.ttl_s) is entry:
            caching.questions.put(asked.scope, asked.text, asked.reading, answer=key)
        return entry
