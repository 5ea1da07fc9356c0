"""Which store of objects the settings name."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from stoa.adapters.objects.store import ObjectFolder
from stoa.sections import ObjectSettings

if TYPE_CHECKING:
    from obstore.store import ClientConfig, S3Config, S3Store

_CONNECT, _TIMEOUT = "5s", "60s"
"""The longest that a connection and one request may take; a large object is many requests."""


def open_objects(settings: ObjectSettings, folder: Path) -> ObjectFolder:
    """The folder, or where the settings say. Nothing is called yet."""
    if settings.url is None:
        return ObjectFolder.local(folder)
    if "://" not in settings.url:
        return ObjectFolder.local(Path(settings.url).expanduser().absolute())
    return ObjectFolder(_bucket(settings, settings.url))


def _bucket(settings: ObjectSettings, url: str) -> "S3Store":
    from obstore.store import S3Store

    place = urlsplit(url)
    config: S3Config = {"virtual_hosted_style_request": settings.endpoint is None}
    if settings.region is not None:
        config["region"] = settings.region
    if settings.endpoint is not None:
        config["endpoint"] = settings.endpoint
    if settings.key_id is not None and settings.secret is not None:
        config["access_key_id"], config["secret_access_key"] = settings.key_id, settings.secret
    client: ClientConfig = {
        "allow_http": (settings.endpoint or "").startswith("http://"),
        "connect_timeout": _CONNECT,
        "timeout": _TIMEOUT,
    }
    return S3Store(place.hostname or "", prefix=place.path.strip("/") or None, config=config, client_options=client)
