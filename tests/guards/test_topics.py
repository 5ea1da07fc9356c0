import math

import pytest

from stoa.guards.finding import Finding
from stoa.guards.topics import Topic, Topics


def at(degrees: float) -> list[float]:
    return [math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]


WEATHER = Topic("weather", [at(0), at(20)], threshold=0.9)
MONEY = Topic("money", [at(90)], threshold=0.9)


def test_a_text_near_an_example_and_the_middle_is_about_the_topic() -> None:
    verdict = Topics(deny=[WEATHER, MONEY]).judge(at(35))
    assert (verdict.rule, verdict.topic) == ("denied", "weather")
    assert verdict.score == pytest.approx((math.cos(math.radians(15)) + math.cos(math.radians(25))) / 2)


def test_examples_that_cancel_each_other_have_no_middle() -> None:
    opposite = Topic("opposite", [at(0), at(180)], threshold=0.4)
    assert Topics(deny=[opposite]).judge(at(0)).score == pytest.approx(0.5)


def test_a_text_near_none_passes_where_topics_are_denied() -> None:
    assert Topics(deny=[WEATHER, MONEY]).judge(at(55)).rule is None


def test_a_text_near_none_is_stopped_where_topics_are_allowed() -> None:
    verdict = Topics(allow=[WEATHER]).judge(at(55))
    assert (verdict.rule, verdict.topic) == ("not_allowed", "weather")


def test_a_text_about_an_allowed_topic_passes() -> None:
    assert Topics(allow=[WEATHER, MONEY]).judge(at(85)).rule is None


def test_denied_goes_before_allowed() -> None:
    assert Topics(allow=[WEATHER], deny=[WEATHER]).judge(at(10)).rule == "denied"


def test_without_topics_everything_passes() -> None:
    assert Topics().judge(at(0)).rule is None


def test_each_topic_has_its_own_threshold() -> None:
    wide = Topic("wide", [at(180)], threshold=0.1)
    assert Topics(deny=[WEATHER, wide]).judge(at(105)).topic == "wide"


def test_the_finding_is_about_the_whole_text() -> None:
    assert Topics(deny=[MONEY]).judge(at(90)).finding("rain?") == Finding("TOPIC_DENIED", 0, 5, 1.0)
    assert Topics(deny=[WEATHER]).judge(at(90)).finding("rain?") is None


def test_a_topic_without_examples_is_named() -> None:
    with pytest.raises(ValueError, match="'empty' has no examples"):
        Topics(allow=[Topic("empty", [])])


def test_vectors_that_are_no_unit_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="'long' has a vector whose norm is off 1 by 1"):
        Topics(allow=[Topic("long", [[2.0, 0.0]])])


def test_vectors_of_two_models_are_refused() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        Topics(allow=[WEATHER], deny=[Topic("other", [[1.0, 0.0, 0.0]])])
