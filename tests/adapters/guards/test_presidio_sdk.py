"""Presidio's recognizers as they are.

Run by `tests/conformance/test_sdks.py`: the package brings along more than Stoa has.
"""

import socket

import pytest

from stoa.adapters.guards import presidio
from stoa.adapters.guards.presidio import Presidio

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # the package's own


def found(text: str, detector: Presidio) -> list[tuple[str, str]]:
    return [(finding.kind, text[finding.start : finding.end]) for finding in detector.find(text)]


def test_what_a_check_digit_proves_is_found() -> None:
    assert found("card 4454794511390933", Presidio(["CREDIT_CARD"])) == [("CREDIT_CARD", "4454794511390933")]


def test_a_weak_pattern_counts_beside_the_words_that_name_it() -> None:
    detector = Presidio(["US_BANK_NUMBER"])
    assert found("my bank account is 945456787654", detector) == [("US_BANK_NUMBER", "945456787654")]
    assert found("it was 945456787654 metres", detector) == []


def test_phone_numbers_are_found_without_a_language_model() -> None:
    assert found("call +49 30 1234567 now", Presidio(["PHONE_NUMBER"])) == [("PHONE_NUMBER", "+49 30 1234567")]


def test_all_of_them_are_used_where_none_is_named() -> None:
    kinds = {kind for kind, _ in found("054-28-6917 a@b.com 106.31.73.20 DE89370400440532013000", Presidio())}
    assert {"US_SSN", "EMAIL_ADDRESS", "IP_ADDRESS", "IBAN_CODE"} <= kinds


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="Presidio has no pattern for 'SHOE_SIZE'"):
        Presidio(["SHOE_SIZE"])


def test_nothing_is_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("it tried to reach the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert found("mail a@some-firm.co.uk", Presidio(["EMAIL_ADDRESS"])) == [("EMAIL_ADDRESS", "a@some-firm.co.uk")]


def test_a_pattern_that_takes_too_long_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presidio, "_SECONDS", 0.000_001)
    with pytest.raises(TimeoutError):
        Presidio().find("a.b-c@" * 20_000)
