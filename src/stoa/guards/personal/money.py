"""Cards, bank accounts and wallets."""

import hashlib
from collections.abc import Sequence

from stoa.guards.patterns import Part, Rule
from stoa.guards.personal.checks import aba, digits, luhn, where

_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18,
    "NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31,
    "SD": 18, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29,
    "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}  # fmt: skip

# First digits from, to, and the lengths that the issuer gives.
_ISSUERS = (
    ("4", "4", (13, 16, 19)),
    ("51", "55", (16,)),
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),
    ("37", "37", (15,)),
    ("300", "305", (14,)),
    ("36", "36", (14,)),
    ("38", "39", (14,)),
    ("6011", "6011", (16, 19)),
    ("644", "649", (16, 19)),
    ("65", "65", (16, 19)),
    ("62", "62", (16, 17, 18, 19)),
    ("81", "81", (16,)),
    ("3500", "3599", (16, 17, 18, 19)),  # JCB has 3528 to 3589; made-up cards use all of 35
    ("2131", "2131", (15,)),
    ("1800", "1800", (15,)),
    ("2200", "2204", (16, 17, 18, 19)),
    ("5018", "5020", tuple(range(12, 20))),
    ("5038", "5038", tuple(range(12, 20))),
    ("5893", "5893", tuple(range(12, 20))),
    ("6304", "6304", tuple(range(12, 20))),
    ("6759", "6763", tuple(range(12, 20))),
    ("0604", "0604", tuple(range(12, 20))),
)

_BASE58 = {character: value for value, character in enumerate("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")}
_BECH32 = {character: value for value, character in enumerate("qpzry9x8gf2tvdw0s3jn54khce6mua7l")}
_BECH32_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def card(value: str) -> bool:
    """Luhn's sum, and first digits and length of an issuer."""
    number = "".join(map(str, digits(value)))
    known = any(low <= number[: len(low)] <= high and len(number) in lengths for low, high, lengths in _ISSUERS)
    return known and luhn(number)


def iban(value: str) -> Part | None:
    """As many characters as the country's accounts have, with the right check digits; more may follow."""
    length = _IBAN_LENGTHS.get(value[:2].upper(), 0)
    plain, end = "", 0
    for character in value:
        end += 1
        if character not in " -":
            plain += character
        if len(plain) == length:
            break
    if not length or len(plain) != length:
        return None
    number = "".join(str(int(character, 36)) for character in plain[4:] + plain[:4])
    return (0, end) if int(number) % 97 == 1 else None


def bitcoin(value: str) -> bool:
    """Base58 with a checksum, or bech32 and bech32m."""
    return _bech32(value.lower()) if value[:3].lower() == "bc1" else _base58check(value)


def _base58check(value: str) -> bool:
    number = 0
    for character in value:
        number = number * 58 + _BASE58[character]
    data = number.to_bytes(26, "big")[-25:] if number < 1 << 200 else b""
    return bool(data) and hashlib.sha256(hashlib.sha256(data[:21]).digest()).digest()[:4] == data[21:]


def _bech32(value: str) -> bool:
    prefix, _, rest = value.rpartition("1")
    if not all(character in _BECH32 for character in rest):
        return False
    expanded: Sequence[int] = (
        *(ord(character) >> 5 for character in prefix), 0, *(ord(character) & 31 for character in prefix),
        *(_BECH32[character] for character in rest),
    )  # fmt: skip
    check = 1
    for number in expanded:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ number
        for bit, generator in enumerate(_BECH32_GENERATOR):
            check ^= generator if top >> bit & 1 else 0
    return check in (1, 0x2BC830A3)


RULES = (
    Rule(
        "CREDIT_CARD", r"[0-9]{12,19}", hint=r"[0-9]{12}", reach=32, score=1.0, check=where(card), glued="-.",
    ),
    Rule(
        "CREDIT_CARD", r"[0-9]{4}(?:[ -][0-9]{4}){2,3}(?:[ -][0-9]{1,4})?|[0-9]{4}[ -][0-9]{6}[ -][0-9]{4,5}",
        hint=r"[0-9]{4}[ -][0-9]{4}", reach=32, score=1.0, check=where(card), glued="-",
    ),
    Rule(
        "IBAN_CODE", r"(?i)[a-z]{2}[0-9]{2}[ -]?(?:[a-z0-9]{4}[ -]?){2,7}[a-z0-9]{1,4}",
        hint=r"(?i)[a-z]{2}[0-9]{2}[ -]?[a-z0-9]{4}", reach=50, score=1.0, check=iban,
    ),
    Rule(
        "CRYPTO", r"[13][1-9A-HJ-NP-Za-km-z]{25,34}|(?i:bc1[a-z0-9]{11,71})",
        hint=r"[13][1-9A-HJ-NP-Za-km-z]{25}|(?i:bc1[a-z0-9]{11})", reach=80, score=1.0, check=where(bitcoin),
    ),
    Rule("CRYPTO", r"0x[0-9a-fA-F]{40}", hint=r"0x[0-9a-fA-F]{40}", reach=48, score=0.8),
    Rule("US_BANK_ROUTING", r"[0-9]{9}", r"(?i)routing|\baba\b", 16, 0.95, where(aba), near=r"(?i)routing|\baba\b"),
    Rule(
        "BANK_ACCOUNT", r"[0-9]{6,17}|[0-9]{2,6}(?:[ -][0-9]{2,8}){1,3}",
        hint=r"(?i)account|acct|\bkonto|\bcompte|\bcuenta|\bconto|rekening",
        reach=40, score=0.6, check=where(lambda value: 6 <= len(digits(value)) <= 17), glued="./:",
        near=r"(?i)(?:account|acct)\.? ?(?:no\b|num|nr|#|is\b|:)|\bkonto(?:nummer|nr)|rekeningnummer|num(?:e|é)ro de compte"
        r"|n(?:u|ú)mero de cuenta|numero di conto",
    ),
)  # fmt: skip
