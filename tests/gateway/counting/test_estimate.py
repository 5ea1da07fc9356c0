"""Against OpenAI's o200k_base, on texts that come with the repository."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.adapters.vocabularies.openai import Encoding
from stoa.gateway.counting.estimate import tokens_in, tokens_in_text

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def count() -> Callable[[str], int]:
    return Encoding("o200k_base").count


def chat(text: str) -> bytes:
    return json.dumps({"model": "gpt", "messages": [{"role": "user", "content": text}]}).encode()


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("prose", ["docs/guide/routing.md", "docs/guide/operate.md", "docs/guide/permissions.md"]),
        ("code", ["src/stoa/gateway/tries.py", "src/stoa/errors.py", "src/stoa/cli/key.py"]),
        ("JSON", ["web/package.json", "web/tsconfig.json"]),
    ],
)
def test_texts_of_each_kind_are_counted_to_a_sixth(count: Callable[[str], int], kind: str, names: list[str]) -> None:
    text = "".join((ROOT / name).read_text() for name in names)
    assert tokens_in(chat(text)) == pytest.approx(count(text) + 8, rel=1 / 6), kind


def test_a_long_body_is_judged_by_parts_of_it() -> None:
    part = b"The quick brown fox jumps over the lazy dog. "
    assert tokens_in(part * 10_000) == pytest.approx((tokens_in(part * 50) + 10) * 200, rel=0.03)


def test_an_image_in_a_body_is_no_text() -> None:
    picture = b'{"url":"data:image/png;base64,' + b"iVBORw0KGgo" * 100_000 + b'"}'
    assert tokens_in(picture) < 2000


def test_text_is_the_same_whether_its_characters_are_escaped_or_not() -> None:
    for text in ("Größenänderung für Bücher", "Привет, как дела сегодня?", "今日はとても良い天気ですね"):
        plain = json.dumps(text, ensure_ascii=False).encode()
        escaped = json.dumps(text).encode()
        assert tokens_in(escaped) == pytest.approx(tokens_in(plain), rel=0.25, abs=3)


def test_what_is_around_a_message_is_no_part_of_it(count: Callable[[str], int]) -> None:
    text = "Please summarise the attached minutes of the meeting in three sentences, for somebody who was not there."
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]
    body = json.dumps({"model": "gpt", "messages": messages}).encode()
    assert tokens_in(body) == pytest.approx(count(text) + count("Be brief.") + 8, abs=6)


def test_scripts_are_told_apart() -> None:
    assert tokens_in("漢字".encode() * 100) == pytest.approx(155, rel=0.05)
    assert tokens_in("слово".encode() * 100) == pytest.approx(130, rel=0.05)
    assert tokens_in(b"word" * 100) == pytest.approx(75, rel=0.05)


SENTENCES = {
    "German": "Die Rechnung für das vergangene Jahr liegt vor, und über die Änderungen wird nächste Woche gesprochen.",
    "French": "Les réponses sont gardées une heure, à moins que la question n'ait été posée par une autre équipe.",
    "Russian": "Запросы, которые превышают предел, отклоняются сразу, и ответ говорит, когда можно спросить снова.",
    "Japanese": "質問は一時間のあいだ保存され、同じ質問にはすぐに答えが返されます。",
    "Chinese": "同样的问题在一小时内会立即得到相同的答案，不会再次产生费用。",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence_of_another_language_is_counted_to_a_third(count: Callable[[str], int], language: str) -> None:
    sentence = SENTENCES[language]
    assert tokens_in_text(sentence) == pytest.approx(count(sentence), rel=1 / 3)


@given(st.binary(max_size=9000))
def test_any_bytes_have_an_estimate_of_at_least_a_token(body: bytes) -> None:
    assert 0 < tokens_in(body) <= max(1001, len(body) * 2 + 2)
