"""Names: which are allowed, and which one was probably meant."""

import difflib
import re
from collections.abc import Iterable

NAME = r"[a-z0-9][a-z0-9._-]{0,62}"

_NAME = re.compile(NAME)


def is_name(text: str) -> bool:
    """Whether text may name a resource, team, group or key: lower case, digits, dot, dash, underscore; 1 to 63 long."""
    return _NAME.fullmatch(text) is not None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name closest to a mistyped one, or None when nothing is close."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` with a leading space, or the empty string; for the end of an error message."""
    found = nearest(name, known)
    return f" Did you mean {found!r}?" if found else ""
