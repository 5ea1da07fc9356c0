"""Threads of an mbox, of a Maildir and of a mail server, and what is attached to them."""

import asyncio
import itertools
import mailbox
import time
from collections.abc import AsyncGenerator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from tests.contracts.sources import *  # noqa: F403 - the suite
from tests.contracts.sources import Traits, fill, listed, text_of
from tests.upstreams.imap import MailServer, mail_server
from tests.upstreams.silent import silent

from stoa.adapters.sources.mail import MailConnector, connect
from stoa.adapters.sources.mail_messages import summary, thread_path
from stoa.adapters.sources.mail_text import own_words
from stoa.adapters.sources.surroundings import Surroundings
from stoa.domain.identity import Rights
from stoa.domain.sources import Mail
from stoa.errors import InvalidRequest, SourceError

_DATES = "Mon, 06 May 2024 09:{:02}:00 +0200"


def message(
    name: str, text: str = "Hello.", *, answers: str = "", minute: int = 0, html: str = "", **heads: str
) -> EmailMessage:
    """One whose id is `<name@wiki>`."""
    made = EmailMessage()
    made["Message-ID"] = f"<{name}@wiki>"
    made["From"] = "Ann Example <ann@example.org>"
    made["Date"] = _DATES.format(minute)
    if answers:
        made["References"] = " ".join(f"<{each}@wiki>" for each in answers.split())
    for head, value in {"Subject": "Travel rules", **heads}.items():
        made[head.replace("_", "-")] = value
    made.set_content(html or text, subtype="html" if html else "plain")
    return made


class Box:
    """The contract's place: a mailbox with a thread a path."""

    traits = Traits(rights=False, paths=False)

    def __init__(self, folder: Path) -> None:
        self.folder, self._messages = folder, dict[str, EmailMessage]()
        self.write([])

    def write(self, messages: list[EmailMessage]) -> None:
        (self.folder / "box").unlink(missing_ok=True)
        box = mailbox.mbox(self.folder / "box")
        for each in messages:
            box.add(each)
        box.flush()
        box.close()

    async def put(self, path: str, text: str, rights: Rights | None = None) -> None:
        self._messages[path] = message(path.replace("/", "."), text, Subject=path)
        self.write(list(self._messages.values()))

    async def remove(self, path: str) -> None:
        del self._messages[path]
        self.write(list(self._messages.values()))

    async def vanish(self) -> None:
        (self.folder / "box").rename(self.folder / "gone")

    def path_of(self, path: str) -> str:
        return thread_path(summary("", message(path.replace("/", "."), Subject=path).as_bytes()))

    async def connect(self, *, most_bytes: int = 1 << 20) -> MailConnector:
        origin = Mail(path=str(self.folder / "box"))
        return connect(origin, {}, most_bytes=most_bytes, surroundings=Surroundings(self.folder / "scratch"))


class Dir(Box):
    """The same as a Maildir."""

    def write(self, messages: list[EmailMessage]) -> None:
        box = mailbox.Maildir(self.folder / "box")
        box.clear()
        for each in messages:
            box.add(each)
        box.close()


class Away(Box):
    """The same on a server."""

    def __init__(self, folder: Path, mail: MailServer, server: asyncio.Server) -> None:
        self.mail, self._server = mail, server
        super().__init__(folder)

    def write(self, messages: list[EmailMessage]) -> None:
        there = {data: number for number, data in self.mail.messages.items()}
        made = [each.as_bytes().replace(b"\r\n", b"\n") for each in messages]
        fresh = itertools.count(max(self.mail.messages, default=0) + 1)
        self.mail.messages = {there.get(data) or next(fresh): data for data in made}

    async def vanish(self) -> None:
        self._server.close()

    async def connect(
        self, *, most_bytes: int = 1 << 20, password: str = "hush", silence_s: float = 5.0, **fields: Any
    ) -> MailConnector:
        said: dict[str, Any] = {"host": "127.0.0.1", "port": self.mail.port, "tls": False, **fields}
        around = Surroundings(self.folder / "scratch")
        given = {"username": "ann", "password": password}
        return connect(Mail(**said), given, most_bytes=most_bytes, surroundings=around, silence_s=silence_s)


