"""The dialect of the bytes between the gateway and one upstream."""

from collections.abc import Mapping
from typing import cast

from stoa.dialects.forms import Upstream
from stoa.dialects.table import UPSTREAMS
from stoa.domain.operations import ClientForm
from stoa.domain.upstream import UpstreamForm

Wire = ClientForm | UpstreamForm | None
"""None for operations that have one form only."""

_BY_NAME = cast("Mapping[str | None, Upstream]", UPSTREAMS)  # cast: looked up by names that may be no upstream's


def upstream_of(wire: Wire) -> Upstream | None:
    """What reads that dialect; None for those that only ever pass untouched."""
    return _BY_NAME.get(wire)


def reader_of(wire: Wire) -> Upstream:
    """For a dialect that was translated into, which therefore is an upstream's."""
    return _BY_NAME[wire]
