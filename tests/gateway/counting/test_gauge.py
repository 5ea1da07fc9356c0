"""Counting a request with a tokenizer, and what happens where there is none."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.adapters.vocabularies.memory import MemoryTokenizers, Words
from stoa.adapters.vocabularies.openai import Encoding
from stoa.dialects.said import said_in
from stoa.domain.resources import Model
from stoa.gateway.counting.estimate import tokens_in
from stoa.gateway.counting.gauge import LARGEST, Gauges, counted, estimated

TEXT = "Please summarise the attached minutes of the meeting. "


class Chatty(Words):
    around_message = 4
    around_all = 3


def body(*texts: str) -> bytes:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": text} for text in texts]}).encode()


def at_once(work: Callable[[], None]) -> None:
    work()


def model(tokenizer: str | None = "words", name: str = "m") -> Model:
    return Model(name=name, provider="p", tokenizer=tokenizer)


def test_texts_are_counted_and_what_stands_around_messages_is_added() -> None:
    gauge = Gauges(MemoryTokenizers({"words": Chatty()}), begin=at_once).of(model())
    assert gauge is not None
    assert gauge.read(body("Good day to you", "And to you"), "chat") == (4 + 3 + 2 * 4 + 3, "words")
    assert gauge.text("one two three") == 3


def test_until_it_is_loaded_requests_are_estimated_and_nobody_waits() -> None:
    waiting: list[Callable[[], None]] = []
    gauge = Gauges(MemoryTokenizers({"words": Words()}), begin=waiting.append).of(model())
    assert gauge is not None
    assert waiting == [], "nothing is loaded before it is asked for"
    sent = body(TEXT)
    for _ in range(2):
        assert gauge.read(sent, "chat") == (tokens_in(sent), "estimate: words is being loaded")
    assert gauge.text("one") is None
    assert len(waiting) == 1
    waiting[0]()
    assert gauge.read(sent, "chat") == (8, "words")


def test_one_that_is_not_there_is_told_and_tried_again_with_the_next_snapshot() -> None:
    found: dict[str, Any] = {}
    gauges = Gauges(MemoryTokenizers(found), begin=at_once)
    gauge = gauges.of(model("words"))
    assert gauge is not None
    sent = body(TEXT)
    assert gauge.read(sent, "chat") == (tokens_in(sent), "estimate: The tokenizer 'words' is not there.")
    found["words"] = Words()
    again = gauges.of(model("words"))
    assert again is not None
    assert again.read(sent, "chat")[1] == "words"
    assert gauges.of(model("words")) is again


def test_a_tokenizer_that_fails_in_its_own_way_holds_up_nothing() -> None:
    class Broken(MemoryTokenizers):
        def load(self, name: str) -> Any:
            raise RuntimeError("vocabulary too strange")

    gauge = Gauges(Broken(), begin=at_once).of(model())
    assert gauge is not None
    assert gauge.read(body(TEXT), "chat")[1] == "estimate: words cannot be loaded (RuntimeError)"


def test_bodies_that_are_too_large_or_strange_are_estimated_and_the_reason_told() -> None:
    gauge = Gauges(MemoryTokenizers({"words": Words()}), begin=at_once).of(model())
    assert gauge is not None
    large = body("x" * LARGEST)
    assert gauge.read(large, "chat") == (tokens_in(large), "estimate: the body is over a mebibyte")
    for strange in (b"[]", b"\xff", b'{"messages":' + b"[" * 5000 + b"]" * 5000 + b"}"):
        assert gauge.read(strange, "chat")[1] == "estimate: words cannot read the body"


@pytest.mark.parametrize(
    ("name", "tokenizer", "expected"),
    [
        ("gpt-4o-mini", None, "o200k_base"),
        ("openai/gpt-5.2", None, "o200k_base"),
        ("ft:gpt-4o:me::1", None, "o200k_base"),
        ("gpt-4.1-nano", None, "o200k_base"),
        ("gpt-oss-120b", None, "o200k_base"),
        ("o3-mini", None, "o200k_base"),
        ("chatgpt-4o-latest", None, "o200k_base"),
        ("gpt-4", None, "cl100k_base"),
        ("gpt-4-turbo", None, "cl100k_base"),
        ("gpt-3.5-turbo-0125", None, "cl100k_base"),
        ("gpt-35-turbo", None, "cl100k_base"),
        ("text-embedding-3-small", None, "cl100k_base"),
        ("gpt2", None, None),
        ("gpt-j-6b", None, None),
        ("claude-sonnet-4-6", None, None),
        ("o200k", None, None),
        ("llama", "cl100k_base", "cl100k_base"),
        ("gpt-4o", "none", None),
    ],
)
def test_openais_models_are_known_by_name(name: str, tokenizer: str | None, expected: str | None) -> None:
    gauges = Gauges(MemoryTokenizers({"o200k_base": Words(), "cl100k_base": Words()}))
    found = gauges.of(Model(name="m", provider="p", upstream_name=name, tokenizer=tokenizer))
    assert (found.name if found is not None else None) == expected


def test_a_name_alone_asks_for_nothing_that_is_not_installed() -> None:
    assert Gauges(MemoryTokenizers()).of(Model(name="gpt-4o", provider="p")) is None


def test_a_long_text_is_counted_by_parts_of_it() -> None:
    encoding = Encoding("o200k_base")
    texts = [TEXT * 400, "def add(one, other):\n    return one + other\n" * 800]
    exact = sum(map(encoding.count, texts))
    asked: list[int] = []

    class Counting(Words):
        characters = encoding.characters

        def count(self, text: str) -> int:
            asked.append(len(text))
            return encoding.count(text)

    assert counted(texts, Counting()) == pytest.approx(exact, rel=0.03)
    assert sum(asked) <= encoding.characters


@given(st.lists(st.text(max_size=3000), max_size=6))
def test_any_texts_have_a_count(texts: list[str]) -> None:
    class Letters(Words):
        characters = 800

        def count(self, text: str) -> int:
            return len(text)

    size = sum(map(len, texts))
    found = counted(texts, Letters())
    assert found == size if size <= Letters.characters else found > 0


def test_images_count_as_their_models_take_them() -> None:
    content = [{"type": "image_url", "image_url": {"url": "https://x/y", "detail": detail}} for detail in ("low", "high")]
    said = said_in({"messages": [{"role": "user", "content": content}]}, "chat")
    gauge = Gauges(MemoryTokenizers(), begin=at_once).of(model())
    assert gauge is not None

    class Tiled(Words):
        tiles = True

    assert gauge.of(said, Tiled()) == 85 + 1445
    assert gauge.of(said, Words()) == 3200 == estimated(said)
