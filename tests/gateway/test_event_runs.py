"""Runs of events are read as one, and say the same as each by itself."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.gateway.event_runs import joined_runs
from stoa.gateway.replay import whole_of

Chunk = dict[str, object]

_TEXTS = st.sampled_from(["", "a", "word ", 'say "hi"', "back\\slash", "\\", "line\n", "ü€𝄞", '","content":"x', "\u2028"])


def chunk(delta: Chunk, finish: str | None = None, index: int = 0, **more: object) -> Chunk:
    choice: Chunk = {"index": index, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "created": 1, "model": "m", "choices": [choice | more]}


@st.composite
def _streams(draw: st.DrawFn) -> list[bytes]:
    ascii_only, spaced = draw(st.booleans()), draw(st.booleans())
    deltas = draw(
        st.lists(
            st.one_of(
                st.fixed_dictionaries({"content": _TEXTS}),
                st.fixed_dictionaries({"role": st.just("assistant"), "content": _TEXTS}),
                st.fixed_dictionaries({"reasoning_content": _TEXTS}),
                st.fixed_dictionaries({"content": _TEXTS, "reasoning_content": _TEXTS}),
                st.fixed_dictionaries({"content": _TEXTS, "refusal": _TEXTS}),
                st.fixed_dictionaries({"content": st.none(), "reasoning": _TEXTS}),
            ),
            max_size=12,
        )
    )
    chunks = [chunk(delta) for delta in deltas]
    chunks.append(chunk({}, "stop"))
    chunks.append({"id": "c1", "created": 1, "model": "m", "choices": [], "usage": {"prompt_tokens": 1}})
    separators = (", ", ": ") if spaced else (",", ":")
    return [json.dumps(each, ensure_ascii=ascii_only, separators=separators).encode() for each in chunks]


@given(_streams())
def test_a_stream_amounts_to_the_same_with_its_runs_joined(events: list[bytes]) -> None:
    each = [json.loads(event) for event in events]
    joined = [json.loads(event) for event in joined_runs(events)]

    assert whole_of(joined) == whole_of(each)


def test_pieces_of_one_text_are_one_event() -> None:
    events = [json.dumps(chunk({"content": word})).encode() for word in ("one ", "two ", "three")]

    (joined,) = joined_runs(events)

    assert json.loads(joined) == chunk({"content": "one two three"})


@pytest.mark.parametrize(
    "other",
    [
        chunk({"content": "a", "reasoning_content": "b"}),
        chunk({"content": "a", "refusal": "b"}),
        chunk({"content": "a", "tool_calls": [{"index": 0, "function": {"arguments": "b"}}]}),
        chunk({"content": 'a"'}),
        chunk({"content": "a\\"}),
        chunk({"content": ["a"]}),
        {"choices": []},
    ],
)
def test_an_event_that_holds_more_than_one_text_stays_as_it_is(other: Chunk) -> None:
    event = json.dumps(other).encode()

    assert list(joined_runs([event, event])) == [event, event]


def test_a_thousand_words_are_a_handful_of_events() -> None:
    events = [json.dumps(chunk({"content": f"{number} "})).encode() for number in range(1000)]

    assert len(list(joined_runs(events))) == 1
