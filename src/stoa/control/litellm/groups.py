"""From a group of deployments to what clients name: a model, or a route over several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import gcd
from typing import cast

import msgspec

from stoa.control.litellm.account import Account
from stoa.control.litellm.addresses import slug
from stoa.control.litellm.connections import Deployment
from stoa.control.litellm.routing import Router, attempts
from stoa.domain.resources import Breaker, Fallback, Model, Retries, Route, Strategy, Target

_MOST_WEIGHT = 1000
_NOT_A_LIMIT = (
    "It became the share of the requests. It is no limit: a 429 of the provider moves a request on to the next target."
)
_ONE = "It is the only deployment under its name."
_ALONE = "Stoa limits keys, not models: the provider's own 429 is passed on, or answered by a fallback."


@dataclass(frozen=True, slots=True)
class Member:
    """A deployment and the model it became."""

    deployment: Deployment
    model: Model


@dataclass(frozen=True, slots=True)
class Group:
    """`name` is what clients say in Stoa; `members` are of one operation."""

    name: str
    members: Sequence[Member]

    @property
    def first(self) -> Sequence[Member]:
        """Those that are asked before the others: of the lowest order, where there is one."""
        lowest = min(_order(each) for each in self.members)
        return [each for each in self.members if _order(each) == lowest]

    @property
    def others(self) -> Sequence[Member]:
        return sorted((each for each in self.members if each not in self.first), key=_order)


def needs_route(group: str, members: int, router: Router) -> bool:
    """Whether a group is more than one model under a name."""
    told = router.tries or router.breaker != Breaker()
    return members > 1 or bool(told) or bool(router.fallbacks_of(group))


def route(group: Group, original: str, router: Router, groups: Mapping[str, Group], account: Account) -> Route:
    """The route of a group. `original` is LiteLLM's name for it."""
    first = group.first
    tagged = router.by_tag and any(_tags(each, account) for each in first)
    strategy: Strategy = "tagged" if tagged else router.strategy if len(first) > 1 else "weighted"
    weights = _weights(first, account)
    further = {each.model.name: Fallback(model=each.model.name) for each in group.others}
    further |= _fallbacks(original, router, groups, account, {each.model.name for each in group.members})
    return Route(
        name=group.name,
        targets=tuple(
            Target(model=each.model.name, weight=weight, tags=tuple(_tags(each, account)) if tagged else ())
            for each, weight in zip(first, weights, strict=True)
        ),
        strategy=strategy,
        fallback=tuple(further.values()),
        retries=_retries(router, len(first)),
        breaker=router.breaker,
    )


def settle_alone(member: Member, account: Account) -> None:
    """What only matters among several, of a deployment that is alone under its name."""
    params = member.deployment.params
    for name in ("weight", "order"):
        if name in params:
            params.account.unneeded(params.path(name), _ONE)
    for name in ("rpm", "tpm"):
        if name in params:
            params.left(name, _ALONE)
    if "tags" in params:
        params.left("tags", "There is nothing to choose from under its name.")


def _retries(router: Router, targets: int) -> Retries:
    """Without a retry there is nothing to say about it."""
    number = attempts(router, targets)
    return msgspec.structs.replace(router.retries, attempts=number) if number else Retries()


def _fallbacks(
    original: str, router: Router, groups: Mapping[str, Group], account: Account, taken: set[str]
) -> dict[str, Fallback]:
    """By model, each once, for the classes of all lists that name it. `taken` are asked anyway."""
    found: dict[str, Fallback] = {}
    for wanted in router.fallbacks_of(original):
        other = groups.get(wanted.group)
        mine = groups[original].members[0].model.operation
        if other is None:
            account.left(wanted.path, f"There is no model {wanted.group!r} among those that were carried.")
            continue
        if other.members[0].model.operation != mine:
            account.left(
                wanted.path, f"{wanted.group!r} is for {other.members[0].model.operation}, and {original!r} for {mine}."
            )
            continue
        account.carried(wanted.path)
        for name in (each.model.name for each in (*other.first, *other.others)):
            if name not in taken:
                fresh = Fallback(model=name) if wanted.on is None else Fallback(model=name, on=wanted.on)
                before = found.get(name)
                both = fresh if before is None else Fallback(model=name, on=tuple(dict.fromkeys((*before.on, *fresh.on))))
                found[name] = both
    return found


def _weights(members: Sequence[Member], account: Account) -> list[int]:
    """As LiteLLM's shuffle: by weight, else rpm, else tpm; one that names none of it gets nothing."""
    for name in ("weight", "rpm", "tpm"):
        if not any(name in each.deployment.params for each in members):
            continue
        found = [each.deployment.params.number(name) or 0.0 for each in members]
        for each in members:
            params = each.deployment.params
            if name != "weight" and name in params:
                params.settle(name, *(("changed", _NOT_A_LIMIT) if len(members) > 1 else ("left", _ALONE)))
            elif name in params and len(members) == 1:
                params.account.unneeded(params.path(name), _ONE)
            for other in {"rpm", "tpm"} - {name}:
                if other in params:
                    params.left(other, _ALONE)
        if any(found) and len(members) > 1:
            return _whole(found)
        break
    return [1] * len(members)


def _whole(shares: Sequence[float]) -> list[int]:
    """Shares as the smallest whole numbers that say the same."""
    if not all(share.is_integer() for share in shares) or max(shares) > 1e9:
        shares = [round(share / max(shares) * _MOST_WEIGHT) for share in shares]
    divisor = gcd(*(int(share) for share in shares)) or 1
    return [int(share) // divisor for share in shares]


def _order(member: Member) -> float:
    """Those without one come last, as in LiteLLM."""
    found = member.deployment.params.number("order", above=-1e9)
    return 1e12 if found is None else found


def _tags(member: Member, account: Account) -> list[str]:
    """A target without tags is for requests without any, which is what LiteLLM's tag `default` means."""
    params = member.deployment.params
    written = params.get("tags")
    found: list[str] = []
    for position, tag in enumerate(cast("list[object]", written) if isinstance(written, list) else []):  # cast: of any kind
        path = (*params.path("tags"), position)
        name = slug(str(tag))
        if str(tag) == "default":
            account.changed(path, "Requests that name no tag go to targets without tags.")
        elif not name:
            account.left(path, f"{tag!r} cannot be a tag. Tags are lower case letters, digits, dots, dashes and underscores.")
        else:
            found.append(name)
            note = f"Clients name the tag {name!r} in the header x-stoa-tags."
            account.changed(path, note)
    return found