@pytest.fixture(params=["mbox", "maildir", "imap"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Box]:
    if request.param == "imap":
        async with mail_server() as (mail, server):
            yield Away(tmp_path, mail, server)
    else:
        yield Box(tmp_path) if request.param == "mbox" else Dir(tmp_path)


@pytest.fixture
async def away(tmp_path: Path) -> AsyncGenerator[Away]:
    async with mail_server() as (mail, server):
        yield Away(tmp_path, mail, server)


async def texts(place: Box) -> dict[str, str]:
    connector = await place.connect()
    found = {path: await text_of(connector, entry) or "" for path, entry in (await listed(connector)).items()}
    await connector.close()
    return found


async def test_a_thread_is_one_document_and_says_nothing_twice(place: Box) -> None:
    quoted = "On Mon, 6 May 2024 at 09:00, Ann Example\n<ann@example.org> wrote:\n> May we fly?\n> Ann"
    place.write([
        message("a", "May we fly?\n\n-- \nAnn Example\nExample plc"),
        message("b", f"Only far away.\n\n{quoted}\n\nAnd by train otherwise.\n", answers="a", minute=5, Subject="Re: Travel rules", To="Ann <ann@example.org>"),  # noqa: E501
        message("c", "Fine.\n\n-----Original Message-----\nFrom: Bo\nOnly far.", answers="a b", minute=9, Subject="AW: Travel rules"),  # noqa: E501
        message("x", "Not of it.", minute=3, Subject="Lunch"),
    ])  # fmt: skip
    found = await texts(place)
    (thread,) = (text for path, text in found.items() if path.startswith("travel-rules-"))
    assert len(found) == 2
    assert thread == (
        "# Travel rules\n\n"
        "## Ann Example <ann@example.org>, 2024-05-06 07:00 UTC\n\nMay we fly?\n\n"
        "## Ann Example <ann@example.org>, 2024-05-06 07:05 UTC\n\nTo: Ann <ann@example.org>\n\n"
        "Only far away.\n\nAnd by train otherwise.\n\n"
        "## Ann Example <ann@example.org>, 2024-05-06 07:09 UTC\n\nFine.\n"
    )


async def test_a_new_answer_changes_its_thread_alone(place: Box) -> None:
    old = [message("a"), message("x", Subject="Lunch")]
    place.write(old)
    connector = await place.connect()
    before = await listed(connector)
    place.write([*old, message("b", "Yes.", answers="a", minute=5)])
    after = await listed(connector)
    assert set(after) == set(before)
    assert [path for path in after if after[path].version != before[path].version] == [next(p for p in after if "travel" in p)]
    await connector.close()


async def test_the_path_stays_when_the_first_message_is_missing_and_comes(place: Box) -> None:
    answer = message("b", "It says:\n> no flights", answers="a", minute=5)
    place.write([answer])
    ((path, text),) = (await texts(place)).items()
    assert "> no flights" in text  # nothing else here says it
    place.write([answer, message("a", "no flights")])
    assert [*(await texts(place))] == [path]


async def test_an_answer_that_names_nothing_joins_the_last_thread_of_its_subject(place: Box) -> None:
    place.write([
        message("a", "First."), message("b", "Second.", Subject="RE: Fwd: travel RULES", minute=2),
        message("c", "A new one.", minute=3), message("d", "Of the new one.", Subject="Re: Travel rules", minute=4),
    ])  # fmt: skip
    first, second = sorted((await texts(place)).values(), key=lambda text: "A new one." in text)
    assert "Second." in first and "Of the new one." in second and "A new one." not in first


async def test_attachments_lie_beneath_their_thread(place: Box) -> None:
    first, second = message("a"), message("b", answers="a", minute=1)
    first.add_attachment(b"km,price\n3,1", maintype="text", subtype="csv", filename="rates.csv")
    first.add_attachment(b"\x89PNG", maintype="image", subtype="x-unknown", filename="logo.unknown")
    first.add_attachment("first", filename="../../etc/notes.md")
    second.add_attachment("second", filename="notes.md")
    place.write([first, second])
    found = await texts(place)
    thread = next(path for path in found if path.count("/") == 0).removesuffix(".md")
    assert set(found) == {f"{thread}.md", f"{thread}/rates.csv", f"{thread}/notes.md", f"{thread}/notes~2.md"}
    assert found[f"{thread}/rates.csv"] == "km,price\n3,1"
    assert (found[f"{thread}/notes.md"].strip(), found[f"{thread}/notes~2.md"].strip()) == ("first", "second")


async def test_html_is_read_without_quotes_and_code(place: Box) -> None:
    table = "<table><tr><th>km</th></tr><tr><td>3</td></tr></table>"
    html = f"<html><head><style>p{{}}</style></head><body><p>Fly <b>never</b>.</p>{table}"
    reply = f"{html}<div class=gmail_quote>On Monday Ann wrote:<blockquote>the first one</blockquote></div><script>x()</script>"
    place.write([message("a", "the first one"), message("b", html=reply, answers="a", minute=1)])
    (text,) = (await texts(place)).values()
    assert "Fly **never**." in text and "| km |" in text
    assert text.count("the first one") == 1 and "x()" not in text and "p{}" not in text


async def test_messages_that_are_written_badly_are_read_as_far_as_they_go(place: Box) -> None:
    place.write([message("a")])
    raw = [
        b"Subject: =?utf-8?B?broken\nDate: yesterday\nFrom: =?x-none?q?a?= <\n\nNo id and \xff a date.",
        b"Message-ID: <z@wiki>\nSubject: Cut\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=x-none\n\nHalf of",  # noqa: E501
        b"",
    ]
    if isinstance(place, Away):
        place.mail.messages.update(enumerate(raw, 10))
    elif isinstance(place, Dir):
        for number, data in enumerate(raw):
            (place.folder / "box" / "new" / f"{number}.raw").write_bytes(data)
    else:
        with (place.folder / "box").open("ab") as file:
            file.write(b"".join(b"\nFrom x Mon May  6 09:00:00 2024\n" + data + b"\n" for data in raw))
    said = "\n".join((await texts(place)).values())
    assert "No id and" in said and "Half of" in said and "Hello." in said


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("Yes.\n\nAm 6. Mai 2024 schrieb Ann:\n\n> Fliegen?\n>> Wer?", "Yes."),
        ("> First?\nYes.\n> Second?\nNo.", "Yes.\nNo."),
        ("Yes.\n\nVon: Ann\nGesendet: Montag\nAn: Bo\nBetreff: Reise\n\nFliegen?", "Yes."),
        ("From: the airport, of course.\nNothing else.", "From: the airport, of course.\nNothing else."),
        ("See below:\n\n1. a\n2. b", "See below:\n\n1. a\n2. b"),
        ("Yes.\n--\nAnn", "Yes."),
        ("a\n--\n" + "b\n" * 20, "a\n--\n" + "b\n" * 19 + "b"),
        ("> all of it is quoted", ""),
    ],
)
def test_what_a_reply_says_itself_is_kept(text: str, own: str) -> None:
    assert own_words(text, repeats=True) == own


