"""The process behind the graphs: it forks for every request, so that a query that runs away takes nothing with it.

It holds nothing but the library, loaded once; a fork of it takes a millisecond or two. Run as
`python -m stoa.adapters.triples.child` with a socket as its input; each message on it brings the socket of one request.
"""

import importlib
import os
import re
import signal
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from stoa.adapters.triples.answers import answer
from stoa.adapters.triples.confined import confine
from stoa.adapters.triples.frames import Ask, Follow, Refused, Reply, Request, Told, framed
from stoa.adapters.triples.views import Views
from stoa.errors import StoaError

if TYPE_CHECKING:
    from pyoxigraph import Store


def main() -> None:
    """Serve until the other side closes the socket."""
    importlib.import_module("pyoxigraph")  # once, before the forks
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended forks leave nothing behind
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's; whoever asks closes the socket
    requests = socket.socket(fileno=os.dup(0))
    while True:
        data, handles, _, _ = socket.recv_fds(requests, 1, 1)
        if not data:
            return
        if not handles:
            continue
        if os.fork() == 0:
            requests.close()
            _one(socket.socket(fileno=handles[0]))
            os._exit(0)
        os.close(handles[0])


def _one(asker: socket.socket) -> None:
    """Read one request, do it, answer."""
    try:
        length = int.from_bytes(asker.recv(4, socket.MSG_WAITALL))
        request: Request = msgspec.msgpack.decode(asker.recv(length, socket.MSG_WAITALL), type=Request)
        asker.sendall(framed(_done(request, asker)))
    except (OSError, msgspec.DecodeError):  # whoever asked has gone
        return


def _done(request: Request, asker: socket.socket) -> Reply:
    try:
        match request:
            case Follow():
                if not request.awaited:
                    os.nice(10)
                return Views(Path(request.folder)).forward(request.kind, keep=request.views)
            case Ask():
                return _answered(request, asker)
    except StoaError as error:
        return Refused(type(error).__name__, error.message, error.param)
    except OSError as error:
        return Refused("OperatorError", f"The graph's store failed: {error}")
    except Exception as error:  # noqa: BLE001 - whatever a library raises is told, and costs this request alone
        return Refused("InternalError", f"The query broke off: {type(error).__name__}: {error}")


def _answered(ask: Ask, asker: socket.socket) -> Reply:
    from pyoxigraph import DefaultGraph, Store

    store = Store()
    if ask.folder is not None and ask.kind is not None:
        views = Views(Path(ask.folder))
        store = _opened(views, ask)
        if store is None:
            return Refused("NotReady", "The graph changed while it was opened; ask again.")
    confine(ask.limits, asker=asker)
    _quiet()
    try:
        results = store.query(ask.text, prefixes=ask.prefixes, default_graph=DefaultGraph(), named_graphs=[])
    except SyntaxError as error:
        return Refused("InvalidRequest", f"The query is not SPARQL 1.1: {_reason(error)}.", "query")
    limits = ask.limits
    return Told(answer(results, forms=ask.forms, rows=limits.rows, answer_bytes=limits.answer_bytes, prefixes=ask.prefixes))


def _opened(views: Views, ask: Ask) -> "Store | None":
    """The newest copy. One that is taken away while it is opened has a newer one in its place."""
    from pyoxigraph import Store

    assert ask.kind is not None
    for _ in range(20):
        newest = views.newest(ask.kind)
        if newest is None or newest[0] < ask.change:
            return None
        try:
            store = Store.read_only(str(newest[1]))
        except OSError:
            continue
        views.used(ask.kind)
        return store
    return None


def _reason(error: SyntaxError) -> str:
    """In the words of the parser, with line and column."""
    place, _, expected = str(error).removeprefix("error at ").partition(": ")
    line, _, column = place.partition(":")
    if not (line.isdigit() and column.isdigit()):
        return str(error)
    could_be = list(dict.fromkeys(re.findall(r"[A-Z]{2,}|\"[^\"]{1,3}\"", re.sub(r"\[[^]]*\]", "", expected))))
    return f"line {line}, column {column}: " + (f"expected {', '.join(could_be[:12])}" if could_be else "it cannot be read")


def _quiet() -> None:
    """What a library prints when it runs out of memory is no log."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


if __name__ == "__main__":
    main()
