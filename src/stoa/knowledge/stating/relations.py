"""What a text says of the names in it, by rules: what something is, who is what of what, keys, tables, headers of mail.

A rule sees one form of words, and what it finds is what stands there. What is said in another form is not found; nothing is
guessed. `Insuvara is a medicine`, `Ruth Calder, head of Analytics`, `Owner: Gideon Marsh`, a row of a table.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from stoa.knowledge.english import STOP
from stoa.knowledge.names import Spelled, named, spelled

KIND, DEFINITION = "is a", "is defined as"
"""Properties that are no words of the text."""

MOST = 96
"""Relations of one text, the first ones."""

_LONGEST_VALUE = 240
_LONGEST_KEY = 40
_AFTER_A_KIND = frozenset("made held known found built based given sold sent written which used near since".split())  # noqa: SIM905
_BEGINS = re.compile(r"(?:^|[.!?:;\n#*>-])\s*(?:the\s+|an?\s+)?$", re.IGNORECASE)
_IS = re.compile(r"\s*(?:\([^()\n]{0,80}\)\s*)?(?:is|was)\s+(?:an?|the|one\s+of\s+the)\s+((?:[a-z][a-z-]*\s?){1,5})")
_OF = re.compile(r",\s+(?:the\s+|an?\s+)?([A-Za-z][a-z-]+(?:\s+[a-z][a-z-]+){0,2}?)\s+of\s+(?:the\s+)?")
_THE_OF = re.compile(r"\bthe\s+([a-z][a-z-]+(?:\s+[a-z][a-z-]+){0,2}?)\s+of\s+(?:the\s+)?", re.IGNORECASE)
_IS_NAME = re.compile(r"\s+(?:is|was)\s+")
_DEFINED = re.compile(r"^\*\*([^*\n]{2,60}?)\.?\*\*[.:]?\s+(\S[^\n]*(?:\n(?![\n*#|-])[^\n]+)*)", re.MULTILINE)
_KEY = re.compile(
    r"^[ \t]*(?:[-*][ \t]+)?(?:\*\*)?([A-Za-z][\w /()-]{0,39}?)[ \t]*(?::\*\*|\*\*:|:)[ \t]+(\S.*?)[ \t]*$", re.MULTILINE
)
_PAIR = re.compile(r"([A-Za-z][^:;\n]{0,79}): ([^;\n]+)")
_ROW = re.compile(r"^[ ]{0,3}\|(.*)\|[ \t]*$")
_LINE = re.compile(r"^[ ]{0,3}\|[ :|-]+\|?[ \t]*$")
_MAIL = re.compile(r"^(from|to|cc|subject|date):[ \t]*(.+)$", re.IGNORECASE | re.MULTILINE)
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


class Named(NamedTuple):
    """Something by its folded name, and how that is spelled."""

    name: str
    spelled: str


class Relation(NamedTuple):
    """`subject` has the property, in words of the text or one of those above, with an entity or with a text."""

    subject: Named
    property: str
    object: Named | str


class Letter(NamedTuple):
    """The head of a mail: people as their names, or their addresses where they have none, and the addresses known of them."""

    senders: tuple[Named, ...]
    recipients: tuple[Named, ...]
    addresses: tuple[tuple[Named, str], ...]


def relations_in(text: str, *, topic: Named | None = None) -> list[Relation]:
    """What a text says. `topic` is what its keys with values are about."""
    names = list(spelled(text))
    found: dict[Relation, None] = {}
    rules = (_definitions(text), _is_a(text, names), _of(text, names), _the_of(text), _keys(text, topic), _rows(text))
    for relation in (relation for rule in rules for relation in rule):
        found[relation] = None
        if len(found) == MOST:
            break
    return list(found)


def letter_in(text: str) -> Letter | None:
    """The head of the mail that a text begins with."""
    head = text[:4000].partition("\n\n")[0]
    lines = {match[1].lower(): match[2] for match in _MAIL.finditer(head)}
    if "from" not in lines or not lines.keys() & {"to", "subject", "date"}:
        return None
    senders, recipients = _people(lines["from"]), _people(", ".join(filter(None, (lines.get("to"), lines.get("cc")))))
    known = tuple((person, address) for person, address in (*senders, *recipients) if address)
    return Letter(tuple(person for person, _ in senders), tuple(person for person, _ in recipients), known)


def as_named(text: str) -> Named | None:
    """A text that is nothing but a name."""
    text = text.strip().strip("*_`")
    return Named(name, text) if (name := named(text)) else None


def _definitions(text: str) -> Iterator[Relation]:
    """`**Batch.** The quantity that is made in one process.`"""
    for match in _DEFINED.finditer(text):
        if subject := as_named(match[1]):
            yield Relation(subject, DEFINITION, " ".join(match[2].split())[:_LONGEST_VALUE])


def _is_a(text: str, names: Sequence[Spelled]) -> Iterator[Relation]:
    """`Insuvara is a medicine for diabetes`, `Ruth Calder was the head of Analytics`."""
    for each in names:
        match = _IS.match(text, each.end)
        if match is None or not _BEGINS.search(text[max(0, each.start - 8) : each.start]):
            continue
        words: list[str] = []
        for word in match[1].split():
            if word in STOP or len(words) == 3 or (words and word in _AFTER_A_KIND) or (words and word.endswith("ed")):
                break
            words.append(word)
        if not words:
            continue
        subject, kind = Named(each.name, each.text), " ".join(words)
        whole = re.compile(rf"{re.escape(words[-1])}\s+of\s+(?:the\s+)?").search(text, match.start(1))
        if whole and whole.start() <= match.end() and (other := _at(text, whole.end())):
            yield Relation(other, kind, subject)
        else:
            yield Relation(subject, KIND, kind)


def _of(text: str, names: Sequence[Spelled]) -> Iterator[Relation]:
    """`Ruth Calder, head of Analytics`."""
    for each in names:
        match = _OF.match(text, each.end)
        if match and not {*match[1].lower().split()} & STOP and (other := _at(text, match.end())):
            yield Relation(other, match[1].lower(), Named(each.name, each.text))


def _the_of(text: str) -> Iterator[Relation]:
    """`The head of Analytics is Ruth Calder`."""
    for match in _THE_OF.finditer(text):
        if {*match[1].lower().split()} & STOP or not (subject := _at(text, match.end())):
            continue
        verb = _IS_NAME.match(text, match.end() + len(subject.spelled))
        if verb and (other := _at(text, verb.end())):
            yield Relation(subject, match[1].lower(), other)


def _keys(text: str, topic: Named | None) -> Iterator[Relation]:
    """`Owner: Gideon Marsh`, under whatever the text is about."""
    if topic is None:
        return
    for match in _KEY.finditer(text):
        key, value = " ".join(match[1].lower().split()), match[2].strip("*_` ").rstrip(".")
        if "; " in value and _PAIR.search(value):  # a row of a table
            continue
        if not value or len(value) > _LONGEST_VALUE // 2 or len(key.split()) > 4 or key in STOP or value.startswith("//"):
            continue
        office = _OF.search(value)
        parts = [as_named(part) for part in (value[: office.start()] if office else value).split(", ")]
        several = [part for part in parts if part is not None]
        if len(several) == len(parts):
            yield from (Relation(topic, key, part) for part in several)
        else:
            yield Relation(topic, key, value)


def _rows(text: str) -> Iterator[Relation]:
    """Rows of tables, each about what its first cell names: under a head, or as `column: cell; column: cell`."""
    columns: list[str] = []
    before: list[str] = []
    for line in text.split("\n"):
        row = _ROW.match(line)
        if row is None:
            columns = []
            pairs = _PAIR.findall(line)
            if len(pairs) > 1 and line.startswith(f"{pairs[0][0]}: ") and line.count("; ") == len(pairs) - 1:
                yield from _row([key for key, _ in pairs], [value.strip() for _, value in pairs])
        elif _LINE.match(line):
            columns = before
        elif columns:
            yield from _row(columns, _cells(row[1]))
        before = _cells(row[1]) if row else []


def _row(columns: Sequence[str], cells: Sequence[str]) -> Iterator[Relation]:
    subject = as_named(cells[0]) if cells else None
    if subject is None:
        return
    for column, cell in zip(columns[1:], cells[1:], strict=False):
        key = " ".join(column.lower().split())
        if key and cell and len(key) <= _LONGEST_KEY:
            yield Relation(subject, key, as_named(cell) or cell[:_LONGEST_VALUE])


def _cells(row: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)]


def _people(line: str) -> list[tuple[Named, str]]:
    """Each with an address, or none."""
    found: list[tuple[Named, str]] = []
    for part in re.split(r",\s*(?=[^,]*@)|;\s*", line):
        address = _ADDRESS.search(part)
        name = as_named(re.sub(r"[<(\[].*", "", part).strip().strip("\"'"))
        if name is None and address is not None:
            name = Named(address[0].lower(), address[0])
        if name is not None:
            found.append((name, address[0].lower() if address else ""))
    return found


def _at(text: str, place: int) -> Named | None:
    """The name that begins at this place."""
    first = next(spelled(text[place : place + 120]), None)
    return Named(first.name, first.text) if first is not None and first.start == 0 else None
