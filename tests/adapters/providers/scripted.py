"""An upstream on a real socket that answers as a test scripts it, and links to it for each kind of provider."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from stoa.domain.resources import Provider
from stoa.domain.upstream import Opened

Step = bytes | float | None
"""Bytes are written, a number is waited for, None closes the connection."""

_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PUBLIC_KEY = _KEY.public_key()
PEM = _KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came over the wire."""

    line: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def answer(status: int = 200, body: object = b"{}", **headers: str) -> list[Step]:
    """A whole answer; `_` in the name of a header stands for `-`."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {len(data)}\r\n{lines}\r\n"
    return [head.encode() + data]


def stream(pieces: Sequence[Step], *, content_type: str = "text/event-stream", ends: bool = True) -> list[Step]:
    """An answer in chunks, whole unless told otherwise."""
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    chunks: list[Step] = [b"%x\r\n%b\r\n" % (len(each), each) if isinstance(each, bytes) else each for each in pieces]
    return [head, *chunks, *([b"0\r\n\r\n"] if ends else [None])]


@dataclass
class ScriptedUpstream:
    """`answers` are used up one by one; requests for a token, at /token, are answered by `token` and counted apart."""

    url: str = ""
    answers: list[list[Step]] = field(default_factory=list[list[Step]])
    asked: list[Asked] = field(default_factory=list[Asked])
    token: Callable[[Asked], list[Step]] = lambda _: answer(body={"access_token": "tok-1", "expires_in": 3600})
    tokens_asked: list[Asked] = field(default_factory=list[Asked])

    async def behave(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.rstrip("\r\n").split("\r\n")
            named = [line.split(": ", 1) for line in lines]
            assert len({name for name, _ in named}) == len(named), f"a header came twice: {head}"
            headers = dict(named)
            request = Asked(first, headers, await reader.readexactly(int(headers.get("content-length", "0"))))
            if request.target.startswith("/token"):
                self.tokens_asked.append(request)
                steps = self.token(request)
            else:
                self.asked.append(request)
                steps = self.answers.pop(0)
            for step in steps:
                if step is None:
                    writer.close()
                    return
                if isinstance(step, bytes):
                    writer.write(step)
                else:
                    await asyncio.sleep(step)


SECRETS = ("sk-s3cret", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "cl1ent-s3cret", "PRIVATE KEY", "tok-1")
"""None of these may ever stand in a message or a log line."""


def connected(kind: str, url: str) -> tuple[Provider, Opened]:
    """A provider of this kind at this address, with credentials of its kind."""
    fields: dict[str, Any] = {"name": "p", "type": kind, "base_url": url}
    key: str | None = SECRETS[0]
    credentials: dict[str, str] = {}
    match kind:
        case "bedrock":
            fields["region"] = "us-east-1"
            key = None
            credentials = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": SECRETS[1]}
        case "vertex":
            fields |= {"region": "europe-west4", "project": "acme"}
            key = None
            account = {"client_email": "stoa@acme.iam.gserviceaccount.com", "private_key": PEM, "private_key_id": "k1"}
            credentials = {"service_account": json.dumps(account | {"token_uri": f"{url}/token"})}
        case _:
            pass
    return Provider(**fields, api_key=key, credentials=credentials), Opened(key, credentials, {})
