"""Values on the command line that are more than text: comma lists, limits, times, names in a URL."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import typer

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def names(text: str) -> list[str]:
    """`a,b` as ["a", "b"]; the empty text as none."""
    return [part.strip() for part in text.split(",") if part.strip()]


def per_minute(text: str) -> int:
    """A limit of requests a minute; `none` is 0, which the API reads as no limit."""
    if text == "none":
        return 0
    if not text.isdigit() or int(text) == 0:
        raise typer.BadParameter(f"{text!r} is neither a number above 0 nor 'none'")
    return int(text)


def budget(text: str) -> str | None:
    """US dollars as text; `none` is no budget."""
    if text == "none":
        return None
    if not re.fullmatch(r"\d+(\.\d{1,9})?", text):
        raise typer.BadParameter(f"{text!r} is neither an amount of US dollars, such as 12.50, nor 'none'")
    return text


def days(text: str) -> int | None:
    """A number of days; `none` is not at all."""
    if text == "none":
        return None
    if not text.isdigit() or int(text) == 0:
        raise typer.BadParameter(f"{text!r} is neither a number of days above 0 nor 'none'")
    return int(text)


def before(text: str, *, now: datetime) -> str:
    """`30d`, `12h` before now, or a date or time of ISO 8601, as UTC."""
    if span := re.fullmatch(r"(\d+)([mhdw])", text):
        return (now - timedelta(**{_UNITS[span[2]]: int(span[1])})).astimezone(UTC).isoformat()
    return moment(text, now=now)


def moment(text: str, *, now: datetime) -> str:
    """`30d`, `12h` from now, or a date or time of ISO 8601, as UTC."""
    if span := re.fullmatch(r"(\d+)([mhdw])", text):
        return (now + timedelta(**{_UNITS[span[2]]: int(span[1])})).astimezone(UTC).isoformat()
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither a span, such as 30d or 12h, nor a date, such as 2031-12-31") from None


def segment(name: str) -> str:
    """A name as one segment of a URL's path."""
    return quote(name, safe="")
