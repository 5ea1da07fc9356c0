"""Print the table of metrics for docs/guide/observability.md, from the catalogue."""

from stoa.domain.metrics import METRICS

print("| name | kind | labels | what it is |\n|---|---|---|---|")  # noqa: T201
for name, metric in METRICS.items():
    print(f"| `{name}` | {metric.kind} | {', '.join(f'`{label}`' for label in metric.labels)} | {metric.help} |")  # noqa: T201
