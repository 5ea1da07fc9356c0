"""Streams of other forms than chat that pass untouched: cut into whole events, watched, and passed on as the bytes they are.

Once there is content, events that only carry more of it are not parsed.
"""

import msgspec

from stoa.dialects.answer import TokenUsage
from stoa.dialects.answer_rules import later
from stoa.dialects.event_lines import WholeEvents
from stoa.dialects.passing import Passing
from stoa.domain.operations import ClientForm, ErrorClass
from stoa.gateway.accounts import account_in, usage_of
from stoa.gateway.event_data import ErrorBody
from stoa.gateway.replay import text_in
from stoa.gateway.usage import Usage


class PassingStream:
    """Implements `watching.Watcher`. What was passed on is kept up to `keep_bytes`; of the rest the characters are counted."""

    __slots__ = (
        "_account", "_characters", "_cut", "_first", "_form", "_keep_bytes", "_kept", "_kept_bytes", "_last", "_latest",
        "_name", "_overflowed", "_strip_usage", "_stripped", "_told", "content", "done", "error", "error_class",
    )  # fmt: skip

    def __init__(self, name: ClientForm, form: Passing, *, strip_usage: bool, keep_bytes: int) -> None:
        self._name: ClientForm = name
        self._form = form
        self._cut = WholeEvents()
        self._strip_usage = strip_usage
        self._keep_bytes = keep_bytes
        self._kept: list[bytes] = []
        self._kept_bytes = 0
        self._overflowed = False
        self._characters = 0  # of content, in what is no longer kept
        self._stripped = b""  # the event with the usage, when the client did not ask for it
        self._first = self._latest = self._last = b""  # passed on at first and last, and the terminal event
        self._told: TokenUsage | None = None
        self._account = b""
        self.content = False
        self.done = False
        self.error: ErrorBody | None = None
        self.error_class: ErrorClass | None = None

    @property
    def usage(self) -> Usage | None:
        return usage_of(self._told, self._account)

    def feed(self, data: bytes) -> bytes:
        if self.done or self.error is not None:
            return b""
        events = self._cut.feed(data)
        if events and (not self.content or self._form.matters(events)):
            events = self._examine(events)
        if events:
            self._keep(events)
        return events

    def closed(self) -> bool:
        """The end of the answer is no good end without its marker."""
        return False

    def count_characters(self) -> int:
        return self._characters + sum(self._form.characters(events) for events in self._kept)

    def text(self) -> str | None:
        whole = self.whole()
        return text_in(self._name, whole) if whole is not None else None

    def whole(self) -> bytes | None:
        if self._overflowed or not self.done:
            return None
        try:
            return self._form.whole(b"".join((*self._kept, self._stripped, self._last)))
        except (msgspec.MsgspecError, UnicodeDecodeError, AttributeError, LookupError, TypeError):
            return None  # content passes unread, so that only here is seen what was none

    def end(self, stoa: object) -> bytes:
        return self._form.end(self._last, stoa)

    def fail(self, status: int, code: str, message: str) -> bytes:
        return self._form.fail(status, code, message, first=self._first, latest=self._latest)

    def _examine(self, events: bytes) -> bytes:
        passed: list[bytes] = []
        for event in events.split(b"\n\n")[:-1]:
            if self.content and not self._form.matters(event):
                passed.append(event)
                continue
            seen = self._form.look(event)
            if seen.usage is not None:
                self._told = later(self._told, seen.usage)
                self._account = account_in(event) or self._account
            if seen.failed is not None:
                self.error = ErrorBody(seen.failed.message, None, seen.failed.code)
                self.error_class = seen.failed.error_class
                break
            if seen.ended:
                self.done = True
                self._last = event + b"\n\n"
                break
            if seen.only_usage and self._strip_usage:
                self._stripped = event + b"\n\n"
                continue
            self.content = self.content or seen.content
            passed.append(event)
        return b"\n\n".join([*passed, b""]) if passed else b""

    def _keep(self, events: bytes) -> None:
        self._first = self._first or events
        self._latest = events
        self._kept.append(events)
        self._kept_bytes += len(events)
        if self._kept_bytes > self._keep_bytes:
            self._characters = self.count_characters()
            self._kept.clear()
            self._kept_bytes = 0
            self._overflowed = True
