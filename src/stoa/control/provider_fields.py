"""What a provider of each kind must be told, so that a mistake is refused when it is applied and not when a request fails."""

import json
from typing import cast

from stoa.domain.providers import BASE_URLS, LOCAL, PROOFS, SPEAKS
from stoa.domain.resources import Provider
from stoa.errors import InvalidRequest
from stoa.kit.names import did_you_mean

_OWN_ADDRESS = {
    "azure": "the resource's endpoint, such as https://my-resource.openai.azure.com",
    "openai-compatible": "say where the server is, such as http://127.0.0.1:8000/v1",
}


def check(provider: Provider) -> None:
    """Everything that can be told without opening a secret. Raises InvalidRequest naming provider and field."""
    _check_place(provider)
    _check_proof(provider)
    _check_forms(provider)
    if provider.type == "litellm" and provider.health is not None:
        raise _wrong(provider, "health", "its SDK opens its connections itself, so nothing can be asked; leave the field out")
    if (provider.tls_certificate is None) != (provider.tls_key is None):
        raise _wrong(provider, "tls_key", "tls_certificate and tls_key are given together or not at all")


def check_service_account(provider: Provider, text: str) -> None:
    """`text` is the credential service_account in the clear. Raises InvalidRequest, without a word of what it holds."""
    field = "credentials.service_account"
    needed = {"client_email", "private_key", "token_uri"}
    try:
        found = cast("object", json.loads(text))  # cast: anything may stand in it
    except ValueError:
        raise _wrong(provider, field, "it is not JSON; give the text of the key file that Google Cloud made") from None
    if not isinstance(found, dict) or not needed <= cast("dict[str, object]", found).keys():
        raise _wrong(provider, field, f"a service account's key file holds {', '.join(sorted(needed))}; this does not")


def _check_place(provider: Provider) -> None:
    kind = provider.type
    if kind in ("bedrock", "vertex") and not provider.region:
        example = "us-east-1" if kind == "bedrock" else "europe-west4 or global"
        raise _wrong(provider, "region", f"type {kind!r} needs a region, such as {example}")
    if kind == "vertex" and not provider.project:
        raise _wrong(provider, "project", "type 'vertex' needs the id of the Google Cloud project")
    if not provider.url:
        hint = _OWN_ADDRESS.get(kind, "say where the server is")
        raise _wrong(provider, "base_url", f"type {kind!r} has no address of its own; {hint}")


def _check_proof(provider: Provider) -> None:
    kind = provider.type
    proof = PROOFS.get(kind)
    given = provider.credentials.keys()
    if kind == "litellm":
        return  # its SDK knows hundreds of names
    if proof is None:
        if given:
            raise _wrong(provider, "credentials", f"type {kind!r} takes none; it wants an api_key")
    else:
        known = proof.needed | proof.further
        for name in given:
            if name not in known:
                raise _wrong(
                    provider,
                    f"credentials.{name}",
                    f"type {kind!r} knows {', '.join(sorted(known))}",
                    hint=did_you_mean(name, known),
                )
        if kind == "vertex" and provider.api_key is not None:
            raise _wrong(provider, "api_key", "type 'vertex' takes credentials.service_account and no key")
        if given and provider.api_key is not None:
            raise _wrong(provider, "credentials", "an api_key is given too; keep the one that is meant")
        if given or kind == "vertex":
            for name in sorted(proof.needed - given):
                raise _wrong(provider, f"credentials.{name}", f"type {kind!r} needs {', '.join(sorted(proof.needed))}")
    if provider.api_key is None and not given and not provider.headers and _needs_key(provider):
        also = f", or credentials with {', '.join(sorted(proof.needed))}" if proof else ""
        raise _wrong(provider, "api_key", f"type {kind!r} at {provider.url} needs one, such as ${{env:NAME}}{also}")


def _needs_key(provider: Provider) -> bool:
    """Somebody else's address may be a proxy that adds the key."""
    return provider.type not in LOCAL and (
        provider.base_url in (None, BASE_URLS.get(provider.type)) or provider.type == "azure"
    )


def _check_forms(provider: Provider) -> None:
    possible = SPEAKS.get(provider.type)
    if provider.speaks is None or possible is None:
        return
    for form in provider.speaks:
        if form not in possible:
            known = f"it can be {', '.join(sorted(possible))}" if possible else "leave the field out"
            raise _wrong(provider, "speaks", f"type {provider.type!r} does not speak {form!r}; {known}")


def _wrong(provider: Provider, field: str, what: str, *, hint: str = "") -> InvalidRequest:
    return InvalidRequest(f"Provider {provider.name!r}, field {field!r}: {what}.{hint}", param=field)
