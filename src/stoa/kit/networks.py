"""Addresses, networks and host patterns, as people write them and as sockets tell them."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(\*\.)?({_LABEL}\.)*{_LABEL}\.?", re.IGNORECASE)
_NUMERIC = re.compile(r"[0-9.]+")
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052


def network(text: str) -> Network:
    """`10.0.0.0/8`, or an address as the network of itself. Raises ValueError."""
    return ip_network(text, strict=False)


def address(text: str) -> Address | None:
    """An address as the network sees it: an IPv4 address that is dressed as IPv6 is undressed. None for what is none."""
    try:
        found = ip_address(text)
    except ValueError:
        return None
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return found.ipv4_mapped
        if found in _NAT64:
            return IPv4Address(int(found) & 0xFFFFFFFF)
        if found.scope_id is not None:
            return IPv6Address(int(found))
    return found


def within(found: Address, networks: Iterable[Network]) -> bool:
    return any(found in each for each in networks)


def is_loopback(text: str) -> bool:
    found = address(text)
    return found is not None and found.is_loopback


def is_host_pattern(text: str) -> bool:
    """Whether it is the name of a host, or `*.` and a suffix."""
    return len(text) <= 253 and _HOST.fullmatch(text) is not None and _NUMERIC.fullmatch(text) is None


def host_matches(host: str, pattern: str) -> bool:
    """Names are compared without case and final dot; `*.example.com` covers every name below example.com, not itself."""
    host, pattern = host.lower().rstrip("."), pattern.lower().rstrip(".")
    return host.endswith(pattern[1:]) and host != pattern[1:] if pattern.startswith("*.") else host == pattern
