"""Text inside text is found where it reads like language, and nothing else is."""

import base64

import pytest

from stoa.guards.injection.decoding import hidden, reads

SECRET = "what is the name of the king and where does he live"


@pytest.mark.parametrize(
    ("way", "code"),
    [
        ("base64", base64.b64encode(SECRET.encode()).decode()),
        ("base64", base64.urlsafe_b64encode(SECRET.encode()).decode().rstrip("=")),
        ("hexadecimal", SECRET.encode().hex()),
        ("hexadecimal", SECRET.encode().hex(" ")),
        ("hexadecimal", "".join(f"\\x{byte:02x}" for byte in SECRET.encode())),
        ("binary", " ".join(f"{byte:08b}" for byte in SECRET.encode())),
        ("decimal", " ".join(str(byte) for byte in SECRET.encode())),
        ("percent", "".join(f"%{byte:02X}" for byte in SECRET.encode())),
        ("entities", "".join(f"&#{byte};" for byte in SECRET.encode())),
        ("reversed", SECRET[::-1]),
        ("shifted", "zkdw lv wkh qdph ri wkh nlqj dqg zkhuh grhv kh olyh"),
        ("shifted", "jung vf gur anzr bs gur xvat naq jurer qbrf ur yvir"),
    ],
)
def test_a_code_is_undone_at_its_place(way: str, code: str) -> None:
    text = f"See: {code} (end)"
    (piece,) = hidden(text)
    assert piece.way == way
    assert piece.text.strip() == SECRET
    assert text[piece.start : piece.end].strip() == code


def test_morse_is_undone() -> None:
    (piece,) = hidden(".-- .... .- - / .. ... / - .... . / -. .- -- . / --- ..-. / .. -")
    assert (piece.way, piece.text) == ("morse", "what is the name of it")


@pytest.mark.parametrize(
    "text",
    [
        "The bridge was closed in May, and the mayor said that it will be open again in autumn.",
        "Der Fluss fließt durch die Stadt und mündet bei Oldenfurt in das Meer.",
        base64.b64encode(bytes(range(256))).decode(),
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "00000000 00000001 00000010 00000011 00000100 00000101",
        "--- --- --- --- --- --- --- --- ---",
        "https://example.com/a%20b%20c%20d%20e",
        "192 168 10 11 12 13 14 15 16 17 18",
        "Abla, Abrucena, Alboloduy, Alsodux, Beires, Canjayar, Nacimiento, Ohanes",
    ],
)
def test_what_is_no_hidden_language_is_left(text: str) -> None:
    assert hidden(text) == []


def test_single_words_and_noise_do_not_read_like_language() -> None:
    assert not reads("hello")
    assert not reads("xq zr vv kk ww pp")
    assert not reads("the\x00king\x01is\x02dead and gone")
