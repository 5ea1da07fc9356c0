"""How a stream of OpenAI's responses ends that cannot be finished: an error, and the response as failed."""

import msgspec

from stoa.dialects.conversation import Fields

_CODES = {429: "rate_limit_exceeded", 400: "invalid_prompt", 413: "invalid_prompt"}
"""What a response's own error may be called; everything else is a server_error."""
_encode = msgspec.json.Encoder().encode


def failure_events(response: Fields, number: int, status: int, code: str, message: str) -> bytes:
    """Both events, from `number` on. `response` is what is known of it, empty for nothing."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    error: Fields = {"code": code, "message": message, "param": None}
    told: Fields = {"type": "error", "sequence_number": number, **error, "error": {"type": kind, **error}}
    failed = {**response, "status": "failed", "error": {"code": _CODES.get(status, "server_error"), "message": message}}
    ended: Fields = {"type": "response.failed", "sequence_number": number + 1, "response": failed}
    return b"event: error\ndata: %b\n\nevent: response.failed\ndata: %b\n\n" % (_encode(told), _encode(ended))
