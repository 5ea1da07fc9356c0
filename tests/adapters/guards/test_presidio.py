import importlib.util

import pytest

from stoa.adapters.guards.presidio import Presidio
from stoa.errors import MissingExtra


def test_a_missing_package_is_said_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"pip install 'stoa\[presidio\]'"):
        Presidio()
