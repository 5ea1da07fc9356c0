"""Rights beside the files of a source, with what is wrong in them told as the source's fault."""

from stoa.domain.identity import Rights
from stoa.domain.sidecars import Sidecars
from stoa.errors import InvalidRequest, SourceError


def require_rights(sidecars: Sidecars, path: str) -> Rights | None:
    """What they say of a path. Raises SourceError: files whose rights cannot be read are not taken in as if they had none."""
    try:
        return sidecars.rights(path)
    except InvalidRequest as error:
        raise SourceError(error.message) from None
