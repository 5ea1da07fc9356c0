from stoa.adapters.engines.evidence import NumberedPassage
from stoa.adapters.engines.prompt import Asked, asked

SYSTEM = """Be kind.

Answer from the numbered passages only.

Passages:

[1] Leave policy > Annual leave
There are 28 days.

 [2] is not a passage.
[7] nor is this.

[2] Travel
Rooms cost up to EUR 165."""


def test_passages_and_the_last_question_are_read() -> None:
    chat = asked([("system", SYSTEM), ("user", "Earlier?"), ("assistant", "Yes."), ("user", " How many days? ")])
    assert chat == Asked(
        "How many days?",
        (
            NumberedPassage(1, "Leave policy > Annual leave", "There are 28 days.\n\n [2] is not a passage.\n[7] nor is this."),
            NumberedPassage(2, "Travel", "Rooms cost up to EUR 165."),
        ),
    )


def test_a_rewritten_question_goes_before_the_last_message() -> None:
    chat = asked([("system", SYSTEM + "\n\nQuestion, with its context: How much may a room cost?"), ("user", "And rooms?")])
    assert chat.question == "How much may a room cost?"
    assert chat.passages is not None
    assert chat.passages[-1].text == "Rooms cost up to EUR 165."


def test_an_assistant_that_found_nothing_has_no_passages() -> None:
    assert asked([("system", "Prompt.\n\nPassages:\n"), ("user", "Hm?")]) == Asked("Hm?", ())


def test_a_plain_chat_is_told_apart() -> None:
    assert asked([("user", "Passages:\n\n[1] mine\ntext")]).passages is None
