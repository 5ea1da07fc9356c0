"""LiteLLM's names for providers, and what each is in Stoa."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from stoa.domain.operations import Operation
from stoa.domain.providers import ProviderType


class Kind(NamedTuple):
    """A provider of LiteLLM. `variable` is where LiteLLM looks for a key that is not written down."""

    type: ProviderType
    variable: str | None = None
    base_url: str | None = None
    """Of servers in OpenAI's form that have no type of their own."""
    versioned: bool = True
    """Whether LiteLLM's api_base holds the version, as Stoa's base_url does; False where LiteLLM adds it by itself."""


def _served(base_url: str, variable: str) -> Kind:
    return Kind("openai-compatible", variable, base_url)


_OWN = Kind("openai-compatible")
KINDS: Mapping[str, Kind] = {
    "openai": Kind("openai", "OPENAI_API_KEY"),
    "text-completion-openai": Kind("openai", "OPENAI_API_KEY"),
    "azure": Kind("azure", "AZURE_API_KEY"),
    "azure_text": Kind("azure", "AZURE_API_KEY"),
    "anthropic": Kind("anthropic", "ANTHROPIC_API_KEY", versioned=False),
    "gemini": Kind("gemini", "GEMINI_API_KEY"),
    "vertex_ai": Kind("vertex"),
    "vertex_ai_beta": Kind("vertex"),
    "bedrock": Kind("bedrock"),
    "bedrock_converse": Kind("bedrock"),
    "cohere": Kind("cohere", "COHERE_API_KEY"),
    "cohere_chat": Kind("cohere", "COHERE_API_KEY"),
    "mistral": Kind("mistral", "MISTRAL_API_KEY"),
    "groq": Kind("groq", "GROQ_API_KEY"),
    "together_ai": Kind("together", "TOGETHERAI_API_KEY"),
    "openrouter": Kind("openrouter", "OPENROUTER_API_KEY"),
    "deepseek": Kind("deepseek", "DEEPSEEK_API_KEY"),
    "ollama": Kind("ollama", versioned=False),
    "ollama_chat": Kind("ollama", versioned=False),
    "hosted_vllm": Kind("vllm"),
    "vllm": Kind("vllm"),
    "huggingface": Kind("tgi", versioned=False),
    "codestral": Kind("mistral", "CODESTRAL_API_KEY", "https://codestral.mistral.ai/v1"),
    "custom_openai": _OWN,
    "openai_like": _OWN,
    "lm_studio": _OWN,
    "llamafile": _OWN,
    "xinference": _OWN,
    "docker_model_runner": _OWN,
    "litellm_proxy": Kind("openai-compatible", versioned=False),
    "xai": _served("https://api.x.ai/v1", "XAI_API_KEY"),
    "nvidia_nim": _served("https://integrate.api.nvidia.com/v1", "NVIDIA_NIM_API_KEY"),
    "cerebras": _served("https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    "deepinfra": _served("https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
    "sambanova": _served("https://api.sambanova.ai/v1", "SAMBANOVA_API_KEY"),
    "perplexity": _served("https://api.perplexity.ai", "PERPLEXITYAI_API_KEY"),
}
"""https://docs.litellm.ai/docs/providers; whatever is missing goes through LiteLLM's own SDK."""

_BARE = (
    (
        re.compile(r"gpt-|o\d|chatgpt|text-embedding-(3|ada)|dall-e|whisper|tts-|ft:gpt|omni-moderation|text-moderation"),
        "openai",
    ),
    (re.compile(r"claude"), "anthropic"),
    (re.compile(r"command|embed-(english|multilingual|v)|rerank-"), "cohere"),
    (re.compile(r"gemini|text-embedding-00|textembedding-gecko|text-multilingual-embedding"), "vertex_ai"),
    (re.compile(r"(us\.|eu\.|apac\.|global\.)?(anthropic|amazon|meta|cohere|ai21|mistral)\."), "bedrock"),
)
"""Names that LiteLLM knows without a provider before them."""

_MODES: Mapping[str, Operation] = {
    "chat": "chat",
    "completion": "chat",
    "responses": "chat",
    "embedding": "embedding",
    "rerank": "rerank",
    "moderation": "moderation",
    "moderations": "moderation",
    "image_generation": "image",
    "image_edit": "image",
    "audio_speech": "speech",
    "audio_transcription": "transcription",
}
_NAMED: tuple[tuple[re.Pattern[str], Operation], ...] = (
    (re.compile(r"rerank"), "rerank"),
    (re.compile(r"embed"), "embedding"),
    (re.compile(r"whisper|transcribe|voxtral"), "transcription"),
    (re.compile(r"(^|[/-])tts"), "speech"),
    (re.compile(r"dall-e|gpt-image|stable-diffusion|imagen|flux"), "image"),
    (re.compile(r"moderation"), "moderation"),
)

_OFFERED: Mapping[ProviderType, frozenset[Operation]] = {
    "openai": frozenset({"chat", "embedding", "moderation", "image", "speech", "transcription"}),
    "azure": frozenset({"chat", "embedding", "image", "speech", "transcription"}),
    "gemini": frozenset({"chat", "embedding"}),
    "vertex": frozenset({"chat", "embedding"}),
    "bedrock": frozenset({"chat", "embedding"}),
    "cohere": frozenset({"chat", "embedding", "rerank"}),
    "anthropic": frozenset({"chat"}),
    "mistral": frozenset({"chat", "embedding", "moderation", "speech", "transcription"}),
    "groq": frozenset({"chat", "speech", "transcription"}),
    "together": frozenset({"chat", "embedding", "rerank", "image", "speech", "transcription"}),
    "openrouter": frozenset({"chat", "embedding", "rerank"}),
    "deepseek": frozenset({"chat"}),
    "ollama": frozenset({"chat", "embedding", "image"}),
    "vllm": frozenset({"chat", "embedding", "rerank", "transcription"}),
    "tgi": frozenset({"chat"}),
    "tei": frozenset({"embedding", "rerank"}),
    "litellm": frozenset({"chat", "embedding"}),
}
"""docs/guide/providers.md; a test compares it with what the adapters open."""


def told_apart(model: str, provider: object) -> tuple[str, str] | None:
    """LiteLLM's provider and the model's name there; None where nobody can tell the provider."""
    if isinstance(provider, str) and provider:
        return provider, model.removeprefix(f"{provider}/")
    before, slash, rest = model.partition("/")
    if slash and (before in KINDS or not _bare(model)):
        return before, rest
    bare = _bare(model)
    return (bare, model) if bare else None


def operation_of(mode: object, model: str) -> Operation | None:
    """What a model does, by its mode or else its name; None for a mode that Stoa does not have."""
    if isinstance(mode, str):
        return _MODES.get(mode)
    name = model.lower()
    for pattern, operation in _NAMED:
        if pattern.search(name):
            return operation
    return "chat"


def offers(kind: ProviderType, operation: Operation) -> bool:
    """Whether providers of the kind can be asked for that."""
    return operation in _OFFERED[kind] if kind in _OFFERED else True


def _bare(model: str) -> str | None:
    return next((provider for pattern, provider in _BARE if pattern.match(model)), None)
