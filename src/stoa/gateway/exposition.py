"""Prometheus' text form, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/"""

from collections.abc import Iterable, Sequence

from stoa.domain.metrics import METRICS, Histogram, Labels, Metric, Sheet


def render(sheet: Sheet) -> bytes:
    """Every metric there is, those that were never counted by their name alone."""
    lines: list[str] = []
    for name, metric in METRICS.items():
        lines += [f"# HELP {name} {metric.help}", f"# TYPE {name} {metric.kind}"]
        if metric.kind == "histogram":
            for labels, histogram in sheet.histograms.get(name, {}).items():
                lines += _histogram(name, metric, labels, histogram)
        else:
            for labels, value in sheet.numbers.get(name, {}).items():
                lines.append(f"{name}{_braced(metric.labels, labels)} {_number(value)}")
    lines.append("")
    return "\n".join(lines).encode()


def _histogram(name: str, metric: Metric, labels: Labels, histogram: Histogram) -> Iterable[str]:
    running = 0
    for bound, count in zip((*map(_number, metric.bounds), "+Inf"), histogram.buckets, strict=True):
        running += count
        yield f"{name}_bucket{_braced((*metric.labels, 'le'), (*labels, bound))} {running}"
    yield f"{name}_sum{_braced(metric.labels, labels)} {_number(histogram.total)}"
    yield f"{name}_count{_braced(metric.labels, labels)} {running}"


def _braced(names: Sequence[str], values: Sequence[str]) -> str:
    if not names:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True)) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
