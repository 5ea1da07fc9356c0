"""Whom rights open a document to, and whom they deny it."""

from stoa.domain.identity import Rights, denying, impersonal, made_by, opening

ADA = frozenset({"public", "team:lab", "group:hr", "user:ada"})
KEY_OF_ADA = frozenset({"public", "team:lab"}) | made_by(ADA)


def rights(allow: str, deny: str = "") -> Rights:
    return Rights(frozenset(allow.split()), frozenset(deny.split()))


def test_one_tag_opens_and_one_denial_beats_all_that_open() -> None:
    assert rights("group:hr group:it").open_to(ADA)
    assert rights("public").open_to(ADA)
    assert rights("user:ada").open_to(ADA)
    assert not rights("group:it").open_to(ADA)
    assert not rights("").open_to(ADA)
    assert not rights("public team:lab user:ada", "group:hr").open_to(ADA)
    assert not rights("public", "user:ada").open_to(ADA)
    assert rights("public", "user:bob").open_to(ADA)
    assert not rights("public").open_to(frozenset())


def test_a_key_opens_what_its_own_tags_open_and_is_denied_what_its_maker_is() -> None:
    assert rights("team:lab").open_to(KEY_OF_ADA)
    assert not rights("group:hr").open_to(KEY_OF_ADA)
    assert not rights("user:ada").open_to(KEY_OF_ADA)
    assert not rights("by:user:ada by:group:hr").open_to(KEY_OF_ADA)
    for denied in ("user:ada", "group:hr", "team:lab"):
        assert not rights("team:lab public", denied).open_to(KEY_OF_ADA)


def test_tags_of_a_maker_are_told_apart_and_do_not_pile_up() -> None:
    assert opening(KEY_OF_ADA) == {"public", "team:lab"}
    assert denying(KEY_OF_ADA) == {"public", "team:lab", "group:hr", "user:ada"}
    assert impersonal(KEY_OF_ADA) == {"public", "team:lab", "by:team:lab", "by:group:hr"}
    assert made_by(KEY_OF_ADA) == {"by:team:lab"}


def test_rights_that_name_a_person_are_personal() -> None:
    assert rights("team:lab user:ada").personal
    assert rights("team:lab", "user:ada").personal
    assert not rights("team:lab group:hr public", "group:it").personal
