"""Rights as people write them: tags that must mean somebody, checked before any document carries them."""

from collections.abc import Iterable, Sequence

from stoa.domain.identity import PUBLIC, TAG_FORMS, AccessTag, Rights, group_tag, team_tag
from stoa.domain.stores import Stores
from stoa.errors import InvalidRequest
from stoa.kit.names import did_you_mean


class TagReader:
    """Reads tags against the teams, groups and users that there are; each kind is looked up once, when it is first named."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._known: dict[str, frozenset[str]] = {}

    async def rights(self, allow: Iterable[str], deny: Iterable[str]) -> Rights:
        """Raises InvalidRequest, naming `allow` or `deny` and what was meant."""
        rights = Rights(await self._tags(allow, param="allow"), await self._tags(deny, param="deny"))
        if PUBLIC in rights.deny:
            raise InvalidRequest(
                "'public' cannot be denied: nobody could read the document. Name in 'allow' those who may, or delete it.",
                param="deny",
            )
        return rights

    async def groups(self, names: Iterable[str]) -> frozenset[AccessTag]:
        """The tags of groups given by name alone. Raises InvalidRequest for one that there is not."""
        found = set[AccessTag]()
        for name in names:
            await self._require("group", name, param="groups")
            found.add(group_tag(name))
        return frozenset(found)

    async def _tags(self, tags: Iterable[str], *, param: str) -> frozenset[AccessTag]:
        found = frozenset(tags)
        for tag in sorted(found - {PUBLIC}):
            kind, colon, name = tag.partition(":")
            if not colon or kind not in ("team", "group", "user"):
                meant = did_you_mean(kind, ("team", "group", "user", PUBLIC))
                raise InvalidRequest(f"{tag[:100]!r} is no access tag.{meant} {TAG_FORMS}", param=param)
            await self._require(kind, name, param=param)
        return found

    async def _require(self, kind: str, name: str, *, param: str) -> None:
        if kind not in self._known:
            self._known[kind] = frozenset(await self._names(kind))
        if name not in self._known[kind]:
            meant = did_you_mean(name, sorted(self._known[kind]))
            raise InvalidRequest(f"There is no {kind} {name[:100]!r}.{meant}", param=param)

    async def _names(self, kind: str) -> Sequence[str]:
        if kind == "user":
            return [user.name for user in await self._stores.users.page(after=None, limit=None)]
        store = self._stores.teams if kind == "team" else self._stores.groups
        return [each.name for each in await store.all()]


def or_team(rights: Rights, team: str) -> Rights:
    """The rights, opened to the team where they name nobody whom the document is for."""
    return rights if rights.allow else Rights(frozenset({team_tag(team)}), rights.deny)
