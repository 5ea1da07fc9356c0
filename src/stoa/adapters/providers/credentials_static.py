"""Credentials that are one header, the same in every request: prepared once, they cost a request nothing."""

from collections.abc import Mapping

from stoa.domain.upstream import Opened


def bearer(opened: Opened) -> Mapping[str, str]:
    """RFC 6750. No key, no header: servers on this machine often want none."""
    return {} if opened.api_key is None else {"authorization": f"Bearer {opened.api_key}"}


def named(header: str, opened: Opened) -> Mapping[str, str]:
    """The key alone under a header of the provider's own."""
    return {} if opened.api_key is None else {header: opened.api_key}
