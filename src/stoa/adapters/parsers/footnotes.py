"""Footnotes in Markdown: each behind the paragraph that refers to it, so that a passage has both."""

import re
from collections.abc import Sequence

_DEFINITION = re.compile(r"^ {0,3}\[\^([^\]\s]+)\]:[ \t]*(.*)$")
_REFERENCE = re.compile(r"\[\^([^\]\s]+)\](?!:)")
_FENCE = re.compile(r"^ {0,3}(?:`{3,}|~{3,})")


def placed(text: str) -> str:
    """The text with its notes moved; a note that nothing refers to stays where it is."""
    if "[^" not in text:
        return text
    lines = text.split("\n")
    kept, notes = _taken_out(lines)
    referred = set(_REFERENCE.findall("\n".join(kept)))
    if not referred & set(notes):
        return text
    left = {label: words for label, words in notes.items() if label in referred}
    out: list[str] = []
    waiting: list[str] = []
    fenced = False
    for line in [*kept, ""]:
        fenced ^= _FENCE.match(line) is not None
        if not fenced:
            waiting += [label for label in _REFERENCE.findall(line) if label in left and label not in waiting]
        if not line.strip() and not fenced and waiting:
            for label in waiting:
                out += ["", f"[^{label}]: {left.pop(label)}"]
            waiting = []
        out.append(line)
    stayed = [f"[^{label}]: {words}" for label, words in notes.items() if label not in referred]
    return re.sub(r"\n{3,}", "\n\n", "\n".join([*out, *stayed])).strip("\n")


def _taken_out(lines: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The lines that are no notes, and the notes by their labels; lines that are set in below a note belong to it."""
    kept: list[str] = []
    notes: dict[str, str] = {}
    label, fenced = "", False
    for line in lines:
        if _FENCE.match(line) and not label:
            fenced = not fenced
        found = None if fenced else _DEFINITION.match(line)
        if found and found[1] not in notes:
            label = found[1]
            notes[label] = found[2].strip()
        elif label and line.startswith(("    ", "\t", "  ")) and line.strip():
            notes[label] = f"{notes[label]} {line.strip()}".strip()
        elif label and not line.strip():
            kept.append(line)
        else:
            label = ""
            kept.append(line)
    return kept, notes
