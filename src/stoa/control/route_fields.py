"""What of a route contradicts itself or would have no effect: refused when it is applied, so that nothing is silently left out.

That its models are there and fit together is for `references`.
"""

from collections.abc import Mapping

from stoa.domain.operations import CALLERS_FAULTS, Operation
from stoa.domain.resources import CACHE_TTL_S, Breaker, CachePolicy, Hedge, Provider, Retries, Route
from stoa.domain.usage import SHADOW
from stoa.errors import InvalidRequest

_KEPT: tuple[Operation, ...] = ("chat", "embedding", "rerank")
_BY_ORDER = ("ordered", "complexity")


def check(route: Route, *, operation: Operation, providers: Mapping[str, Provider]) -> None:
    """`providers` are those of the targets, by model. Raises InvalidRequest naming route and field."""
    _check_targets(route)
    _check_strategy(route, operation)
    _check_fallback(route)
    _check_retries(route)
    _check_times(route, operation, providers)
    _check_hedge(route)
    if route.shadow is not None and [each.model for each in route.targets] == [route.shadow.model]:
        raise _wrong(route, "shadow.model", f"{route.shadow.model!r} is the only target; shadow another model")
    _check_cache(route, operation)


def _check_targets(route: Route) -> None:
    names = [each.model for each in route.targets]
    for number, target in enumerate(route.targets):
        if target.model in names[:number]:
            raise _wrong(route, f"targets[{number}].model", f"{target.model!r} is a target twice; add the weights up")
        if target.arm == SHADOW:
            raise _wrong(route, f"targets[{number}].arm", f"{SHADOW!r} is what copies are called in facts; choose another name")
    if not any(target.weight for target in route.targets):
        raise _wrong(route, "targets", "at least one weight must be above 0")


def _check_strategy(route: Route, operation: Operation) -> None:
    strategy, several = route.strategy, len(route.targets) > 1
    if strategy == "complexity":
        if not several:
            raise _wrong(route, "strategy", "'complexity' needs at least two targets, from small to large")
        if operation != "chat":
            raise _wrong(route, "strategy", f"'complexity' is read from chats, and these models are for {operation}")
    for number, target in enumerate(route.targets):
        if target.weight != 1 and strategy in _BY_ORDER:
            what = f"{strategy!r} goes by the order of the targets alone; leave the weight out"
            raise _wrong(route, f"targets[{number}].weight", what)
        if target.tags and strategy != "tagged":
            raise _wrong(route, f"targets[{number}].tags", f"only the strategy 'tagged' looks at tags, not {strategy!r}")
    if strategy == "tagged" and not any(target.tags for target in route.targets):
        raise _wrong(route, "strategy", "'tagged' needs at least one target with tags")
    if route.sticky and not several:
        raise _wrong(route, "sticky", "there is one target only; leave it out")
    if route.sticky and strategy in _BY_ORDER:
        raise _wrong(route, "sticky", f"{strategy!r} sends everybody the same way; leave it out, or choose 'weighted'")


def _check_fallback(route: Route) -> None:
    targets = {each.model for each in route.targets}
    seen: set[str] = set()
    for number, fallback in enumerate(route.fallbacks):
        field, name = f"fallback[{number}]", fallback.model
        if name in seen:
            raise _wrong(route, field, f"{name!r} is a fallback twice; put all classes into the `on` of one")
        seen.add(name)
        if not fallback.on:
            raise _wrong(route, f"{field}.on", f"without a class {name!r} would never be asked")
        if targets == {name}:
            raise _wrong(route, field, f"{name!r} is the only target, and would be its own fallback")
        if name in targets and CALLERS_FAULTS.isdisjoint(fallback.on):
            what = f"{name!r} is a target, which is asked after such failures anyway; name another model"
            raise _wrong(route, field, what)


