"""A conversation as Markdown."""

from stoa.control.export import file_name, to_markdown
from stoa.domain.conversations import Conversation, Message
from stoa.domain.passages import Citation, SentenceCheck

CONVERSATION = Conversation(
    id="c", user_id="ann", title="Hotel limits: 2026?", model="assistant/hr", created_at_ms=1_795_262_400_000, updated_at_ms=1
)
CITATION = Citation(
    1,
    "doc_1",
    "hr",
    "Travel policy",
    "travel.pdf",
    ("Hotels", "Limits"),
    3,
    10,
    40,
    "Up to 180 € a night.\nMore needs leave.",
    0.5,
)


def message(position: int, content: str, **more: object) -> Message:
    role = "assistant" if position % 2 else "user"
    return Message(
        id=f"m{position}", conversation_id="c", position=position, role=role, content=content, created_at_ms=1, **more
    )  # type: ignore[arg-type]


def test_markdown_holds_every_message_with_its_passages() -> None:
    answer = message(1, "Up to 180 € [1].", model="assistant/hr", citations=(CITATION,))
    assert to_markdown(CONVERSATION, [message(0, "What may a hotel cost?"), answer]) == (
        "# Hotel limits: 2026?\n\n21 November 2026, 12:00 UTC · assistant/hr\n\n"
        "## Question\n\nWhat may a hotel cost?\n\n"
        "## Answer of assistant/hr\n\nUp to 180 € [1].\n\n"
        "**[1] Travel policy**, page 3, Hotels › Limits (travel.pdf)\n\n> Up to 180 € a night.\n> More needs leave.\n"
    )


def test_markdown_says_which_answers_are_not_whole() -> None:
    stopped = message(1, "Up to", state="stopped")
    failed = message(3, "", state="failed", error="The budget is spent.")
    text = to_markdown(CONVERSATION, [message(0, "One?"), stopped, message(2, "Two?"), failed])
    assert "Up to\n\n*Stopped before its end.*" in text
    assert "(empty)\n\n*Failed: The budget is spent.*" in text


def test_markdown_says_which_sentences_no_passage_supports() -> None:
    checks = (
        SentenceCheck(0, 16, "unsupported", (1,), ("190",)),
        SentenceCheck(17, 30, "uncited"),
        SentenceCheck(31, 38, "supported"),
    )
    answer = message(1, "Up to 190 € [1]. Ask for more. So [1].", verification=checks)
    text = to_markdown(CONVERSATION, [message(0, "One?"), answer])
    assert "So [1].\n\n*Not in the passages it names: Up to 190 € [1].*\n\n*Names no passage: Ask for more.*" in text
    assert "So [1].*" not in text


def test_markdown_says_where_to_look_where_nothing_was_found() -> None:
    answer = message(1, "The documents do not say.", closest=(CITATION,))
    text = to_markdown(CONVERSATION, [message(0, "One?"), answer])
    assert "The documents do not say.\n\nClosest to the question:\n\n- **" in text
    assert CITATION.path in text
    assert CITATION.passage not in text


def test_the_file_is_named_after_the_title() -> None:
    assert file_name(CONVERSATION, "md") == "hotel-limits-2026.md"


def test_a_title_without_letters_of_the_alphabet_still_names_a_file() -> None:
    assert file_name(Conversation(id="c", user_id="a", title="旅行", model="m", created_at_ms=1, updated_at_ms=1), "json") == (
        "conversation.json"
    )
