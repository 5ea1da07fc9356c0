"""What LiteLLM's router is told, for all groups of deployments and for one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from stoa.control.litellm.account import Account, Fields
from stoa.control.litellm.document import Path
from stoa.domain.operations import ErrorClass
from stoa.domain.resources import Breaker, Retries, Strategy

_STRATEGIES: Mapping[str, tuple[Strategy, str]] = {
    "simple-shuffle": ("weighted", ""),
    "least-busy": ("least_busy", ""),
    "latency-based-routing": ("lowest_latency", ""),
    "cost-based-routing": ("cheapest", ""),
    "usage-based-routing": (
        "weighted",
        "Shares follow the deployments' rpm or tpm; the use of the last minute is not looked at.",
    ),
    "usage-based-routing-v2": (
        "weighted",
        "Shares follow the deployments' rpm or tpm; the use of the last minute is not looked at.",
    ),
}
_FALLBACKS: Mapping[str, tuple[ErrorClass, ...] | None] = {
    "fallbacks": None,
    "context_window_fallbacks": ("context_window",),
    "content_policy_fallbacks": ("content_policy",),
}
"""The classes of failure each list is for; None for what Stoa falls back on unless told otherwise."""
_CLASSES: Mapping[str, ErrorClass] = {
    "RateLimitErrorRetries": "rate_limit",
    "TimeoutErrorRetries": "timeout",
    "InternalServerErrorRetries": "server_error",
    "ServiceUnavailableErrorRetries": "server_error",
    "AuthenticationErrorRetries": "credentials",
    "NotFoundErrorRetries": "not_found",
    "ContentPolicyViolationErrorRetries": "content_policy",
    "BadRequestErrorRetries": "invalid_request",
}
_MOST_RETRIES = 5


@dataclass(frozen=True)
class Wanted:
    """Another group to fall back to, and where it was written."""

    group: str
    on: tuple[ErrorClass, ...] | None
    path: Path


@dataclass
class Router:
    """`tries` are further ones in a group; None where nothing was said."""

    strategy: Strategy = "weighted"
    tries: int | None = None
    retries: Retries = field(default_factory=Retries)
    breaker: Breaker = field(default_factory=Breaker)
    by_tag: bool = False
    fallbacks: dict[str, list[Wanted]] = field(default_factory=dict[str, list[Wanted]])
    otherwise: list[Wanted] = field(default_factory=list[Wanted])
    """For groups without fallbacks of their own."""
    parallel: int | None = None
    timeouts: dict[str, float] = field(default_factory=dict[str, float])

    def fallbacks_of(self, group: str) -> Sequence[Wanted]:
        own = self.fallbacks.get(group, [])
        general = any(each.on is None for each in own)
        return [each for each in (*own, *([] if general else self.otherwise)) if each.group != group]


def read_router(settings: Fields, general: Fields) -> Router:
    """`settings` are router_settings and, behind them, litellm_settings."""
    router = Router(by_tag=settings.take("enable_tag_filtering") is True)
    _read_strategy(settings, router)
    _read_retries(settings, router)
    _read_breaker(settings, router)
    _read_timeouts(settings, router)
    _read_fallbacks(settings, router)
    own = settings.whole("default_max_parallel_requests")
    router.parallel = own or general.whole("max_parallel_requests")
    return router


def _read_strategy(settings: Fields, router: Router) -> None:
    name = settings.get("routing_strategy")
    if name is None:
        return
    known = _STRATEGIES.get(str(name))
    if known is None:
        settings.left("routing_strategy", f"Stoa has no strategy {name!r}: its routes are weighted. See strategy of a Route.")
        return
    router.strategy, note = known
    settings.take("routing_strategy")
    if note:
        settings.changed("routing_strategy", note)


def _read_retries(settings: Fields, router: Router) -> None:
    tries = settings.whole("num_retries", above=-1)
    wait = settings.number("retry_after")
    policy = settings.get("retry_policy")
    counts: dict[ErrorClass, int] = {}
    if isinstance(policy, dict):
        path = settings.path("retry_policy")
        written = Fields(settings.account, {}, (cast("Mapping[str, object]", policy), path))  # cast: keys are text
        for name in written.names:
            count = written.whole(name, above=-1)
            if name not in _CLASSES:
                written.left(name, "Stoa retries by class of failure; see retries.on of a Route.")
            elif _CLASSES[name] in ("invalid_request", "content_policy"):
                written.left(name, "A request that is wrong stays wrong: Stoa does not repeat it.")
            elif count:
                counts[_CLASSES[name]] = count
        if counts and len({*counts.values()}) > 1:
            settings.changed(
                "retry_policy", "A route has one number of retries, the largest of these, for all of these classes."
            )
    if counts:
        router.tries = max(counts.values())
        router.retries = Retries(on=tuple(counts))
    elif tries is not None:
        router.tries = tries
    if wait is not None and not router.tries:
        settings.account.unneeded(settings.path("retry_after"), "Nothing is retried: there is no num_retries.")
    elif wait is not None:
        router.retries = Retries(on=router.retries.on, wait_s=wait, most_wait_s=max(wait, Retries().most_wait_s))


def _read_breaker(settings: Fields, router: Router) -> None:
    allowed = settings.whole("allowed_fails", above=-1)
    cooldown = settings.number("cooldown_time")
    fresh = Breaker()
    if allowed is not None or cooldown is not None:
        seconds = fresh.cooldown_s if cooldown is None else cooldown
        router.breaker = Breaker(
            failures=fresh.failures if allowed is None else allowed + 1,
            cooldown_s=seconds,
            most_cooldown_s=max(seconds, fresh.most_cooldown_s),
        )
    if allowed is not None:
        settings.changed("allowed_fails", f"A route's breaker opens after {allowed + 1} failures in a row, not in a minute.")
    if settings.get("disable_cooldowns") is True:
        settings.left("disable_cooldowns", "Stoa always leaves a target alone that only fails; see breaker of a Route.")


def _read_timeouts(settings: Fields, router: Router) -> None:
    for place, names in (("timeout", ("timeout", "request_timeout")), ("stream_timeout", ("stream_timeout",))):
        for name in names:
            seconds = settings.number(name)
            if seconds is None:
                continue
            if place in router.timeouts:
                settings.account.unneeded(settings.path(name), "timeout comes before it, here and in LiteLLM.")
            else:
                router.timeouts[place] = seconds


def _read_fallbacks(settings: Fields, router: Router) -> None:
    for name, on in _FALLBACKS.items():
        for position, entry in enumerate(_list(settings.get(name))):
            path = (*settings.path(name), position)
            if not isinstance(entry, dict):
                settings.account.left(path, "It is not of the form {model: [other models]}.")
                continue
            for group, others in cast("dict[str, object]", entry).items():  # cast: keys are text
                wanted = _wanted(settings.account, others, on, (*path, group))
                if group == "*":
                    router.otherwise += wanted
                else:
                    router.fallbacks.setdefault(group, []).extend(wanted)
    default = settings.get("default_fallbacks")
    router.otherwise += _wanted(settings.account, default, None, settings.path("default_fallbacks")) if default else []


def _wanted(account: Account, others: object, on: tuple[ErrorClass, ...] | None, path: Path) -> list[Wanted]:
    found: list[Wanted] = []
    for position, each in enumerate(_list(others)):
        if isinstance(each, str):
            found.append(Wanted(each, on, (*path, position)))
        else:
            account.left((*path, position), "A fallback that changes the request is not there. Name the model alone.")
    if not isinstance(others, list):
        account.left(path, "It is not a list of models.")
    return found


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []  # cast: of whatever kind


def attempts(router: Router, targets: int) -> int:
    """LiteLLM's further tries go anywhere in the group, Stoa's to one target: so many that the whole is no less."""
    tries = (router.tries or 0) + 1
    return min(-(-tries // targets) - 1, _MOST_RETRIES)
