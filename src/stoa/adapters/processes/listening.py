"""Listening sockets, bound by the supervisor and inherited by the roles, so that a port survives the crash of a role."""

import errno
import socket
import sys
from pathlib import Path

from stoa.errors import Busy, SettingsError

_BACKLOG = 4096


def listen_together(host: str, port: int, *, number: int) -> list[socket.socket]:
    """As `listen`, for several processes on one port: the kernel spreads new connections evenly over their sockets."""
    alone = listen(host, port)
    if number == 1 or not sys.platform.startswith("linux"):  # elsewhere the option does not spread: they take from one queue
        return [alone] * number
    port = alone.getsockname()[1]
    alone.close()  # while it was open nobody else had the port: with the option alone that would not be noticed
    return [listen(host, port, together=True) for _ in range(number)]


def listen(host: str, port: int, *, together: bool = False) -> socket.socket:
    """A listening TCP socket; port 0 takes any free one. Raises Busy for a port in use, SettingsError for a bad address."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except socket.gaierror as error:
        raise SettingsError(
            f"The host {host!r} is no address of this machine ({error.strerror}). Try: --host 127.0.0.1", param="host"
        ) from None
    listener = socket.socket(family, kind)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if together:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _refused(host, port, error) from None
    return listener


def url_of(listener: socket.socket, *, scheme: str = "http") -> str:
    """Where this machine itself reaches the socket."""
    host, port = listener.getsockname()[:2]
    match host:
        case "0.0.0.0":  # noqa: S104 - compared, not bound
            return f"{scheme}://127.0.0.1:{port}"
        case "::":
            return f"{scheme}://[::1]:{port}"
        case _:
            return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _refused(host: str, port: int, error: OSError) -> Busy | SettingsError:
    match error.errno:
        case errno.EADDRINUSE:
            holder = _holder(port)
            by = f"by {holder}" if holder else "by another program"
            return Busy(f"Port {port} on {host} is in use {by}. Stop that, or choose another port: stoa up --port {port + 1}")
        case errno.EACCES:
            return SettingsError(
                f"Port {port} on {host} needs rights that this user lacks. Choose one above 1023: --port 8420", param="port"
            )
        case _:
            return SettingsError(
                f"Cannot listen on {host}, port {port}: {error.strerror}. Choose an address of this machine with --host",
                param="host",
            )


def _holder(port: int) -> str | None:
    """`process 123 (nginx)`, where the kernel tells it: Linux, and a process of this user."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in wanted for link in (process / "fd").iterdir()):
                return f"process {process.name} ({(process / 'comm').read_text().strip()})"
        except OSError:
            continue
    return None


def _listening_inodes(port: int) -> set[str]:
    """Inodes of the sockets that listen on a port, as /proc/net/tcp lists them (state 0A, fields 1, 3 and 9)."""
    found: set[str] = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        try:
            rows = [line.split() for line in table.read_text().splitlines()[1:]]
        except OSError:
            continue
        found |= {row[9] for row in rows if row[3] == "0A" and int(row[1].rsplit(":", 1)[1], 16) == port}
    return found
