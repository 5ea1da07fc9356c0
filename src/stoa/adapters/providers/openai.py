"""OpenAI, and the servers that speak as it does. They differ in what they offer and in what is known of their models.

What a server that is not known offers is not known either: every door is there, and its own answer says what is not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from stoa.adapters.providers import facts
from stoa.adapters.providers.credentials_static import bearer
from stoa.adapters.providers.heads import MULTIPART, head
from stoa.adapters.providers.tokens import Tokens
from stoa.domain.operations import ClientForm
from stoa.domain.providers import ProviderType
from stoa.domain.resources import Model, Provider
from stoa.domain.upstream import Door, Endpoint, Facts, Opened, Origin, UpstreamForm

ANTHROPIC_VERSION = "2023-06-01"
"""The only one there is; servers that speak Anthropic's messages want it too."""

PATHS: Mapping[Door, str] = {
    "chat": "/chat/completions",
    "completions": "/completions",
    "responses": "/responses",
    "messages": "/messages",
    "count_tokens": "/messages/count_tokens",
    "embedding": "/embeddings",
    "rerank": "/rerank",
    "moderation": "/moderations",
    "image": "/images/generations",
    "image_edit": "/images/edits",
    "image_variation": "/images/variations",
    "speech": "/audio/speech",
    "transcription": "/audio/transcriptions",
    "translation": "/audio/translations",
}
"""Below the base URL, in the model's name's place of OpenAI: in the body."""


class Server(NamedTuple):
    """What is known of one kind of server. `further` are its doors beside those of the forms it speaks."""

    native: frozenset[ClientForm]
    further: frozenset[Door]
    facts: Callable[[Model], Facts] = facts.plain


def _server(native: str, further: str, known: Callable[[Model], Facts] = facts.plain) -> Server:
    forms: dict[str, ClientForm] = {
        "chat": "chat",
        "completions": "completions",
        "messages": "messages",
        "responses": "responses",
    }
    doors: dict[str, Door] = {str(door): door for door in PATHS}
    return Server(frozenset(forms[each] for each in native.split()), frozenset(doors[each] for each in further.split()), known)


_EVERY = " ".join(PATHS)
_IMAGES = "image image_edit image_variation"
_HEARING = "transcription translation"

SERVERS: Mapping[ProviderType, Server] = {
    "openai": _server("chat completions responses", f"embedding moderation speech {_IMAGES} {_HEARING}", facts.openai),
    "openai-compatible": _server("chat completions", _EVERY),
    "mistral": _server("chat", "embedding moderation speech transcription", facts.mistral),
    "groq": _server("chat responses", f"speech {_HEARING}", facts.groq),
    "together": _server("chat completions", f"embedding rerank image speech {_HEARING}"),
    "openrouter": _server("chat completions responses messages", "embedding rerank"),
    "deepseek": _server("chat", ""),
    "ollama": _server("chat completions responses messages", "embedding image"),
    "vllm": _server("chat completions responses messages", f"count_tokens embedding rerank {_HEARING}"),
    "tgi": _server("chat completions", ""),
}
"""As documented by each in November 2026. DeepSeek's messages are at another base URL: a provider of type anthropic."""


@dataclass(frozen=True, slots=True)
class OpenAILink:
    """Implements `domain.upstream.Link`."""

    server: Server
    native: frozenset[ClientForm]
    origin: Origin
    opened: Opened
    form: UpstreamForm = "chat"

    def facts(self, model: Model) -> Facts:
        return self.server.facts(model)

    def door(self, door: Door, upstream_name: str, *, stream: bool) -> Endpoint | None:
        del upstream_name, stream  # both stand in the body
        if door != self.form and door not in self.native and door not in self.server.further:
            return None
        if door == "count_tokens" and "messages" not in self.native:
            return None  # nobody counts for a form that it does not speak
        version = {"anthropic-version": ANTHROPIC_VERSION} if door in ("messages", "count_tokens") else {}
        headers = head(self.opened, {**bearer(self.opened), **version}, json=door not in MULTIPART)
        return self.origin.endpoint(PATHS[door], headers)

    def health(self, path: str) -> Endpoint:
        return self.origin.endpoint(path, head(self.opened, bearer(self.opened), json=False), method="GET")


def link(provider: Provider, opened: Opened, origin: Origin, tokens: Tokens) -> OpenAILink:
    del tokens
    server = SERVERS[provider.type]
    native = server.native if provider.speaks is None else frozenset(provider.speaks)
    return OpenAILink(server, native, origin, opened)
