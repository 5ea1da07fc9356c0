"""E-mail: who wrote to whom and when, what they wrote, what they answered to, and the files that came along.

Text that is quoted below a message is a section of its own, under who wrote it: it is an earlier message, and the words of
somebody else. Quotes between the lines of an answer stay where they are.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses, parsedate_to_datetime

from stoa.adapters.parsers.clean import clean
from stoa.adapters.parsers.quoting import Part, parts_of
from stoa.adapters.parsers.text import markdown_headings
from stoa.adapters.parsers.web import page_of, squeeze
from stoa.domain.documents import Heading, ParsedDocument
from stoa.errors import Unreadable

Inner = Callable[[bytes, str], ParsedDocument]
"""Reads a file that came with a message, by its name."""

_MOST_FILES = 50
_MOST_PARTS = 500
_MOST_PEOPLE = 50


@dataclass(slots=True)
class Message:
    """A message, whatever it was kept in. `files` are names and bytes of what came along; `sent` is ISO, to the minute."""

    subject: str = ""
    sender: str = ""
    to: str = ""
    copies: str = ""
    sent: str = ""
    text: str = ""
    html: str = ""
    files: list[tuple[str, bytes]] = field(default_factory=list[tuple[str, bytes]])


def read_eml(data: bytes, inner: Inner) -> ParsedDocument:
    """A message as it travels."""
    try:
        message = BytesParser(policy=policy.default).parsebytes(data)
        if not message.keys():
            raise Unreadable("The file is no e-mail: it has no header.")
        return compose(_taken_apart(message), inner)
    except RecursionError:
        raise Unreadable("The message has parts nested too deeply to be read.") from None


def compose(message: Message, inner: Inner) -> ParsedDocument:
    """A document of a message: its head, what is new in it, earlier messages and files as sections."""
    text, headings = "", list[Heading]()
    head = (("From", message.sender), ("To", message.to), ("Copy", message.copies), ("Date", message.sent))
    text = "\n".join(f"{name}: {clean(said)}" for name, said in head if said) + "\n\n"
    written = clean(message.text) if message.text.strip() else _from_html(message.html)
    for part in parts_of(written):
        text = _added(text, headings, part)
    notes: list[str] = []
    for name, data in message.files[:_MOST_FILES]:
        try:
            found = inner(data, name)
        except Unreadable as error:
            notes.append(f"The attached file {name!r} was not read: {error.message}")
            continue
        title = f"Attached: {name}"
        text += f"{title}\n\n"
        start = len(text)
        headings.append(Heading(start - len(title) - 2, start - 2, 2, title))
        headings += [
            Heading(start + each.start, start + each.end, min(each.level + 2, 6), each.text) for each in found.headings
        ]
        text += found.text.rstrip("\n") + "\n\n"
    if len(message.files) > _MOST_FILES:
        notes.append(f"Of {len(message.files):,} attached files the first {_MOST_FILES} were read.")
    return ParsedDocument(
        title=" ".join(message.subject.split()), text=text.rstrip("\n"), headings=tuple(headings), kind="markdown",
        date=message.sent[:10] or None, notes=tuple(notes),
    )  # fmt: skip


def _added(text: str, headings: list[Heading], part: Part) -> str:
    if part.of:
        headings.append(Heading(len(text), len(text) + len(part.of), 2, part.of))
        text += f"{part.of}\n\n"
    start = len(text)
    headings += [Heading(start + h.start, start + h.end, min(h.level + 2, 6), h.text) for h in markdown_headings(part.text)]
    return f"{text}{part.text}\n\n" if part.text else text


def _from_html(html: str) -> str:
    return squeeze(page_of(html)[1]) if html.strip() else ""


def _taken_apart(message: EmailMessage) -> Message:
    found = Message(
        subject=_header(message, "subject"), sender=_people(message, "from"), to=_people(message, "to"),
        copies=_people(message, "cc"), sent=_moment(_header(message, "date")),
    )  # fmt: skip
    for number, part in enumerate(_leaves(message)):
        if number > _MOST_PARTS:
            raise Unreadable(f"The message has more than {_MOST_PARTS} parts.")
        if part.get_content_type() == "message/rfc822":
            found.files += [(f"{_header(each, 'subject') or 'message'}.eml", each.as_bytes()) for each in _within(part)]
            continue
        kind, name = part.get_content_type(), part.get_filename()
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes):
            continue
        if name or part.get_content_disposition() == "attachment":
            if not kind.startswith("image/") or part.get_content_disposition() == "attachment":  # else a picture in the text
                found.files.append((name or f"part {number}", data))
        elif kind == "text/plain":
            found.text += _decoded(part, data) + "\n"
        elif kind == "text/html":
            found.html += _decoded(part, data)
    return found


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts that are whole in themselves; a message that came along is one."""
    if message.get_content_maintype() == "multipart":
        for part in _within(message):
            yield from _leaves(part)
    else:
        yield message


def _within(message: EmailMessage) -> Sequence[EmailMessage]:
    payload = message.get_payload()
    return [part for part in payload if isinstance(part, EmailMessage)] if isinstance(payload, list) else []


def _decoded(part: EmailMessage, data: bytes) -> str:
    try:
        return data.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:  # a character set that nobody knows
        return data.decode("utf-8", "replace")


def _header(message: EmailMessage, name: str) -> str:
    try:
        return " ".join(str(message.get(name, "")).split())
    except (ValueError, IndexError, AttributeError):  # what the standard library makes of some broken headers
        return ""


def _people(message: EmailMessage, name: str) -> str:
    said = _header(message, name)
    return named(getaddresses([said])) or said  # what is no list of addresses is shown as it is


def named(people: Sequence[tuple[str, str]]) -> str:
    """People as `Ada Lovelace <ada@example.org>, bob@example.org`."""
    written = [f"{name} <{address}>" if name and address else name or address for name, address in people]
    written = [one for one in written if one]
    more = len(written) - _MOST_PEOPLE
    return ", ".join(written[:_MOST_PEOPLE]) + (f" and {more} more" if more > 0 else "")


def _moment(date: str) -> str:
    try:
        return parsedate_to_datetime(date).isoformat(sep=" ", timespec="minutes")[:16]
    except (ValueError, TypeError, IndexError):
        return ""
