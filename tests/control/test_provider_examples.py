"""Each example of a provider can be applied as it stands."""

import json
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from stoa.cli import manifests
from stoa.control.builtin import with_builtin
from stoa.control.references import References
from stoa.control.sealing import seal
from stoa.domain.desired import Sealer
from stoa.domain.providers import ProviderType
from stoa.domain.resources import Provider, Resource

FOLDER = Path(__file__).parents[2] / "examples" / "providers"
FILES = sorted(FOLDER.glob("*.yaml"))


class Environment(dict[str, str]):
    """Every variable is set."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        account = {"client_email": "a@b", "private_key": "k", "token_uri": "https://oauth2.googleapis.com/token"}
        return json.dumps(account) if name == "VERTEX_SERVICE_ACCOUNT" else f"value-of-{name.lower()}"


class Unsealed(Sealer):
    """A fake that keeps secrets as they are."""

    def seal(self, text: str) -> str:
        return text

    def open(self, sealed: str) -> str:
        return sealed


def resources(file: Path) -> list[Resource]:
    return [msgspec.convert(each, Resource) for each in manifests.read([str(file)], Environment())]


def test_every_type_has_an_example_of_its_name() -> None:
    assert {file.stem for file in FILES} == set(get_args(ProviderType))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_an_example_can_be_applied(file: Path) -> None:
    found = resources(file)
    types = {each.type for each in found if isinstance(each, Provider)}
    assert file.stem in types
    state = with_builtin([seal(each, before=None, sealer=Unsealed()) for each in found], "http://127.0.0.1:1")
    references = References(state, teams=())
    for each in state:
        references.check(each)


def test_all_examples_together_can_be_applied() -> None:
    state = with_builtin([each for file in FILES for each in resources(file)], "http://127.0.0.1:1")
    references = References(state, teams=())
    for each in state:
        references.check(each)
    assert len({(type(each), each.name) for each in state}) == len(state)
