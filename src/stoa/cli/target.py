"""Which Stoa a verb works on: the settings of this machine, and the entry to talk to with which management key."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from stoa.errors import OperatorError
from stoa.kit.home import Home
from stoa.settings import Loaded, Settings, load

if TYPE_CHECKING:
    import httpx

    from stoa.adapters.processes.runfile import Roles
    from stoa.cli.client import Client


@dataclass(frozen=True, slots=True)
class Target:
    """The options before the verb. `transport` replaces the network; tests hand one in."""

    home: Path | None = None
    config: Path | None = None
    url: str | None = None
    token: str | None = None
    transport: "httpx.BaseTransport | None" = None

    def load(self, **overrides: object) -> Loaded:
        """The settings of this machine, the command line's on top."""
        given = {"home": self.home and str(self.home), **overrides}
        return load(file=self.config, overrides={field: value for field, value in given.items() if value is not None})

    def settings(self) -> Settings:
        return self.load().settings

    def connect(self) -> "Client":
        """A client of the control API. Raises OperatorError when no Stoa or no management key is found."""
        url, local = self.entry()
        token = self.token or (_local_key(self.settings().home_folder) if local else None)
        if token is None:
            raise OperatorError(
                f"Talking to {url} needs a management key: set STOA_TOKEN. "
                "An administrator makes one there with: stoa key create NAME --kind management --role operator"
            )
        return self.client(url, token)

    def client(self, url: str, token: str) -> "Client":
        from stoa.cli.client import Client  # late: httpx takes 0.2 s

        return Client(url, token, transport=self.transport)

    def entry(self) -> tuple[str, bool]:
        """The URL to talk to, and whether it is the Stoa of this home, to which alone the local key is shown.

        That one is called where its own roles call it, whatever its entry asks of strangers.
        """
        running = self.running()
        if self.url is None:
            if running is None:
                home = self.settings().home_folder.path
                raise OperatorError(
                    f"No Stoa is running on the home {str(home)!r}. Start one with: stoa up; "
                    "or name another with --url or STOA_URL"
                )
            return running.gateway.url, True
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise OperatorError(f"The URL {self.url!r} must begin with http:// or https://, such as http://127.0.0.1:8420")
        url = self.url.rstrip("/")
        if running is not None and url in (running.entry_url, running.gateway.url):
            return running.gateway.url, True
        return url, False

    def gateways(self) -> list[str]:
        """The URL of each gateway worker, where they are known apart; else the entry's."""
        url, local = self.entry()
        running = self.running() if local else None
        return [url] if running is None else [running.gateway.url, *(each.url for each in running.gateways.values())]

    def running(self) -> "Roles | None":
        """The Stoa of this home, None when none runs."""
        from stoa.adapters.processes.homelock import is_held
        from stoa.adapters.processes.runfile import read_roles

        home = self.settings().home_folder
        return read_roles(home) if is_held(home) else None

    def with_options(self, *, home: Path | None, config: Path | None, url: str | None, token: str | None) -> "Target":
        return replace(
            self, home=home or self.home, config=config or self.config, url=url or self.url, token=token or self.token
        )


def target(ctx: typer.Context) -> Target:
    """What the options before the verb said."""
    found = ctx.find_object(Target)
    assert found is not None, "the root callback sets it"
    return found


def _local_key(home: Home) -> str:
    path = home.secrets / "cli.key"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        raise OperatorError(
            "Stoa is still starting here and has no local management key yet. Look at it with: stoa status"
        ) from None
    except OSError as error:
        raise OperatorError(
            f"The local management key {str(path)!r} cannot be read ({error.strerror}). "
            "Run this as the user who started Stoa, or set STOA_TOKEN to a management key"
        ) from None
