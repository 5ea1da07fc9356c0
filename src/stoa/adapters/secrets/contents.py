"""How contents are sealed: on their way with one key of the home, and where they stay with a key of whose they are.

The key of a subject is random, and lies in the database sealed with the master key. Whoever destroys it has erased all that
was sealed with it, in backups too that were made after. AES-256-GCM, a fresh nonce each; the fact's id is authenticated.
"""

import base64
import secrets

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stoa.adapters.secrets.vault import Secrets
from stoa.domain.contents import Content, Opened
from stoa.errors import OperatorError

_NONCE_BYTES = 12
_TRANSIT = b"stoa content in transit"
_ITEM = b"stoa dataset item "
_encode = msgspec.msgpack.Encoder().encode
_decode_content = msgspec.msgpack.Decoder(Content).decode
_decode_opened = msgspec.msgpack.Decoder(Opened).decode


class ContentSeals:
    """Implements `domain.contents.TransitSeal` and `SubjectSeal`, and `domain.datasets.ItemSeal`."""

    def __init__(self, vault: Secrets) -> None:
        self._vault = vault
        self._transit = AESGCM(vault.content_key)

    def wrap(self, content: Content) -> bytes:
        return _sealed(self._transit, _encode(content), _TRANSIT)

    def unwrap(self, wrapped: bytes) -> Content:
        try:
            return _decode_content(_opened(self._transit, wrapped, _TRANSIT))
        except (InvalidTag, msgspec.MsgspecError) as error:
            raise ValueError(f"a content on its way cannot be read: {error}") from None

    def new_key(self) -> str:
        return self._vault.seal(base64.b64encode(secrets.token_bytes(32)).decode())

    def seal(self, key: str, content: Content) -> bytes:
        inside = Opened(content.request, content.answer, content.cut, content.masked)
        return _sealed(self._cipher(key), _encode(inside), content.id.encode())

    def open(self, key: str, fact_id: str, sealed: bytes) -> Opened:
        try:
            return _decode_opened(_opened(self._cipher(key), sealed, fact_id.encode()))
        except (InvalidTag, msgspec.MsgspecError):
            raise OperatorError(f"The content of request {fact_id!r} is damaged: its key does not open it.") from None

    def seal_item(self, key: str, item_id: str, plain: bytes) -> bytes:
        return _sealed(self._cipher(key), plain, _ITEM + item_id.encode())

    def open_item(self, key: str, item_id: str, sealed: bytes) -> bytes:
        try:
            return _opened(self._cipher(key), sealed, _ITEM + item_id.encode())
        except InvalidTag:
            raise OperatorError(f"The example {item_id!r} is damaged: its key does not open it.") from None

    def _cipher(self, key: str) -> AESGCM:
        return AESGCM(base64.b64decode(self._vault.open(key)))


def _sealed(cipher: AESGCM, plain: bytes, about: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, about)


def _opened(cipher: AESGCM, sealed: bytes, about: bytes) -> bytes:
    return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about)
