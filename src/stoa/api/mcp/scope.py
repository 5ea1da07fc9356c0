"""What a request's scope says beside what HTTP does."""

CALLER, ORIGIN, SESSION, GONE, STREAM = "stoa.caller", "stoa.origin", "stoa.session", "stoa.gone", "stoa.stream"
"""Who asks, where people open the page, in which session, whether nobody waits any more, and what is kept of the answer."""
