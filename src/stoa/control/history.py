"""The versions of a resource: who may see which, what differs between them, and one of them made the present one again."""

from collections.abc import Callable, Sequence

import msgspec

from stoa.control.desired import Change, Require, apply, target_of
from stoa.control.differences import Difference, differences, leaves
from stoa.control.header_fields import MASK
from stoa.control.reading import read_resource
from stoa.domain.desired import Sealer
from stoa.domain.resources import Resource
from stoa.domain.stores import Stores
from stoa.domain.versions import Fields, ResourceVersion
from stoa.errors import Conflict, InvalidRequest, NotFound
from stoa.kit.names import is_name
from stoa.policy.decide import Target

May = Callable[[Target], bool]


class History:
    """The versions of one resource, as somebody may see them.

    They must be allowed to see the resource as it is, or as it was last if it is deleted, and each version as it was then: what
    a team had under a name is not another team's to read because they have the name now.
    """

    def __init__(self, stores: Stores, kind: str, name: str, *, may: May) -> None:
        self._stores, self._kind, self._name, self._may = stores, kind, name, may
        self._title = f"{kind} {name!r}"

    async def page(self, *, before: int | None, limit: int) -> tuple[Sequence[ResourceVersion], int | None]:
        """The newest first, and the number that the next page is below, if there is one. Raises NotFound."""
        await self.last()
        found = await self._stores.versions.page(self._kind, self._name, before=before, limit=limit + 1)
        shown = [each for each in found[:limit] if self._sees(each)]
        return shown, found[limit - 1].version if len(found) > limit else None

    async def last(self) -> ResourceVersion:
        """Raises NotFound where there is nothing, or nothing that may be seen."""
        last = told = await self._stores.versions.last(self._kind, self._name) if is_name(self._name) else None
        while told is not None and told.spec is None:
            earlier = await self._stores.versions.page(self._kind, self._name, before=told.version, limit=1)
            told = next(iter(earlier), None)
        if last is None or told is None or not self._sees(told):
            raise NotFound(f"There is no {self._title}, nor is one remembered that was deleted.", param="name")
        return last

    async def get(self, number: int) -> ResourceVersion:
        """Raises NotFound."""
        last = await self.last()
        found = await self._stores.versions.get(self._kind, self._name, number)
        if found is None or not self._sees(found):
            raise NotFound(
                f"There is no version {number} of {self._title}. The last one is {last.version}; old ones are removed in time.",
                param="version",
            )
        return found

    async def before(self, number: int) -> ResourceVersion | None:
        """The one that came before it, if it is still there and may be seen."""
        found = await self._stores.versions.page(self._kind, self._name, before=number, limit=1)
        return found[0] if found and self._sees(found[0]) else None

    async def compare(self, before: ResourceVersion | None, after: ResourceVersion) -> tuple[Difference, ...]:
        """What differs. A secret replaced in between has a mask on both sides. Raises Conflict for what is forgotten."""
        if before is None:
            return differences({"kind": after.kind, "name": after.name}, self.said(after))
        found = differences(self.said(before), self.said(after))
        low, high = sorted((before.version, after.version))
        between = await self._stores.versions.between(self._kind, self._name, after=low, until=high)
        known = {each.field for each in found}
        shared = _secrets(self.said(before)) & _secrets(self.said(after))
        replaced = {field for version in between for field in version.fields} & shared - known
        return (*found, *(Difference(field, MASK, MASK) for field in sorted(replaced)))

    async def resource(self, number: int) -> Resource:
        """The resource as it was. Raises NotFound, and Conflict where that is forgotten or cannot be read any more."""
        said = self.said(await self.get(number))
        try:
            return read_resource(said, place="version")
        except InvalidRequest as error:
            raise Conflict(
                f"Version {number} of {self._title} has fields that are not known any more. {error.message}"
            ) from error

    async def forget(self, number: int) -> None:
        """Take away what a version said. Raises NotFound, and Conflict for the one that is in force."""
        found, last = await self.get(number), await self.last()
        if found.version == last.version and last.spec is not None:
            raise Conflict(
                f"Version {number} is what {self._title} is now. Change or delete it first, then this can be forgotten.",
                param="version",
            )
        await self._stores.versions.forget(self._kind, self._name, number)

    def said(self, version: ResourceVersion) -> Fields:
        """Raises Conflict."""
        if version.spec is not None:
            return version.spec
        what = "was forgotten" if version.forgotten else "is that it was deleted"
        raise Conflict(f"What version {version.version} of {self._title} said {what}.", param="version")

    def _sees(self, version: ResourceVersion) -> bool:
        """Of a version that says nothing it may be known that there was one."""
        return version.spec is None or self._may(_target(version))


async def restore(
    stores: Stores,
    history: History,
    number: int,
    *,
    engine_url: str,
    sealer: Sealer,
    require: Require,
    by: str,
    now_ms: int,
    dry_run: bool = False,
) -> Change:
    """Apply a version as it was; what comes of it is the newest version. Secrets stay as they are now.

    Raises NotFound, Forbidden, and Conflict where it cannot be as it was: what it refers to is gone, or a secret of it is.
    """
    if not dry_run:
        await stores.revision.advance(now_ms=now_ms)
    resource = await history.resource(number)
    try:
        (change,) = await apply(
            stores, [resource], engine_url=engine_url, sealer=sealer, require=require, by=by, now_ms=now_ms, dry_run=dry_run,
            restored=number,
        )  # fmt: skip
    except (InvalidRequest, NotFound) as error:
        raise Conflict(f"Version {number} cannot be as it was. {error.message}", param=error.param) from error
    return change


def _secrets(said: Fields) -> set[str]:
    """Their paths."""
    return {path for path, value in leaves(said) if value == MASK}


def _target(version: ResourceVersion) -> Target:
    """As policies see it; of a form that is not known any more, one of no team."""
    try:
        return target_of(msgspec.convert(version.spec, Resource))
    except msgspec.ValidationError:
        return Target("Desired", version.name, kind=version.kind)
