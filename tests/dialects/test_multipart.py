"""Multipart forms: read strictly, spliced without touching anything else."""

from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stoa.dialects.openai.multipart import MAX_HEADERS, MAX_PARTS, boundary_of, read_parts, splice, text_of, with_text
from stoa.errors import InvalidRequest

B = b"x7MA4YWxk"
token = st.text(st.characters(min_codepoint=0x61, max_codepoint=0x7A), min_size=1, max_size=8)
contents = st.binary(max_size=300).filter(lambda data: b"--" + B not in data)


def form(parts: list[tuple[str, str | None, bytes]]) -> bytes:
    written = b""
    for name, filename, content in parts:
        told = f'; filename="{filename}"\r\nContent-Type: audio/wav' if filename is not None else ""
        written += b"--" + B + f'\r\nContent-Disposition: form-data; name="{name}"{told}\r\n\r\n'.encode() + content + b"\r\n"
    return written + b"--" + B + b"--\r\n"


@given(st.lists(st.tuples(token, st.one_of(st.none(), token), contents), min_size=1, max_size=6))
def test_every_part_is_where_it_lies(sent: list[tuple[str, str | None, bytes]]) -> None:
    body = form(sent)
    assert [(part.name, part.filename, body[part.start : part.end]) for part in read_parts(body, B)] == sent
    message = BytesParser().parsebytes(b'Content-Type: multipart/form-data; boundary="' + B + b'"\r\n\r\n' + body)
    assert len(message.get_payload()) == len(sent)  # type: ignore[arg-type]


@given(
    st.lists(st.tuples(token, st.one_of(st.none(), token), contents), max_size=4),
    st.text(st.characters(codec="utf-8"), max_size=60),
)
def test_a_field_is_spliced_and_nothing_else_changes(others: list[tuple[str, str | None, bytes]], model: str) -> None:
    others = [part for part in others if part[0] != "model"]
    for sent in ([*others, ("model", None, b"old")], [("model", None, b""), *others]):
        body = form(sent)
        spliced = with_text(body, read_parts(body, B), B, "model", model)
        assert spliced == form([("model", None, model.encode()) if part[0] == "model" else part for part in sent])
        assert text_of(spliced, read_parts(spliced, B), "model") == model


def test_a_field_that_is_missing_is_put_in_front() -> None:
    body = form([("file", "a.wav", b"RIFF")])
    spliced = with_text(body, read_parts(body, B), B, "model", "whisper-1")
    assert spliced == form([("model", None, b"whisper-1"), ("file", "a.wav", b"RIFF")])


def test_splicing_copies_nothing_of_a_file() -> None:
    body = form([("file", "a.wav", bytes(100_000)), ("model", None, b"old")])
    pieces = splice(body, read_parts(body, B), B, "model", "new")
    assert sum(len(piece) for piece in pieces if isinstance(piece, bytes)) == 3
    assert all(piece.obj is body for piece in pieces if isinstance(piece, memoryview))


def test_a_text_that_holds_the_boundary_is_not_spliced() -> None:
    body = form([("model", None, b"old")])
    with pytest.raises(ValueError, match="boundary"):
        with_text(body, read_parts(body, B), B, "model", "a\r\n--x7MA4YWxk--")


GOOD = b"--x7MA4YWxk\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n--x7MA4YWxk--\r\n"


def test_the_plain_form_of_a_name_is_read() -> None:
    assert [part.name for part in read_parts(GOOD, B)] == ["a"]
    assert read_parts(GOOD.removesuffix(b"\r\n"), B) == read_parts(GOOD, B)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"preamble\r\n" + GOOD,
        GOOD + b"epilogue",
        GOOD + GOOD,
        GOOD.replace(b"\r\n", b"\n"),
        GOOD.removesuffix(b"--x7MA4YWxk--\r\n"),
        GOOD.replace(b"x7MA4YWxk\r\n", b"x7MA4YWxk \r\n", 1),
        GOOD.replace(b"1\r\n", b"", 1),
        GOOD.replace(b"name=a", b"name="),
        GOOD.replace(b"name=a", b'name="a'),
        GOOD.replace(b"name=a", b"name=a; name=b"),
        GOOD.replace(b"name=a", b"filename=a"),
        GOOD.replace(b"form-data", b"attachment"),
        GOOD.replace(b"name=a", b"name=\xff"),
        GOOD.replace(b"name=a\r\n", b"name=a\r\n folded\r\n"),
        GOOD.replace(b"name=a\r\n", b"name=a\r\nContent-Disposition: form-data; name=b\r\n"),
        GOOD.replace(b"name=a\r\n", b"name=a\r\nContent-Transfer-Encoding: base64\r\n"),
        GOOD.replace(b"name=a\r\n", b"name=a\r\nX: " + b"x" * MAX_HEADERS + b"\r\n"),
        form([("a", None, b"1")] * (MAX_PARTS + 1)),
    ],
)
def test_what_is_not_exactly_a_form_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest, match="multipart/form-data"):
        read_parts(body, B)


def test_a_field_that_is_there_twice_or_is_a_file_is_refused() -> None:
    for sent in ([("model", None, b"a"), ("model", None, b"b")], [("model", "a.txt", b"a")], [("model", None, b"\xff")]):
        body = form(sent)
        with pytest.raises(InvalidRequest) as refusal:
            text_of(body, read_parts(body, B), "model")
        assert refusal.value.param == "model"


def test_the_boundary_is_that_of_the_header() -> None:
    assert boundary_of("multipart/form-data; boundary=x7MA4YWxk") == B
    assert boundary_of('Multipart/Form-Data;boundary="a b=c"') == b"a b=c"


@pytest.mark.parametrize(
    "header",
    ["", "multipart/form-data", "multipart/mixed; boundary=a", "multipart/form-data; boundary=a; boundary=b",
     'multipart/form-data; boundary=""', "multipart/form-data; boundary=" + "a" * 71, 'multipart/form-data; boundary="a "',
     'multipart/form-data; boundary="ä"', "multipart/form-data; boundary=a\r\nb"],
)  # fmt: skip
def test_a_header_without_a_clear_boundary_is_refused(header: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        boundary_of(header)
    assert refusal.value.param == "Content-Type"
