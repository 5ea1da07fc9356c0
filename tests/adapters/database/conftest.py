"""Both databases under one name: a test that takes `database_url` runs on SQLite and on PostgreSQL."""

from pathlib import Path

import pytest

from stoa.kit.home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'stoa.sqlite'}"
    return request.getfixturevalue("postgres_url")
