"""Which connector an origin gets, and which places of the machine none gets to."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from stoa.adapters.sources import table
from stoa.adapters.sources.places import require_allowed
from stoa.adapters.sources.table import ConnectorTable
from stoa.domain.sources import Folder, Git, Mail, Origin, Plugin, Push, Sql, Website
from stoa.errors import InvalidRequest


@pytest.mark.parametrize(
    ("origin", "credentials"),
    [
        (Folder(path="/etc"), {}),
        (Mail(path="/var/mail/ann"), {}),
        (Git(url="/srv/secret.git"), {}),
        (Git(url="file:///srv/secret.git"), {}),
        (Sql(url="sqlite:////home/ann/wiki.db", query="SELECT 1", id_column="id", text_columns=("a",)), {}),
        (Sql(query="SELECT 1", id_column="id", text_columns=("a",)), {"url": "sqlite:////home/ann/wiki.db"}),
    ],
    ids=["folder", "mail", "git-path", "git-url", "sqlite", "sqlite-in-credentials"],
)
def test_no_origin_reads_a_place_of_the_machine_that_is_not_allowed(
    origin: Origin, credentials: dict[str, str], tmp_path: Path
) -> None:
    for folders in ((), (str(tmp_path),)):
        with pytest.raises(InvalidRequest, match=r"worker\.folders"):
            require_allowed(origin, credentials, folders)


def test_a_link_or_dots_that_lead_out_of_an_allowed_folder_do_not_lead_out(tmp_path: Path) -> None:
    allowed, secret = tmp_path / "allowed", tmp_path / "secret"
    allowed.mkdir()
    secret.mkdir()
    (allowed / "link").symlink_to(secret)
    require_allowed(Folder(path=str(allowed)), {}, (str(allowed),))
    for path in (allowed / "link", allowed / ".." / "secret", tmp_path / "allowed-too"):
        with pytest.raises(InvalidRequest, match=r"not to be indexed"):
            require_allowed(Folder(path=str(path)), {}, (str(allowed),))
    with pytest.raises(InvalidRequest, match=r"absolute"):
        require_allowed(Folder(path="allowed"), {}, (str(allowed),))


@pytest.mark.parametrize(
    "origin",
    [
        Git(url="https://host/wiki.git"),
        Git(url="git@host:team/wiki.git"),
        Website(url="https://host/"),
        Sql(url="postgresql://host/wiki", query="SELECT 1", id_column="id", text_columns=("a",)),
        Mail(host="imap.host"),
    ],
)
def test_what_lies_elsewhere_needs_no_folder(origin: Origin) -> None:
    require_allowed(origin, {}, ())


def test_nothing_is_fetched_from_a_source_that_is_sent_to() -> None:
    with pytest.raises(InvalidRequest, match="sent to it"):
        ConnectorTable().open(Push(), {}, most_bytes=1)


def test_a_package_brings_a_source_under_the_entry_point_group(monkeypatch: pytest.MonkeyPatch) -> None:
    named = EntryPoint(name="attic", value="stoa.adapters.sources.memory:connect", group=table.GROUP)
    monkeypatch.setattr(table, "entry_points", lambda group: (named,) if group == "stoa.sources" else ())
    connector = ConnectorTable().open(Plugin(plugin="attic"), {}, most_bytes=10)
    assert type(connector).__name__ == "MemoryConnector"
    with pytest.raises(InvalidRequest, match="Did you mean 'attic'"):
        ConnectorTable().open(Plugin(plugin="atic"), {}, most_bytes=10)
