from stoa.adapters.engines.judgement import EVEN_ODDS, Signals, answers, fits


def test_of_two_sentences_that_match_alike_the_one_with_the_words_and_the_kind_fits_better() -> None:
    assert fits(Signals(0.6, 1.0, 1.0)) > fits(Signals(0.6, 1.0, 0.0)) > fits(Signals(0.6, 0.0, 0.0))


def test_whether_one_answers_hangs_on_alignment_alone() -> None:
    assert answers(Signals(EVEN_ODDS, 0.0, 0.0)) == answers(Signals(EVEN_ODDS, 1.0, 1.0)) == 0.5
    assert answers(Signals(0.8, 0.0, 0.0)) > 0.9
    assert answers(Signals(0.3, 1.0, 1.0)) < 0.1
