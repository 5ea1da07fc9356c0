"""A client of Stoa's own HTTP API: JSON in and out, and the API's errors as errors of our tree."""

import json
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from stoa.errors import (
    Conflict,
    Forbidden,
    InternalError,
    InvalidRequest,
    LimitReached,
    NotFound,
    OperatorError,
    StoaError,
    TooLarge,
    Unauthenticated,
)

_ERRORS: dict[int, type[StoaError]] = {
    400: InvalidRequest,
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    422: InvalidRequest,
    429: LimitReached,
}
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class Unreachable(OperatorError):
    """Nothing answers at the URL, or it stopped answering half-way."""


class Client:
    """Answers are Any: JSON as the API documents it. Times out after a minute without a byte."""

    def __init__(self, url: str, token: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=httpx.Timeout(60.0, connect=5.0),
            transport=transport,
            trust_env=urlsplit(url).hostname not in _LOOPBACK,  # a proxy for the world is none for this machine
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **params: str | int | None) -> Any:
        return self._call("GET", path, params={name: value for name, value in params.items() if value is not None})

    def post(self, path: str, body: object = None) -> Any:
        return self._call("POST", path, json=body)

    def patch(self, path: str, body: object) -> Any:
        return self._call("PATCH", path, json=body)

    def put(self, path: str, body: object) -> Any:
        return self._call("PUT", path, json=body)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path)

    def put_file(self, url_path: str, file: Path, **params: str) -> Any:
        """Send a file's bytes as the body, read piece by piece."""
        with file.open("rb") as content:
            return self._call("PUT", url_path, params=params, content=content)

    def upload(self, path: str, file: Path, **fields: str) -> Any:
        """Send a file as a form with these fields."""
        with file.open("rb") as content:
            return self._call("POST", path, data=fields, files={"file": (file.name, content)})

    def form(self, path: str, fields: Mapping[str, str], *, accept: str) -> httpx.Response:
        """POST fields of a form, and the answer as it came."""
        with _reported(self.url):
            response = self._http.post(path, data=dict(fields), headers={"accept": accept})
        if response.is_error:
            raise _error_of(response)
        return response

    @contextmanager
    def download(self, path: str) -> Generator[Iterator[bytes]]:
        """GET, and the bytes of the answer as they come."""
        with _reported(self.url), self._http.stream("GET", path) as response:
            if response.is_error:
                response.read()
                raise _error_of(response)
            yield response.iter_bytes()

    def each(self, path: str, **params: str | int | None) -> Iterator[Any]:
        """Every item of a list, page after page."""
        cursor: str | None = None
        while True:
            page = self.get(path, cursor=cursor, limit=200, **params)
            yield from page["data"]
            cursor = page.get("next_cursor")
            if cursor is None:
                return

    @contextmanager
    def stream(self, path: str, body: object) -> Generator[Iterator[Any]]:
        """POST, and the JSON of each server-sent event of the answer until `[DONE]`."""
        with _reported(self.url), self._http.stream("POST", path, json=body) as response:
            if response.is_error:
                response.read()
                raise _error_of(response)
            yield _events(response)

    def _call(self, method: str, path: str, **request: Any) -> Any:  # Any: httpx's own keyword arguments
        with _reported(self.url):
            response = self._http.request(method, path, **request)
        if response.is_error:
            raise _error_of(response)
        return response.json() if response.content else None


def _events(response: httpx.Response) -> Iterator[Any]:
    for line in response.iter_lines():
        if line.startswith("data:"):
            data = line.removeprefix("data:").strip()
            if data == "[DONE]":
                return
            yield json.loads(data)


@contextmanager
def _reported(url: str) -> Generator[None]:
    """Turn what the network does into one sentence."""
    try:
        yield
    except httpx.ConnectError:
        raise Unreachable(
            f"No Stoa answers at {url}. Start one with: stoa up; or name another with --url or STOA_URL"
        ) from None
    except httpx.TimeoutException:
        raise Unreachable(f"The Stoa at {url} did not answer in time. Look at its health with: stoa status") from None
    except httpx.HTTPError as error:
        what = str(error) or type(error).__name__
        raise Unreachable(f"The Stoa at {url} broke off its answer ({what}). Look at its health with: stoa status") from None


def _error_of(response: httpx.Response) -> StoaError:
    try:
        told: Any = response.json()["error"]
        message, param, code = told["message"], told.get("param"), told.get("code")
    except (ValueError, KeyError, TypeError, AttributeError):
        message = f"{response.request.url} answered with status {response.status_code}, and not in the form of Stoa's API"
        return InternalError(f"{message}. Does --url or STOA_URL name a Stoa?")
    return _ERRORS.get(response.status_code, InternalError)(message, param=param, code=code)
