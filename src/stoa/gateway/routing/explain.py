"""The dry run: where a request would go now, and why, without sending anything.

It asks `Router.choose` what it would do after failures of every class, so it cannot differ from what requests do.
"""

from graphlib import TopologicalSorter
from itertools import pairwise
from typing import get_args

from stoa.domain.operations import CALLERS_FAULTS, ErrorClass
from stoa.domain.targets import Consideration, Verdict
from stoa.gateway.routing.order import Router
from stoa.gateway.routing.rank import INPUT_SHARE, NO_WISH, Candidate, T, Wish, cost, fitting

CLASSES: tuple[ErrorClass, ...] = get_args(ErrorClass)


def explain(
    router: Router[T], wish: Wish | None, now: float, draw: float, *, for_operator: bool = False
) -> list[Consideration]:
    """Every target and fallback once, in the order in which they would be asked; those that would not be are at the end.

    What a provider said of a failure is for the operator only: it may repeat what somebody else asked. Raises InvalidRequest
    when the wish's tags allow no target.
    """
    wish = wish or NO_WISH
    paths: dict[ErrorClass, list[T]] = {each: _path(router, wish, now, draw, each) for each in CLASSES}
    known = {target.model: target for path in paths.values() for target in path}
    graph = TopologicalSorter[str]()
    for path in paths.values():
        for target in path:
            graph.add(target.model)
        for before, target in pairwise(path):
            graph.add(target.model, before.model)
    found: list[Consideration] = []
    for model in graph.static_order():
        on: tuple[ErrorClass, ...] = tuple(each for each in CLASSES if any(target.model == model for target in paths[each]))
        first = not found
        always = all(each in on for each in CLASSES if each not in CALLERS_FAULTS)
        verdict: Verdict = "first" if first else "then" if always else "on"
        why = why_asked(router, known[model], wish, now, for_operator=for_operator)
        found.append(_considered(known[model], verdict, why, on=on if verdict == "on" else ()))
    return found + _passed_over(router, wish, now, draw, set(known), for_operator=for_operator)


def _path(router: Router[T], wish: Wish, now: float, draw: float, error_class: ErrorClass) -> list[T]:
    """Who is asked when everybody fails so."""
    choices = router.choose(wish, now, draw)
    path: list[T] = []
    target = choices.next(now)
    while target is not None:
        path.append(target)
        target = choices.after(error_class, now)
    return path


def _passed_over(
    router: Router[T], wish: Wish, now: float, draw: float, known: set[str], *, for_operator: bool
) -> list[Consideration]:
    allowed = {id(target) for target in router.choose(wish, now, draw).order}
    found: list[Consideration] = []
    for target in (*router.targets, *(target for target, _ in router.fallbacks)):
        if target.model in known:
            continue
        known.add(target.model)
        why = target.state.why_not(now, for_operator=for_operator)
        if why is None and id(target) not in allowed and target in router.targets:
            why = f"it is for the tags {', '.join(target.tags)}" if target.tags else "others have a tag that was asked for"
        found.append(_considered(target, "passed over", f"Not asked: {why or 'no failure leads here'}."))
    return found


def _considered(target: Candidate, verdict: Verdict, why: str, *, on: tuple[ErrorClass, ...] = ()) -> Consideration:
    state = target.state
    return Consideration(model=target.model, provider=state.provider, arm=target.arm, verdict=verdict, on=on, why=why)


def why_asked(router: Router[T], target: T, wish: Wish, now: float, *, for_operator: bool = False) -> str:
    """Why a target stands where it stands, in a sentence."""
    if not target.state.healthy:
        return f"Last resort, for {target.state.why_not(now, for_operator=for_operator)}."
    if target not in router.targets:
        classes = next(on for fallback, on in router.fallbacks if fallback is target)
        return f"Fallback for {', '.join(each for each in CLASSES if each in classes)}."
    probe = "" if target.state.plain else " This request would be the probe after a pause."
    if router.sticky and wish.user is not None and router.strategy in ("weighted", "tagged", "least_busy", "lowest_latency"):
        return f"The order for this user, by weight {target.weight} of {router.total_weight}.{probe}"
    return _by_strategy(router, target, wish) + probe


def _by_strategy(router: Router[T], target: T, wish: Wish) -> str:
    state = target.state
    match router.strategy:
        case "ordered":
            return f"Number {router.targets.index(target) + 1} in the route's order."
        case "least_busy":
            return f"{state.inflight} requests under way, weight {target.weight}."
        case "lowest_latency":
            first, whole = state.first_token_mean_ms(), state.latency.value()
            if whole is None:
                return "Not measured yet."
            return f"Whole answers in {whole:.0f} ms" + (f", first content in {first:.0f} ms." if first is not None else ".")
        case "cheapest":
            nano_usd = cost(target)
            if nano_usd is None:
                return "Its price is not known."
            return f"${nano_usd / (INPUT_SHARE + 1) / 1000:.3f} for a million tokens, {INPUT_SHARE} of input to one of output."
        case "complexity":
            sizes = len(router.targets)
            begins = fitting(sizes, wish.complexity) + 1
            here = router.targets.index(target) + 1
            return f"Size {here} of {sizes}; a complexity of {wish.complexity:.2f} begins with size {begins}."
        case "tagged":
            tags = sorted(set(wish.tags) & set(target.tags))
            return f"It is for {', '.join(tags)}." if tags else "No target is for the tags asked for, and it is for none."
        case "weighted":
            return f"Drawn by weight, {target.weight} of {router.total_weight}."
