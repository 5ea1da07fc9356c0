"""Ask a role on this machine whether it is ready."""

import http.client
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Health:
    """`reasons` say what a role waits for, or what one that is ready does without; `reachable` is False where none answers."""

    ready: bool
    reachable: bool
    reasons: tuple[str, ...] = ()


def probe(url: str, *, timeout_s: float = 2.0) -> Health:
    """The answer of `GET {url}/readyz`. Blocks; never raises for a role that is away or answers nonsense."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=timeout_s)
    try:
        connection.request("GET", "/readyz", headers={"Connection": "close"})
        response = connection.getresponse()
        body = response.read(65_536)
    except (OSError, http.client.HTTPException) as error:
        return Health(ready=False, reachable=False, reasons=(f"no answer: {error or type(error).__name__}",))
    finally:
        connection.close()
    ready = response.status == http.HTTPStatus.OK
    reasons = _reasons(body)
    if not (ready or reasons):
        reasons = (f"it answers with status {response.status}",)
    return Health(ready=ready, reachable=True, reasons=reasons)


def _reasons(body: bytes) -> tuple[str, ...]:
    try:
        answer: Any = json.loads(body)  # Any: whatever the role sent
    except ValueError:
        return ()
    if isinstance(answer, dict) and isinstance(reasons := answer.get("reasons"), list):
        return tuple(str(reason) for reason in reasons)
    return ()
