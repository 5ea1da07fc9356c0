"""A mail server on a socket of this machine that speaks as much IMAP as a reader of mailboxes needs."""

import asyncio
import base64
import contextlib
import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field


@dataclass
class MailServer:
    """One mailbox of messages by number. `silent_at` is a command without an answer, `cut_at` one whose answer breaks off."""

    port: int = 0
    username: str = "ann"
    password: str = "hush"
    mailbox: str = '"INBOX"'
    validity: int = 1
    messages: dict[int, bytes] = field(default_factory=dict[int, bytes])
    plain: bool = True
    silent_at: str | None = None
    cut_at: str | None = None
    asked: list[str] = field(default_factory=list[str])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            writer.write(b"* OK ready\r\n")
            while line := await reader.readline():
                tag, _, command = line.decode().strip().partition(" ")
                self.asked.append(command)
                if self.silent_at is not None and command.startswith(self.silent_at):
                    await asyncio.Event().wait()
                answer = self._answer(tag, command, await self._credentials(command, reader, writer))
                if self.cut_at is not None and command.startswith(self.cut_at):
                    writer.write(answer[: len(answer) // 2])
                    break
                writer.write(answer)
                await writer.drain()
        writer.close()

    async def _credentials(self, command: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if command == "AUTHENTICATE PLAIN":
            writer.write(b"+ \r\n")
            given = base64.b64decode(await reader.readline()).decode()
            return given == f"\0{self.username}\0{self.password}"
        return command == f'LOGIN "{self.username}" "{self.password}"'

    def _answer(self, tag: str, command: str, signed_in: bool) -> bytes:
        done = f"{tag} OK done\r\n".encode()
        if command == "CAPABILITY":
            return f"* CAPABILITY IMAP4REV1{' AUTH=PLAIN' if self.plain else ''}\r\n".encode() + done
        if command.startswith(("LOGIN", "AUTHENTICATE")):
            return done if signed_in else f"{tag} NO [AUTHENTICATIONFAILED] no\r\n".encode()
        if command.startswith("EXAMINE"):
            if command != f"EXAMINE {self.mailbox}":
                return f"{tag} NO no such mailbox\r\n".encode()
            return f"* {len(self.messages)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] ok\r\n".encode() + done
        if command == "UID SEARCH ALL":
            return f"* SEARCH {' '.join(map(str, self.messages))}\r\n".encode() + done
        if found := re.fullmatch(r"UID FETCH ([\d,]+) \((.*)\)", command):
            numbers = [int(number) for number in found[1].split(",")]
            return b"".join(self._fetched(number, found[2]) for number in numbers if number in self.messages) + done
        return f"{tag} BAD {command}\r\n".encode()

    def _fetched(self, number: int, what: str) -> bytes:
        data = self.messages[number]
        if what == "UID RFC822.SIZE":
            return f"* {number} FETCH (RFC822.SIZE {len(data)} UID {number})\r\n".encode()
        if "HEADER" in what:
            data = data.partition(b"\n\n")[0] + b"\r\n\r\n"
        return f"* {number} FETCH (UID {number} BODY[] {{{len(data)}}}\r\n".encode() + data + b")\r\n"


@contextlib.asynccontextmanager
async def mail_server() -> AsyncGenerator[tuple[MailServer, asyncio.Server]]:
    """The mailbox and its server, which a test may close before."""
    found = MailServer()
    sessions: set[asyncio.Task[None]] = set()

    async def session(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        sessions.add(task)
        try:
            await found.serve(reader, writer)
        finally:
            writer.close()
            sessions.discard(task)

    server = await asyncio.start_server(session, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found, server
    finally:
        server.close()
        for task in list(sessions):
            task.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)
