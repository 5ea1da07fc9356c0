"""What a decision is made of, and the port that makes it."""

from dataclasses import dataclass
from typing import Protocol

from stoa.domain.identity import AccessTag, Principal
from stoa.errors import Forbidden, Unauthenticated
from stoa.policy.actions import ACTIONS, ResourceType


@dataclass(frozen=True, slots=True)
class Target:
    """What an action is done to: the attributes that policies may ask for, None where the resource has none.

    `teams` are those that may use a model, None for all of them; `acl` are the access tags that a new key is to hold.
    """

    type: ResourceType = "Platform"
    id: str = ""
    kind: str | None = None
    team: str | None = None
    owner: str | None = None
    teams: frozenset[str] | None = None
    acl: frozenset[AccessTag] = frozenset()


PLATFORM = Target()


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer and the policies that gave it; a refusal without a policy is the default."""

    allowed: bool
    policies: tuple[str, ...] = ()


class Policy(Protocol):
    """Decides. An action that no policy names is refused."""

    def decide(self, principal: Principal, action: str, target: Target) -> Decision: ...


def reach(policy: Policy, principal: Principal, action: str) -> tuple[Target, ...]:
    """Resources of the principal's own, one a kind, to which it may do the action; none when it may not do it to anything.

    What is not allowed to one's own is allowed to nobody's, so this is what a route asks before it knows the resource.
    """
    about = ACTIONS[action]
    own = (
        Target(about.resource, id="own", kind=kind, team=principal.team, owner=principal.id, acl=principal.acl)
        for kind in about.kinds or (None,)
    )
    return tuple(target for target in own if policy.decide(principal, action, target).allowed)


def refusal(principal: Principal, action: str, decision: Decision) -> Forbidden | Unauthenticated:
    """The error for a decision that was no."""
    meaning = ACTIONS[action].meaning
    if principal.kind == "anonymous":
        return Unauthenticated(f"Sign in, or send a management key, to {meaning} ({action}).", code="unauthenticated")
    if principal.kind == "inference_key":
        return Forbidden(
            f"The inference key {principal.name!r} calls models and searches documents, and may not {meaning} ({action}). "
            "Use a management key, made with `stoa key create NAME --kind management`, or sign in."
        )
    why = f"forbidden by the policy {decision.policies[0]!r}" if decision.policies else "no policy permits it"
    roles = ", ".join(sorted(principal.roles)) or "no role"
    who = f"{principal.kind.replace('_', ' ')} {principal.name!r} ({roles}; team {principal.team or 'none'})"
    return Forbidden(f"The {who} may not {meaning} ({action}) here: {why}.")
