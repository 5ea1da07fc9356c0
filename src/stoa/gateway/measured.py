"""What is measured when somebody asks: the state of one worker, besides what it has counted."""

import time
from functools import cache
from importlib.metadata import version

from stoa.domain.contents import ContentLog
from stoa.domain.metrics import Sheet
from stoa.domain.tracing import Tracer
from stoa.gateway.caching.entries import AnswerCache
from stoa.gateway.plan import Plan
from stoa.kit.memory import resident_bytes


@cache
def _version() -> str:
    return version("stoa")


def show_state(
    sheet: Sheet, *, worker: str, plan: Plan | None, cache: AnswerCache | None, backlog_bytes: int, connections: int,
    control_silent_s: float, tracer: Tracer | None, contents: ContentLog | None,
) -> None:  # fmt: skip
    """Add all that is no count of requests and belongs to no target."""
    sheet.add("stoa_build_info", 1, _version())
    sheet.add("stoa_worker_up", 1, worker)
    sheet.add("stoa_worker_memory_bytes", resident_bytes(), worker)
    sheet.add("stoa_worker_cpu_seconds_total", time.process_time(), worker)
    sheet.add("stoa_connections", connections)
    sheet.add("stoa_cache_entries", len(cache) if cache is not None else 0)
    sheet.add("stoa_cache_bytes", cache.size_bytes if cache is not None else 0)
    sheet.add("stoa_usage_log_backlog_bytes", backlog_bytes)
    sheet.add("stoa_control_silent_seconds", control_silent_s)
    sheet.add("stoa_snapshot_version", plan.version if plan is not None else 0)
    if plan is not None:
        sheet.add("stoa_snapshot_age_seconds", max(0.0, time.time() - plan.made_at_s))
    sheet.add("stoa_contents_total", contents.kept if contents is not None else 0, "taken")
    sheet.add("stoa_contents_total", contents.dropped if contents is not None else 0, "dropped")
    if tracer is not None:
        for outcome, count in tracer.counts().items():
            sheet.add("stoa_spans_total", count, outcome)
