"""What `.stoa-rights.yaml` says of files."""

from pathlib import Path

import pytest

from stoa.cli.syncing import folder_sidecars, folder_source
from stoa.domain.identity import Rights
from stoa.domain.sidecars import NAME, Sidecars
from stoa.errors import InvalidRequest


def write(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_text(text)


def test_the_nearest_one_that_says_it_counts_for_each_of_both(tmp_path: Path) -> None:
    write(tmp_path, "allow: [group:hr]\ndeny: [user:bob]\n")
    write(tmp_path / "pay", "allow: [group:payroll]\n")
    write(tmp_path / "pay" / "open", "deny: []\n")
    sidecars = folder_sidecars(tmp_path)
    assert sidecars.of("a.md") == {"allow": ("group:hr",), "deny": ("user:bob",)}
    assert sidecars.of("pay/a.md") == {"allow": ("group:payroll",), "deny": ("user:bob",)}
    assert sidecars.of("pay/open/deep/a.md") == {"allow": ("group:payroll",), "deny": ()}


def test_the_first_pattern_that_fits_says_it_for_a_file(tmp_path: Path) -> None:
    write(tmp_path, 'allow: [team:a]\nfiles:\n  "pay/*.xlsx": {allow: [group:pay]}\n  "pay/*": {deny: [user:bob]}\n')
    sidecars = folder_sidecars(tmp_path)
    assert sidecars.of("pay/old/x.xlsx") == {"allow": ("group:pay",)}
    assert sidecars.of("pay/x.md") == {"allow": ("team:a",), "deny": ("user:bob",)}
    assert sidecars.of("x.md") == {"allow": ("team:a",)}


def test_a_folder_without_one_says_nothing_and_one_is_no_document(tmp_path: Path) -> None:
    write(tmp_path / "pay", "allow: [group:pay]\n")
    (tmp_path / "a.md").write_text("x")
    (tmp_path / "pay" / "b.md").write_text("x")
    source = folder_source(tmp_path, name=None, prune=True)
    assert [path for path, _ in source.files] == ["a.md", "pay/b.md"]
    assert source.rights == {"pay/b.md": {"allow": ("group:pay",)}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("alow: [group:hr]", "has no field 'alow'; there are allow, deny, files. Did you mean 'allow'?"),
        ("allow: group:hr", "allow is a list of tags"),
        ("files: {'*': {groups: [hr]}}", "files['*'] in"),
        ("- group:hr", "holds fields"),
        ("allow: [", "cannot be read"),
    ],
)
def test_one_that_cannot_be_read_is_named_with_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path, text)
    with pytest.raises(InvalidRequest) as refused:
        folder_sidecars(tmp_path).of("a.md")
    assert told in refused.value.message
    assert NAME in refused.value.message


def test_as_rights_they_leave_to_the_source_what_they_do_not_say() -> None:
    files = {NAME: b"deny: [user:bob]", f"pay/{NAME}": b"allow: [group:pay]"}
    sidecars = Sidecars(files.get, place="s3://bucket")
    assert sidecars.rights("a.md") == Rights(frozenset(), frozenset({"user:bob"}))
    assert sidecars.rights("pay/a.md") == Rights(frozenset({"group:pay"}), frozenset({"user:bob"}))
    assert Sidecars({}.get, place="x").rights("a.md") is None


@pytest.mark.parametrize("tag", ["hr", "groups:hr", "group:", "by:user:ann", ""])
def test_what_is_no_tag_is_refused_rather_than_opened_to_nobody(tag: str) -> None:
    sidecars = Sidecars({NAME: f"deny: ['{tag}']".encode()}.get, place="s3://bucket")
    with pytest.raises(InvalidRequest, match="is no access tag"):
        sidecars.rights("a.md")
