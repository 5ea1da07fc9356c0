"""Messages of e-mail: who answers what, what each says by itself, and what hangs on it."""

import email
import email.policy
import email.utils
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import PurePosixPath

from stoa.adapters.parsers.read import READERS

_IDS = re.compile(r"<([^<>\s]+)>")
_REPLY = re.compile(r"^\s*((re|aw|antw|sv|fwd?|wg|tr|rif|r)\s*(\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_MARKS = re.compile(
    rb"^(Status|X-Status|X-Keywords|X-UID|X-IMAP|X-IMAPbase|X-Mozilla-[\w-]+|Content-Length|Lines):.*\n?",
    re.MULTILINE | re.IGNORECASE,
)
_LONGEST_SLUG = 60


@dataclass(frozen=True, slots=True)
class Attachment:
    """`part` counts the parts of its message as they are walked through."""

    part: int
    name: str


@dataclass(frozen=True, slots=True)
class Message:
    """What a listing keeps of a message. `key` is its place in the mailbox, `digest` is of what it says."""

    key: str
    id: str
    answers: tuple[str, ...]
    """The ids of what it answers, the oldest first."""
    subject: str
    is_reply: bool
    at: float
    digest: str
    attachments: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class Thread:
    """Messages that answer one another, by time."""

    path: str
    messages: tuple[Message, ...]

    @property
    def version(self) -> str:
        said = "\n".join(f"{message.id} {message.digest}" for message in self.messages)
        return hashlib.sha256(said.encode()).hexdigest()[:32]


def parse(data: bytes) -> EmailMessage:
    found = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def header(message: EmailMessage, name: str) -> str:
    """A header as text, however badly it is written; empty if there is none."""
    try:
        return " ".join(str(message[name] or "").split())
    except Exception:  # noqa: BLE001 - the library's parser of headers stumbles over broken ones in many ways
        raw = dict(message.raw_items()).get(name, "")
        return " ".join(str(raw).encode("ascii", "replace").decode().split())


def summary(key: str, data: bytes) -> Message:
    """What is needed to sort a message in."""
    message = parse(data)
    own = _IDS.findall(header(message, "Message-ID"))
    answers = [*_IDS.findall(header(message, "References")), *_IDS.findall(header(message, "In-Reply-To"))]
    subject = header(message, "Subject")
    digest = digest_of(data)
    return Message(
        key=key,
        id=own[0] if own else f"{digest}@no-id",
        answers=tuple(dict.fromkeys(answers)),
        subject=_REPLY.sub("", subject) or "No subject",
        is_reply=bool(answers) or _REPLY.match(subject) is not None,
        at=_time(header(message, "Date")),
        digest=digest,
        attachments=tuple(_attachments(message)),
    )


def digest_of(data: bytes) -> str:
    """Of all that was sent: marks that mail programs put into its head where it lies do not change it."""
    head, _, body = data.replace(b"\r\n", b"\n").partition(b"\n\n")
    return hashlib.sha256(_MARKS.sub(b"", head).strip() + b"\0" + body.rstrip()).hexdigest()[:32]


def threads(messages: Iterable[Message]) -> list[Thread]:
    """By what answers what; a reply that names nothing joins the last thread of its subject. Each message counts once."""
    known = {message.id: message for message in reversed(list(messages))}
    parents: dict[str, str] = {}

    def root(each: str) -> str:
        while parents.setdefault(each, each) != each:
            parents[each] = parents[parents[each]]
            each = parents[each]
        return each

    for message in known.values():
        for answered in message.answers:
            parents[root(message.id)] = root(answered)
    by_time = sorted(known.values(), key=lambda each: (each.at, each.id))
    last: dict[str, str] = {}
    for message in by_time:
        subject = message.subject.casefold()
        if message.is_reply and not message.answers and subject in last:
            parents[root(message.id)] = root(last[subject])
        last[subject] = message.id
    groups: dict[str, list[Message]] = {}
    for message in by_time:
        groups.setdefault(root(message.id), []).append(message)
    return [Thread(thread_path(group[0]), tuple(group)) for group in groups.values()]


def thread_path(first: Message) -> str:
    """By its subject, and by the id of the message that began it, even where that one is not there."""
    began = first.answers[0] if first.answers else first.id
    slug = "-".join(re.findall(r"\w+", first.subject.lower()))[:_LONGEST_SLUG].strip("-_") or "thread"
    return f"{slug}-{hashlib.sha256(began.encode('utf-8', 'replace')).hexdigest()[:12]}.md"


def attachment_paths(thread: Thread) -> dict[str, tuple[Message, Attachment]]:
    """Below the thread's own path, each name once."""
    found: dict[str, tuple[Message, Attachment]] = {}
    folder = thread.path.removesuffix(".md")
    for message in thread.messages:
        for attachment in message.attachments:
            name, number = PurePosixPath(attachment.name), 1
            path = f"{folder}/{name}"
            while path in found:
                number += 1
                path = f"{folder}/{name.stem}~{number}{name.suffix}"
            found[path] = (message, attachment)
    return found


def attached(data: bytes, part: int) -> bytes:
    """The bytes of a part. Raises IndexError where the message has fewer."""
    payload = list(parse(data).walk())[part].get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC") if at else "undated"


def _attachments(message: EmailMessage) -> Sequence[Attachment]:
    """What has a name that some parser reads; pictures within the text and signatures have none."""
    found: list[Attachment] = []
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            continue
        name = re.sub(r"[\x00-\x1f]", "", _filename(part).replace("\\", "/")).rpartition("/")[2].strip()
        if name.lstrip(".") == name and name.rpartition(".")[2].lower() in READERS and "." in name:
            found.append(Attachment(number, name[:200]))
    return found


def _filename(part: EmailMessage) -> str:
    try:
        return part.get_filename() or ""
    except Exception:  # noqa: BLE001 - see `header`
        return ""


def _time(said: str) -> float:
    try:
        found = email.utils.parsedate_to_datetime(said)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0
