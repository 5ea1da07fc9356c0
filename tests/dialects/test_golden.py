"""Every golden transcript of the foreign forms: requests, answers, streams cut anywhere, errors."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.dialects.goldens import STREAMS, cases, conversation_of, events_written, facts_of, load, read_in_pieces, written

from stoa.dialects.bedrock.form import Bedrock
from stoa.dialects.cohere.form import Cohere
from stoa.dialects.forms import AnswerFailed, Upstream
from stoa.dialects.gemini.form import Gemini

CODECS: dict[str, Upstream] = {"gemini": Gemini(), "bedrock": Bedrock(), "cohere": Cohere()}


def every(section: str) -> Any:
    found = [(form, name) for form in CODECS for name in cases(form, section)]
    return pytest.mark.parametrize(("form", "name"), found, ids=[f"{form}-{name}" for form, name in found])


@every("conversation")
def test_a_conversation_becomes_the_upstreams_request(form: str, name: str) -> None:
    case = load(form, name)
    body = CODECS[form].write(conversation_of(case), model=case["model"], facts=facts_of(case))
    assert json.loads(body) == case["request"]


@every("answer")
def test_an_answer_is_read(form: str, name: str) -> None:
    case = load(form, name)
    assert written(CODECS[form].read_answer(json.dumps(case["wire_answer"]).encode(), model=case["model"])) == case["answer"]


@every("failure")
def test_an_answer_without_an_answer_says_why(form: str, name: str) -> None:
    case = load(form, name)
    with pytest.raises(AnswerFailed) as failure:
        CODECS[form].read_answer(json.dumps(case["wire_answer"]).encode(), model=case["model"])
    assert written(failure.value.error._asdict()) == case["failure"]


@every("events")
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 10_000), max_size=12))
def test_a_stream_cut_anywhere_gives_the_same_events(form: str, name: str, cuts: list[int]) -> None:
    case = load(form, name)
    assert read_in_pieces(CODECS[form], case, STREAMS[form](case["wire_stream"]), cuts) == case["events"]


@every("events")
def test_a_stream_that_comes_byte_by_byte_gives_the_same_events(form: str, name: str) -> None:
    case = load(form, name)
    reader = CODECS[form].stream_reader(model=case["model"])
    data = STREAMS[form](case["wire_stream"])
    assert (
        events_written(event for place in range(len(data)) for event in reader.feed(data[place : place + 1])) == case["events"]
    )


@every("events")
def test_a_stream_ends_or_fails_but_only_once_it_is_whole(form: str, name: str) -> None:
    case = load(form, name)
    kinds = [kind for kind, _ in case["events"]]
    assert kinds[-1] in ("Ended", "Failed")
    cut = STREAMS[form](case["wire_stream"][:-1])
    assert not {"Ended", "Failed"} & {kind for kind, _ in read_in_pieces(CODECS[form], case, cut, [])}


@every("error")
def test_an_error_is_classified(form: str, name: str) -> None:
    case = load(form, name)
    status, body = case["wire_error"]
    assert written(CODECS[form].read_error(status, json.dumps(body).encode())._asdict()) == case["error"]


@pytest.mark.parametrize("form", CODECS)
@pytest.mark.parametrize("body", [b"", b"<html>Bad gateway</html>", b"[]", b"null", b'{"error": "no"}', b"\xff"])
def test_an_error_that_is_none_of_the_provider_is_known_by_its_status(form: str, body: bytes) -> None:
    assert CODECS[form].read_error(502, body).error_class == "server_error"
    assert CODECS[form].read_error(429, body).error_class == "rate_limit"
    assert "502" in CODECS[form].read_error(502, body).message


@pytest.mark.parametrize("form", CODECS)
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"candidates": 3}'])
def test_an_answer_of_another_form_is_a_value_error(form: str, body: bytes) -> None:
    with pytest.raises(ValueError):
        CODECS[form].read_answer(body, model="m")


@pytest.mark.parametrize("form", CODECS)
def test_a_stream_of_another_form_is_a_value_error(form: str) -> None:
    with pytest.raises(ValueError):
        CODECS[form].stream_reader(model="m").feed(b"data: <html>no</html>\n\n")
