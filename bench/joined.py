"""A hundred clients who ask the same at once: how many calls that makes, and when the last of them has its answer.

A whole Stoa runs on core 0; clients and provider are one event loop on core 1, on connections that were opened before. The
provider holds its answer until all requests have been sent and a while has passed, so that all are in. Measured by the clients:
from the moment at which the provider answers, and from that at which the first client (whose request was the one call) has its
answer, to that at which the last one has.
"""

import argparse
import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from gateway import GATEWAY_CORE, LOAD_CORE
from report import Row, report
from running import Running, running

CLIENTS = 100
_ALL_IN_S = 0.3
_RESOURCES = """\
kind: Provider
name: held
base_url: {url}/v1
---
kind: Model
name: held
provider: held
price: {{input_per_million: "0.15", output_per_million: "0.60"}}
"""
_TEXT = "It is a way of working. " * 40
_USAGE = '"usage":{"prompt_tokens":5,"completion_tokens":240,"total_tokens":245}'
_WHOLE = (
    '{"id":"c","object":"chat.completion","created":1,"model":"held","choices":[{"index":0,"finish_reason":"stop",'
    f'"message":{{"role":"assistant","content":"{_TEXT}"}}}}],{_USAGE}}}'
).encode()
_HEAD = '{"id":"c","object":"chat.completion.chunk","created":1,"model":"held","choices":['
_EVENTS = "".join(
    f"data: {event}\n\n"
    for event in (
        *(f'{_HEAD}{{"index":0,"delta":{{"content":"It is a way of working. "}}}}]}}' for _ in range(40)),
        f'{_HEAD}{{"index":0,"delta":{{}},"finish_reason":"stop"}}]}}',
        f"{_HEAD}],{_USAGE}}}",
        "[DONE]",
    )
).encode()


class Provider(asyncio.Protocol):
    """Answers once it may; `calls` are the moments at which requests came."""

    calls: list[float]
    may: asyncio.Event

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._read = transport, b""

    def data_received(self, data: bytes) -> None:
        self._read += data
        if _whole(self._read):
            read, self._read = self._read, b""
            self.calls.append(time.perf_counter())
            self._answering = asyncio.ensure_future(self._answer(streamed=b'"stream":true' in read.replace(b" ", b"")))

    async def _answer(self, *, streamed: bool) -> None:
        await self.may.wait()
        body, kind = (_EVENTS, b"text/event-stream") if streamed else (_WHOLE, b"application/json")
        self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (kind, len(body), body))


class Client(asyncio.Protocol):
    """One connection: `send`, and `ended` is when the answer was there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, request: bytes) -> None:
        self.read, self.ended = b"", asyncio.get_running_loop().create_future()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.read += data
        if not self.ended.done() and _whole(self.read):
            self.ended.set_result(time.perf_counter())


def _whole(read: bytes) -> bool:
    head, found, body = read.partition(b"\r\n\r\n")
    if not found:
        return False
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return len(body) >= int(length) if length else body.endswith(b"0\r\n\r\n")


@dataclass
class Figures:
    """Of some rounds: calls of each, and milliseconds from the provider's answer and from the first client's to the last's."""

    calls: list[int] = field(default_factory=list[int])
    from_provider_ms: list[float] = field(default_factory=list[float])
    from_first_ms: list[float] = field(default_factory=list[float])

    def row(self, name: str) -> Row:
        return {
            "answer": name,
            "clients": CLIENTS,
            "upstream_calls": max(self.calls),
            "last_after_first_ms": round(median(self.from_first_ms), 1),
            "last_after_provider_ms": round(median(self.from_provider_ms), 1),
            "worst_after_provider_ms": round(max(self.from_provider_ms), 1),
        }


async def measure(stoa: Running, key: str, *, rounds: int, apply: Callable[[str], None]) -> list[Row]:
    loop = asyncio.get_running_loop()
    Provider.calls, Provider.may = [], asyncio.Event()
    server = await loop.create_server(Provider, "127.0.0.1", 0)
    await asyncio.to_thread(apply, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    host, _, port = stoa.url.removeprefix("http://").partition(":")
    clients = [(await loop.create_connection(Client, host, int(port)))[1] for _ in range(CLIENTS)]
    rows: list[Row] = []
    for name, stream in (("whole", False), ("streamed", True)):
        figures = Figures()
        for number in range(rounds):
            body = b'{"model":"held","temperature":0,"stream":%b,"messages":[{"role":"user","content":"What is %b %d?"}]}' % (
                b"true" if stream else b"false", name.encode(), number,
            )  # fmt: skip
            await _round(clients, key, body, figures)
        rows.append(figures.row(name))
    server.close()
    return rows


async def _round(clients: list[Client], key: str, body: bytes, figures: Figures) -> None:
    Provider.calls.clear()
    Provider.may.clear()
    request = (
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: stoa\r\nauthorization: Bearer %b\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%b" % (key.encode(), len(body), body)
    )
    for client in clients:
        client.send(request)
    await asyncio.sleep(_ALL_IN_S)
    answered = time.perf_counter()
    Provider.may.set()
    ended = await asyncio.gather(*(client.ended for client in clients))
    wrong = [client.read[:300] for client in clients if not client.read.startswith(b"HTTP/1.1 200")]
    if wrong:
        raise RuntimeError(f"{len(wrong)} were not answered: {wrong[0]!r}")
    first = next(at for at, client in zip(ended, clients, strict=True) if b"x-stoa-cache: miss" in client.read)
    figures.calls.append(len(Provider.calls))
    figures.from_provider_ms.append((max(ended) - answered) * 1000)
    figures.from_first_ms.append((max(ended) - first) * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="how often a hundred ask")
    rounds = parser.parse_args().rounds
    with running(prefix=["taskset", "-c", GATEWAY_CORE]) as stoa:
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {int(LOAD_CORE)})

        def apply(provider: str) -> None:
            file = Path(stoa.home) / "held.yaml"
            file.write_text(_RESOURCES.format(url=provider), encoding="utf-8")
            stoa.cli("apply", "-f", str(file))
            time.sleep(1)  # the gateway follows

        rows = asyncio.run(measure(stoa, stoa.key("joined"), rounds=rounds, apply=apply))
        os.sched_setaffinity(0, cores)
    report("joined", rows, notes=[f"median of {rounds} rounds; all requests are in before the provider answers"])


if __name__ == "__main__":
    main()
