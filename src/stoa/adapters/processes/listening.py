"""Listening sockets, bound by the supervisor and inherited by the roles, so that a port survives the crash of a role."""

import errno
import socket
from pathlib import Path

from stoa.errors import Busy, SettingsError

_BACKLOG = 4096


def listen(host: str, port: int) -> socket.socket:
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
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _refused(host, port, error) from None
    return listener


def url_of(listener: socket.socket) -> str:
    """Where this machine itself reaches the socket."""
    host, port = listener.getsockname()[:2]
    match host:
        case "0.0.0.0":  # noqa: S104 - compared, not bound
            return f"http://127.0.0.1:{port}"
        case "::":
            return f"http://[::1]:{port}"
        case _:
            return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


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
