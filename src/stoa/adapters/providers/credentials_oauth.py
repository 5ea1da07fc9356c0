"""OAuth 2.0 grants: a client's own credentials (RFC 6749, 4.4) and a signed assertion (RFC 7523), as Google wants it."""

import base64
import hashlib
from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from stoa.adapters.providers.tokens import Grant

_ASSERTION = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_S = 3600  # the longest that Google takes


class ServiceAccount(msgspec.Struct, frozen=True):
    """The key file of a Google service account, as far as it is of use here."""

    client_email: str
    private_key: str
    token_uri: str
    private_key_id: str = ""


def identity(*parts: str) -> bytes:
    """A digest that tells two identities apart and does not give the secrets away."""
    return hashlib.sha256(msgspec.json.encode(parts)).digest()


def client_credentials(url: str, *, client_id: str, client_secret: str, scope: str) -> Grant:
    fields = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret, "scope": scope}
    body = urlencode(fields).encode()

    def whenever(now_s: float) -> bytes:
        del now_s
        return body

    return Grant(url, whenever)


def signed_assertion(account: ServiceAccount, *, scope: str) -> Grant:
    """Raises ValueError when the private key is not an RSA key in PEM."""
    from cryptography.hazmat.primitives import hashes, serialization  # late: only Vertex AI needs it
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = serialization.load_pem_private_key(account.private_key.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not an RSA key")
    header = {"alg": "RS256", "typ": "JWT", "kid": account.private_key_id}

    def body(now_s: float) -> bytes:
        issued = int(now_s)
        claims = {
            "iss": account.client_email,
            "scope": scope,
            "aud": account.token_uri,
            "iat": issued,
            "exp": issued + _ASSERTION_S,
        }
        signed = _encoded(header) + b"." + _encoded(claims)
        signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        assertion = signed + b"." + _base64(signature)
        return urlencode({"grant_type": _ASSERTION, "assertion": assertion.decode()}).encode()

    return Grant(account.token_uri, body)


def _encoded(part: Mapping[str, object]) -> bytes:
    return _base64(msgspec.json.encode(part))


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
