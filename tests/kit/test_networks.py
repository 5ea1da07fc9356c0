"""Addresses, networks and host patterns."""

import pytest

from stoa.kit.networks import address, host_matches, is_host_pattern


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:169.254.169.254", "169.254.169.254"),
        ("64:ff9b::a9fe:a9fe", "169.254.169.254"),
        ("fe80::1%eth0", "fe80::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("0177.0.0.1", None),
        ("2130706433", None),
        ("localhost", None),
        ("", None),
    ],
)
def test_an_address_is_what_the_network_sees(text: str, expected: str | None) -> None:
    found = address(text)
    assert (str(found) if found is not None else None) == expected


@pytest.mark.parametrize(
    ("host", "pattern", "expected"),
    [
        ("api.openai.com", "api.openai.com", True),
        ("API.openai.com.", "api.OpenAI.com", True),
        ("api.openai.com", "*.openai.com", True),
        ("a.b.openai.com", "*.openai.com", True),
        ("openai.com", "*.openai.com", False),
        ("evilopenai.com", "*.openai.com", False),
        ("api.openai.com.evil.test", "api.openai.com", False),
    ],
)
def test_a_pattern_covers_a_name_or_what_is_below_a_suffix(host: str, pattern: str, expected: bool) -> None:
    assert host_matches(host, pattern) is expected


@pytest.mark.parametrize("text", ["*", "a.*.com", "*.*.com", "https://a.com", "a.com:443", "10.0.0", "10.0.0.0/33", "a b", ""])
def test_what_is_no_pattern_is_not_taken_for_one(text: str) -> None:
    assert not is_host_pattern(text)
