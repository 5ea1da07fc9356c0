"""The limits that a server holds its clients to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds."""

    header_bytes: int = 32_768
    """Largest request head; over it 431."""
    body_bytes: int = 16_777_216
    """Largest body a handler takes; over it 413."""
    read_timeout_s: float = 30.0
    """From the first byte of a request to its last; a body that is passed on piece by piece may take this long per piece."""
    keep_alive_s: float = 75.0
    """How long an idle connection is kept."""
    stall_s: float = 60.0
    """How long a client may leave an answer unread."""
    drain_s: float = 20.0
    """How long a stopping server waits for the requests under way."""
    farewell_s: float = 0.25
    """Of that, how long idle connections are kept for a request that is on its way."""
    max_connections: int = 10_000
    """Over it new ones get 503."""
    write_buffer_bytes: int = 262_144
    """Answer bytes held for a slow client before whoever writes is asked to pause."""


DEFAULT_LIMITS = Limits()
