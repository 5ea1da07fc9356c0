"""Where a crawl may lead: public addresses, and what the operator names beside them.

A name is looked up once and the connection goes to the very address that was looked at, so that a name which means another
machine a moment later leads nowhere.
"""

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

from stoa.errors import SourceError
from stoa.kit.networks import Address, Network, address, host_matches, network, within

_PATIENCE_S = 10.0
_LINK_LOCAL: tuple[Network, ...] = (
    IPv4Network("169.254.0.0/16"),
    IPv6Network("fe80::/10"),
    IPv6Network("fd00:ec2::254/128"),
)
"""Where clouds hand out a machine's credentials: a host's name does not open these, only an address or network that says so."""


class Reach:
    """`allow` names hosts, `*.` suffixes, addresses and networks that may be reached although they are not public."""

    def __init__(self, allow: Sequence[str] = ()) -> None:
        self._networks: list[Network] = []
        self._patterns: list[str] = []
        for entry in allow:
            try:
                self._networks.append(network(entry))
            except ValueError:
                self._patterns.append(entry)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Those of a host that may be reached, at least one. Raises SourceError."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise SourceError(f"The host {host!r} cannot be found: {error or 'no answer'}.") from None
        seen = list(dict.fromkeys(str(each[4][0]) for each in found))
        allowed = [each for each in seen if self._allows(host, address(each))]
        if not allowed:
            raise SourceError(
                f"{host!r} is at {', '.join(seen)}, which is not public. Whoever runs Stoa can allow it with the setting "
                f"worker.website_allow, such as STOA_WORKER__WEBSITE_ALLOW={host}."
            )
        return allowed

    def _allows(self, host: str, found: Address | None) -> bool:
        if found is None:
            return False
        if within(found, _LINK_LOCAL):
            return any(each.num_addresses <= 65_536 and found in each for each in self._networks)
        if found.is_global and not found.is_multicast:
            return True
        return within(found, self._networks) or any(host_matches(host, pattern) for pattern in self._patterns)
