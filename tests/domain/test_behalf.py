import pytest

from stoa.domain.behalf import Behalf, mint, verify

KEY = b"k" * 32


@pytest.mark.parametrize("behalf", [Behalf(user="u1"), Behalf(team="company"), Behalf(key="key_1")])
def test_a_token_tells_whom_it_speaks_for(behalf: Behalf) -> None:
    assert verify(mint(behalf, key=KEY, now_s=1000), key=KEY, now_s=1299) == behalf


def test_a_token_expires() -> None:
    assert verify(mint(Behalf(user="u1"), key=KEY, now_s=1000), key=KEY, now_s=1300) is None


def test_a_token_for_longer_than_allowed_is_cut() -> None:
    token = mint(Behalf(user="u1"), key=KEY, now_s=1000, lifetime_s=10_000)
    assert verify(token, key=KEY, now_s=1301) is None


def test_a_token_of_another_key_is_refused() -> None:
    assert verify(mint(Behalf(user="u1"), key=b"x" * 32, now_s=1000), key=KEY, now_s=1000) is None


@pytest.mark.parametrize("text", ["", "stoa-behalf.", "stoa-behalf.e30.e30", "stoa-behalf.!.!", "sk-stoa-x", "stoa-behalf.é.é"])
def test_what_is_no_token_is_refused(text: str) -> None:
    assert verify(text, key=KEY, now_s=1000) is None


def test_a_changed_payload_is_refused() -> None:
    token, other = (mint(Behalf(user=user), key=KEY, now_s=1000) for user in ("u1", "u2"))
    mixed = ".".join([*other.split(".")[:2], token.split(".")[2]])
    assert verify(mixed, key=KEY, now_s=1000) is None


@pytest.mark.parametrize("behalf", [Behalf(), Behalf(user="u1", key="key_1"), Behalf(team="t", key="key_1")])
def test_a_token_for_nobody_or_for_several_is_refused(behalf: Behalf) -> None:
    assert verify(mint(behalf, key=KEY, now_s=1000), key=KEY, now_s=1000) is None
