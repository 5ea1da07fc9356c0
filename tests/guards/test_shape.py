import pytest

from stoa.guards.shape import Shape, Unseen, estimated_tokens, longest_repeat, scripts


def rules(shape: Shape, *texts: str) -> list[str]:
    return [fault.rule for fault in shape.faults(texts)]


def test_without_limits_everything_passes() -> None:
    assert rules(Shape(), "", "\u200b" * 1000) == []


def test_characters_of_all_messages_count_together() -> None:
    assert Shape(characters=5).faults(["abc", "def"])[0].message == "The request has 6 characters; at most 5 are allowed"
    assert rules(Shape(characters=6), "abc", "def") == []


def test_too_many_messages() -> None:
    assert rules(Shape(messages=1), "a", "b") == ["messages"]


def test_tokens_are_estimated_where_the_caller_does_not_know_them() -> None:
    assert rules(Shape(tokens=100), "word " * 100) == ["tokens"]
    assert list(Shape(tokens=100).faults(["word " * 100], tokens=100)) == []


def test_the_estimate_is_near_for_prose() -> None:
    assert estimated_tokens(["The quick brown fox jumps over the lazy dog."]) in range(9, 16)


@pytest.mark.parametrize("text", ["", "  \n\t", "\u200b\ufeff", "\U000e0041"])
def test_a_last_message_that_shows_nothing_is_empty(text: str) -> None:
    assert rules(Shape(empty=False), "hello", text) == ["empty"]


def test_no_messages_are_empty() -> None:
    assert rules(Shape(empty=False)) == ["empty"]


@pytest.mark.parametrize("text", ["poem " * 60, "a" * 60, "ab" * 60, "-=+" * 60, "so " + "12345678" * 60])
def test_a_flood_is_seen(text: str) -> None:
    assert longest_repeat(text) == 60
    assert rules(Shape(repeated=59), text) == ["repeated"]
    assert rules(Shape(repeated=60), text) == []


@pytest.mark.parametrize(("text", "times"), [("", 0), ("a", 1), ("ab", 1), ("hello", 2), ("very very good", 2), ("abcabc", 2)])
def test_ordinary_repetition_is_counted_right(text: str, times: int) -> None:
    assert longest_repeat(text) == times


def test_a_writing_system_that_is_not_allowed_is_named() -> None:
    fault = Shape(scripts=("latin", "greek")).faults(["Привет всем"])[0]
    assert fault.message == "The text is partly cyrillic; allowed are latin, greek"


def test_a_foreign_name_in_a_text_passes() -> None:
    assert (
        rules(Shape(scripts=("latin",)), "The river is called Волга, and it is the longest river of the continent by far") == []
    )


def test_letters_are_counted_by_writing_system() -> None:
    assert scripts(["ab Ωλ 漢 ひカ ü 12"]) == {"latin": 3, "greek": 2, "han": 1, "kana": 2}


def test_an_unknown_writing_system_is_named() -> None:
    with pytest.raises(ValueError, match="scripts: 'klingon' is not known; there are latin"):
        Shape(scripts=("klingon",))


@pytest.mark.parametrize(
    ("hidden", "kind"),
    [("\u200b", "ZERO_WIDTH"), ("\u00ad", "ZERO_WIDTH"), ("\u202e", "BIDI_CONTROL"), ("\x1b", "CONTROL_CHARACTER"),
     ("\x00", "CONTROL_CHARACTER"), ("\x9b", "CONTROL_CHARACTER"), ("\U000e0049\U000e0067", "TAG_CHARACTER"),
     ("\U000e0100\U000e0155", "VARIATION_SELECTOR"), ("\u200d", "ZERO_WIDTH"), ("\u3164", "ZERO_WIDTH")],
)  # fmt: skip
def test_what_nobody_sees_is_found(hidden: str, kind: str) -> None:
    found = Unseen().find(f"pass{hidden}word é")
    assert [(finding.kind, finding.start, finding.end) for finding in found] == [(kind, 4, 4 + len(hidden))]


@pytest.mark.parametrize("text", ["a\tb\r\nc", "👨‍👩‍👧", "می‌خواهم", "क्‍ष", "🏴󠁧󠁢󠁷󠁬󠁳󠁿 Wales", "naïve “quotes” – dashes…", "日本語"])
def test_what_belongs_to_a_script_or_an_emoji_passes(text: str) -> None:
    assert list(Unseen().find(text)) == []
