"""Each example of a guardrail can be applied as it stands, and the guide shows nothing else."""

import re
from pathlib import Path
from typing import get_args

import pytest
from tests.control.test_provider_examples import Unsealed, resources

from stoa.control.builtin import with_builtin
from stoa.control.references import References
from stoa.control.sealing import seal
from stoa.domain.guardrails import Guard, type_of
from stoa.domain.resources import Guardrail

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "examples" / "guardrails").glob("*.yaml"))
GUIDE = (ROOT / "docs" / "guide" / "guardrails.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_can_be_applied(file: Path) -> None:
    found = [seal(each, before=None, sealer=Unsealed()) for each in resources(file)]
    references = References(with_builtin(found, "http://127.0.0.1:1"), teams=())
    for each in found:
        references.check(each)


def test_every_type_of_guard_has_an_example_and_a_row() -> None:
    types = {str(each.__struct_config__.tag) for each in get_args(Guard)}
    shown = {type_of(g) for file in FILES for each in resources(file) if isinstance(each, Guardrail) for g in each.guards}
    assert shown == types
    assert set(re.findall(r"^\| `(\w+)` \| .* \| .* \| .* \|$", GUIDE, re.MULTILINE)) >= types


def test_the_guide_shows_files_as_they_are() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    texts = {file.read_text(encoding="utf-8") for file in FILES}
    assert blocks
    assert set(blocks) <= texts
