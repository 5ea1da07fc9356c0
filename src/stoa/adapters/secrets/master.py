"""The master key: 32 random bytes in `home/secrets/master.key`, made once by whichever role needs it first."""

import base64
import binascii
import os
import secrets
from pathlib import Path

from stoa.errors import OperatorError
from stoa.kit.home import Home


def load_master_key(home: Home) -> bytes:
    """Read the key, or make it. Safe when several roles start at once. Raises OperatorError for a file that holds no key."""
    home.prepare()
    path = home.secrets / "master.key"
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        raise OperatorError(
            f"Others may read the master key {str(path)!r}. Run `chmod 600` on it, and replace your providers' keys."
        )
    try:
        key = base64.b64decode(path.read_bytes(), validate=False)
    except binascii.Error:
        key = b""
    if len(key) != 32:
        raise OperatorError(f"{str(path)!r} does not hold a master key of 32 bytes in base64. Put the right file back.")
    return key


def _make(path: Path) -> None:
    """A link either makes the whole file or finds that another was faster; a rename would replace the other's key."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(beside)
    except FileExistsError:
        pass
    finally:
        beside.unlink(missing_ok=True)
