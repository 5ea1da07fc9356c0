"""How fast a job is, how long it may still take and what it cost, in words. Any: JSON as the API documents it."""

from typing import Any


def pace(job: Any) -> str:
    """Such as `12.0 documents/s, 30.5 pages/s, $0.0042`; batches and syncs have no pages, and free models no cost."""
    parts = [speed(job)] if job["documents_per_second"] is not None else []
    if job["cost_nano_usd"] != 0:
        parts.append(cost(job["cost_nano_usd"]))
    return ", ".join(parts)


def speed(job: Any) -> str:
    if job["documents_per_second"] is None:
        return "-"
    what = "lines" if job["kind"] == "batch" else "documents"
    pages = f", {job['pages_per_second']:.1f} pages/s" if job["pages"] else ""
    return f"{job['documents_per_second']:.1f} {what}/s{pages}"


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"about {hours} h {minutes} min" if hours else f"about {minutes} min {rest} s" if minutes else f"about {rest} s"


def cost(nano: int | None) -> str:
    return "unknown cost" if nano is None else f"${nano / 1e9:.4f}"
