"""Examples as JSON lines: in, each line judged for itself, and out in the forms that others train with."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, assert_never

import msgspec

from stoa.domain.datasets import MOST_ITEMS, Body, Item, Message
from stoa.errors import InvalidRequest
from stoa.factory.examples import body_of

Form = Literal["chat", "preference", "whole"]
"""`chat` and `preference` are OpenAI's for training on answers, and on which of two is better; `whole` is all that is known."""
Told = Literal["best", "expected", "given"]
"""Which answer `chat` ends with; `best` is the expected one where there is one, else the given one."""

MOST_FAULTS = 100
"""That are told; of a file with more the rest is not read."""

_BOM = b"\xef\xbb\xbf"
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


class Fault(NamedTuple):
    """`line` counts from 1, empty lines included, as an editor shows it."""

    line: int
    message: str
    param: str | None


def read_lines(data: bytes) -> tuple[list[Body], list[Fault]]:
    """Examples, one a line; empty lines are none. Raises InvalidRequest for more than a dataset may hold."""
    found: list[Body] = []
    faults: list[Fault] = []
    for number, line in enumerate(data.removeprefix(_BOM).split(b"\n"), 1):
        if not line.strip():
            continue
        if len(found) == MOST_ITEMS:
            raise InvalidRequest(f"The file has more than {MOST_ITEMS:,} examples, which is what a dataset may hold.")
        try:
            found.append(body_of(_decode(line)))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            faults.append(Fault(number, f"This is no JSON: {error}.", None))
        except InvalidRequest as error:
            faults.append(Fault(number, error.message, error.param))
        if len(faults) == MOST_FAULTS:
            break
    return found, faults


def line_of(item: Item, body: Body, *, form: Form, told: Told) -> bytes | None:
    """One line, with its end. None where the example lacks what the form needs."""
    fields = _fields(item, body, form=form, told=told)
    return None if fields is None else _encode(fields) + b"\n"


def origin_of(item: Item) -> Mapping[str, Any]:  # Any: JSON
    """Where it came from, without what is not known."""
    found: dict[str, Any] = {"id": item.id, **msgspec.structs.asdict(item.origin)}
    return {name: value for name, value in found.items() if value is not None and value is not False}


def _fields(item: Item, body: Body, *, form: Form, told: Told) -> dict[str, Any] | None:  # Any: JSON
    match form:
        case "chat":
            answer = _told(body, told)
            return None if answer is None else {"messages": [*body.messages, answer], **_tools(body)}
        case "preference":
            if body.answer is None or body.expected is None or body.answer.get("content") == body.expected.get("content"):
                return None
            return {
                "input": {"messages": body.messages, **_tools(body)},
                "preferred_output": [body.expected],
                "non_preferred_output": [body.answer],
            }
        case "whole":
            return {**msgspec.to_builtins(body), "origin": origin_of(item)}
        case _:
            assert_never(form)


def _told(body: Body, told: Told) -> Message | None:
    match told:
        case "best":
            return body.expected or body.answer
        case "expected":
            return body.expected
        case "given":
            return body.answer
        case _:
            assert_never(told)


def _tools(body: Body) -> dict[str, Any]:  # Any: JSON
    named = {"tools": body.tools, "parallel_tool_calls": body.parallel_tool_calls}
    return {name: value for name, value in named.items() if value is not None}


def told_faults(faults: Sequence[Fault], *, lines: int) -> InvalidRequest:
    """The refusal of a file in which some lines are wrong."""
    first = "; ".join(f"line {each.line}: {each.message.rstrip('.')}" for each in faults[:10])
    more = "" if len(faults) <= 10 else f"; and {len(faults) - 10} more"
    return InvalidRequest(
        f"{len(faults)} of {lines} lines are wrong, so that none was taken: {first}{more}. Correct them, or take the others "
        "alone with partly=true.",
        param=f"line {faults[0].line}",
        code="bad_lines",
    )
