from stoa.adapters.engines.bridges import belong_together

QUARTET = ("Kestrel Quartet", "The Kestrel Quartet rehearses in Marlow Hall every Monday.")
HALL = ("Marlow Hall (Leeds) > History", "It has 340 seats.")
THEATRE = ("Fern Theatre", "It has 900 seats.")


def test_a_passage_belongs_to_the_one_that_names_what_it_is_about() -> None:
    question = "How many seats does the hall have where the quartet rehearses?"
    assert belong_together(question, QUARTET, HALL)
    assert belong_together(question, HALL, QUARTET)
    assert not belong_together(question, QUARTET, THEATRE)


def test_two_passages_belong_together_when_the_question_names_what_both_are_about() -> None:
    assert belong_together("Which has more seats, Marlow Hall or the Fern Theatre?", HALL, THEATRE)
    assert not belong_together("Which has more seats than Marlow Hall?", HALL, THEATRE)


def test_only_whole_words_name_a_passage() -> None:
    assert not belong_together("Who sings?", ("Sin", "A record."), ("Singers", "They sing on Singles."))


def test_two_passages_of_one_document_are_no_two_halves() -> None:
    assert not belong_together(
        "Which seats does Marlow Hall have?", HALL, ("Marlow Hall > Seats", "Marlow Hall has 340 seats.")
    )


def test_a_passage_without_a_title_belongs_to_none() -> None:
    assert not belong_together("Who sings in Marlow Hall?", ("", "Marlow Hall is old."), HALL)
