"""`run/roles.json` in the home: where each role listens and which process it is, for the roles and the command line."""

from __future__ import annotations

import msgspec

from stoa.errors import OperatorError
from stoa.kit.files import write_atomic
from stoa.kit.home import Home


class RoleEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One role: its base URL, its process id (None until it was started), and how often it was restarted."""

    url: str
    pid: int | None = None
    restarts: int = 0


class Roles(msgspec.Struct, frozen=True, kw_only=True):
    """All that runs on one home. Written before any role starts, so that each finds the others.

    A role's URL is where Stoa's own roles and commands reach it, in plain HTTP; `entry` is where everybody else
    reaches the gateway, if that is elsewhere. `gateways` are its further workers, `gateway-2` and so on. `began_ms`
    (unix milliseconds) tells one run on a home from the next.
    """

    supervisor: int
    began_ms: int = 0
    entry: str | None = None
    gateway: RoleEntry
    gateways: dict[str, RoleEntry] = {}
    control: RoleEntry
    worker: RoleEntry
    engine: RoleEntry

    @property
    def entry_url(self) -> str:
        return self.entry or self.gateway.url

    @property
    def each(self) -> dict[str, RoleEntry]:
        """Every process by its name."""
        front = {"gateway": self.gateway} | self.gateways
        return front | {"control": self.control, "worker": self.worker, "engine": self.engine}

    def with_role(self, name: str, entry: RoleEntry) -> Roles:
        if name in self.gateways:
            return msgspec.structs.replace(self, gateways=self.gateways | {name: entry})
        return msgspec.structs.replace(self, **{name: entry})


def write_roles(home: Home, roles: Roles) -> None:
    write_atomic(home.run / "roles.json", msgspec.json.format(msgspec.json.encode(roles)))


def read_roles(home: Home) -> Roles:
    """Raises OperatorError when no Stoa has been started on this home, or the file is not of this version."""
    try:
        return msgspec.json.decode((home.run / "roles.json").read_bytes(), type=Roles)
    except FileNotFoundError:
        raise OperatorError(f"No Stoa is running on the home {str(home.path)!r}. Start one with: stoa up") from None
    except msgspec.MsgspecError as error:
        raise OperatorError(
            f"{str(home.run / 'roles.json')!r} is not readable ({error}). Stop the Stoa that wrote it and run: stoa up"
        ) from None


def remove_roles(home: Home) -> None:
    (home.run / "roles.json").unlink(missing_ok=True)
