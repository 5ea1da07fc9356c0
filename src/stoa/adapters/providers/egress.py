"""Where requests to providers may go: judged by the host's name before it is looked up, and by each address after.

Link-local addresses are where clouds hand out a machine's credentials; those are refused unless an entry names them. Loopback
and private networks are not: models of one's own live there.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network
from urllib.parse import urlsplit

from stoa.kit.networks import Network, address, host_matches, network, within

_NEVER: tuple[Network, ...] = (
    IPv4Network("169.254.0.0/16"),
    IPv6Network("fe80::/10"),
    IPv6Network("fd00:ec2::254/128"),  # AWS hands out credentials there over IPv6
)


class Egress:
    """The allow-list: host names, `*.` suffixes, addresses and networks; without entries all that is not link-local.

    `own` are the URLs of Stoa's own roles, which no list keeps the gateway from.
    """

    def __init__(self, entries: Sequence[str] = (), *, own: Iterable[str] = ()) -> None:
        self._networks: list[Network] = []
        self._patterns: list[str] = []
        for entry in entries:
            try:
                self._networks.append(network(entry))
            except ValueError:
                self._patterns.append(entry)
        self._open = not entries
        self._named = [each for each in self._networks if any(_inside(each, never) for never in _NEVER)]
        self._own = {(url.hostname, url.port) for url in map(urlsplit, own)}

    def refuses_host(self, host: str) -> str | None:
        """Why a name need not even be looked up; None when its addresses decide."""
        if self._open or self._networks or address(host) is not None or self._names(host):
            return None
        return f"gateway.egress_allow does not name {host!r}"

    def refuses_address(self, host: str, port: int, found: str) -> str | None:
        """Why no connection may be made to this address of the host, or None."""
        if (host, port) in self._own:
            return None
        seen = address(found)
        if seen is None:
            return f"{found!r} is no address"
        if within(seen, _NEVER):
            return (
                None if within(seen, self._named) else f"{seen} is a link-local address, which gateway.egress_allow must name"
            )
        if self._open or self._names(host) or within(seen, self._networks):
            return None
        shown = str(seen) if str(seen) == host else f"{host!r} at {seen}"
        return f"gateway.egress_allow does not name {shown}"

    def _names(self, host: str) -> bool:
        return any(host_matches(host, pattern) for pattern in self._patterns)


def _inside(one: Network, other: Network) -> bool:
    if isinstance(one, IPv4Network):
        return isinstance(other, IPv4Network) and one.subnet_of(other)
    return isinstance(other, IPv6Network) and one.subnet_of(other)
