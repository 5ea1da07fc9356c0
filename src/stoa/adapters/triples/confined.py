"""A process that answers one query, held to what that may take. Each limit is the kernel's own: it holds inside any library."""

import ctypes
import fcntl
import os
import platform
import resource
import signal
import socket
import struct
from pathlib import Path

from stoa.domain.triples import Limits

_SOCKET_CALL = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""By machine: its name in an audit record and the number of socket(2)."""

_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2


def confine(limits: Limits, *, asker: socket.socket) -> None:
    """Hold this process to the limits from now on: it is killed at the end of its time, and when its asker hangs up."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    without_sockets()
    most = _mapped() + limits.memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    end_with(asker)


def end_with(asker: socket.socket) -> None:
    """End this process when the other side of a connection does, also if it has already."""
    fcntl.fcntl(asker, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(asker, fcntl.F_SETFL, fcntl.fcntl(asker, fcntl.F_GETFL) | os.O_ASYNC)  # SIGIO ends a process that awaits none
    try:
        gone = asker.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        gone = False
    if gone:
        os._exit(0)


def without_sockets() -> bool:
    """Take away the means to open connections, where the kernel can: a second lock behind the checks of the text."""
    known = _SOCKET_CALL.get(platform.machine())
    if known is None or platform.system() != "Linux":
        return False
    machine, number = known
    load, jump_if_equal, give = 0x20, 0x15, 0x06
    allow, refuse = 0x7FFF0000, 0x00050000 | 1  # EPERM
    steps = [
        (load, 0, 0, 4), (jump_if_equal, 0, 3, machine), (load, 0, 0, 0), (jump_if_equal, 0, 1, number), (give, 0, 0, refuse),
        (give, 0, 0, allow),
    ]  # fmt: skip
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    described = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program)))
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    nothing = ctypes.c_ulong(0)
    return (
        prctl(_NO_NEW_PRIVILEGES, ctypes.c_ulong(1), nothing, nothing, nothing) == 0
        and prctl(_SECCOMP, ctypes.c_ulong(_FILTER), described, nothing, nothing) == 0
    )


def _mapped() -> int:
    """Bytes of addresses that this process has now."""
    told = Path("/proc/self/statm")
    return int(told.read_text().split()[0]) * resource.getpagesize() if told.is_file() else 0
