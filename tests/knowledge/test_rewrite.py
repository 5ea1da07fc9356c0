"""Follow-up questions as people write them, and what they are searched as."""

import pytest

from stoa.knowledge.rewrite import MOST_ADDED, content_words, rewrite

LAPTOP = "What must I do when I lose my laptop?"
LEAVE = "How many days of annual leave do full-time employees get?"
CARDELVA = "What is the maximum dose of Cardelva?"


@pytest.mark.parametrize(
    "question",
    [
        "How long are backups kept?",
        "Who approves business class flights?",
        "What is Cardelva?",
        "What is PS-101?",
        "Is it allowed to work from another country?",
        "How much does it cost to ship a FrostBox 48?",
        "When an employee loses a laptop, what must they do?",
        "Does Cardelva interact with alcohol and is it safe in pregnancy?",
        "Which form do I need for a temperature excursion that happened in transit?",
        "parental leave in Germany",
        "And which rules apply to visitors who enter the laboratory in Port Ansel at night?",
        "Wie viele Urlaubstage habe ich im ersten Jahr?",
    ],
)
def test_a_question_that_stands_alone_is_left_alone(question: str) -> None:
    assert rewrite(question, [LAPTOP]) == question


@pytest.mark.parametrize(
    ("history", "question", "needed"),
    [
        ([LAPTOP], "How quickly do I have to report it?", {"lose", "laptop"}),
        ([LAPTOP], "Who do I tell?", {"lose", "laptop"}),
        ([LAPTOP], "And if it was stolen?", {"laptop"}),
        ([LAPTOP], "When will I get a new one?", {"laptop"}),
        ([LEAVE], "What about part-time employees?", {"annual", "leave"}),
        ([LEAVE], "part-time staff?", {"annual", "leave"}),
        ([LEAVE], "Can they be carried over?", {"annual", "leave"}),
        ([LEAVE], "How long?", {"annual", "leave"}),
        ([LEAVE], "Why?", {"annual", "leave"}),
        ([LEAVE], "Does that include public holidays?", {"annual", "leave"}),
        ([CARDELVA], "And for adults over 75?", {"Cardelva", "dose"}),
        ([CARDELVA], "How many tablets of it may I take?", {"Cardelva"}),
        ([CARDELVA], "What are its side effects?", {"Cardelva"}),
        ([CARDELVA], "Is it safe in pregnancy?", {"Cardelva"}),
        ([CARDELVA], "What else should I know?", {"Cardelva"}),
        ([CARDELVA], "Who decided that?", {"Cardelva"}),
        (["Who is the owner of the travel policy?"], "What is his extension?", {"owner", "travel", "policy"}),
        (["Which suppliers were audited in 2024?"], "Which of those are critical?", {"suppliers", "2024"}),
        (["Compare Insuvara and Immurel."], "What is the shelf life of the latter?", {"Insuvara", "Immurel"}),
    ],
)
def test_a_follow_up_gets_the_words_it_points_back_to(history: list[str], question: str, needed: set[str]) -> None:
    rewritten = rewrite(question, history)
    assert rewritten.startswith(question)
    assert needed <= set(content_words(rewritten))


HOTELS = "What does the travel policy say about hotels in Munich?"
BREACH = "How do I report a data breach?"
LAPTOPS = "Which laptop models can I order?"


@pytest.mark.parametrize(
    ("before", "question", "needed"),
    [
        ("How many vacation days do I get in my first year?", "and in the second?", {"vacation", "days"}),
        ("How many vacation days do I get in my first year?", "is that the same for part time", {"vacation", "days"}),
        (HOTELS, "And for Berlin?", {"Berlin", "hotels"}),
        (HOTELS, "ok, and breakfast?", {"breakfast", "hotels"}),
        (HOTELS, "Can you give me the exact amount?", {"hotels", "Munich"}),
        (HOTELS, "Where does it say so?", {"hotels", "Munich"}),
        (HOTELS, "Are you sure?", {"hotels", "Munich"}),
        (BREACH, "What's the deadline?", {"report", "breach"}),
        (BREACH, "Who is responsible for this?", {"report", "breach"}),
        (BREACH, "what happens if I'm late", {"late", "breach"}),
        (BREACH, "summarise that in two sentences", {"report", "breach"}),
        (BREACH, "Please translate it into German", {"report", "breach"}),
        (LAPTOPS, "which one has the longest battery life?", {"battery", "laptop"}),
        (LAPTOPS, "the cheapest?", {"cheapest", "laptop"}),
        (LAPTOPS, "thanks! and a monitor?", {"monitor", "order"}),
    ],
)
def test_follow_ups_as_people_type_them_are_searched_with_what_they_are_about(
    before: str, question: str, needed: set[str]
) -> None:
    assert needed <= set(content_words(rewrite(question, [before])))


@pytest.mark.parametrize(
    "question",
    [
        "What is the parental leave policy?",
        "Now something else: how do I get a parking space?",
        "How do I reset my VPN password?",
        "What's the price of the Insuvara 1 mg pen?",
        "Who's the owner of the travel policy?",
        "What is the deadline for travel claims?",
    ],
)
def test_another_subject_is_left_alone(question: str) -> None:
    assert rewrite(question, [BREACH]) == question


def test_a_chain_of_follow_ups_reaches_back_to_its_beginning() -> None:
    rewritten = rewrite("And at night?", [CARDELVA, "What are its side effects?", "Are they dangerous?"])
    assert "Cardelva" in rewritten


def test_a_new_subject_ends_the_chain() -> None:
    rewritten = rewrite("Who approves it?", [CARDELVA, "How do I book a business trip to Oldhaven?"])
    assert "trip" in rewritten
    assert "Cardelva" not in rewritten


def test_words_already_there_are_not_added_again() -> None:
    assert rewrite("What about the doses of it?", [CARDELVA]).lower().count("dose") == 1


def test_without_a_history_nothing_changes() -> None:
    assert rewrite("Why?", []) == "Why?"
    assert rewrite("  Why \n not? ", []) == "Why not?"


def test_a_long_question_before_does_not_drown_the_new_one() -> None:
    rewritten = rewrite("Why?", [" ".join(f"subject{n}" for n in range(100))])
    assert len(content_words(rewritten)) <= MOST_ADDED
