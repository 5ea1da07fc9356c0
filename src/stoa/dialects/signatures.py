"""Google's thought signatures, carried through clients that know nothing of them.

Google's models sign their thinking and demand the signature back, most strictly on calls of functions. A client that speaks
another dialect returns only what its dialect has room for. So the signature of a call travels inside the call's id, which
every client returns unchanged with the call and with its result, and the signature of a text or thought in
`Thinking.signature`, for which Anthropic's dialect has room. Both are marked, so that nobody sends them to a provider that did
not write them:

    call_<24 hex digits>            an id of ours, where Google gave none; not sent to Google
    gcall_<Google's id>             Google's own id
    <either>__sigb_<base64url>      with the signature's bytes; __sigt_ where the signature was no base64
    google:<signature>              in Thinking.signature
"""

import base64
import binascii
import re
from hashlib import sha256

_OURS, _GOOGLES = "call_", "gcall_"
_MARK = "google:"
_SIGNED = re.compile(r"^((?:call_[0-9a-f]{24})|(?:gcall_[A-Za-z0-9-]+(?:_[A-Za-z0-9-]+)*))__sig([bt])_([A-Za-z0-9_-]+)$")
_SIGNED_BYTES = re.compile(rb'"((?:call_[0-9a-f]{24})|(?:gcall_[A-Za-z0-9-]+(?:_[A-Za-z0-9-]+)*))__sig[bt]_[A-Za-z0-9_-]+"')
_PLAIN_ID = re.compile(r"^[A-Za-z0-9-]+(?:_[A-Za-z0-9-]+)*$")


def call_id(googles: str | None, signature: str | None, *seed: object) -> str:
    """The id under which a client knows a call. Without an id of Google's it follows from `seed`: same answer, same ids."""
    if googles and len(googles) <= 40 and _PLAIN_ID.match(googles):
        known = _GOOGLES + googles
    else:
        known = _OURS + sha256("\0".join(map(str, seed)).encode()).hexdigest()[:24]
    return known if signature is None else f"{known}__sig{_pack(signature)}"


def googles_id(call_id: str) -> str | None:
    """What Google itself called the call, None when it did not."""
    plain = without_signature(call_id)
    return plain.removeprefix(_GOOGLES) if plain.startswith(_GOOGLES) else None


def signature_of_call(call_id: str) -> str | None:
    found = _SIGNED.match(call_id)
    return _unpack(found[2], found[3]) if found else None


def without_signature(call_id: str) -> str:
    """The id for a provider that did not write the signature and may not like ids of that length."""
    found = _SIGNED.match(call_id)
    return found[1] if found else call_id


def without_signatures(body: bytes) -> bytes:
    """A whole JSON request without the signatures in its call ids; the same bytes when there are none."""
    return _SIGNED_BYTES.sub(rb'"\1"', body) if b"__sig" in body else body


def mark(signature: str) -> str:
    return _MARK + signature


def marked(signature: str | None) -> str | None:
    """The signature when Google wrote it, else None."""
    return signature.removeprefix(_MARK) if signature is not None and signature.startswith(_MARK) else None


def _pack(signature: str) -> str:
    try:
        data = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if data and base64.b64encode(data).decode() == signature:
        return "b_" + base64.urlsafe_b64encode(data).decode().rstrip("=")
    return "t_" + base64.urlsafe_b64encode(signature.encode()).decode().rstrip("=")


def _unpack(kind: str, packed: str) -> str | None:
    """None when a client cut it short."""
    try:
        data = base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4))
        return base64.b64encode(data).decode() if kind == "b" else data.decode()
    except (binascii.Error, ValueError):
        return None
