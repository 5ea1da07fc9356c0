"""What connectors are given beside their origin: a folder to keep clones and pages in, and where a crawl may lead."""

import hashlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Surroundings:
    """`scratch` may be emptied while nothing runs: all in it can be fetched again. `website_allow` names hosts, `*.` suffixes,
    addresses and networks that websites may lie at although they are not public.
    """

    scratch: Path = field(default_factory=lambda: Path(tempfile.gettempdir()) / "stoa-sources")
    website_allow: tuple[str, ...] = ()

    def folder(self, kind: str, name: str) -> Path:
        """Where a source of this name keeps what it has; it need not be there yet."""
        return self.scratch / f"{kind}-{hashlib.sha256(name.encode()).hexdigest()[:24]}"
