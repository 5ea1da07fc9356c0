"""One answer that is kept."""

import msgspec

from stoa.gateway.tokens import Tokens


class Entry(msgspec.Struct, gc=False):
    """A whole answer that was given before. Times are of the monotonic clock."""

    answer: bytes
    of: str
    """The fact of the request whose answer it was."""
    model: str | None
    provider: str | None
    arm: str | None
    tokens: Tokens
    """Those that were taken; of an entry that is given again, as much as others may count again."""
    cost_nano_usd: int | None
    """What that request had cost."""
    kept_at_s: float
    scope: bytes
    """Whose it is: `Client.scope`."""
    fingerprint: bytes
    """Of what it came from: `Offering.fingerprint`."""
    lines: bytes = b""
    """The header lines that tell all that, once it is given again."""
    streams: dict[bool, bytes] | None = None
    """The answer as a stream, without and with usage, once somebody asked for it so."""
    size_bytes: int = 0

    def be_given(self) -> None:
        """Before the first time; most never are."""
        told = self.tokens
        self.tokens = Tokens(told.prompt, told.completion, told.told_by)  # the provider's account is of the first alone
        saved = b"unknown" if self.cost_nano_usd is None else b"%d" % self.cost_nano_usd
        self.lines = b"x-stoa-model: %b\r\nx-stoa-cache-of: %b\r\nx-stoa-saved-nano-usd: %b\r\n" % (
            (self.model or "").encode(), self.of.encode(), saved,
        )  # fmt: skip
