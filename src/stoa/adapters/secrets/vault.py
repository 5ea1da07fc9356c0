"""What the master key is used for: one derived key a purpose, so that none can stand in for another.

A sealed text is `sealed.1.<key id>.<base64url of nonce and AES-256-GCM ciphertext>`; the key id tells which master key made it.
"""

import base64
import binascii
import hashlib
import secrets
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from stoa.adapters.secrets.master import load_master_key
from stoa.errors import OperatorError
from stoa.kit.home import Home

_NONCE_BYTES = 12


class Box:
    """Seals bytes with AES-256-GCM, each under a name which is not in it but belongs to it."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, data: bytes, name: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, name)

    def open(self, sealed: bytes, name: bytes) -> bytes | None:
        """None for what another key sealed, what was changed, and what has another name."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], name)
        except (InvalidTag, ValueError):
            return None


class Secrets:
    """Seals and opens texts; holds the token that roles show one another and the key of on-behalf tokens."""

    def __init__(self, master_key: bytes) -> None:
        seal = _derive(master_key, "seal")
        self._cipher = AESGCM(seal)
        self._prefix = f"sealed.1.{hashlib.sha256(b'id' + seal).hexdigest()[:8]}."
        self.internal_token = _encode(_derive(master_key, "internal"))
        """Bearer token of `/internal/*`."""
        self.behalf_key = _derive(master_key, "behalf")
        """For `domain.behalf`."""
        self.content_key = _derive(master_key, "content")
        """Seals contents between the gateway and control."""
        self.answers = Box(_derive(master_key, "answers"))
        """For cached answers that lie with another server."""

    @classmethod
    def load(cls, home: Home) -> Self:
        return cls(load_master_key(home))

    def seal(self, text: str) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return self._prefix + _encode(nonce + self._cipher.encrypt(nonce, text.encode(), self._prefix.encode()))

    def open(self, sealed: str) -> str:
        """Raises OperatorError for a text that another master key sealed, or that was changed."""
        if not sealed.startswith(self._prefix):
            raise OperatorError(
                "A stored secret was sealed with another master key. Put back the `secrets/master.key` it was made with, or "
                "apply the providers again with their keys."
            )
        try:
            raw = base64.urlsafe_b64decode(sealed.removeprefix(self._prefix) + "==")
            return self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], self._prefix.encode()).decode()
        except (InvalidTag, binascii.Error, ValueError):
            raise OperatorError("A stored secret is damaged. Apply the provider again with its key.") from None


def _derive(master_key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"stoa/{purpose}".encode()).derive(master_key)


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
