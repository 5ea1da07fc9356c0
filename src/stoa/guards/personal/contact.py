"""How a person is reached, and by what a machine is known."""

import ipaddress

from stoa.guards.patterns import Part, Rule
from stoa.guards.personal.checks import digits, where

_LABEL = r"[A-Za-z0-9\x80-\xff](?:[A-Za-z0-9\x80-\xff-]{0,38}[A-Za-z0-9\x80-\xff])?"
_HOST = rf"(?:{_LABEL}\.){{1,4}}[A-Za-z\x80-\xff]{{2,24}}"
_CALLED = (
    r"(?i)phone|mobile|\bcell\b|\btel\b|tele|telé|\bfax|\bcall|\bdial|\bring\b|\btext\b|\bsms\b|whatsapp|\breach|contact|answering|desk:"
    r"|hotline|\bnumber\b|messages to|registered|handy|portable|m(?:o|ó)vil|cellulare|telefo[on]|appel|\banruf|\bbel\b"
)
_WHO = ("user", "email", "mail", "name", "phone", "ssn", "customer", "uid")
_SEPARATED = r"(?:[0-9]{1,4}[ .\-/]){1,5}[0-9]{2,5}"


def phone(value: str) -> bool:
    return 7 <= len(digits(value)) <= 15


def ip_address(value: str) -> bool:
    """Not an address that says nothing of anyone: unspecified, loopback, or a network's mask."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_loopback) and not value.startswith("255.")


def _email(value: str) -> Part | None:
    local = value[: value.index("@")]
    dots = len(local) - len(local.lstrip("."))
    return (dots, len(value)) if dots < len(local) else None


def _with_person(value: str) -> bool:
    """An address with a user in front of the host, or with somebody named in its query."""
    lowered = value.lower()
    return "@" in lowered.split("?")[0] or any(f"{mark}{name}=" in lowered for mark in "?&" for name in _WHO)


RULES = (
    Rule(
        "EMAIL_ADDRESS", rf"[A-Za-z0-9\x80-\xff.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_HOST}",
        hint=r"@[A-Za-z0-9\x80-\xff]", reach=150, score=1.0,
        check=_email, open_left=True,
    ),
    Rule(
        "PHONE_NUMBER", r"\+[1-9][0-9]{0,2}[ .\-/]?(?:\(0?[0-9]{0,4}\)[ .\-/]?)?[0-9]{1,5}(?:[ .\-/]?[0-9]{1,5}){1,5}",
        hint=r"\+[1-9]", reach=45, score=0.9, check=where(phone),
    ),
    Rule(
        "PHONE_NUMBER", r"00[1-9][0-9]{0,2}[ .\-/](?:\(0\)[ .\-/]?)?[0-9]{1,5}(?:[ .\-/]?[0-9]{2,5}){1,4}",
        hint=r"00[1-9][0-9]{0,2}[ .\-/]", reach=45, score=0.85, check=where(phone),
    ),
    Rule(
        "PHONE_NUMBER",
        r"(?:(?:\+|00)?1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}(?: ?x[0-9]{1,5})?",
        hint=r"[0-9]{3}\)? ?[ .-]?[0-9]{3}[ .-][0-9]{4}", reach=40, score=0.8, glued="-./",
    ),
    Rule(
        "PHONE_NUMBER", r"\(?0[0-9]{1,4}\)?[ .\-/][0-9]{2,4}(?:[ .\-/][0-9]{2,5}){1,4}|0[1-9](?:[ .][0-9]{2}){4}",
        hint=r"0[0-9]{1,4}\)?[ .\-/][0-9]{2}", reach=40, score=0.7, check=where(phone), glued="-./",
    ),
    Rule(
        "PHONE_NUMBER", rf"\(?[0-9]{{1,4}}\)[ .\-/]?{_SEPARATED}|{_SEPARATED}|[0-9]{{7,12}}", hint=_CALLED, reach=40, score=0.6,
        check=where(phone), near=_CALLED, glued="-./",
    ),
    Rule(
        "IP_ADDRESS", r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}", hint=r"[0-9]\.[0-9]{1,3}\.[0-9]", reach=18, score=0.9,
        check=where(ip_address), glued=".",
    ),
    Rule(
        "IP_ADDRESS",
        r"(?i)(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|(?:[0-9a-f]{1,4}:){1,7}:(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6})?"
        r"|::[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){1,6}", hint=r"(?i)[0-9a-f]:(?:[0-9a-f]{1,4}:|:)|::[0-9a-f]", reach=48, score=0.95,
        check=where(lambda value: sum(map(str.isdigit, value)) >= 2 and len(value) >= 6 and ip_address(value)), glued=":",
    ),
    Rule(
        "MAC_ADDRESS", r"(?i)(?:[0-9a-f]{2}:){5}[0-9a-f]{2}|(?:[0-9a-f]{2}-){5}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}",
        hint=r"(?i)[0-9a-f]{2}[:.-][0-9a-f]{2}", reach=20, score=0.9, glued=":-",
    ),
    Rule(
        "URL_WITH_USER", r"(?i)[a-z][a-z0-9+.-]{1,12}://[^\s<>\"'\x60]{3,200}", hint=r"://", reach=216, score=0.8,
        check=where(_with_person),
    ),
    Rule(
        "DOMAIN_NAME", rf"(?i)https?://(?:www\.)?{_HOST}(?::[0-9]{{1,5}})?/?|www\.{_HOST}", hint=r"(?i)https?://|www\.",
        reach=120, score=0.8,
    ),
)  # fmt: skip
