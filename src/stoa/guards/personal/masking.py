"""What stands in the place of a finding: its kind, its last characters, or a placeholder that can be put back."""

import json
from collections.abc import Callable, Sequence

from stoa.guards.finding import Finding

_SHOWN = 4
_STARS = "****"


def replaced(text: str, findings: Sequence[Finding], replace: Callable[[Finding, str], str]) -> str:
    """The text with every finding replaced; they are in order and do not overlap."""
    if not findings:
        return text
    parts: list[str] = []
    at = 0
    for finding in findings:
        parts.append(text[at : finding.start])
        parts.append(replace(finding, text[finding.start : finding.end]))
        at = finding.end
    parts.append(text[at:])
    return "".join(parts)


def masked(finding: Finding, value: str) -> str:
    """`[EMAIL_ADDRESS]`."""
    del value
    return f"[{finding.kind}]"


def partly_masked(finding: Finding, value: str) -> str:
    """`****1234`: the last four characters, and only where at least as many again stay hidden."""
    del finding
    return _STARS + value[-_SHOWN:] if len(value) >= 2 * _SHOWN else _STARS


class Placeholders:
    """The values of one request and what stands for them: `<EMAIL_ADDRESS_1>`. The same value has the same placeholder."""

    __slots__ = ("_avoided", "_counts", "_longest", "_placeholders", "_values")

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._placeholders: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self._avoided = ""
        self._longest = 0

    def __len__(self) -> int:
        return len(self._values)

    @property
    def values(self) -> dict[str, str]:
        """By placeholder."""
        return dict(self._values)

    @property
    def longest(self) -> int:
        """Characters of the longest placeholder."""
        return self._longest

    def tokenise(self, text: str, findings: Sequence[Finding]) -> str:
        """The text with placeholders. One that stands in the text already, as words of its author, is not given out."""
        self._avoided = text if "<" in text else ""
        return replaced(text, findings, self)

    def __call__(self, finding: Finding, value: str) -> str:
        """The placeholder of this value."""
        known = self._placeholders.get((finding.kind, value))
        if known is not None:
            return known
        number = self._counts.get(finding.kind, 0) + 1
        while (placeholder := f"<{finding.kind}_{number}>") in self._avoided:
            number += 1
        self._counts[finding.kind] = number
        self._placeholders[finding.kind, value] = placeholder
        self._values[placeholder] = value
        self._longest = max(self._longest, len(placeholder))
        return placeholder

    def restore(self, text: str, *, in_json: bool = False) -> str:
        """The text with the values back. `in_json` writes them as parts of a JSON string."""
        restorer = Restorer(self, in_json=in_json)
        return restorer.feed(text) + restorer.flush()

    def begins(self, text: str) -> bool:
        """True when a longer text could be a placeholder of this request."""
        return any(placeholder.startswith(text) for placeholder in self._values)

    def value(self, placeholder: str) -> str | None:
        return self._values.get(placeholder)


class Restorer:
    """Puts values back into one stream; holds back what may be the beginning of a placeholder, and never more than that."""

    __slots__ = ("_held", "_in_json", "_placeholders")

    def __init__(self, placeholders: Placeholders, *, in_json: bool = False) -> None:
        self._placeholders = placeholders
        self._in_json = in_json
        self._held = ""

    def feed(self, piece: str) -> str:
        """What may leave now, with values in the place of placeholders."""
        text = self._held + piece
        self._held = ""
        at = text.find("<")
        if at < 0:
            return text
        known, parts, copied = self._placeholders, list[str](), 0
        while at >= 0:
            end = text.find(">", at, at + known.longest) + 1
            value = known.value(text[at:end]) if end else None
            if value is not None:
                parts += text[copied:at], json.dumps(value, ensure_ascii=False)[1:-1] if self._in_json else value
                copied = end
            elif not end and len(text) - at < known.longest and known.begins(text[at:]):
                self._held = text[at:]
                return "".join((*parts, text[copied:at]))
            at = text.find("<", max(at + 1, copied))
        parts.append(text[copied:])
        return "".join(parts)

    def flush(self) -> str:
        """What was still held: the stream has ended."""
        held, self._held = self._held, ""
        return held
