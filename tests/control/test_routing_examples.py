"""Each example of a route can be applied as it stands, and the guide shows nothing else."""

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from tests.control.test_provider_examples import Unsealed, resources

from stoa.control.builtin import with_builtin
from stoa.control.references import References
from stoa.control.sealing import seal
from stoa.domain.metrics import METRICS
from stoa.domain.operations import ErrorClass
from stoa.domain.resources import Resource, Route, Strategy

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "routing"
FILES = sorted(FOLDER.glob("*.yaml"))
SHARED = {"models.yaml", "health.yaml"}
GUIDE = (ROOT / "docs" / "guide" / "routing.md").read_text(encoding="utf-8")


def check(found: list[Resource]) -> None:
    state = with_builtin([seal(each, before=None, sealer=Unsealed()) for each in found], "http://127.0.0.1:1")
    references = References(state, teams=())
    for each in state:
        references.check(each)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_can_be_applied_with_its_models(file: Path) -> None:
    files = {file, *(FOLDER / name for name in SHARED)}
    check([each for path in sorted(files) for each in resources(path)])


def test_all_examples_together_can_be_applied() -> None:
    found = [each for file in FILES for each in resources(file)]
    check(found)
    assert len({(type(each), each.name) for each in found}) == len(found)


def test_every_strategy_and_every_setting_of_a_route_has_an_example() -> None:
    routes = [each for file in FILES for each in resources(file) if isinstance(each, Route)]
    assert {route.strategy for route in routes} == set(get_args(Strategy))
    written = {name for route in routes for name in msgspec.to_builtins(route)}
    assert written >= {"sticky", "fallback", "retries", "breaker", "timeouts", "hedge", "shadow"}


def test_the_guide_shows_examples_alone() -> None:
    shown = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    texts = [file.read_text(encoding="utf-8") for file in FILES]
    assert len(shown) > 10
    assert [block for block in shown if block not in texts] == []


def test_the_guide_names_every_strategy_and_every_class() -> None:
    assert [word for word in (*get_args(Strategy), *get_args(ErrorClass)) if f"| `{word}`" not in GUIDE] == []


def test_the_guide_names_metrics_that_there_are() -> None:
    named = set(re.findall(r"stoa_[a-z_]+", GUIDE.partition("## Watching it")[2]))
    assert named
    assert named <= METRICS.keys()
