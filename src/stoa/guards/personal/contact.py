"""How a person is reached, and by what a machine is known."""

import ipaddress

from stoa.guards.expressions import Expression, encoded
from stoa.guards.patterns import Part, Rule
from stoa.guards.personal.checks import digits, where

_LABEL = r"[A-Za-z0-9\x80-\xff](?:[A-Za-z0-9\x80-\xff-]{0,38}[A-Za-z0-9\x80-\xff])?"
_HOST = rf"(?:{_LABEL}\.){{1,4}}[A-Za-z\x80-\xff]{{2,24}}"
_CALLED = (
    r"(?i)phone|mobile|\bcell\b|\btel\b|tele|telé|\bfax|\bcall|\bdial|\bring\b|\btext\b|\bsms\b|whatsapp|\breach|contact"
    r"|answering|desk:|hotline|(?:my|his|her|your|new|old) number|messages to|registered|handy|portable|m(?:o|ó)vil"
    r"|cellulare|telefo[on]|appel|\banruf|\bbel\b"
)
_WHO = ("user", "email", "mail", "name", "phone", "ssn", "customer", "uid")
_SEP = r"[ .\-/]"
_SEPARATED = rf"(?:[0-9]{{1,4}}{_SEP}){{1,5}}[0-9]{{2,8}}"
_ANY = rf"\(?[0-9]{{1,4}}\){_SEP}?{_SEPARATED}|{_SEPARATED}|[0-9]{{7,12}}"
_MARKED = r"[ -](?i:office|fax|mobile|home|work|cell|phone)\b"


_DATED = Expression(
    r"^(?:19|20)[0-9]{2}(?:.(?:19|20)[0-9]{2}|[-/.][01]?[0-9][-/.][0-3]?[0-9])$"
    r"|^[0-3]?[0-9][-/.][01]?[0-9][-/.](?:19|20)[0-9]{2}$"
)


def phone(value: str) -> bool:
    """Seven to fifteen digits; `2018-2019` are years and `2018-05-06` is a day."""
    return 7 <= len(digits(value)) <= 15 and not _DATED.occurs(encoded(value))


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
    head, _, query = value.lower().partition("?")
    user, at, _ = head.partition("://")[2].rpartition("@")
    return (bool(at) and user.split(":")[0] not in _ANYONE) or any(f"&{name}=" in f"&{query}" for name in _WHO)


_ANYONE = ("", "user", "username", "git")

RULES = (
    Rule(
        "EMAIL_ADDRESS", rf"[A-Za-z0-9\x80-\xff.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_HOST}",
        hint=r"@[A-Za-z0-9\x80-\xff]", reach=112, score=1.0,
        check=_email, open_left=True,
    ),
    Rule(
        "PHONE_NUMBER", rf"\+[1-9][0-9]{{0,2}}{_SEP}?(?:\(0?[0-9]{{0,4}}\){_SEP}?)?[0-9]{{1,5}}(?:{_SEP}?[0-9]{{1,5}}){{1,5}}",
        hint=r"\+[1-9]", reach=45, score=0.9, check=where(phone),
    ),
    Rule(
        "PHONE_NUMBER", rf"00[1-9][0-9]{{0,2}}{_SEP}(?:\(0\){_SEP}?)?[0-9]{{1,5}}(?:{_SEP}?[0-9]{{2,5}}){{1,4}}",
        hint=r"00[1-9][0-9]{0,2}[ .\-/]", reach=45, score=0.85, check=where(phone), alone=True,
    ),
    Rule(
        "PHONE_NUMBER",
        r"(?:(?:\+|00)?1[ .-])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}(?: ?x[0-9]{1,5})?",
        hint=r"[0-9]{3}\)? ?[ .-]?[0-9]{3}[ .-][0-9]{4}", reach=40, score=0.8, glued="-./", alone=True,
    ),
    Rule(
        "PHONE_NUMBER", rf"\(?0[0-9]{{1,4}}\)?{_SEP}[0-9]{{2,4}}(?:{_SEP}[0-9]{{2,5}}){{1,4}}",
        hint=r"0[0-9]{1,4}\)?[ .\-/][0-9]{2}", reach=40, score=0.7,
        check=where(lambda value: 10 <= len(digits(value)) <= 13), glued="-./", alone=True,
    ),
    Rule(
        "PHONE_NUMBER", _ANY, hint=_CALLED, reach=40, score=0.6, check=where(phone), near=_CALLED, glued="-./", alone=True,
    ),
    Rule("PHONE_NUMBER", rf"({_ANY}){_MARKED}", hint=rf"[0-9]{_MARKED}", reach=48, score=0.7, check=where(phone)),
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
        "URL_WITH_USER", r"(?i)[a-z][a-z0-9+.-]{1,12}://[^\s<>\"'\x60]{2,100}[^\s<>\"'\x60.,;:!?)]",
        hint=r"://", reach=118, score=1.0,
        check=where(_with_person),
    ),
    Rule(
        "DOMAIN_NAME", rf"(?i)https?://(?:www\.)?{_HOST}(?::[0-9]{{1,5}})?/?|www\.{_HOST}", hint=r"(?i)https?://|www\.",
        reach=120, score=0.8,
    ),
)  # fmt: skip
