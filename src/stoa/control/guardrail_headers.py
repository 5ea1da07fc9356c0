"""Headers of one's own guards, which may hold secrets: sealed when they come in, masked when they go out."""

from collections.abc import Callable

import msgspec

from stoa.control.header_fields import HEADER_NAME, HEADER_VALUE, MASK
from stoa.domain.desired import Sealer
from stoa.domain.guardrails import Guard, HttpGuard
from stoa.domain.resources import Guardrail
from stoa.errors import InvalidRequest


def each_header(guardrail: Guardrail, change: Callable[[int, str, str], str]) -> Guardrail:
    """The guardrail with other values in its headers: `change` gets the guard's number, the name and the value."""

    def changed(number: int, guard: Guard) -> Guard:
        if not isinstance(guard, HttpGuard) or not guard.headers:
            return guard
        headers = {name: change(number, name, value) for name, value in guard.headers.items()}
        return msgspec.structs.replace(guard, headers=headers)

    guards = tuple(changed(number, guard) for number, guard in enumerate(guardrail.guards))
    return msgspec.structs.replace(guardrail, guards=guards)


def seal_guardrail(guardrail: Guardrail, *, before: Guardrail | None, sealer: Sealer) -> Guardrail:
    """As it is kept: a secret that did not change, or was sent back masked, keeps its sealed form, at the same URL alone.

    Raises InvalidRequest.
    """
    stored = {
        (guard.url, name): value
        for guard in (before.guards if before is not None else ())
        if isinstance(guard, HttpGuard)
        for name, value in guard.headers.items()
    }

    def sealed(number: int, name: str, value: str) -> str:
        guard, field = guardrail.guards[number], f"guards[{number}].headers.{name}"
        assert isinstance(guard, HttpGuard)
        kept = stored.get((guard.url, name))
        if not HEADER_NAME.fullmatch(name):
            raise _wrong(guardrail, f"guards[{number}].headers", f"{name!r} cannot name a header")
        if value == MASK:
            if kept is None:
                what = f"{MASK!r} stands for a stored secret, and there is none for this url; send it again"
                raise _wrong(guardrail, field, what)
            return kept
        if "${env:" in value:
            raise _wrong(guardrail, field, "${env:NAME} was not filled in; `stoa apply` does that")
        if not HEADER_VALUE.fullmatch(value) or value != value.strip():
            raise _wrong(guardrail, field, "it holds characters that a header cannot carry, such as a line break")
        return kept if kept is not None and sealer.open(kept) == value else sealer.seal(value)

    return each_header(guardrail, sealed)


def _wrong(guardrail: Guardrail, field: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"Guardrail {guardrail.name!r}, field {field!r}: {what}.", param=field)