async def test_a_message_is_brought_once(away: Away) -> None:
    away.write([message("a"), message("b", Subject="Lunch")])
    await texts(away)
    away.mail.asked.clear()
    away.write([message("a"), message("b", Subject="Lunch"), message("c", Subject="Dinner")])
    assert len(await texts(away)) == 3
    assert [each for each in away.mail.asked if "BODY" in each] == ["UID FETCH 3 (BODY.PEEK[])"]
    away.mail.validity = 2
    away.mail.messages = {1: message("d", Subject="Other numbers").as_bytes()}
    assert [path[:13] for path in await texts(away)] == ["other-numbers"]


async def test_a_listing_that_broke_off_goes_on_where_it_was(away: Away) -> None:
    away.write([message(name, Subject=name) for name in "abcd"])
    away.mail.cut_at = "UID FETCH 3 (BODY"
    connector = await away.connect()
    with pytest.raises(SourceError, match=r"broke off after \d+ of \d+ bytes"):
        await listed(connector)
    await connector.close()
    away.mail.cut_at = None
    away.mail.asked.clear()
    assert len(await texts(away)) == 4
    assert [each for each in away.mail.asked if "BODY" in each] == ["UID FETCH 3 (BODY.PEEK[])", "UID FETCH 4 (BODY.PEEK[])"]


async def test_a_message_beyond_measure_leaves_its_head(away: Away) -> None:
    away.write([message("a", "x" * 2_000_000)])
    connector = await away.connect(most_bytes=100_000)
    (entry,) = (await listed(connector)).values()
    assert "bytes and was left out" in (await text_of(connector, entry) or "")
    await connector.close()


