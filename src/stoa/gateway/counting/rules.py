"""One limit or budget as it applies to one subject: what a request claims of it, and what is said of it."""

from datetime import UTC, datetime

from stoa.domain.counting import Claim, Meter
from stoa.domain.decision_bytes import recorded_claim
from stoa.domain.periods import Window
from stoa.gateway.counting.known import Known
from stoa.kit.money import format_usd

_MAY: dict[str, str] = {"requests": "may make {most} requests", "tokens": "may use {most} tokens"}


class Rule:
    """`who` is how the subject is called in messages, `name` how the limit or budget is.

    `window` is None for any sixty seconds and for what is counted at once; `known` is of money alone. `warn` is the amount of
    nano-dollars from which on it is said.
    """

    __slots__ = (
        "allows_unknown", "fixed", "head", "known", "meter", "minute_tail", "name", "per", "recorded",
        "recorded_end", "spoken", "tail", "unit", "warn", "warned_at", "watched", "who", "window",
    )  # fmt: skip

    def __init__(
        self,
        meter: Meter,
        who: str,
        name: str,
        *,
        per: str = "minute",
        window: Window | None = None,
        known: Known | None = None,
        warn: int | None = None,
        allows_unknown: bool = True,
    ) -> None:
        self.meter = meter
        self.who = who
        self.name = name
        self.per = per
        self.window = window
        self.known = known
        self.warn = warn
        self.warned_at = -1
        """The window in which it was said already."""
        self.allows_unknown = allows_unknown
        self.watched = warn is not None or not allows_unknown
        """Whether there is more to it than the claim."""
        self.spoken = meter.unit == "requests" or meter.unit == "tokens"
        """Whether clients look for it in an answer's headers."""
        unit, most = meter.unit.encode(), b"%d" % meter.most
        self.head = b"x-ratelimit-limit-%b: %b\r\nx-ratelimit-remaining-%b: " % (unit, most, unit)
        self.tail = b"\r\nx-ratelimit-reset-%b: " % unit
        self.minute_tail = self.tail + b"1m0s\r\n"
        """A minute is full again a minute after the last request, which is this one."""
        self.fixed = Claim(meter, 1) if window is None and meter.unit != "tokens" else None
        """What every request claims, where that is always the same."""
        self.unit = meter.unit
        begin, end = recorded_claim(name, who, meter.unit, meter.most)
        self.recorded = begin if self.fixed is None else b"%b\x01%b" % (begin, end)
        """Of a decision record's claim, everything that stands before the amount; all of it where that is always the same."""
        self.recorded_end = end

    def claim(self, amount: int, now_ms: int) -> Claim:
        """So much of it, now."""
        window = self.window
        if window is None:
            return Claim(self.meter, amount)
        start = window.at(now_ms)
        known = self.known
        return Claim(self.meter, amount, start, window.end, known.floor(now_ms) if known is not None else 0)

    def refusal(self, used: int, claimed: int, now_ms: int, as_of_ms: int, wait_s: float, *, lost: bool) -> str:
        """Why a request did not fit, with everything that helps: the limit, what is used, when it begins anew, as of when."""
        as_of = f"as of {_time(as_of_ms)}"
        if lost:
            return (
                f"The count of {self.name} cannot be reached, and it is closed meanwhile: nothing more passes for {self.who}. "
                f"Try again in {_seconds(wait_s)} s; whoever runs Stoa can look at it with `stoa status`."
            )
        most, unit = self.meter.most, self.meter.unit
        if unit == "nano_usd":
            return (
                f"{self.who} has used {format_usd(used)} of its budget of {format_usd(most)} this {self.per}. It starts anew "
                f"on {_time(self.ends_ms(now_ms))}; whoever runs Stoa can raise it. ({self.name}, {as_of})"
            )
        if unit == "parallel":
            return (
                f"{self.who} may have {most} requests under way at once and has {used}. The next is taken when one of them "
                f"is over. ({self.name}, {as_of})"
            )
        each, done = "an hour" if self.per == "hour" else f"a {self.per}", "made" if unit == "requests" else "used"
        may = f"{self.who} {_MAY[unit].format(most=most)} {each} and has {done} {used}"
        if unit == "tokens":
            may += f"; this request is taken to need {claimed}"
            if claimed > most:
                return f"{may}, which it never may: make it smaller, or its limit of output tokens. ({self.name}, {as_of})"
        return f"{may}. The next is taken in {_seconds(wait_s)} s. ({self.name}, {as_of})"

    def ends_ms(self, now_ms: int) -> int:
        """When all of it is free again, if nothing more is used: the window's end, or a minute from now."""
        if self.window is None:
            return now_ms + 60_000
        self.window.at(now_ms)
        return self.window.end

    def told(self, used: int, now_ms: int, as_of_ms: int, wait_s: float) -> dict[str, object]:
        """The same for programs."""
        unit = self.meter.unit
        resets_ms = self.ends_ms(now_ms) if self.window is not None else now_ms + int(wait_s * 1000)
        return {
            "limit": self.name,
            "unit": unit,
            "used": used,
            "most": self.meter.most,
            "resets_at": None if unit == "parallel" else iso(resets_ms),
            "as_of": iso(as_of_ms),
        }


def iso(at_ms: int) -> str:
    """A UTC time to the second."""
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def duration(milliseconds: int) -> str:
    """As OpenAI writes it: `350ms`, `7s`, `6m0s`, `1h0m0s`."""
    if milliseconds < 1000:
        return f"{max(0, milliseconds)}ms"
    minutes, seconds = divmod(-(-milliseconds // 1000), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes}m{seconds}s"
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _seconds(wait_s: float) -> int:
    return max(1, -int(-wait_s // 1))
