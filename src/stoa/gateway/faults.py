"""Why a try gave no answer: in words, with the class that says who could do better, and as the status that a client gets.

A refusal that the client can do something about is the client's as it is. Of everything else the client learns which target
failed and how, and of refused credentials nothing that could help anybody to guess them.
"""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from stoa.dialects.classify import class_of
from stoa.dialects.forms import UpstreamError
from stoa.domain.operations import CALLERS_FAULTS, ErrorClass
from stoa.domain.upstream import Failure
from stoa.gateway.event_data import ErrorBody, Refusal
from stoa.gateway.plan import Target
from stoa.gateway.routing.told import told_s
from stoa.gateway.wire import Wire, upstream_of

_SAID = 500  # characters of what an upstream says
_AGAIN_S = 1.0
_FAILURE_STATUS = {"timeout": 504, "busy": 503, "connect": 503}
_PASSED_STATUS = (400, 413, 415, 422)
_STATUS: dict[ErrorClass, int] = {"rate_limit": 429, "timeout": 504}
_CODES: dict[ErrorClass, str] = {
    "rate_limit": "upstream_rate_limited",
    "timeout": "upstream_timeout",
    "credentials": "upstream_credentials",
}


class Fault(NamedTuple):
    """Why a try did not give an answer. `body` is a refusal to pass on as it is."""

    status: int
    code: str
    message: str
    error_class: ErrorClass
    body: bytes | None = None
    retry_after_s: float | None = None
    param: str | None = None


_refusal = msgspec.json.Decoder(Refusal).decode


def fault(target: Target, status: int, code: str, what: str, error_class: ErrorClass) -> Fault:
    """`what` is the rest of a sentence about the target."""
    return Fault(status, code, f"Model {target.model!r} of provider {target.provider!r} failed: {what}.", error_class)


def unreachable(target: Target, failure: Failure) -> Fault:
    """No whole HTTP answer came."""
    error_class: ErrorClass = "timeout" if failure.kind == "timeout" else "server_error"
    status = _FAILURE_STATUS.get(failure.kind, 502)
    return fault(target, status, f"upstream_{failure.kind}", failure.message, error_class)


def refused(target: Target, wire: Wire, status: int, body: bytes, told: float | None, *, passes: bool) -> Fault:
    """An answer that is no success. `told` is what its headers say about coming back; with `passes` the client reads `wire`."""
    if 300 <= status < 400:
        what = f"it answered with a redirect ({status}), which is not followed"
        return fault(target, 502, "upstream_redirect", what, "server_error")
    error = _read(wire, status, body)
    found = _of(target, error, told, status)
    if found.error_class in CALLERS_FAULTS and passes and _has_error(body):
        return found._replace(body=body)
    return found


def in_stream(target: Target, error: ErrorBody, error_class: ErrorClass | None) -> Fault:
    """An error within a stream; `error_class` where the dialect tells."""
    number = error.code if isinstance(error.code, int) else 0
    code = error.code if isinstance(error.code, str) else None
    known = error_class or class_of(number, _names(code, error.type), error.message)
    return _of(target, UpstreamError(known, error.message, code or error.type, error.param), None, number)


def no_answer(target: Target, error: UpstreamError) -> Fault:
    """A whole answer with a status of success which says that there is none."""
    return _of(target, error, None, 0)


def exhausted(name: str, tried: Sequence[tuple[Target, Fault]], now: float) -> Fault:
    """All targets of an offering failed, more than one: what each said, and when the first of them can be asked again."""
    faults = [each for _, each in tried]
    classes = {each.error_class for each in faults}
    told = " ".join(each.message for each in faults)
    message = f"All {len(tried)} targets of {name!r} that could be asked failed. {told}"
    waits = [max(each.retry_after_s or _AGAIN_S, target.state.breaker.opens_again_in(now)) for target, each in tried]
    if classes == {"rate_limit"} or classes == {"timeout"}:
        last = faults[-1]
        return last._replace(message=message, retry_after_s=min(waits))
    return Fault(503, "all_targets_failed", message, faults[-1].error_class, retry_after_s=min(waits))


def _of(target: Target, error: UpstreamError, told: float | None, status: int) -> Fault:
    """`status` is the upstream's, 0 within a stream."""
    error_class, said = error.error_class, error.message[:_SAID]
    if error_class in CALLERS_FAULTS:
        message = f"Model {target.model!r} refused the request: {said or f'status {status}'}"
        return Fault(status if status in _PASSED_STATUS else 400, "upstream_refused", message, error_class, param=error.param)
    if error_class == "credentials":
        what = "it does not accept the credentials it is configured with"
    elif status >= 300:
        what = f"it answered {status}: {(said or 'no reason').rstrip('.')}"
    else:
        what = said.rstrip(".") or "an error in its answer"
    given = _STATUS.get(error_class) or (503 if status == 503 else 502)
    found = fault(target, given, _CODES.get(error_class, "upstream_error"), what, error_class)
    return found._replace(retry_after_s=told_s(told, error.retry_after_s, error.code, error.message))


def _read(wire: Wire, status: int, body: bytes) -> UpstreamError:
    form = upstream_of(wire)
    if form is not None:
        return form.read_error(status, body)
    try:
        told = _refusal(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return UpstreamError(class_of(status, None, ""), "")
    error = told.error
    if isinstance(error, ErrorBody):
        code = str(error.code) if error.code is not None else None
        return UpstreamError(
            class_of(status, _names(code, error.type), error.message), error.message, code or error.type, error.param
        )
    said = error or told.message or ""
    return UpstreamError(class_of(status, None, said), said)


def _has_error(body: bytes) -> bool:
    """Whether it is an error as clients know it, and not a page of some proxy's."""
    try:
        return isinstance(_refusal(body).error, ErrorBody)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return False


def _names(*names: str | None) -> str | None:
    return " ".join(name for name in names if name) or None
