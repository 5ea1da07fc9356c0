"""The tracer that the settings ask for."""

import importlib.util

from stoa.domain.tracing import Tracer
from stoa.errors import MissingExtra
from stoa.sections import TelemetrySettings


def open_tracer(settings: TelemetrySettings, *, instance: str) -> Tracer | None:
    """None where no collector is named. Raises MissingExtra."""
    if settings.otlp_endpoint is None:
        return None
    for package in ("opentelemetry.sdk", "opentelemetry.exporter"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtra(
                "telemetry.otlp_endpoint is set, but the packages that send traces are not installed. "
                "Install them with: pip install 'stoa[otel]'"
            )
    from stoa.adapters.telemetry.otel import otlp_tracer

    return otlp_tracer(settings.otlp_endpoint, settings.headers, ratio=settings.sample_ratio, instance=instance)
