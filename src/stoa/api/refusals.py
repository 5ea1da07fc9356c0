"""From errors to answers: the one table of this edge, in the form that OpenAI's clients read."""

import logging
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from stoa.errors import (
    CallerError,
    InternalError,
    InvalidRequest,
    LimitReached,
    NotFound,
    NotReady,
    OperatorError,
    ProviderError,
    StoaError,
    Unauthenticated,
)

logger = logging.getLogger(__name__)


def install(app: FastAPI, routers: Sequence[APIRouter]) -> None:
    """Answer every error in one form: `{"error": {"message", "type", "param", "code"}}`. `routers` are those of the API."""
    app.state.routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    app.add_exception_handler(StoaError, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _stopped)
    app.add_exception_handler(Exception, _broken)


def answer(error: StoaError) -> JSONResponse:
    """An error as a response."""
    headers: dict[str, str] = {}
    if error.status == 401:
        wrong = ', error="invalid_token"' if error.code == Unauthenticated.code else ""
        headers["www-authenticate"] = f'Bearer realm="Stoa API key"{wrong}'
    if isinstance(error, LimitReached | NotReady) and error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, round(error.retry_after_s)))
    return JSONResponse({"error": body(error)}, status_code=error.status, headers=headers)


def body(error: StoaError) -> dict[str, str | None]:
    """What stands under `error`, also in events of a stream."""
    return {"message": error.message, "type": _type(error), "param": error.param, "code": error.code}


def _type(error: StoaError) -> str:
    match error:
        case CallerError(status=401):
            return "authentication_error"
        case CallerError(status=403):
            return "permission_error"
        case LimitReached():
            return "rate_limit_error"
        case CallerError():
            return "invalid_request_error"
        case ProviderError():
            return "upstream_error"
        case OperatorError() | NotReady():
            return "service_unavailable"
        case _:
            return "server_error"


def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, StoaError)
    if error.status >= 500:
        logger.error("%s %s: %s", request.method, request.url.path, error.message)
    return answer(error)


def _unreadable(_request: Request, error: Exception) -> JSONResponse:
    """Pydantic's complaints as one sentence on the first of them, which names the field."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where: Sequence[Any] = first["loc"]  # Any: names and positions
    field = ".".join(str(part) for part in where[1:]) or str(where[0])
    reason = f"{first['msg'][:1].lower()}{first['msg'][1:]}"
    if first["type"] == "json_invalid":
        message, field = f"The body is not valid JSON: {first['ctx']['error']}.", "body"
    elif first["type"] == "extra_forbidden":
        message = f"There is no field {field!r}."
    else:
        message = f"Field {field!r}: {reason}."
    return JSONResponse(
        {"error": {"message": message, "type": "invalid_request_error", "param": field, "code": "invalid_request"}},
        status_code=400,
    )


def _stopped(request: Request, error: Exception) -> JSONResponse:
    """What the framework itself refuses: unknown paths and methods, bodies that break off."""
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, StoaError):  # raised while the body was read
        return answer(error.__cause__)
    what = f"{request.method} {request.url.path}"
    match error.status_code:
        case 404 | 405:
            return nothing_at(request)
        case _:
            told = InvalidRequest(f"{what}: {error.detail}.")
    response = answer(told)
    response.status_code = error.status_code
    response.headers.update(error.headers or {})
    return response


def nothing_at(request: Request) -> JSONResponse:
    """405 with the methods that the path takes, else 404."""
    what = f"{request.method} {request.url.path}"
    methods = _methods_at(request)
    if not methods:
        return answer(NotFound(f"There is no {what}. GET /api/openapi.json lists what there is."))
    told = InvalidRequest(f"There is no {what}; the path takes {' and '.join(methods)}.", code="method_not_allowed")
    response = answer(told)
    response.status_code = 405
    response.headers["allow"] = ", ".join(methods)
    return response


def _methods_at(request: Request) -> list[str]:
    """Of all routes whose path this is."""
    routes: Sequence[APIRoute] = request.app.state.routes
    return sorted({method for route in routes if route.path_regex.match(request.url.path) for method in route.methods or ()})


def _broken(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    request_id = request.headers.get("x-request-id", "none")
    return answer(InternalError(f"Stoa itself failed; the log of the control role says why. Request id: {request_id}."))
