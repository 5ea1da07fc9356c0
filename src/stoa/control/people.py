"""Users, teams and groups: adding and changing them."""

from collections.abc import Mapping, Sequence

import msgspec

from stoa.domain.identity import ROLES, Role
from stoa.domain.nesting import require_nesting
from stoa.domain.stores import Stores
from stoa.domain.teams import Group, Team, TeamField
from stoa.domain.users import User
from stoa.errors import Conflict, InvalidRequest, NotFound
from stoa.kit.ids import new_id
from stoa.kit.names import did_you_mean, is_name

MOST_CONTENT_DAYS = 3650
"""The longest that content is kept."""


class UserChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to become of a user; None leaves a field as it is."""

    display_name: str | None = None
    team: str | None = None
    groups: Sequence[str] | None = None
    roles: Sequence[str] | None = None
    disabled: bool | None = None


async def create_user(
    stores: Stores, *, name: str, display_name: str, team: str, groups: Sequence[str], roles: Sequence[str], now_ms: int
) -> User:
    """Raises InvalidRequest naming the field, and Conflict when the name is taken."""
    await stores.revision.advance(now_ms=now_ms)
    require_name(name, "user")
    if await stores.users.find(name) is not None:
        raise Conflict(f"There is a user {name!r} already.", param="name")
    await require_team(stores, team)
    user = User(
        id=new_id("user"),
        name=name,
        display_name=display_name or name,
        team=team,
        groups=await require_groups(stores, groups),
        roles=_roles(roles),
        created_at_ms=now_ms,
    )
    await stores.users.save(user)
    return user


async def update_user(stores: Stores, name: str, change: UserChange, *, now_ms: int) -> User:
    """Raises NotFound, InvalidRequest naming the field, and Conflict when nobody would be left to administer."""
    await stores.revision.advance(now_ms=now_ms)
    user = await stores.users.find(name)
    if user is None:
        known = [known.name for known in await stores.users.page(after=None, limit=None)]
        raise NotFound(f"There is no user {name!r}.{did_you_mean(name, known)}", param="name")
    if change.team is not None:
        await require_team(stores, change.team)
    changed = msgspec.structs.replace(
        user,
        display_name=user.display_name if change.display_name is None else change.display_name,
        team=change.team or user.team,
        groups=user.groups if change.groups is None else await require_groups(stores, change.groups),
        roles=user.roles if change.roles is None else _roles(change.roles),
        disabled_at_ms=_disabled(user, change, now_ms),
    )
    if _administers(user) and not _administers(changed):
        others = await stores.users.page(after=None, limit=None)
        if not any(_administers(other) for other in others if other.id != user.id):
            raise Conflict(f"{name!r} is the last administrator. Give the role to somebody else first.")
    await stores.users.save(changed)
    if changed.disabled_at_ms is not None:
        await stores.sessions.end(user_id=user.id)
    return changed


async def create_team(
    stores: Stores, *, name: str, monthly_budget: int | None, content_days: int | None = None, now_ms: int
) -> Team:
    await stores.revision.advance(now_ms=now_ms)
    require_name(name, "team")
    if any(team.name == name for team in await stores.teams.all()):
        raise Conflict(f"There is a team {name!r} already.", param="name")
    team = Team(name=name, monthly_budget=_budget(monthly_budget), content_days=_days(content_days), created_at_ms=now_ms)
    await stores.teams.save(team)
    return team


async def update_team(stores: Stores, name: str, changes: Mapping[TeamField, int | None], *, now_ms: int) -> Team:
    """Change what is named in `changes`, and nothing else."""
    await stores.revision.advance(now_ms=now_ms)
    teams = {team.name: team for team in await stores.teams.all()}
    if name not in teams:
        raise NotFound(f"There is no team {name!r}.{did_you_mean(name, teams)}", param="name")
    checked = {field: _budget(value) if field == "monthly_budget" else _days(value) for field, value in changes.items()}
    team = msgspec.structs.replace(teams[name], **checked)
    await stores.teams.save(team)
    return team


async def create_group(stores: Stores, *, name: str, groups: Sequence[str] = (), now_ms: int) -> Group:
    """`groups` are those within it. Raises InvalidRequest naming the field, and Conflict when the name is taken."""
    await stores.revision.advance(now_ms=now_ms)
    require_name(name, "group")
    every = await stores.groups.all()
    if any(group.name == name for group in every):
        raise Conflict(f"There is a group {name!r} already.", param="name")
    inner = await require_groups(stores, groups)
    require_nesting(name, inner, every)
    group = Group(name=name, groups=inner, created_at_ms=now_ms)
    await stores.groups.save(group)
    return group


async def update_group(stores: Stores, name: str, groups: Sequence[str], *, now_ms: int) -> Group:
    """Let it hold these groups. Raises NotFound, and InvalidRequest where a group would hold itself."""
    await stores.revision.advance(now_ms=now_ms)
    every = {group.name: group for group in await stores.groups.all()}
    if name not in every:
        raise NotFound(f"There is no group {name!r}.{did_you_mean(name, every)}", param="name")
    inner = await require_groups(stores, groups)
    require_nesting(name, inner, every.values())
    changed = msgspec.structs.replace(every[name], groups=inner)
    await stores.groups.save(changed)
    return changed


def require_name(name: str, noun: str, *, param: str = "name") -> None:
    if not is_name(name):
        raise InvalidRequest(
            f"{name!r} cannot name a {noun}: use 1 to 63 lower-case letters, digits, dots, dashes and underscores, a letter "
            "or digit first.",
            param=param,
        )


async def require_team(stores: Stores, name: str) -> None:
    known = [team.name for team in await stores.teams.all()]
    if name not in known:
        raise InvalidRequest(f"There is no team {name!r}.{did_you_mean(name, known)}", param="team")


async def require_groups(stores: Stores, names: Sequence[str]) -> tuple[str, ...]:
    """The groups once each and sorted. Raises InvalidRequest for one that there is not."""
    known = [group.name for group in await stores.groups.all()]
    for name in names:
        if name not in known:
            raise InvalidRequest(f"There is no group {name!r}.{did_you_mean(name, known)}", param="groups")
    return tuple(sorted(set(names)))


def require_role(role: str, *, param: str) -> Role:
    if role not in ROLES:
        raise InvalidRequest(
            f"There is no role {role!r}; there are {', '.join(ROLES)}.{did_you_mean(role, ROLES)}", param=param
        )
    return role


def _roles(roles: Sequence[str]) -> tuple[Role, ...]:
    return tuple(sorted({require_role(role, param="roles") for role in roles}))


def _days(days: int | None) -> int | None:
    if days is not None and not 1 <= days <= MOST_CONTENT_DAYS:
        raise InvalidRequest(
            f"content_days must be from 1 to {MOST_CONTENT_DAYS} days, or null to keep no content, but it is {days}.",
            param="content_days",
        )
    return days


def _budget(monthly_budget: int | None) -> int | None:
    if monthly_budget is not None and not 0 <= monthly_budget < 2**63:
        raise InvalidRequest(
            "A budget is an amount of at least 0 and below 9.2 thousand million US dollars.", param="monthly_budget_usd"
        )
    return monthly_budget


def _disabled(user: User, change: UserChange, now_ms: int) -> int | None:
    if change.disabled is None:
        return user.disabled_at_ms
    return (user.disabled_at_ms or now_ms) if change.disabled else None


def _administers(user: User) -> bool:
    return "administrator" in user.roles and user.disabled_at_ms is None
