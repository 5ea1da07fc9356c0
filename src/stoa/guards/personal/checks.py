"""Check digits: what tells a number that somebody holds from digits that only look like it.

Each takes the value as it was found, with its spaces and dashes.
"""

from collections.abc import Callable, Sequence
from itertools import cycle

from stoa.guards.patterns import Part

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU_LETTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_FISCAL_FIRST = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)
_FISCAL_ODD = dict(
    zip(
        "0123456789" + _LETTERS,
        _FISCAL_FIRST * 2 + (2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip
_VERHOEFF_TABLE = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_VERHOEFF_TURNS = (
    "0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def digits(value: str) -> list[int]:
    return [ord(character) - 48 for character in value if "0" <= character <= "9"]


def where(valid: Callable[[str], bool]) -> Callable[[str], Part | None]:
    """A rule's check from a yes or no about the whole value."""
    return lambda value: (0, len(value)) if valid(value) else None


def luhn(value: str) -> bool:
    numbers = digits(value)[::-1]
    return (sum(numbers[::2]) + sum(n * 2 - 9 * (n > 4) for n in numbers[1::2])) % 10 == 0 and any(numbers)


def weighted(value: str, weights: Sequence[int]) -> int:
    return sum(n * weight for n, weight in zip(digits(value), weights, strict=False))


def month_and_day(month: int, day: int) -> bool:
    return 1 <= month <= 12 and 1 <= day <= (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]


def day_in(value: str, *, order: str) -> bool:
    """The first six digits are a day; `order` names them, such as `ymd`."""
    numbers = digits(value)
    part = {name: numbers[at * 2] * 10 + numbers[at * 2 + 1] for at, name in enumerate(order)}
    return month_and_day(part["m"], part["d"])


def us_ssn(value: str) -> bool:
    numbers = "".join(map(str, digits(value)))
    area, group, serial = numbers[:3], numbers[3:5], numbers[5:]
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000" and len(set(numbers)) > 1


def us_itin(value: str) -> bool:
    numbers = digits(value)
    return numbers[0] == 9 and 50 <= numbers[3] * 10 + numbers[4] <= 99


def aba(value: str) -> bool:
    """An American bank's routing number: its Federal Reserve district, and 3-7-1 weights."""
    numbers = digits(value)
    district = numbers[0] * 10 + numbers[1]
    districts = (0 < district <= 12) or (21 <= district <= 32) or (61 <= district <= 72) or district == 80
    return districts and weighted(value, (3, 7, 1) * 3) % 10 == 0


def uk_nino(value: str) -> bool:
    return value[:2].upper() not in ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")


def uk_nhs(value: str) -> bool:
    numbers = digits(value)
    check = 11 - weighted(value, range(10, 1, -1)) % 11
    return len(set(numbers)) > 1 and check % 11 == numbers[9]


def de_tax_id(value: str) -> bool:
    """Eleven digits of which one occurs twice or three times among the first ten; ISO 7064 mod 11,10."""
    numbers = digits(value)
    counts = sorted(numbers[:10].count(n) for n in set(numbers[:10]))
    if numbers[0] == 0 or counts[-1] not in (2, 3) or (len(counts) > 1 and counts[-2] > 1):
        return False
    product = 10
    for n in numbers[:10]:
        product = ((n + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == numbers[10]


def nl_bsn(value: str) -> bool:
    return any(digits(value)) and weighted(value, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def es_dni(value: str) -> bool:
    """DNI and, with X, Y or Z in front, NIE."""
    head = value[0].upper()
    number = ("", "1", "2")["XYZ".index(head)] if head in "XYZ" else ""
    return _DNI_LETTERS[int(number + "".join(map(str, digits(value)))) % 23] == value[-1].upper()


def fr_nir(value: str) -> bool:
    """The number of French social security; departments of Corsica are written 2A and 2B."""
    plain = "".join(character for character in value.upper() if character.isalnum())
    number = int(plain[:13].replace("2A", "19").replace("2B", "18")) if plain[5] == "2" else int(plain[:13])
    month = int(plain[3:5])
    return (1 <= month <= 12 or 20 <= month <= 42 or month >= 50) and 97 - number % 97 == int(plain[13:])


def it_fiscal_code(value: str) -> bool:
    code = value.upper()
    odd = sum(_FISCAL_ODD[character] for character in code[:15:2])
    even = sum(int(c) if c.isdigit() else _LETTERS.index(c) for c in code[1:15:2])
    return _LETTERS[(odd + even) % 26] == code[15]


def pl_pesel(value: str) -> bool:
    numbers = digits(value)
    month = (numbers[2] * 10 + numbers[3]) % 20
    day = month_and_day(month, numbers[4] * 10 + numbers[5])
    return day and weighted(value, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def be_national_number(value: str) -> bool:
    number = "".join(map(str, digits(value)))
    return any(97 - int(century + number[:9]) % 97 == int(number[9:]) for century in ("", "2"))


def fi_hetu(value: str) -> bool:
    number = int("".join(map(str, digits(value[:10]))))
    return day_in(value, order="dmy") and _HETU_LETTERS[number % 31] == value[-1].upper()


def se_personnummer(value: str) -> bool:
    """Ten digits, or twelve with the century."""
    numbers = digits(value)[-10:]
    text = "".join(map(str, numbers))
    return day_in(text, order="ymd") and luhn(text)


def br_cpf(value: str) -> bool:
    numbers = digits(value)
    first = weighted(value, range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(value, range(11, 1, -1)) * 10 % 11 % 10
    return len(set(numbers)) > 1 and [first, second] == numbers[9:]


def cn_resident_id(value: str) -> bool:
    numbers = value.upper()
    day = month_and_day(int(numbers[10:12]), int(numbers[12:14]))
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return day and "10X98765432"[weighted(numbers[:17], weights) % 11] == numbers[17]


def in_aadhaar(value: str) -> bool:
    """Verhoeff's check, which catches two digits that changed places."""
    check = 0
    for turn, n in zip(cycle(_VERHOEFF_TURNS), reversed(digits(value)), strict=False):
        check = int(_VERHOEFF_TABLE[check][int(turn[n])])
    return check == 0


def au_tfn(value: str) -> bool:
    return any(digits(value)) and weighted(value, (1, 4, 3, 7, 5, 8, 6, 9, 10)) % 11 == 0


def au_medicare(value: str) -> bool:
    numbers = digits(value)
    return weighted(value, (1, 3, 7, 9, 1, 3, 7, 9)) % 10 == numbers[8]


def sg_nric(value: str) -> bool:
    code = value.upper()
    total = weighted(code, (2, 7, 6, 5, 4, 3, 2)) + (4 if code[0] in "TG" else 3 if code[0] == "M" else 0)
    letters = {"S": "JZIHGFEDCBA", "T": "JZIHGFEDCBA", "F": "XWUTRQPNMLK", "G": "XWUTRQPNMLK", "M": "XWUTRQPNJLK"}[code[0]]
    return letters[total % 11] == code[8] if code[0] != "M" else letters[10 - total % 11] == code[8]


def za_id(value: str) -> bool:
    return day_in(value, order="ymd") and luhn(value)
