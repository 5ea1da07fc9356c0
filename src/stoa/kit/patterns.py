"""Patterns of paths: `policies/*.pdf`. `*` and `?` stay within a folder, `**` goes through any number of them."""

import re
from collections.abc import Callable, Iterable

_PIECES = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    """Whether a path as a whole is like one of the patterns."""
    compiled = re.compile("|".join(_regex(pattern) for pattern in patterns) or r"(?!)", re.DOTALL)
    return lambda path: compiled.fullmatch(path) is not None


def beginning(pattern: str) -> str:
    """What every path that is like the pattern begins with."""
    return re.split(r"[*?]", pattern, maxsplit=1)[0]


def _regex(pattern: str) -> str:
    return "".join(_MEANING.get(piece) or re.escape(piece) for piece in _PIECES.findall(pattern))
