"""From where LiteLLM sends its requests to a provider's `base_url`. The two differ in what they add by themselves."""

import re
from urllib.parse import parse_qs, urlsplit

from stoa.control.litellm.kinds import Kind
from stoa.domain.providers import BASE_URLS

_URL = re.compile(r"https?://[^/\s?#]+(/[^\s?#]*)?")
_METHODS = ("/chat/completions", "/completions", "/embeddings", "/messages", "/chat", "/embed", "/rerank", "/responses")


class CannotCarry(Exception):
    """A deployment has no counterpart; the message says why and what to do."""


def base_url(kind: Kind, written: str | None) -> str | None:
    """None for the type's own address. Raises CannotCarry for what is no URL, or where one is needed."""
    if written is None:
        if kind.base_url is None and kind.type not in BASE_URLS:
            raise CannotCarry("It names no api_base, and there is no address to take instead. Name it and import again.")
        return kind.base_url
    url = written.strip()
    if kind.type == "azure":
        url = url.partition("?")[0]
    url = checked(url)
    if kind.type == "azure":
        return re.sub(r"/openai(/deployments/.*|/v1/.*|/responses.*)?$", "", url) or url
    for method in _METHODS:
        url = url.removesuffix(method)
    if kind.type == "cohere":
        url = f"{re.sub(r'/v[12]$', '', url)}/v2"
    elif not kind.versioned:
        url = f"{url.removesuffix('/v1')}/v1"
    return None if url == BASE_URLS.get(kind.type) else url


def checked(written: str) -> str:
    """The address without a slash at its end. Raises CannotCarry for what is none."""
    url = written.strip().rstrip("/")
    if not _URL.fullmatch(url) or not _place(url):
        raise CannotCarry(f"Its api_base {_masked(written)!r} is not a URL such as https://llm.example.com/v1.")
    if "@" in urlsplit(url).netloc:
        raise CannotCarry("Its api_base holds a password, and a base_url takes none. Put it into headers of the provider.")
    return url


def azure_version(written: str | None) -> str | None:
    """The api-version that stands in an address."""
    found = parse_qs(urlsplit(written).query).get("api-version") if written else None
    return found[0] if found else None


def host_label(url: str | None) -> str:
    """A word for an address: `my-resource` for https://my-resource.openai.azure.com, `llm-8000` for http://llm:8000/v1."""
    place = urlsplit(url or "")
    host = place.hostname or ""
    label = host if re.fullmatch(r"[\d.:]+", host) else host.removeprefix("api.").split(".")[0]
    return slug(f"{label}-{place.port}" if place.port else label)


def slug(text: str, *, most: int = 63) -> str:
    """The nearest name that Stoa allows; empty when nothing is left."""
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:most].strip("-._")


def _place(url: str) -> bool:
    try:
        return urlsplit(url).port != 0 and bool(urlsplit(url).hostname)
    except ValueError:
        return False


def _masked(url: str) -> str:
    return re.sub(r"//[^/@]*@", "//********@", url)
