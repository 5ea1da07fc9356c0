"""A key that was just made reaches the gateways with the next snapshot: wait for it, so that a script can go on at once."""

import time

from stoa.cli.target import Target
from stoa.errors import StoaError, Unauthenticated

_WITHIN_S = 5.0
_LOOK_EVERY_S = 0.1


def wait_until_known(place: Target, key: str) -> bool:
    """Whether every gateway worker lets an inference key in by now; False when one did not for seconds."""
    give_up = time.monotonic() + _WITHIN_S
    return all(_is_known(place, url, key, give_up) for url in place.gateways())


def _is_known(place: Target, url: str, key: str, give_up: float) -> bool:
    with place.client(url, key) as gateway:
        while time.monotonic() < give_up:
            try:
                gateway.get("/v1/models")
            except Unauthenticated:
                time.sleep(_LOOK_EVERY_S)
            except StoaError:
                return False
            else:
                return True
    return False
