"""Desired state: what `stoa apply`, `get` and `delete` do. All of an application takes effect, or nothing."""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from stoa.control.builtin import with_builtin
from stoa.control.limit_fields import require_subject
from stoa.control.reading import KIND_NAMES, kind_of
from stoa.control.references import References
from stoa.control.sealing import mask, seal
from stoa.control.source_fields import require_people, require_same_collection
from stoa.control.versions import keep
from stoa.domain.desired import Sealer
from stoa.domain.resources import Assistant, Budget, Collection, Limit, Resource, Source
from stoa.domain.stores import Stores
from stoa.errors import Conflict, InvalidRequest, NotFound
from stoa.kit.names import did_you_mean
from stoa.policy.decide import Target


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one resource; secrets are masked."""

    kind: str
    name: str
    change: Literal["created", "changed", "unchanged"]
    before: Resource | None
    after: Resource


Require = Callable[[Target], None]
"""Raises Forbidden unless the one who asks may do what they ask to this."""


def target_of(resource: Resource) -> Target:
    """A resource as policies see it. It is of a team when the team alone may use it."""
    team = None
    if isinstance(resource, Collection):
        team = resource.team
    elif isinstance(resource, Assistant) and resource.teams is not None and len(resource.teams) == 1:
        team = resource.teams[0]
    return Target("Desired", resource.name, kind=kind_of(resource), team=team)


async def apply(
    stores: Stores,
    wanted: Sequence[Resource],
    *,
    engine_url: str,
    sealer: Sealer,
    require: Require,
    by: str,
    now_ms: int,
    dry_run: bool = False,
    restored: int | None = None,
) -> list[Change]:
    """Create and change resources; the whole state is checked as it would be afterwards. `restored` is the version that it is
    taken from.

    Raises InvalidRequest naming resource and field, Forbidden, and Conflict.
    """
    if not dry_run:
        await stores.revision.advance(now_ms=now_ms)
    have = {_key(resource): resource for resource in await stores.resources.all()}
    changes: list[Change] = []
    after = dict(have)
    for resource in wanted:
        before = have.get(_key(resource))
        for version in (before, resource):
            if version is not None:
                require(target_of(version))
        if _key(resource) in {(change.kind, change.name) for change in changes}:
            raise InvalidRequest(f"{kind_of(resource)} {resource.name!r} is there twice.", param="resources")
        if isinstance(resource, Limit | Budget) and resource != before:
            await require_subject(stores, resource)
        if isinstance(resource, Source) and resource != before:
            await require_people(stores, resource)
            if isinstance(before, Source):
                require_same_collection(before, resource)
        kept = seal(resource, before=before, sealer=sealer)
        await _require_same_embedding(stores, before, kept)
        after[_key(resource)] = kept
        changes.append(_change(before, kept))
    await require_sound(stores, list(after.values()), engine_url=engine_url)
    if not dry_run:
        for change in changes:
            if change.change != "unchanged":
                key = change.kind, change.name
                await stores.resources.save(after[key], now_ms=now_ms, by=by)
                await keep(stores, have.get(key), after[key], by=by, now_ms=now_ms, restored=restored)
    return changes


async def find(stores: Stores, kind: str, name: str) -> Resource:
    """One resource, secrets sealed. Raises NotFound."""
    resources = {each.name: each for each in await stores.resources.all() if kind_of(each) == kind}
    if name not in resources:
        hint = did_you_mean(name, resources) if resources else " There is none at all yet; make one with: stoa apply -f FILE"
        raise NotFound(f"There is no {kind} {name!r}.{hint}", param="name")
    return resources[name]


async def delete(stores: Stores, kind: str, name: str, *, engine_url: str, require: Require, by: str, now_ms: int) -> Resource:
    """What is gone. Raises NotFound, Forbidden, and Conflict when something still needs it or it still has documents."""
    await stores.revision.advance(now_ms=now_ms)
    resource = await find(stores, kind, name)
    require(target_of(resource))
    if isinstance(resource, Collection) and (documents := await stores.resources.documents(name)):
        raise Conflict(f"The collection {name!r} still has {documents} documents. Remove them first.")
    rest = [each for each in await stores.resources.all() if _key(each) != _key(resource)]
    try:
        await require_sound(stores, rest, engine_url=engine_url)
    except InvalidRequest as error:
        raise Conflict(f"{kind} {name!r} is still in use. {error.message}") from error
    await stores.resources.remove(kind, name)
    await keep(stores, resource, None, by=by, now_ms=now_ms)
    return resource


async def require_sound(stores: Stores, state: Sequence[Resource], *, engine_url: str) -> None:
    """Raises InvalidRequest for the first thing in the state that does not hold."""
    whole = with_builtin(state, engine_url)
    references = References(whole, [team.name for team in await stores.teams.all()])
    for resource in sorted(whole, key=lambda each: KIND_NAMES.index(kind_of(each))):
        references.check(resource)


async def _require_same_embedding(stores: Stores, before: Resource | None, after: Resource) -> None:
    if isinstance(before, Collection) and isinstance(after, Collection) and before.embedding_model != after.embedding_model:
        documents = await stores.resources.documents(after.name)
        if documents:
            raise Conflict(
                f"The collection {after.name!r} has {documents} documents embedded with {before.embedding_model!r}. Make "
                f"another collection for {after.embedding_model!r}, or remove the documents first.",
                param="embedding_model",
            )


def _change(before: Resource | None, after: Resource) -> Change:
    kind: Literal["created", "changed", "unchanged"] = "unchanged" if before == after else "changed"
    return Change(
        kind=kind_of(after),
        name=after.name,
        change="created" if before is None else kind,
        before=mask(before) if before is not None else None,
        after=mask(after),
    )


def applied_on(
    have: Sequence[Resource], wanted: Sequence[Resource], removed: Sequence[tuple[str, str]], *, sealer: Sealer
) -> list[Resource]:
    """The resources there would be with some more applied and others, by kind and name, removed. Raises NotFound."""
    after = {_key(resource): resource for resource in have}
    for key in removed:
        if after.pop(key, None) is None:
            raise NotFound(f"There is no {key[0]} {key[1]!r} to leave out.", param="remove")
    for resource in wanted:
        after[_key(resource)] = seal(resource, before=after.get(_key(resource)), sealer=sealer)
    return list(after.values())


def _key(resource: Resource) -> tuple[str, str]:
    return kind_of(resource), resource.name
