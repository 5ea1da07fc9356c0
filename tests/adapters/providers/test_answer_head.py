import itertools

from hypothesis import given
from hypothesis import strategies as st

from stoa.adapters.providers.answer_head import AnswerHead

ANSWER = b"\r\nHTTP/1.1 200 OK\r\nContent-Type:  text/plain \r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Empty:\r\n\r\na: body"
LINES = [(b"content-type", b"text/plain"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"x-empty", b"")]


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted({cut % len(data) for cut in cuts}), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(places)]


@given(cuts=st.lists(st.integers(0, 1000), max_size=6), interim=st.integers(0, 2))
def test_a_head_reads_the_same_however_it_came(cuts: list[int], interim: int) -> None:
    before = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * interim
    head = AnswerHead(pieces(before + ANSWER, cuts), interim)
    assert list(head) == LINES
    assert head[0] == LINES[0]
    assert head.names(b"x-empty", b"other") and not head.names(b"link")


def test_its_size_counts_names_values_and_what_stands_around_them() -> None:
    assert AnswerHead([b"HTTP/1.1 204 No Content\r\nA: bc\r\n\r\n"], 0).size() == len(b"A: bc\r\n")


def test_an_answer_without_lines_has_none() -> None:
    assert list(AnswerHead([b"HTTP/1.1 204 No Content\r\n\r\n"], 0)) == []
