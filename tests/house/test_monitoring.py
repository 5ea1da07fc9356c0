"""The example rules and the dashboard ask for nothing that `/metrics` does not have."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from stoa.domain.metrics import METRICS

FOLDER = Path(__file__).parents[2] / "deploy" / "monitoring"
_GIVEN_BY_PROMETHEUS = {"up": {"job", "instance"}}
_SELECTOR = re.compile(r"\b(stoa_\w+|up\b)(?:\{([^}]*)\})?")
_GROUPED = re.compile(r"(?:sum|max|min|avg) by \(([^)]*)\)")


def _rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def _panels() -> list[dict[str, Any]]:
    return json.loads((FOLDER / "grafana-dashboard.json").read_text())["panels"]


def _expressions() -> Iterator[Any]:
    for rule in _rules():
        yield pytest.param(rule["expr"], set(), id=rule["alert"])
    for panel in _panels():
        for target in panel["targets"]:
            shown = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            yield pytest.param(target["expr"], shown, id=f"{panel['title']} {target['refId']}")


def _labels(name: str) -> set[str]:
    """Those of a metric, or of a part of a histogram. Raises KeyError for what there is not."""
    if name in _GIVEN_BY_PROMETHEUS:
        return _GIVEN_BY_PROMETHEUS[name]
    whole, _, part = name.rpartition("_")
    if part in ("bucket", "sum", "count") and METRICS.get(whole, METRICS["stoa_build_info"]).kind == "histogram":
        return {*METRICS[whole].labels, *(["le"] if part == "bucket" else [])}
    assert METRICS[name].kind != "histogram", f"{name} is a histogram: ask for its _bucket, _sum or _count"
    return set(METRICS[name].labels)


@pytest.mark.parametrize(("expression", "shown"), list(_expressions()))
def test_each_expression_uses_names_and_labels_that_there_are(expression: str, shown: set[str]) -> None:
    selectors = _SELECTOR.findall(expression)
    assert selectors, expression
    had: set[str] = set()
    for name, matchers in selectors:
        labels = _labels(name)
        had |= labels
        assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers)) <= labels, (name, matchers)
        rated = re.search(rf"(?:rate|increase)\({name}", expression) is not None
        counts = name not in _GIVEN_BY_PROMETHEUS and (name not in METRICS or METRICS[name].kind == "counter")
        assert rated == counts, f"{name}: a counter is read by its rate, a gauge is not"
    for group in _GROUPED.findall(expression):
        grouped = {label.strip() for label in group.split(",")}
        assert grouped <= had, expression
        assert shown <= grouped, expression
    assert shown <= had, expression


@pytest.mark.parametrize(("expression", "shown"), list(_expressions()))
def test_each_expression_is_a_query(expression: str, shown: set[str]) -> None:
    del shown
    promql_parser.parse(expression.replace("$__rate_interval", "5m"))


def test_each_alert_says_what_is_wrong_and_what_to_do() -> None:
    rules = _rules()
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert {"summary", "action"} == set(rule["annotations"])
        used = set(re.findall(r"\$labels\.(\w+)", str(rule["annotations"])))
        grouped = {label.strip() for group in _GROUPED.findall(rule["expr"]) for label in group.split(",")}
        had = {label for name, _ in _SELECTOR.findall(rule["expr"]) for label in _labels(name)}
        assert used <= (grouped or had), rule["alert"]


def test_every_metric_that_can_go_wrong_is_watched_or_drawn() -> None:
    asked = " ".join(rule["expr"] for rule in _rules()) + " ".join(t["expr"] for p in _panels() for t in p["targets"])
    rather_looked_up = {"stoa_build_info", "stoa_snapshot_version", "stoa_snapshot_age_seconds", "stoa_cache_entries"} | {
        "stoa_cache_bytes", "stoa_target_answered_total", "stoa_target_failed_total", "stoa_target_refused_total",
        "stoa_target_given_up_total", "stoa_shadow_requests_total", "stoa_shadow_cost_nano_usd_total",
    }  # fmt: skip
    assert {name for name in METRICS if name not in asked} == rather_looked_up


def test_prometheus_is_sent_to_the_entry_with_these_rules() -> None:
    settings = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    assert settings["rule_files"] == ["alerts.yml"]
    (job,) = settings["scrape_configs"]
    assert (job["job_name"], job["static_configs"][0]["targets"]) == ("stoa", ["127.0.0.1:8420"])
