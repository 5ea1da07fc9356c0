"""Which store of vectors the settings name, and that store, loaded when it is first used."""

import importlib.util
from pathlib import Path
from urllib.parse import urlsplit

from stoa.adapters.vectors.late import LateIndex
from stoa.domain.vectors import VectorStore
from stoa.errors import MissingExtra
from stoa.sections import VectorsSettings

WRITER_BYTES = 4_194_304
"""Of indices that stay in memory where nobody searches. Measured, writing takes no longer with it than with all of them."""


def open_index(settings: VectorsSettings, folder: Path, *, searched: bool = False, patient: bool = False) -> LateIndex:
    """LanceDB in the folder, or where the settings say.

    `searched` is for who answers questions; `patient` is for commands, which nobody waits for in a question. Raises
    MissingExtra where a package is missing.
    """
    url, token = settings.url or str(folder), settings.token
    if not is_milvus(url):
        return LateIndex(lambda: _lance(url, cache_bytes=settings.cache_bytes if searched else WRITER_BYTES))
    if importlib.util.find_spec("pymilvus") is None or importlib.util.find_spec("Stemmer") is None:
        raise MissingExtra(
            "vectors.url names a Milvus server, but the packages for it are not installed. "
            "Install them with: pip install 'stoa[milvus]'"
        )
    return LateIndex(lambda: _milvus(url, token, patient=patient))


def is_milvus(url: str) -> bool:
    return urlsplit(url).scheme in ("http", "https")


def place_of(settings: VectorsSettings, folder: Path) -> str:
    """The store's name for people and for comparing: a folder's whole path, or a server's URL, which holds no secret."""
    url = settings.url or str(folder)
    return url.rstrip("/") if is_milvus(url) else str(Path(url).expanduser().absolute())


def _lance(uri: str, *, cache_bytes: int) -> VectorStore:
    from stoa.adapters.vectors.lance import LanceIndex

    return LanceIndex(str(Path(uri).expanduser()), cache_bytes=cache_bytes)


def _milvus(url: str, token: str | None, *, patient: bool) -> VectorStore:
    from stoa.adapters.vectors.milvus import MilvusIndex
    from stoa.adapters.vectors.milvus_server import READ_S, WRITE_S

    return MilvusIndex(url, token, read_s=WRITE_S if patient else READ_S)
