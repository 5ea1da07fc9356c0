"""What `stoa up` does once it has the home and the ports: the roles, the welcome, the example, the end."""

import asyncio
import os
import socket
import time
from datetime import timedelta

from stoa.adapters.processes.events import Crashed, Event, Started, Stopping, Waiting, how_it_ended
from stoa.adapters.processes.listening import url_of
from stoa.adapters.processes.role import Role
from stoa.adapters.processes.runfile import RoleEntry, Roles, remove_roles, write_roles
from stoa.adapters.processes.supervisor import Supervisor
from stoa.cli import output
from stoa.cli.commands import stoa_command
from stoa.cli.target import Target
from stoa.cli.welcome import welcome
from stoa.settings import Settings

_GRACE = timedelta(seconds=10)
"""For a role to end after SIGTERM, on top of the time its requests may take."""


Listeners = dict[str, tuple[socket.socket, ...]]
"""The sockets of each role by its process's name; of a gateway the entry, and what it has beside it."""


def serve(place: Target, settings: Settings, listeners: Listeners, *, example: bool) -> None:
    """Run until a signal. Raises OperatorError when a role cannot start."""
    asyncio.run(_Serving(place, settings, listeners).run(example=example))


class _Serving:
    def __init__(self, place: Target, settings: Settings, listeners: Listeners) -> None:
        self._place = place
        self._settings = settings
        self._home = settings.home_folder
        self._listeners = listeners
        entries = {name: RoleEntry(url=url_of(sockets[-1])) for name, sockets in listeners.items()}
        further = {name: entries.pop(name) for name in listeners if name.startswith("gateway-")}
        scheme = "https" if settings.gateway.tls_certificate else "http"
        entry = url_of(listeners["gateway"][0], scheme=scheme)
        self._roles = Roles(
            supervisor=os.getpid(), began_ms=time.time_ns() // 1_000_000, entry=entry, gateways=further, **entries
        )
        self._example: asyncio.subprocess.Process | None = None
        self._started = time.monotonic()

    async def run(self, *, example: bool) -> None:
        self._home.limits.unlink(missing_ok=True)  # counts of an earlier start, perhaps of other sizes
        write_roles(self._home, self._roles)
        # The worker's jobs call the gateway, so the two end together; control takes the gateway's last facts of usage.
        gateways = [self._role(name) for name in ("gateway", *self._roles.gateways)]
        stages = [[*gateways, self._role("worker")], [self._role("control"), self._role("engine")]]
        supervisor = Supervisor(stages, home=self._home, tell=self._tell)

        async def when_ready() -> None:
            seconds = time.monotonic() - self._started
            entry = self._settings.public_url or self._roles.entry_url
            await asyncio.to_thread(welcome, self._place, self._settings, entry=entry, seconds=seconds, example=example)
            if example:
                await self._load_example()

        try:
            await supervisor.run(when_ready)
        finally:
            remove_roles(self._home)
        output.note("Stopped.")

    def _role(self, name: str) -> Role:
        listeners = self._listeners[name]
        entry_port = self._listeners["gateway"][0].getsockname()[1]
        verb, _, number = name.partition("-")
        command = stoa_command(
            self._place, self._home,
            verb, "--fd", str(listeners[0].fileno()), "--parent", str(os.getpid()),
            "--host", self._settings.host, "--port", str(entry_port),
        )  # fmt: skip
        if verb == "gateway":
            command += ("--worker", number or "1", "--workers", str(self._settings.gateway.workers))
            command += tuple(f"--own-fd={listener.fileno()}" for listener in listeners[1:])
        drain = timedelta(seconds=self._settings.gateway.drain_s) + _GRACE
        return Role(name=name, url=url_of(listeners[-1]), listeners=listeners, command=command, drain=drain)

    async def _load_example(self) -> None:
        """In a process of its own, which takes its memory with it and ends with this one."""
        command = stoa_command(self._place, self._home, "example", "--parent", str(os.getpid()))
        self._example = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL, process_group=0)

    def _tell(self, event: Event) -> None:
        match event:
            case Started():
                entry = RoleEntry(url=self._roles.each[event.role].url, pid=event.pid, restarts=event.restarts)
                self._roles = self._roles.with_role(event.role, entry)
                write_roles(self._home, self._roles)
            case Waiting():
                roles = "; ".join(f"{role} ({', '.join(reasons)})" for role, reasons in event.reasons.items())
                output.note(f"Still waiting for: {roles}")
            case Crashed():
                log = self._home.logs / f"{event.role}.log"
                output.warning(
                    f"The role {event.role} ended ({how_it_ended(event.code)}) and is started again in "
                    f"{event.delay.total_seconds():.1f} s. Its log: {log}"
                )
            case Stopping() if not event.hastily:
                if self._example and self._example.returncode is None:
                    self._example.terminate()
                output.note("Stopping: what is under way is finished first. Ctrl-C again ends it at once.")
            case Stopping():
                output.note("Ending at once.")
