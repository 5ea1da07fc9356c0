"""Texts from patterns: `{a|b}` is one of both, `<slot>` one entry of a slot; either may hold the other."""

import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

_INNER = re.compile(r"\{([^{}]*)\}|<([a-z_]+)>")

_HEADING = re.compile(r"\[[a-z_]+\]")
_BACK = str.maketrans("\ue001\ue002\ue003\ue004\ue005", "<>{}|")

Slots = Mapping[str, Sequence[str]]


def expand(pattern: str, slots: Slots, chance: random.Random) -> str:
    """From the inside outwards, until nothing is left to choose; a name in <> that is no slot stays as it is."""

    def choose(found: re.Match[str]) -> str:
        if found[1] is not None:
            return chance.choice(found[1].split("|"))
        return (
            _keep(chance.choice(slots[found[2]]))
            if found[2] in slots
            else found[0].replace("<", "\ue001").replace(">", "\ue002")
        )

    pattern = _keep(pattern)
    for _ in range(60):
        pattern, changes = _INNER.subn(choose, pattern)
        if not changes:
            break
    return pattern.translate(_BACK).replace("\\n", "\n")


def _keep(pattern: str) -> str:
    r"""`\{`, `\}` and `\|` are those signs themselves; a choice may stand without braces around the whole."""
    pattern = pattern.replace("\\{", "\ue003").replace("\\}", "\ue004").replace("\\|", "\ue005")
    depth = 0
    for sign in pattern:
        depth += (sign == "{") - (sign == "}")
        if sign == "|" and depth == 0:
            return "{" + pattern + "}"
    return pattern


def sections(path: Path) -> dict[str, list[str]]:
    """The lines below each `[heading]` of a file of patterns; `#` begins a remark."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if _HEADING.fullmatch(line):
            current = found.setdefault(line[1:-1], [])
        elif line.strip() and not line.startswith("# "):
            current.append(line)
    return found
