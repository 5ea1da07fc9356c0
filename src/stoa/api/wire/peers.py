"""Where a request came from, when it came through proxies: the right-most address that no trusted proxy has.

Only the word of a trusted proxy counts: each one tells the address that it was called from, so the chain is followed
from the right for as long as the teller is trusted. `X-Forwarded-For` wins over `Forwarded` (RFC 7239); whoever runs the proxy
has it set or drop both.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from stoa.kit.networks import Address, address, is_loopback, network, within


class Proxies:
    """The proxies that are trusted, as addresses or networks."""

    def __init__(self, named: Sequence[str]) -> None:
        self._networks = [network(each) for each in named]

    def trusts(self, peer: str) -> bool:
        found = address(peer)
        return found is not None and within(found, self._networks)

    def client(self, peer: str, headers: Mapping[bytes, bytes]) -> str:
        """The client's address; empty where a trusted proxy tells that it does not know."""
        hop = peer
        for told in _told(headers):
            if not self.trusts(hop):
                break
            if told is None:
                return ""
            following = believed(str(told), teller=hop)
            if following == hop:
                break
            hop = following
        return hop

    def scheme(self, peer: str, headers: Mapping[bytes, bytes], own: str) -> str:
        """`http` or `https`: how the client called the nearest proxy, if that is trusted, else how it called us."""
        if not self.trusts(peer):
            return own
        told = headers.get(b"x-forwarded-proto")
        if told is None and b"x-forwarded-for" not in headers:
            told = next((value for value in _parameters(headers.get(b"forwarded", b""), b"proto")), None)
        last = (told or b"").rpartition(b",")[2].strip().lower()
        return last.decode() if last in (b"http", b"https") else own


class FarEnd:
    """Who is at the other end of a connection. `told` is the address that a PROXY header gave; without it the socket knows."""

    __slots__ = ("_peer", "_proxies", "_secure", "transport")

    def __init__(self, proxies: Proxies | None, told: str | None, *, secure: bool) -> None:
        self.transport: asyncio.BaseTransport | None = None
        self._proxies = proxies
        self._peer = told
        self._secure = secure

    @property
    def peer(self) -> str:
        """The address at the far end, which may be a proxy's."""
        if self._peer is None:
            name: object = self.transport.get_extra_info("peername") if self.transport is not None else None
            self._peer = str(cast("tuple[object, ...]", name)[0]) if isinstance(name, tuple) else ""  # cast: a socket address
        return self._peer

    def client_of(self, headers: Mapping[bytes, bytes]) -> str:
        """The address of the client who sent a request with these headers."""
        return self.peer if self._proxies is None else self._proxies.client(self.peer, headers)

    def scheme_of(self, headers: Mapping[bytes, bytes]) -> str:
        """How that client sent it."""
        own = "https" if self._secure else "http"
        return own if self._proxies is None else self._proxies.scheme(self.peer, headers, own)


def believed(told: str, *, teller: str) -> str:
    """The address that a proxy told; its own where it claims from another machine that the client is on this one."""
    return teller if is_loopback(told) and not is_loopback(teller) else told


def _told(headers: Mapping[bytes, bytes]) -> Iterator[Address | None]:
    """What the proxies told, the nearest first; None for what is no address."""
    listed = headers.get(b"x-forwarded-for")
    if listed is not None:
        nodes = iter(reversed(listed.split(b",")))
    else:
        nodes = iter(_parameters(headers.get(b"forwarded", b""), b"for"))
    for node in nodes:
        yield _address(node)


def _parameters(forwarded: bytes, name: bytes) -> Iterator[bytes]:
    """A parameter's value of each element of `Forwarded`, the nearest first; empty where an element lacks it."""
    for element in reversed(forwarded.split(b",")) if forwarded else ():
        pairs = (pair.partition(b"=") for pair in element.split(b";"))
        yield next((value for key, _, value in pairs if key.strip().lower() == name), b"")


def _address(node: bytes) -> Address | None:
    """`192.0.2.7`, `192.0.2.7:443`, `2001:db8::1` or `"[2001:db8::1]:443"`."""
    text = node.strip().strip(b'"').decode("latin-1")
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    return address(text)
