"""AWS Signature Version 4 over the exact bytes of a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html. Of the headers, those given are
signed; others may go along unsigned. Only services whose paths are encoded twice: all but S3.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

from stoa.domain.upstream import Call, Endpoint, Method, Receiver

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class AwsKeys:
    """Who signs, for which region and service."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    region: str
    service: str
    session_token: str | None = field(default=None, repr=False)


class Signer:
    """Signs for one identity; the key derived from the secret holds for a day."""

    def __init__(self, keys: AwsKeys) -> None:
        self._keys = keys
        self._day = ""
        self._key = b""

    def authorization(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> str:
        """The value of the header. `target` as it is sent; `headers` by lower-case name, `host` and `x-amz-date` among them."""
        path, _, query = target.partition("?")
        names = ";".join(sorted(headers))
        canonical = "\n".join(
            (
                method,
                quote(path, safe="/-._~") or "/",
                _canonical_query(query),
                *(f"{name}:{' '.join(headers[name].split())}" for name in sorted(headers)),
                "",
                names,
                hashlib.sha256(body).hexdigest(),
            )
        )
        return self._sign(canonical, headers["x-amz-date"], names)

    def _sign(self, canonical: str, moment: str, names: str) -> str:
        keys = self._keys
        scope = f"{moment[:8]}/{keys.region}/{keys.service}/aws4_request"
        text = f"{_ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self._key_of(moment[:8]), text.encode(), hashlib.sha256).hexdigest()
        return f"{_ALGORITHM} Credential={keys.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"

    def _key_of(self, day: str) -> bytes:
        if day != self._day:
            key = f"AWS4{self._keys.secret_access_key}".encode()
            for part in (day, self._keys.region, self._keys.service, "aws4_request"):
                key = hmac.new(key, part.encode(), hashlib.sha256).digest()
            self._day, self._key = day, key
        return self._key


class SignedEndpoint:
    """Implements `domain.upstream.Endpoint`: another endpoint, each request signed. `headers` are those to be signed."""

    def __init__(
        self,
        endpoint: Endpoint,
        target: str,
        headers: Mapping[str, str],
        keys: AwsKeys,
        *,
        clock: Callable[[], float],
        method: Method = "POST",
    ) -> None:
        self._method: Method = method
        self._endpoint = endpoint
        self._target = target
        self._headers = dict(headers)
        self._signer = Signer(keys)
        self._clock = clock
        if keys.session_token is not None:
            self._headers["x-amz-security-token"] = keys.session_token
        self._token = f"x-amz-security-token: {keys.session_token}\r\n" if keys.session_token is not None else ""

    def post(self, body: bytes, receiver: Receiver, lines: bytes = b"") -> Call:
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(self._clock()))
        headers = self._headers | {"x-amz-date": moment}
        signed = self._signer.authorization(self._method, self._target, headers, body)
        further = f"x-amz-date: {moment}\r\n{self._token}authorization: {signed}\r\n"
        return self._endpoint.post(body, receiver, lines + further.encode("ascii"))


def _canonical_query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    encoded = sorted((quote(name, safe="-._~"), quote(value, safe="-._~")) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)
