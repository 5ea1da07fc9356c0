"""What a message says by itself: without what it repeats of others, and without its signature."""

import re
from email.message import EmailMessage

from stoa.adapters.sources.mail_messages import Message, header, parse, when
from stoa.errors import Unreadable

_SIGNATURE = re.compile(r"^--\s*$")
_SIGNATURE_LINES = 12
"""A bare `--` is a signature's only so near the end; with the space behind it, anywhere."""
_ORIGINAL = re.compile(
    r"^\s*-{2,}\s*(original message|ursprüngliche nachricht|message d'origine|mensaje original|messaggio originale)\s*-{2,}",
    re.IGNORECASE,
)
_HEAD = re.compile(r"^[>*\s]*(from|von|de|da)\s?:\*?\s", re.IGNORECASE)
_HEAD_NEXT = re.compile(
    r"^[>*\s]*(sent|date|gesendet|datum|envoyé|enviado|inviato|to|an|à|subject|betreff|objet)\s?:", re.IGNORECASE
)
_QUOTES_OF_PROGRAMS = "blockquote, .gmail_quote, .moz-cite-prefix, #divRplyFwdMsg, #divRplyFwdMsg ~ *, #appendonsend ~ *"


def markdown_of(message: Message, data: bytes, *, repeats: bool) -> str:
    """A message as a section of its thread. `repeats` says that what it answers stands there already, so quotes go."""
    parsed = parse(data)
    who = header(parsed, "From") or "unknown"
    to = header(parsed, "To")
    head = f"## {who}, {when(message.at)}" + (f"\n\nTo: {to}" if to else "")
    return f"{head}\n\n{own_words(text_of(parsed, repeats=repeats), repeats=repeats)}"


def text_of(message: EmailMessage, *, repeats: bool) -> str:
    """The plain text if there is any, else that of the HTML. Raises Unreadable for HTML nested beyond reason."""
    for kind in ("text/plain", "text/html"):
        found = [part for part in message.walk() if part.get_content_type() == kind and not part.get_filename()]
        texts = [_content(part) for part in found]
        if any(text.strip() for text in texts):
            return "\n\n".join(_from_html(text, repeats=repeats) if kind == "text/html" else text for text in texts)
    return ""


def own_words(text: str, *, repeats: bool) -> str:
    """Without the signature; of a reply also without quoted lines and the line that says whose they are."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    for number, line in enumerate(lines):
        if _SIGNATURE.match(line) and (line == "-- " or number >= len(lines) - _SIGNATURE_LINES):
            lines = lines[:number]
            break
    if repeats:
        lines = _without_quotes(_without_original(lines))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line.rstrip() for line in lines)).strip()


def _without_original(lines: list[str]) -> list[str]:
    """What programs put below a reply: the whole of what it answers, after a line or a block that says so."""
    for number, line in enumerate(lines):
        block = _HEAD.match(line) and sum(bool(_HEAD_NEXT.match(each)) for each in lines[number + 1 : number + 6]) >= 2
        if block or _ORIGINAL.match(line):
            return lines[:number]
    return lines


def _without_quotes(lines: list[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if not line.startswith(">"):
            kept.append(line)
            continue
        said = len(kept)  # whose words these are: up to two lines before, the last of which ends in a colon
        while said and not kept[said - 1].strip():
            said -= 1
        if said and kept[said - 1].rstrip().endswith(":") and said <= len(kept):
            above = said - 1
            if above and kept[above - 1].strip() and len(kept[said - 1]) < 40:
                above -= 1
            del kept[above:]
    return kept


def _from_html(html: str, *, repeats: bool) -> str:
    from bs4 import BeautifulSoup

    from stoa.adapters.parsers.web import to_markdown

    try:
        soup = BeautifulSoup(html, "html.parser")
        for tag in soup.find_all(["script", "style", "head", "title"]):
            tag.decompose()
        if repeats:
            for tag in soup.select(_QUOTES_OF_PROGRAMS):
                tag.decompose()
        return to_markdown(str(soup))
    except RecursionError:
        raise Unreadable("A message has elements nested too deeply to be read.") from None


def _content(part: EmailMessage) -> str:
    """In the character set that it names, if there is such a one."""
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    try:
        return data.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("cp1252", "replace")
