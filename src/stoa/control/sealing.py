"""Secrets inside resources: sealed when they come in, masked when they go out."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import msgspec

from stoa.control import datastore_fields
from stoa.control.guardrail_headers import each_header, seal_guardrail
from stoa.control.header_fields import HEADER_NAME, HEADER_VALUE, MASK
from stoa.control.provider_fields import check_service_account
from stoa.control.source_fields import each_credential, seal_source
from stoa.domain.desired import Sealer
from stoa.domain.resources import Datastore, Guardrail, Provider, Resource, Source
from stoa.errors import InvalidRequest


def seal(resource: Resource, *, before: Resource | None, sealer: Sealer) -> Resource:
    """The resource as it is kept: a secret that did not change, or was sent back masked, keeps its sealed form.

    Raises InvalidRequest for a secret that cannot be one, and for a masked one on its way to another URL.
    """
    if isinstance(resource, Guardrail):
        return seal_guardrail(resource, before=before if isinstance(before, Guardrail) else None, sealer=sealer)
    if isinstance(resource, Source):
        return seal_source(resource, before=before if isinstance(before, Source) else None, sealer=sealer)
    if isinstance(resource, Datastore):
        known = before if isinstance(before, Datastore) else None
        return datastore_fields.seal_datastore(resource, before=known, sealer=sealer)
    if not isinstance(resource, Provider):
        return resource
    _check(resource)
    old = before if isinstance(before, Provider) else None

    def sealed(value: str, kept: str | None, field: str) -> str:
        if value == MASK:
            if old is None or kept is None:
                raise _wrong(resource, field, f"{MASK!r} stands for a stored secret, and there is none")
            if old.url != resource.url:
                raise _wrong(resource, field, "a stored secret does not follow to another base_url; send it again")
            return kept
        return kept if kept is not None and sealer.open(kept) == value else sealer.seal(value)

    kept_headers = old.headers if old else {}
    kept_credentials = old.credentials if old else {}
    _check_token_url(resource, kept_credentials, sealer)
    return msgspec.structs.replace(
        resource,
        api_key=sealed(resource.api_key, old.api_key if old else None, "api_key") if resource.api_key is not None else None,
        headers={name: sealed(value, kept_headers.get(name), f"headers.{name}") for name, value in resource.headers.items()},
        credentials={
            name: sealed(value, kept_credentials.get(name), f"credentials.{name}")
            for name, value in resource.credentials.items()
        },
    )


def _check_token_url(provider: Provider, kept: Mapping[str, str], sealer: Sealer) -> None:
    """A stored secret is not sent to another token server either."""
    url = provider.credentials.get("token_url", MASK)
    before = sealer.open(kept["token_url"]) if "token_url" in kept else None
    if url not in (MASK, before) and MASK in provider.credentials.values():
        field = "credentials.token_url"
        raise _wrong(provider, field, "stored secrets do not follow to another token server; send them again")


def mask(resource: Resource) -> Resource:
    """The resource as it is shown."""
    return _each_secret(resource, lambda _: MASK)


def _each_secret(resource: Resource, change: Callable[[str], str]) -> Resource:
    if isinstance(resource, Guardrail):
        return each_header(resource, lambda guard, name, value: change(value))
    if isinstance(resource, Source):
        return each_credential(resource, change)
    if isinstance(resource, Datastore):
        return datastore_fields.each_credential(resource, change)
    if not isinstance(resource, Provider):
        return resource
    return msgspec.structs.replace(
        resource,
        api_key=change(resource.api_key) if resource.api_key is not None else None,
        headers={name: change(value) for name, value in resource.headers.items()},
        credentials={name: change(value) for name, value in resource.credentials.items()},
    )


def _check(provider: Provider) -> None:
    """What goes out as a header must be one, and an environment variable must have been put in by the one who applies."""
    if "@" in urlsplit(provider.url).netloc:
        raise _wrong(provider, "base_url", "a URL is no place for a password; use api_key or headers")
    for field, value in {"api_key": provider.api_key or "", **{f"headers.{k}": v for k, v in provider.headers.items()}}.items():
        if "${env:" in value:
            raise _wrong(provider, field, "${env:NAME} was not filled in; `stoa apply` does that")
        if not HEADER_VALUE.fullmatch(value) or value != value.strip():
            raise _wrong(provider, field, "it holds characters that a header cannot carry, such as a line break")
    for name, value in provider.credentials.items():
        if "${env:" in value:
            raise _wrong(provider, f"credentials.{name}", "${env:NAME} was not filled in; `stoa apply` does that")
        if name == "service_account" and value != MASK:
            check_service_account(provider, value)
    for name in provider.headers:
        if not HEADER_NAME.fullmatch(name):
            raise _wrong(provider, "headers", f"{name!r} cannot name a header")


def _wrong(provider: Provider, field: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"Provider {provider.name!r}, field {field!r}: {what}.", param=field)
