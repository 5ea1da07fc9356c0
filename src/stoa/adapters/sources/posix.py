"""Whom a file of this machine is for, by the permissions of the file and of the folders that lead to it.

Each of them has an owner, a group, a mode and perhaps an ACL, read as acl(5) says. What others may read is left to the source's
own `allow`: that a file server lets everybody in says nothing about teams here. Tags cannot say all that permissions can;
where they differ, the narrower holds, so that somebody is shut out rather than let in.
"""

import errno
import grp
import os
import pwd
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stoa.domain.identity import NOBODY, AccessTag, Rights, group_tag, user_tag
from stoa.domain.sources import Folder

READ, SEARCH = 4, 1

_ATTRIBUTE = "system.posix_acl_access"
_VERSION = 2
_USER, _GROUP_OBJ, _GROUP, _MASK = 0x02, 0x04, 0x08, 0x10


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether each user and group that is named has it, by number, and whether all others have."""

    users: Mapping[int, bool]
    groups: Mapping[int, bool]
    others: bool

    def given_to(self, user: int, groups: Sequence[int]) -> bool:
        if user in self.users:
            return self.users[user]
        found = [self.groups[group] for group in groups if group in self.groups]
        return any(found) if found else self.others


def permission(stat: os.stat_result, acl: bytes | None, wanted: int) -> Permission:
    """`acl` is the attribute as the kernel gives it, None where there is none. Raises OSError for an ACL of another version."""
    entries = _entries(acl) if acl is not None else ()
    mask = next((perm for kind, perm, _ in entries if kind == _MASK), 7)
    group = next((perm for kind, perm, _ in entries if kind == _GROUP_OBJ), stat.st_mode >> 3 & 7)
    users = {number: bool(perm & mask & wanted) for kind, perm, number in entries if kind == _USER}
    groups = {number: bool(perm & mask & wanted) for kind, perm, number in entries if kind == _GROUP}
    owning = bool(group & mask & wanted) or groups.get(stat.st_gid, False)
    return Permission(
        users | {stat.st_uid: bool(stat.st_mode >> 6 & wanted)},
        groups | {stat.st_gid: owning},
        bool(stat.st_mode & 7 & wanted),
    )


def acl_of(descriptor: int) -> bytes | None:
    """The ACL of an open file or folder, None where it has none or the file system knows none. Raises OSError."""
    try:
        return os.getxattr(descriptor, _ATTRIBUTE)
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP, errno.ENOSYS):
            return None
        raise


class Readers:
    """Turns permissions into rights, by the names of users and groups on this machine and the tags that stand for them."""

    def __init__(self, origin: Folder) -> None:
        self._origin = origin
        self._users: dict[int, tuple[AccessTag | None, Sequence[int]]] = {}
        self._groups: dict[int, AccessTag | None] = {}

    def rights(self, way: Sequence[Permission]) -> Rights | None:
        """Of whoever has every permission on the way to a file, and to read it. None where the source decides alone."""
        users = {user: all(each.given_to(user, self._user(user)[1]) for each in way) for each in way for user in each.users}
        groups = {group for each in way for group in each.groups}
        through = {g for g in groups if all(each.groups.get(g, each.others) for each in way)}
        others = all(each.others for each in way)
        lacking = {g for each in way if each.others for g, has in each.groups.items() if not has}
        allow = [self._user(user)[0] for user, has in users.items() if has] + [self._group(group) for group in through]
        deny = [self._user(user)[0] for user, has in users.items() if not has] + [self._group(group) for group in lacking]
        denied = frozenset(tag for tag in deny if tag is not None)
        if others:
            return Rights(frozenset(), denied) if denied else None
        allowed = frozenset(tag for tag in allow if tag is not None)
        if not allowed:
            return Rights(frozenset({NOBODY}))
        return Rights(allowed, denied if through or denied & allowed else frozenset())

    def _user(self, number: int) -> tuple[AccessTag | None, Sequence[int]]:
        """The tag of a user and the groups it is in; no tag for one that the machine has no name for."""
        if number not in self._users:
            try:
                known = pwd.getpwuid(number)
                tag = self._origin.users.get(known.pw_name, user_tag(known.pw_name))
                self._users[number] = tag, os.getgrouplist(known.pw_name, known.pw_gid)
            except KeyError:
                self._users[number] = self._origin.users.get(str(number)), ()
        return self._users[number]

    def _group(self, number: int) -> AccessTag | None:
        if number not in self._groups:
            try:
                name = grp.getgrgid(number).gr_name
                self._groups[number] = self._origin.groups.get(name, group_tag(name))
            except KeyError:
                self._groups[number] = self._origin.groups.get(str(number))
        return self._groups[number]


def _entries(acl: bytes) -> Sequence[tuple[int, int, int]]:
    """Kind, permissions and number of each entry."""
    (version,) = struct.unpack_from("<I", acl)
    if version != _VERSION:
        raise OSError(errno.EINVAL, f"its ACL is of version {version}")
    return [(kind, perm, number) for kind, perm, number in struct.iter_unpack("<HHI", acl[4:])]
