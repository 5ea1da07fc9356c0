"""What of a source is refused, with the field that is wrong."""

import pytest

from stoa.control.reading import read_resource
from stoa.control.source_fields import check, require_same_collection
from stoa.domain.resources import Source
from stoa.errors import Conflict, InvalidRequest

FOLDER = {"type": "folder", "path": "/srv/handbook"}
SQL = {"type": "sql", "query": "SELECT 1", "id_column": "id", "text_columns": ["text"]}


def source(**fields: object) -> Source:
    found = read_resource({"kind": "Source", "name": "s", "collection": "c", "origin": FOLDER, **fields}, place="x")
    assert isinstance(found, Source)
    return found


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"watch": True, "every": "1d", "window": "22:00-06:00", "time_zone": "Europe/Berlin"},
        {"origin": {"type": "bucket", "bucket": "b"}, "every": "10s", "credentials": {"access_key_id": "a"}},
        {"origin": {"type": "git", "url": "git@host:team/wiki.git"}},
        {"origin": {**SQL, "url": "sqlite:////srv/wiki.db"}},
        {"origin": SQL, "credentials": {"url": "postgresql://me:hush@host/wiki"}},
        {"origin": {"type": "mail", "host": "imap.host"}},
        {"origin": {"type": "push"}, "allow": ["group:hr"]},
        {"origin": {"type": "plugin", "plugin": "attic", "options": {"depth": 3}}},
    ],
)
def test_what_fits_together_is_taken(fields: dict[str, object]) -> None:
    check(source(**fields))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"origin": {"type": "folder", "path": "handbook"}}, "origin.path"),
        ({"origin": {"type": "push"}, "every": "1h"}, "every"),
        ({"origin": {"type": "website", "url": "https://host/"}, "watch": True}, "watch"),
        ({"every": "5s"}, "every"),
        ({"window": "22:00-22:00"}, "window"),
        ({"window": "27:00-06:00"}, "window"),
        ({"window": "22:00-06:00", "time_zone": "Europe/Berlni"}, "time_zone"),
        ({"include": [""]}, "include"),
        ({"origin": SQL}, "origin.url"),
        ({"origin": {**SQL, "text_columns": [], "url": "sqlite:////x"}}, "origin.text_columns"),
        ({"origin": {"type": "git", "url": "https://me:hush@host/wiki.git"}}, "origin"),
        ({"origin": {"type": "mail"}}, "origin"),
        ({"origin": {"type": "mail", "host": "h", "path": "/var/mail/ann"}}, "origin"),
    ],
)
def test_what_does_not_is_refused_with_the_field(fields: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check(source(**fields))
    assert refused.value.param == field
    assert "Source 's'" in refused.value.message


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"origin": {"type": "folder", "path": "/srv", "hiden": True}}, "hiden"),
        ({"origin": {"type": "s3"}}, "Invalid value 's3'"),
        ({"every": "soon"}, "every"),
        ({"most_removed": 2}, "most_removed"),
    ],
)
def test_unknown_fields_and_values_are_errors_that_name_them(fields: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        source(**fields)
    assert told in refused.value.message


def test_a_source_keeps_its_collection() -> None:
    require_same_collection(source(), source(every="1h"))
    with pytest.raises(Conflict, match="another source"):
        require_same_collection(source(), source(collection="d"))
