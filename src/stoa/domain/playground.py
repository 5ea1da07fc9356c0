"""Calling the models' API as a client does, on a user's behalf: what goes over the wire and what comes back, unread."""

from collections.abc import AsyncGenerator, Mapping
from typing import Literal, Protocol

import msgspec

PlaygroundForm = Literal["chat", "messages", "responses"]
"""The forms a request may be tried in: OpenAI's chat completions, Anthropic's messages, OpenAI's responses."""


class ApiRequest(msgspec.Struct, frozen=True):
    """A POST, without its credential."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class ApiHead(msgspec.Struct, frozen=True):
    """The beginning of an answer; header names are lower case."""

    status: int
    headers: Mapping[str, str]


class ModelApi(Protocol):
    """`/v1`, on behalf of a user, with everything that holds for the user: limits, budget, policy.

    `call` gives the answer's head, whatever its status, then its body in pieces as they come. It raises ProviderError when
    there is no answer or when it breaks off. Closing it gives the request up.
    """

    def call(self, request: ApiRequest, *, user_id: str) -> AsyncGenerator[ApiHead | bytes]: ...
