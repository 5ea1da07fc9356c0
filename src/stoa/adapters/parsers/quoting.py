"""What of the text of a message is new, and what it quotes of earlier ones."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_MOST_DEEP = 20
_QUOTED = re.compile(r"^((?:> ?)+)(.*)$")
_WROTE = re.compile(
    r"^(?:On|Am|Le|El|Op|Il)\s.{4,220}(?:wrote|schrieb|a écrit|escribió|schreef|ha scritto)\b.{0,80}:\s*$"
    r"|^.{1,120}<\S+@\S+>\s.{0,60}(?:wrote|schrieb):\s*$"
)
_OPENS = re.compile(r"^(?:On|Am|Le|El|Op|Il)\s.{4,160}$")
_LINE = re.compile(
    r"^\s*[-_]{2,}\s*(?:Original Message|Forwarded message|Ursprüngliche Nachricht|Weitergeleitete Nachricht|Original-Nachricht"
    r"|Message d'origine|Mensaje original)\s*[-_]{2,}\s*$"
    r"|^Begin forwarded message:\s*$",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"^\**(From|Sent|Date|To|Cc|Subject|Von|Gesendet|Datum|An|Kopie|Betreff|De|Envoyé|À|Objet):\**\s*(.*)$", re.IGNORECASE
)
_SENDERS = frozenset(("from", "von", "de"))
_SENT = frozenset(("sent", "date", "gesendet", "datum", "envoyé"))


@dataclass(frozen=True, slots=True)
class Part:
    """A message within the text. `of` names an earlier one and is empty for the message itself."""

    of: str
    text: str


def parts_of(text: str) -> list[Part]:
    """The message, then the earlier ones below it, newest first."""
    lines = text.split("\n")
    parts = list(_split(lines, "", 0))
    return [part for part in parts if part.text or part.of]


def _split(lines: Sequence[str], of: str, depth: int) -> Iterator[Part]:
    """What was written here, and what follows it."""
    found = _earlier(lines) if depth < _MOST_DEEP else None
    if found is None:
        yield Part(of, _tidy(lines))
        return
    end, begin, title = found
    yield Part(of, _tidy(lines[:end]))
    yield from _split(_unquoted(lines[begin:]), title, depth + 1)


def _earlier(lines: Sequence[str]) -> tuple[int, int, str] | None:
    """Where the new text ends, where an earlier message begins, and what that is called."""
    at = 0
    while at < len(lines):
        line = lines[at]
        if _LINE.match(line):
            begin, title = _fields(lines, at + 1)
            return at, begin, title
        if _heads(lines, at):
            begin, title = _fields(lines, at)
            return at, begin, title
        if said := _wrote(lines, at):
            begin = at + len(said)
            while begin < len(lines) and not lines[begin].strip():
                begin += 1
            if _quoted_to_end(lines, begin):
                return at, begin, f"Earlier message: {' '.join(' '.join(said).split()).rstrip(':')}"
        elif line.startswith(">") and _quoted_to_end(lines, at):
            return at, at, "Earlier message"
        at += 1
    return None


def _wrote(lines: Sequence[str], at: int) -> Sequence[str]:
    """The line or two by which a program says whom it quotes."""
    if _WROTE.match(lines[at]):
        return lines[at : at + 1]
    if at + 1 < len(lines) and _OPENS.match(lines[at]) and _WROTE.match(f"{lines[at]} {lines[at + 1]}"):
        return lines[at : at + 2]
    return ()


def _quoted_to_end(lines: Sequence[str], at: int) -> bool:
    """Whether all that follows is quoted, but for a few words that are not an answer: nothing else, or a signature."""
    rest = [line for line in lines[at:] if line.strip()]
    return bool(rest) and rest[0].startswith(">") and all(line.startswith(">") for line in rest)


def _heads(lines: Sequence[str], at: int) -> bool:
    """Whether the head of a message stands here, as some programs put it above what they quote: sender first, then others."""
    first = _FIELD.match(lines[at])
    if (
        first is None
        or first[1].lower() not in _SENDERS
        or (at > 0 and lines[at - 1].strip() and not set(lines[at - 1]) <= set("_- "))
    ):
        return False
    names = {found[1].lower() for line in lines[at + 1 : at + 6] if (found := _FIELD.match(line))}
    return len(names) >= 2


def _fields(lines: Sequence[str], at: int) -> tuple[int, str]:
    """Where the text below a head begins, and what the message is called by it."""
    sender = sent = ""
    while at < len(lines) and (not lines[at].strip() or _FIELD.match(lines[at])):
        if found := _FIELD.match(lines[at]):
            name = found[1].lower()
            sender = found[2].strip() if name in _SENDERS else sender
            sent = found[2].strip() if name in _SENT else sent
        elif sender:
            at += 1
            break
        at += 1
    about = ", ".join(filter(None, (sender, sent)))
    return at, f"Earlier message: {about}" if about else "Earlier message"


def _unquoted(lines: Sequence[str]) -> list[str]:
    """One mark less in front of each line, where all have one."""
    if not all(line.startswith(">") for line in lines if line.strip()):
        return list(lines)
    return [line[2:] if line.startswith("> ") else line[1:] for line in lines]


def _tidy(lines: Sequence[str]) -> str:
    """Without empty lines at either end; marks of quotes as Markdown has them."""
    kept = [
        f"{found[1].replace(' ', '').replace('>', '> ')}{found[2]}" if (found := _QUOTED.match(line)) else line
        for line in lines
    ]
    return "\n".join(line.rstrip() for line in kept).strip("\n")
