"""What of a guardrail contradicts itself, cannot work as declared, or would have no effect: refused when it is applied."""

from collections.abc import Callable
from importlib.util import find_spec

from stoa.domain.guardrails import (
    Guard,
    HttpGuard,
    InjectionGuard,
    PersonalGuard,
    SchemaGuard,
    ShapeGuard,
    SizeGuard,
    TopicsGuard,
    WordsGuard,
    stream_of,
    type_of,
)
from stoa.domain.resources import Guardrail
from stoa.errors import InvalidRequest, MissingExtra
from stoa.guards.built import detector_of

_REFUSES_ONLY = (InjectionGuard, TopicsGuard, SizeGuard, SchemaGuard)
_WHOLE = "it judges whole texts alone; say 'whole', or 'refuse'"


def check(guardrail: Guardrail) -> None:
    """That what it names is there is for `references`. Raises InvalidRequest naming guardrail and field."""
    if guardrail.default and (guardrail.routes or guardrail.assistants or guardrail.teams):
        raise _wrong(
            guardrail, "default", "it holds for everything already; leave routes, assistants and teams out, or default"
        )
    if not (guardrail.default or guardrail.routes or guardrail.assistants or guardrail.teams):
        what = "it holds for nothing; name routes, assistants or teams, or say default: true"
        raise _wrong(guardrail, "default", what)
    for number, guard in enumerate(guardrail.guards):

        def refuse(field: str, what: str, number: int = number) -> InvalidRequest:
            return _wrong(guardrail, f"guards[{number}].{field}", what)

        _check_use(guard, refuse)
        _check_stream(guard, refuse)
        _check_fields(guard, refuse)


Refuse = Callable[[str, str], InvalidRequest]
"""Field and what is wrong with it."""


def _check_use(guard: Guard, refuse: Refuse) -> None:
    name = type_of(guard)
    if isinstance(guard, _REFUSES_ONLY) and guard.action in ("mask", "tokenise"):
        raise refuse("action", f"a guard {name!r} has no words to put others in the place of; say 'refuse' or 'warn'")
    if isinstance(guard, ShapeGuard) and guard.action == "mask" and (guard.scripts or guard.repeated):
        raise refuse("action", "only invisible characters can be masked; leave scripts and repeated out, or say 'refuse'")
    if isinstance(guard, InjectionGuard | SizeGuard) and "output" in guard.on:
        raise refuse("on", f"a guard {name!r} judges what goes to a model; leave 'output' out")
    if isinstance(guard, SchemaGuard) and "input" in guard.on:
        raise refuse("on", "a guard 'schema' judges answers; leave 'input' out")
    if guard.action == "tokenise" and "input" not in guard.on:
        raise refuse("action", "placeholders go into the input; without it nothing can be put back: say 'mask'")
    if guard.action == "tokenise" and isinstance(guard, HttpGuard | ShapeGuard):
        raise refuse("action", f"a guard {name!r} does not know what it finds well enough; say 'mask'")
    if isinstance(guard, HttpGuard) and guard.action != "refuse":
        raise refuse("action", "one's own guard says by its reply what is done; leave it out")
    if len(set(guard.on)) < len(guard.on):
        raise refuse("on", "a stage is named twice")


def _check_stream(guard: Guard, refuse: Refuse) -> None:
    if "output" not in guard.on or stream_of(guard) != "window":
        return
    if isinstance(guard, SchemaGuard | TopicsGuard | HttpGuard):
        raise refuse("stream", f"a guard {type_of(guard)!r} cannot judge pieces: {_WHOLE}")
    if isinstance(guard, PersonalGuard) and guard.engine == "presidio":
        raise refuse("stream", f"presidio cannot judge pieces: {_WHOLE}")
    if isinstance(guard, ShapeGuard) and (guard.scripts or guard.repeated):
        raise refuse("stream", f"scripts and repeated cannot be told of pieces: {_WHOLE}")


def _check_fields(guard: Guard, refuse: Refuse) -> None:
    match guard:
        case SizeGuard():
            if guard.characters is None and guard.tokens is None and guard.messages is None:
                raise refuse("characters", "no limit is set; give characters, tokens or messages")
        case TopicsGuard():
            if not (guard.allow or guard.deny):
                raise refuse("allow", "no topic is given; name some to allow or to deny, each with example sentences")
        case HttpGuard():
            pass
        case PersonalGuard(engine="presidio"):
            if find_spec("presidio_analyzer") is None:
                raise refuse("engine", "Presidio is not installed; install it with: pip install 'stoa[presidio]'")
        case WordsGuard() if not (guard.languages or guard.deny or guard.patterns):
            raise refuse("deny", "no words are given; give languages, deny or patterns")
        case ShapeGuard() if not (guard.invisible or guard.scripts or guard.repeated):
            raise refuse("invisible", "nothing is looked for; give invisible, scripts or repeated")
        case _:
            try:
                detector_of(guard)
            except MissingExtra as error:
                raise refuse("engine", error.message) from error
            except ValueError as error:
                raise refuse(*_told(str(error))) from None


_FIELDS = {"words": "deny", "expressions": "patterns", "least": "severity", "least_score": "min_score"}
"""What detectors call fields that are called otherwise here."""


def _told(message: str) -> tuple[str, str]:
    """Field and reason, from what a detector says of its settings: `words[0]: ...`."""
    field, colon, what = message.partition(": ")
    if not colon:
        return "type", message
    name, bracket, place = field.partition("[")
    return _FIELDS.get(name, name) + bracket + place, what


def _wrong(guardrail: Guardrail, field: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"Guardrail {guardrail.name!r}, field {field!r}: {what}.", param=field)