@pytest.mark.parametrize("plain", [True, False])
async def test_refused_credentials_are_told_without_showing_them(away: Away, plain: bool) -> None:
    away.mail.plain = plain
    assert await (await away.connect()).test() == "The mailbox 'INBOX' answers, with 0 messages."
    with pytest.raises(SourceError, match="refuses the credentials") as told:
        await (await away.connect(password="hush-other")).test()
    assert "hush" not in told.value.message
    away.mail.mailbox = '"Gr&APYA3w-e"'
    assert await (await away.connect(mailbox="Größe")).test()
    with pytest.raises(SourceError, match="has no mailbox 'Nowhere': no such mailbox"):
        await (await away.connect(mailbox="Nowhere")).test()


@pytest.mark.parametrize("command", ["CAPABILITY", "AUTHENTICATE", "EXAMINE", "UID SEARCH", "UID FETCH"])
async def test_a_server_that_falls_silent_is_given_up(away: Away, command: str) -> None:
    away.write([message("a")])
    away.mail.silent_at = command
    with pytest.raises(SourceError, match="timed out"):
        await listed(await away.connect(silence_s=0.05))


async def test_a_server_without_tls_is_given_up(tmp_path: Path) -> None:
    async with silent() as port:
        origin = Mail(host="127.0.0.1", port=port)
        given = {"username": "ann", "password": "hush"}
        connector = connect(origin, given, most_bytes=1, surroundings=Surroundings(tmp_path), silence_s=0.05)
        with pytest.raises(SourceError, match="cannot be reached"):
            await connector.test()


async def test_closing_stops_a_listing_that_is_under_way(away: Away) -> None:
    away.write([message(f"m{number}") for number in range(300)])
    connector = await away.connect()
    task = asyncio.create_task(listed(connector))
    deadline = time.monotonic() + 10
    while not any("BODY" in each for each in away.mail.asked) and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    await connector.close()
    with pytest.raises(SourceError, match="broken off"):
        await task


async def test_what_is_no_mailbox_says_so(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("Dear all")
    for path, said in (("text", "does not begin with 'From '"), (".", "no Maildir"), ("none", "cannot be read")):
        connector = connect(Mail(path=str(tmp_path / path)), {}, most_bytes=1, surroundings=Surroundings(tmp_path))
        with pytest.raises(SourceError, match=said):
            await connector.test()


async def test_a_mailbox_that_was_rewritten_meanwhile_is_not_mixed_up(tmp_path: Path) -> None:
    place = Box(tmp_path)
    await fill(place, {f"{name}.md": f"handbook {name}\n" * 5_000 for name in "abc"})
    connector = await place.connect()
    found = await listed(connector)
    rewritten = (tmp_path / "box").read_bytes().replace(b"handbook", b"HANDBOOK")
    (tmp_path / "box").write_bytes(rewritten)
    with pytest.raises(SourceError, match="was changed while it was read"):
        for entry in found.values():
            await connector.fetch(entry, known=None)
    await connector.close()


@pytest.mark.parametrize(
    ("fields", "credentials", "param"),
    [
        ({}, {}, "path"),
        ({"path": "/a", "host": "b"}, {}, "path"),
        ({"host": "b"}, {"username": "ann"}, "credentials"),
        ({"host": "b", "mailbox": 'x"\r\nA1 DELETE INBOX'}, {"username": "ann", "password": "hush"}, "mailbox"),
        ({"host": "b"}, {"username": "ann\r\n", "password": "hush"}, "credentials"),
    ],
)
def test_what_cannot_be_opened_names_its_field(
    tmp_path: Path, fields: dict[str, Any], credentials: dict[str, str], param: str
) -> None:
    with pytest.raises(InvalidRequest) as told:
        connect(Mail(**fields), credentials, most_bytes=1, surroundings=Surroundings(tmp_path))
    assert told.value.param == param and "hush" not in told.value.message


def test_marks_of_a_mail_program_are_no_change() -> None:
    sent = b"Subject: x\nMessage-ID: <a@b>\n\nHello."
    marked = b"Status: RO\r\nSubject: x\r\nX-Mozilla-Status2: 1\r\nMessage-ID: <a@b>\r\nX-Keywords: \r\n\r\nHello.\r\n"
    assert summary("1", sent).digest == summary("2", marked).digest != summary("1", sent + b"!").digest
