"""Money is integer nano-dollars: 1 USD is 1_000_000_000, so a token at $0.15 a million costs exactly 150.

Unknown money is None, never zero.
"""

from decimal import Decimal, InvalidOperation
from typing import NewType

NanoUSD = NewType("NanoUSD", int)

_PER_USD = 1_000_000_000


def usd(amount: str | int | Decimal) -> NanoUSD:
    """Parse dollars, as text or number, into nano-dollars. Raises ValueError on anything that is not an amount."""
    try:
        nano = Decimal(str(amount)) * _PER_USD
    except InvalidOperation as error:
        raise ValueError(f"{amount!r} is not an amount in US dollars, such as '0.15'") from error
    if nano != nano.to_integral_value():
        raise ValueError(f"{amount!r} has more than nine decimals; the smallest amount is 0.000000001")
    return NanoUSD(int(nano))


def format_usd(amount: int | None) -> str:
    """Show nano-dollars as dollars with as many decimals as a small amount needs, `unknown` for None."""
    if amount is None:
        return "unknown"
    sign, size = ("-" if amount < 0 else ""), abs(amount)
    if size == 0 or size >= _PER_USD // 100:
        return f"{sign}${Decimal(size) / _PER_USD:,.2f}"
    return f"{sign}${(Decimal(size) / _PER_USD):.9f}".rstrip("0")
