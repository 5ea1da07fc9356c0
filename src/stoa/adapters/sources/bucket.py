"""The objects of a bucket of S3, or of what speaks like it. Rights lie beside them, as they do in a folder."""

import re
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from stoa.adapters.sources.sidecars import require_rights
from stoa.domain.sidecars import NAME, Sidecars
from stoa.domain.sources import Bucket, Connector, Entry, Fetched, is_hidden
from stoa.errors import InvalidRequest, SourceError, Unreadable

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ClientConfig, RetryConfig, S3Config, S3Store

_PAGE = 1000
_LARGEST_SIDECAR = 1 << 20
_CLIENT: "ClientConfig" = {"connect_timeout": "10s", "read_timeout": "60s", "timeout": "15m", "allow_http": True}
_RETRY: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
_CODE = re.compile(r"<Code>([^<]*)</Code>(?:\s*<Message>([^<]*)</Message>)?")
_REFUSED = frozenset(
    "AccessDenied InvalidAccessKeyId SignatureDoesNotMatch ExpiredToken InvalidToken AccountProblem AllAccessDisabled".split()  # noqa: SIM905
)


def connect(
    origin: Bucket,
    credentials: Mapping[str, str],
    *,
    most_bytes: int,
    client: "ClientConfig" = _CLIENT,
    retry: "RetryConfig" = _RETRY,
) -> "BucketConnector":
    """Raises InvalidRequest, naming the field."""
    from obstore.store import S3Store

    given: S3Config = {}
    if (key := credentials.get("access_key_id")) and (secret := credentials.get("secret_access_key")):
        given = {"access_key_id": key, "secret_access_key": secret}
    elif credentials:
        raise InvalidRequest("credentials hold access_key_id and secret_access_key, or neither.", param="credentials")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", origin.bucket):
        raise InvalidRequest(f"{origin.bucket!r} is no name of a bucket.", param="bucket")
    if origin.endpoint is not None and not re.fullmatch(r"https?://[^/@\s]+(/\S*)?", origin.endpoint):
        raise InvalidRequest("endpoint is a URL without a user, such as http://10.0.0.5:9000, but it is not.", param="endpoint")
    config: S3Config = {**given, "region": origin.region or "us-east-1"}
    if origin.endpoint is not None:
        config["endpoint"] = origin.endpoint
    store = S3Store(origin.bucket, config=config, client_options=client, retry_config=retry)
    return BucketConnector(origin, store, most_bytes=most_bytes)


class BucketConnector(Connector):
    """Behind `Connector`. Paths are keys without the folder that `prefix` begins with."""

    def __init__(self, origin: Bucket, store: "S3Store", *, most_bytes: int) -> None:
        self._origin = origin
        self._store = store
        self._most_bytes = most_bytes
        folder = origin.prefix.rpartition("/")[0].strip("/")
        self._root = f"{folder}/" if folder else ""
        self._begins = origin.prefix.lstrip("/")

    async def test(self) -> str:
        """Look at the first page of the listing."""
        found = 0
        async for batch in self._pages():
            found += sum(map(self._counts, batch))
            if found:
                break
        more = f"at least {found}" if found >= _PAGE else str(found)
        where = f" below {self._origin.prefix!r}" if self._origin.prefix else ""
        return f"The bucket {self._origin.bucket!r} answers, with {more} objects{where}."

    async def entries(self) -> AsyncGenerator[Entry]:
        """In pages. Empty objects are left out: consoles make them for folders."""
        sidecars = await self._sidecars() if self._origin.rights == "sidecar" else None
        async for batch in self._pages():
            for found in filter(self._counts, batch):
                path = found["path"].removeprefix(self._root)
                rights = require_rights(sidecars, path) if sidecars is not None else None
                yield Entry(path=path, version=_version(found), bytes=found["size"], rights=rights)

    async def fetch(self, entry: Entry, *, known: str | None) -> Fetched | None:
        """The object as it is now, with the version of these bytes."""
        if entry.version is not None and entry.version == known:
            return None
        data, version = await self._get(f"{self._root}{entry.path}", most_bytes=self._most_bytes)
        return Fetched(data, version)

    async def close(self) -> None:
        """Connections end with the store."""

    async def _sidecars(self) -> Sidecars:
        """They may be listed after files of their folder, so they are looked for first."""
        found: dict[str, bytes] = {}
        async for batch in self._pages():
            for each in batch:
                if each["path"].rpartition("/")[2] == NAME:
                    try:
                        data, _ = await self._get(each["path"], most_bytes=_LARGEST_SIDECAR)
                    except Unreadable as error:
                        raise SourceError(f"The rights in {each['path']!r} cannot be read: {error.message}") from None
                    found[each["path"].removeprefix(self._root)] = data
        return Sidecars(found.get, place=f"s3://{self._origin.bucket}/{self._root}")

    async def _pages(self) -> "AsyncGenerator[list[ObjectMeta]]":
        try:
            async for batch in self._store.list(prefix=self._root or None, chunk_size=_PAGE):
                yield [each for each in batch if each["path"].startswith(self._begins)]
        except Exception as error:  # noqa: BLE001 - the store raises its own kinds, OSError and ValueError
            raise self._explain(error) from None

    async def _get(self, key: str, *, most_bytes: int) -> tuple[bytes, str]:
        try:
            found = await self._store.get_async(key)
            if (size := found.meta["size"]) > most_bytes:
                raise Unreadable(f"The object has {size:,} bytes; the limit is {most_bytes:,} (worker.document_bytes).")
            return bytes(await found.bytes_async()), _version(found.meta)
        except FileNotFoundError as error:
            if "NoSuchBucket" in str(error):
                raise self._explain(error) from None
            raise Unreadable("The object is gone since it was listed.") from None
        except Unreadable:
            raise
        except Exception as error:  # noqa: BLE001 - see above
            raise self._explain(error) from None

    def _counts(self, found: "ObjectMeta") -> bool:
        return found["size"] > 0 and not is_hidden(found["path"].removeprefix(self._root))

    def _explain(self, error: Exception) -> SourceError:
        """The store's messages hold URLs and whole answers; what of them helps is a code and a sentence."""
        text, where = str(error), f"The bucket {self._origin.bucket!r}"
        if type(error).__name__ == "InvalidPathError":
            key = re.search(r'Path "([^"]*)"', text)
            return SourceError(
                f"{where} holds the key {key[1] if key else ''!r}, which is no path: a folder of it has no name. "
                "Rename the object, or name a prefix beside it."
            )
        if (code := _CODE.search(text)) is not None:
            if code[1] in _REFUSED:
                return SourceError(f"{where} refuses the credentials ({code[1]}).", code="source_refused")
            return SourceError(f"{where} answers {code[1]}: {(code[2] or '')[:200]}")
        if status := re.search(r"status code: (\d{3} [A-Za-z ]+)", text):
            refused = status[1].startswith(("401", "403"))
            return SourceError(f"{where} answers {status[1]}.", code="source_refused" if refused else None)
        at = self._origin.endpoint or "AWS"
        return SourceError(f"{where} cannot be reached at {at}: {_reason(text)}.")


def _version(found: "ObjectMeta") -> str:
    tag = found["e_tag"]
    return tag.strip('"') if tag else f"{found['last_modified'].isoformat()} {found['size']}"


def _reason(text: str) -> str:
    told = text.partition("\n")[0].rpartition(" - ")[2]
    return told.removeprefix("HTTP error: ")[:200] or "no answer"
