from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from stoa.adapters.policy import CedarPolicy
from stoa.control.builtin import builtin_resources
from stoa.control.snapshot import State, compile_snapshot
from stoa.domain.keys import Key
from stoa.domain.prices import ModelPrice
from stoa.domain.providers import ProviderType
from stoa.domain.resources import Assistant, Collection, Model, Price, Provider, Resource, Route, Target
from stoa.domain.snapshot import Access, Caller, Snapshot
from stoa.domain.teams import Group, Team
from stoa.domain.users import User

POLICY = CedarPolicy.default()
NOW = 1_000_000


class Listed:
    """A price list that knows one model of one provider."""

    version = "list-1"

    def price(self, model: str, *, base_url: str, kind: ProviderType = "openai-compatible") -> ModelPrice | None:
        del kind
        return ModelPrice(input=150.0, output=600.0) if (model, base_url) == ("gpt-x", "https://api.example/v1") else None


def key(name: str = "app", **changed: Any) -> Key:
    usual = Key(
        id=f"key-{name}",
        name=name,
        kind="inference",
        digest=f"digest-{name}",
        hint="",
        team="red",
        created_by="u",
        created_at_ms=0,
    )
    return msgspec.structs.replace(usual, **changed)


def user(name: str = "ann", **changed: Any) -> User:
    usual = User(id=name, name=name, display_name=name, team="red", groups=("hr",), roles=("member",), created_at_ms=0)
    return msgspec.structs.replace(usual, **changed)


PROVIDER = Provider(name="p", base_url="https://api.example/v1", api_key="sealed.1.x")


def compiled(
    *resources: Resource,
    keys: Any = (),
    users: Any = (),
    teams: Any = ("red", "blue"),
    version: int = 7,
    groups: Any = (),
    personal: Any = (),
) -> Snapshot:
    state = State(
        version=version,
        resources=[*builtin_resources("http://127.0.0.1:5000"), *resources],
        teams=[Team(name=name, created_at_ms=0) for name in teams],
        users=users,
        keys=keys,
        corpus={"handbook": 3},
        groups=groups,
        personal=frozenset(personal),
    )
    return compile_snapshot(state, policy=POLICY, prices=Listed(), requests_per_minute=600, now_ms=NOW)


def rights(snapshot: Snapshot, caller: Caller) -> Access:
    return snapshot.access[caller.access]


def test_the_built_in_models_are_there_and_free() -> None:
    snapshot = compiled(keys=[key()])
    access = rights(snapshot, snapshot.keys["digest-app"])
    assert (access.chat, access.embed, access.list_models) == (frozenset({"stoa-reader"}), frozenset({"stoa-embed"}), True)
    assert snapshot.prices == {"stoa-reader": ModelPrice(0, 0), "stoa-embed": ModelPrice(0, 0)}
    assert snapshot.providers["stoa-engine"].base_url == "http://127.0.0.1:5000/v1"


def test_keys_that_are_revoked_expired_or_for_management_are_left_out() -> None:
    snapshot = compiled(
        keys=[
            key("good"),
            key("revoked", revoked_at_ms=5),
            key("expired", expires_at_ms=NOW),
            key("managing", kind="management", role="administrator"),
            key("expiring", expires_at_ms=NOW + 1),
        ]
    )
    assert set(snapshot.keys) == {"digest-good", "digest-expiring"}
    assert snapshot.keys["digest-expiring"].expires_at_ms == NOW + 1


def test_a_limit_is_the_keys_own_the_default_or_none() -> None:
    snapshot = compiled(keys=[key("default"), key("own", requests_per_minute=5), key("none", requests_per_minute=0)])
    limits = {caller.name: caller.requests_per_minute for caller in snapshot.keys.values()}
    assert limits == {"default": 600, "own": 5, "none": None}


def test_a_caller_carries_the_tags_of_team_and_groups() -> None:
    snapshot = compiled(keys=[key(groups=("lab",))], users=[user()])
    assert snapshot.keys["digest-app"].acl == {"public", "team:red", "group:lab"}
    assert snapshot.users["ann"].acl == {"public", "team:red", "group:hr", "user:ann"}
    assert (snapshot.users["ann"].user_id, snapshot.users["ann"].key_id) == ("ann", None)


def test_a_caller_carries_the_tags_of_the_groups_that_hold_its_own_and_a_key_those_of_its_maker() -> None:
    groups = [Group(name="staff", groups=("hr", "lab"), created_at_ms=0), Group(name="all", groups=("staff",), created_at_ms=0)]
    snapshot = compiled(keys=[key(groups=("lab",), created_by="ann")], users=[user()], groups=groups)
    nested = {"public", "team:red", "group:staff", "group:all"}
    assert snapshot.users["ann"].acl == nested | {"group:hr", "user:ann"}
    made = {"by:team:red", "by:group:hr", "by:group:staff", "by:group:all", "by:user:ann"}
    assert snapshot.keys["digest-app"].acl == nested | {"group:lab"} | made


