from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stoa.adapters.secrets import Secrets
from stoa.adapters.secrets.master import load_master_key
from stoa.errors import OperatorError
from stoa.kit.home import Home


def test_a_sealed_text_opens_again_and_hides_what_it_holds() -> None:
    secrets = Secrets(b"m" * 32)
    sealed = secrets.seal("sk-provider-key")
    assert "provider" not in sealed
    assert secrets.open(sealed) == "sk-provider-key"
    assert secrets.seal("sk-provider-key") != sealed


def test_another_master_key_does_not_open_it() -> None:
    with pytest.raises(OperatorError, match="another master key"):
        Secrets(b"x" * 32).open(Secrets(b"m" * 32).seal("text"))


def test_a_changed_text_does_not_open() -> None:
    secrets = Secrets(b"m" * 32)
    sealed = secrets.seal("text")
    with pytest.raises(OperatorError, match="damaged"):
        secrets.open(sealed[:-4] + ("aaaa" if not sealed.endswith("aaaa") else "bbbb"))


def test_each_purpose_has_a_key_of_its_own() -> None:
    secrets = Secrets(b"m" * 32)
    assert secrets.internal_token.encode() != secrets.behalf_key
    assert secrets.internal_token == Secrets(b"m" * 32).internal_token
    assert secrets.internal_token != Secrets(b"x" * 32).internal_token


def test_several_starters_agree_on_one_master_key(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda _: load_master_key(home), range(64)))
    assert len(keys) == 1
    path = home.secrets / "master.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in home.secrets.iterdir()] == ["master.key"]


def test_a_master_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    load_master_key(home)
    (home.secrets / "master.key").chmod(0o644)
    with pytest.raises(OperatorError, match="chmod 600"):
        load_master_key(home)


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()
    path = home.secrets / "master.key"
    path.touch(mode=0o600)
    with pytest.raises(OperatorError, match="32 bytes"):
        load_master_key(home)
