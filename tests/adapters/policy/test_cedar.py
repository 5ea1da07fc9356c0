from importlib.resources import files

import cedarpy
import pytest

from stoa.adapters.policy import CedarPolicy
from stoa.domain.identity import ANONYMOUS, Principal, PrincipalKind, Role
from stoa.errors import Forbidden, Unauthenticated
from stoa.policy.actions import ACTIONS, MODEL_ACTIONS
from stoa.policy.decide import PLATFORM, Target, reach, refusal

POLICY = CedarPolicy.default()
DEFAULT = files("stoa.policy") / "default"


def principal(kind: PrincipalKind = "user", *roles: Role, team: str = "research", acl: tuple[str, ...] = ()) -> Principal:
    return Principal(kind=kind, id="p1", name="ada", team=team, roles=frozenset(roles), acl=frozenset(acl))


def test_the_default_policies_fit_their_schema() -> None:
    policies = "\n".join(file.read_text() for file in DEFAULT.iterdir() if file.name.endswith(".cedar"))
    result = cedarpy.validate_policies(policies, (DEFAULT / "stoa.cedarschema").read_text())
    assert result.validation_passed, [str(error) for error in result.errors]
    assert policies.count("@id(") == policies.count("permit (") + policies.count("forbid (")


def test_the_schema_knows_every_action_and_no_other() -> None:
    text = (DEFAULT / "stoa.cedarschema").read_text()
    named = {word for word in text.split('"')[1::2] if ":" in word}
    assert named == set(ACTIONS)


def test_an_action_that_no_policy_names_is_refused() -> None:
    assert not POLICY.decide(principal("user", "administrator"), "planet:destroy", PLATFORM).allowed


def test_a_decision_names_the_policy_behind_it() -> None:
    decision = POLICY.decide(principal("user", "auditor"), "user:list", PLATFORM)
    assert decision.allowed
    assert decision.policies == ("auditors-read",)


def test_an_administrator_alone_may_not_chat() -> None:
    model = Target("Model", "gpt")
    assert not POLICY.decide(principal("user", "administrator"), "chat:create", model).allowed
    assert POLICY.decide(principal("user", "administrator", "member"), "chat:create", model).allowed


def test_a_model_of_some_teams_is_refused_to_the_others() -> None:
    model = Target("Model", "gpt", teams=frozenset({"finance"}))
    assert not POLICY.decide(principal("user", "member"), "chat:create", model).allowed
    assert not POLICY.decide(principal("inference_key"), "chat:create", model).allowed
    assert POLICY.decide(principal("inference_key", team="finance"), "chat:create", model).allowed


def test_a_model_of_no_team_is_refused_to_all() -> None:
    assert not POLICY.decide(principal("user", "member"), "chat:create", Target("Model", "gpt", teams=frozenset())).allowed


@pytest.mark.parametrize("action", sorted(MODEL_ACTIONS))
def test_a_management_key_never_calls_models(action: str) -> None:
    key = principal("management_key", "member", "developer", "administrator")
    decision = POLICY.decide(key, action, Target(ACTIONS[action].resource, "x"))
    assert not decision.allowed
    assert decision.policies == ("management-keys-never-call-models",)


def test_an_inference_key_administers_nothing_even_with_a_role() -> None:
    key = principal("inference_key", "administrator")
    work = {name for name, action in ACTIONS.items() if action.resource == "Work"}
    for action in set(ACTIONS) - work - MODEL_ACTIONS:
        allowed = POLICY.decide(key, action, Target(ACTIONS[action].resource, "x", team="research", owner="p1")).allowed
        reads = {"collection:list", "document:list", "document:read", "passage:search", "mcp:use"}
        assert allowed == (action in {"page:read", "health:read", "openapi:read", "session:create"} | reads), action


def test_an_inference_key_changes_vector_stores_of_its_team_and_no_collection_that_was_applied() -> None:
    for kind, team in ((None, "research"), ("vector_store", "finance"), ("vector_store", "research")):
        for action in ("vector_stores:create", "vector_stores:update", "vector_stores:delete"):
            target = Target("Collection", "x", kind=kind, team=team)
            assert POLICY.decide(principal("inference_key"), action, target).allowed == (
                (kind, team) == ("vector_store", "research")
            )


def test_a_developer_makes_keys_of_their_own_team_with_no_more_tags_than_their_own() -> None:
    ada = principal("user", "developer", acl=("team:research", "group:lab"))
    own = Target("Credential", kind="inference", team="research", acl=frozenset({"team:research", "group:lab"}))
    assert POLICY.decide(ada, "key:create", own).allowed
    for other in (
        Target("Credential", kind="management", team="research"),
        Target("Credential", kind="inference", team="finance"),
        Target("Credential", kind="inference", team="research", acl=frozenset({"team:research", "group:hr"})),
    ):
        assert not POLICY.decide(ada, "key:create", other).allowed


def test_nobody_reads_another_ones_conversation() -> None:
    everything = principal("user", "member", "developer", "operator", "auditor", "administrator")
    assert POLICY.decide(everything, "conversation:read", Target("Conversation", owner="p1")).allowed
    assert not POLICY.decide(everything, "conversation:read", Target("Conversation", owner="p2")).allowed


def test_reach_tells_what_one_may_do_to_ones_own() -> None:
    kinds = {target.kind for target in reach(POLICY, principal("user", "developer"), "resource:apply")}
    assert kinds == {"Assistant", "Collection"}
    assert reach(POLICY, principal("user", "member"), "resource:apply") == ()


def test_a_refusal_says_who_what_and_why() -> None:
    member = principal("user", "member")
    error = refusal(member, "key:create", POLICY.decide(member, "key:create", Target("Credential")))
    assert isinstance(error, Forbidden)
    assert error.message == "The user 'ada' (member; team research) may not make a key (key:create) here: no policy permits it."
    assert isinstance(refusal(ANONYMOUS, "user:list", POLICY.decide(ANONYMOUS, "user:list", PLATFORM)), Unauthenticated)
    key = principal("inference_key")
    assert "management key" in refusal(key, "user:list", POLICY.decide(key, "user:list", PLATFORM)).message


@pytest.mark.parametrize("kind", ["user", "inference_key"])
def test_a_file_is_for_those_of_the_team_who_hold_every_tag_of_its_maker(kind: PrincipalKind) -> None:
    role: tuple[Role, ...] = ("member",) if kind == "user" else ()

    def may(*held: str, team: str = "research") -> bool:
        reader = principal(kind, *role, team=team, acl=held)
        of_maker = frozenset({"team:research", "group:hr"})
        return POLICY.decide(reader, "files:read", Target("Work", "f", team="research", acl=of_maker)).allowed

    assert may("team:research", "group:hr", "group:lab")
    assert not may("team:research", "group:lab")
    assert not may("team:research", "group:hr", team="finance")


def test_a_management_key_keeps_no_files() -> None:
    for role in ("member", "developer", "administrator"):
        target = Target("Work", "f", team="research")
        assert not POLICY.decide(principal("management_key", role), "files:read", target).allowed
