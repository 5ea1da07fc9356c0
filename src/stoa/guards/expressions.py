r"""Regular expressions by RE2, which takes linear time on every text: on UTF-8 bytes, with places in bytes.

An expression of the house is matched byte by byte, so that `[A-Za-z\x80-\xff]` is a letter of any script in one step; a
class of Unicode's own is a machine of thousands of states. Its letters beyond ASCII may stand in words, not in classes. An
operator's expression is matched by characters.
"""

# RE2's package has no types; what leaves this module has.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from collections.abc import Sequence

import re2

Span = tuple[int, int]

LETTER = r"[A-Za-z\x80-\xff]"
UPPER = r"[A-Z\xc3-\xdf]"
"""A capital, or a letter of two bytes: which of these are capitals is asked afterwards."""


def encoded(text: str) -> bytes:
    """UTF-8, with room for what is no character, so that every text can be looked at."""
    return text.encode("utf-8", "surrogatepass")


def _options(*, by_character: bool = False) -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    if not by_character:
        options.encoding = re2.Options.Encoding.LATIN1
    return options


class Expression:
    """Compiled. Raises ValueError with RE2's reason where it is not an expression. Thread-safe."""

    __slots__ = ("_compiled", "_group")

    def __init__(self, pattern: str, *, by_character: bool = False) -> None:
        try:
            self._compiled = re2.compile(pattern.encode("utf-8"), _options(by_character=by_character))
        except (re2.error, UnicodeEncodeError) as error:
            reason = error.args[0] if error.args else error
            raise ValueError(reason.decode() if isinstance(reason, bytes) else str(reason)) from None
        self._group = 0 if by_character else min(1, int(self._compiled.groups))

    def search(self, data: bytes, at: int = 0) -> tuple[Span, int] | None:
        """Where group 1 is, or the whole match where there is no group, and where the whole match ends."""
        match = self._compiled.search(data, at)
        return None if match is None else (match.span(self._group), match.end())

    def occurs(self, data: bytes) -> bool:
        return self._compiled.search(data) is not None


class Hints:
    """Many small expressions, looked for together in one pass."""

    __slots__ = ("_all", "_set")

    def __init__(self, patterns: Sequence[str]) -> None:
        self._all = range(len(patterns))
        self._set = re2.Set.SearchSet(_options())
        for pattern in patterns:
            self._set.Add(pattern.encode("utf-8"))
        self._set.Add(b"")  # always there, so that giving up is told from finding nothing
        self._set.Compile()

    def within(self, data: bytes) -> Sequence[int]:
        """The numbers of those that occur; all of them where RE2 ran out of its memory."""
        hits = self._set.Match(data)
        if not hits:
            return self._all
        return [hit for hit in hits if hit < len(self._all)] if len(hits) > 1 else ()