def _check_retries(route: Route) -> None:
    retries, plain, hedged = route.retries, Retries(), route.hedge is not None
    if retries.attempts:
        if not retries.budget:
            raise _wrong(route, "retries.budget", "a budget of 0 allows no retry; give a share such as 0.2")
        if not retries.on:
            raise _wrong(route, "retries.on", "without a class nothing is retried; leave it out for the usual ones")
        for each in sorted(CALLERS_FAULTS & frozenset(retries.on)):
            raise _wrong(route, "retries.on", f"the same target would say {each!r} again; name a fallback for it")
        if retries.wait_s > retries.most_wait_s:
            raise _wrong(route, "retries.wait_s", f"it is more than most_wait_s, {retries.most_wait_s:g}")
    else:
        for field in ("on", "wait_s", "most_wait_s", *(() if hedged else ("budget",))):
            if getattr(retries, field) != getattr(plain, field):
                raise _wrong(route, f"retries.{field}", "nothing is retried without retries.attempts")


def _check_hedge(route: Route) -> None:
    hedge = route.hedge
    if hedge is None:
        return
    if len(route.targets) < 2:
        raise _wrong(route, "hedge", "it needs a second target to ask beside the first")
    if not route.retries.budget:
        raise _wrong(route, "retries.budget", "a budget of 0 allows no hedge; give a share such as 0.2")
    if hedge.after_s is not None and hedge.least_s != Hedge().least_s:
        raise _wrong(route, "hedge.least_s", "it is for waits by the 95th percentile; after_s says the wait itself")


def _check_times(route: Route, operation: Operation, providers: Mapping[str, Provider]) -> None:
    breaker, times = route.breaker, route.timeouts
    if breaker.most_cooldown_s < breaker.cooldown_s:
        field = "breaker.most_cooldown_s" if breaker.most_cooldown_s != Breaker().most_cooldown_s else "breaker.cooldown_s"
        what = f"cooldown_s, {breaker.cooldown_s:g}, is more than most_cooldown_s, {breaker.most_cooldown_s:g}"
        raise _wrong(route, field, what)
    if times.total_s is not None:
        for field in ("first_token_s", "idle_s"):
            seconds = getattr(times, field)
            if seconds is not None and seconds >= times.total_s:
                what = f"{seconds:g} is not less than total_s, {times.total_s:g}, which would end the request before"
                raise _wrong(route, f"timeouts.{field}", what)
    if times.idle_s is not None and providers and all(times.idle_s > each.idle_timeout_s for each in providers.values()):
        name, provider = min(providers.items(), key=lambda pair: pair[1].idle_timeout_s)
        what = f"provider {provider.name!r} of {name!r} gives up after {provider.idle_timeout_s:g} s; raise its idle_timeout_s"
        raise _wrong(route, "timeouts.idle_s", what)
    if times.min_tokens_per_s is not None and operation != "chat":
        raise _wrong(route, "timeouts.min_tokens_per_s", f"it is for streams of chats, and these models are for {operation}")


def _check_cache(route: Route, operation: Operation) -> None:
    policy = route.cache
    if route.cache_ttl_s != CACHE_TTL_S and policy is not True:
        what = "nothing is kept while cache is false" if policy is False else "cache.ttl_s says it"
        raise _wrong(route, "cache_ttl_s", f"{what}; leave one of the two out")
    if not isinstance(policy, CachePolicy):
        return
    if operation not in _KEPT:
        raise _wrong(route, "cache", f"answers of {operation} are not kept; leave it out")
    if operation != "chat":
        if policy.max_temperature != CachePolicy().max_temperature:
            raise _wrong(route, "cache.max_temperature", f"it is for chats, and these models are for {operation}")
        if policy.semantic:
            raise _wrong(route, "cache.semantic", f"it is for chats, and these models are for {operation}")
    if policy.similarity is not None and not policy.semantic:
        raise _wrong(route, "cache.similarity", "nothing is looked for by meaning without cache.semantic")


def _wrong(route: Route, field: str, what: str) -> InvalidRequest:
    return InvalidRequest(f"Route {route.name!r}, field {field!r}: {what}.", param=field)