def test_collections_that_name_single_people_are_told_unless_they_are_gone() -> None:
    handbook = Collection(name="handbook", team="red")
    assert compiled(handbook, personal={"handbook", "gone"}).personal == {"handbook"}
    assert compiled(handbook).personal == frozenset()


def test_a_disabled_user_is_left_out_and_one_who_may_not_chat_has_no_models() -> None:
    snapshot = compiled(users=[user("gone", disabled_at_ms=1), user("olga", roles=("administrator", "operator"))])
    assert set(snapshot.users) == {"olga"}
    assert rights(snapshot, snapshot.users["olga"]) == Access(list_models=False, chat=frozenset(), embed=frozenset())


def test_a_team_embeds_its_documents_as_a_service_that_cannot_chat() -> None:
    access = rights(compiled(), compiled().services["blue"])
    assert (access.chat, access.embed) == (frozenset(), frozenset({"stoa-embed"}))


def test_a_team_has_its_passages_put_in_order_by_models_that_are_for_it() -> None:
    snapshot = compiled(
        PROVIDER,
        Model(name="open-sorter", provider="p", operation="rerank"),
        Model(name="red-sorter", provider="p", operation="rerank", teams=("red",)),
    )
    red, blue = (rights(snapshot, snapshot.services[name]) for name in ("red", "blue"))
    assert red.of("rerank") == {"open-sorter", "red-sorter"}
    assert blue.of("rerank") == {"open-sorter"}


def test_models_routes_and_assistants_of_some_teams_are_for_these_alone() -> None:
    snapshot = compiled(
        PROVIDER,
        Model(name="open", provider="p"),
        Model(name="reds", provider="p", teams=("red",)),
        Route(name="blues", targets=(Target(model="open"),), teams=("blue",)),
        Route(name="vectors", targets=(Target(model="stoa-embed"),)),
        Assistant(name="all", route="open"),
        Assistant(name="through-reds", route="reds"),
        Assistant(name="for-blue", route="open", teams=("blue",)),
        keys=[key("r"), key("b", team="blue")],
    )
    red, blue = (rights(snapshot, snapshot.keys[f"digest-{name}"]) for name in "rb")
    assert red.chat == {"stoa-reader", "open", "reds", "assistant/all", "assistant/through-reds"}
    assert blue.chat == {"stoa-reader", "open", "blues", "assistant/all", "assistant/for-blue"}
    assert red.embed == blue.embed == {"stoa-embed", "vectors"}


def test_callers_of_the_same_rights_share_one_profile() -> None:
    snapshot = compiled(keys=[key(f"k{n}", team=("red", "blue")[n % 2]) for n in range(50)], users=[user()])
    assert len(snapshot.access) == 2  # keys and members alike, and services


def test_a_price_is_the_models_own_else_the_lists_else_unknown() -> None:
    snapshot = compiled(
        PROVIDER,
        Model(name="own", provider="p", price=Price(input_per_million="0.15", output_per_million="0.60")),
        Model(name="listed", provider="p", upstream_name="gpt-x"),
        Model(name="unknown", provider="p"),
    )
    assert snapshot.prices["own"] == snapshot.prices["listed"] == ModelPrice(input=150.0, output=600.0)
    assert "unknown" not in snapshot.prices


def test_another_price_is_another_price_version() -> None:
    cheap, dear = (
        compiled(PROVIDER, Model(name="m", provider="p", price=Price(input_per_million=amount))) for amount in ("1", "2")
    )
    assert cheap.price_version != dear.price_version
    assert cheap.price_version.startswith("list-1+")
    assert len(cheap.price_version) <= 40


def test_a_collection_without_documents_has_corpus_version_0() -> None:
    snapshot = compiled(Collection(name="handbook", team="red"), Collection(name="empty", team="red"))
    assert snapshot.corpus == {"handbook": 3, "empty": 0}


def test_a_snapshot_survives_the_wire() -> None:
    snapshot = compiled(PROVIDER, Model(name="m", provider="p"), keys=[key()], users=[user()])
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(snapshot), type=Snapshot) == snapshot


_TEAMS = st.sampled_from(("red", "blue", "green"))
_SOME_TEAMS = st.none() | st.lists(_TEAMS, unique=True, max_size=3).map(tuple)


@given(limits=st.lists(_SOME_TEAMS, min_size=1, max_size=5), team=_TEAMS)
def test_nobody_gets_a_model_that_their_team_was_not_given(limits: list[tuple[str, ...] | None], team: str) -> None:
    models = [Model(name=f"m{n}", provider="p", teams=teams) for n, teams in enumerate(limits)]
    snapshot = compiled(PROVIDER, *models, keys=[key(team=team)], teams=("red", "blue", "green"))
    allowed = {model.name for model in models if model.teams is None or team in model.teams}
    assert rights(snapshot, snapshot.keys["digest-app"]).chat == allowed | {"stoa-reader"}
