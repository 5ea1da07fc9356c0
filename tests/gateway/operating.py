"""What the tests of operations share: bodies, answers, and a snapshot with a model for each operation."""

import json
from typing import Any

from stoa.adapters.providers.memory import JSON, Scripted
from stoa.domain.operations import Operation
from stoa.domain.resources import Model, Provider, Route, Target
from stoa.domain.snapshot import Access

BOUNDARY = "stoa-B"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
SOUND = bytes(range(256)) * 20 + b"\r\n--stoa-\r\n\r\n"
OPERATIONS: dict[str, Operation] = {
    "judge": "moderation", "draw": "image", "say": "speech", "hear": "transcription", "hear-too": "transcription",
}  # fmt: skip


def form(*, model: str | None, file: tuple[str, bytes] = ("file", SOUND), **fields: str) -> bytes:
    """A body as clients make them; the file comes first, as with some."""
    name, content = file
    head = f'Content-Disposition: form-data; name="{name}"; filename="a.bin"\r\nContent-Type: application/octet-stream\r\n\r\n'
    parts = [head.encode() + content]
    told = fields | ({"model": model} if model is not None else {})
    parts += [f'Content-Disposition: form-data; name="{field}"\r\n\r\n{text}'.encode() for field, text in told.items()]
    return b"".join(b"--%b\r\n%b\r\n" % (BOUNDARY.encode(), part) for part in parts) + f"--{BOUNDARY}--\r\n".encode()


def typed(content_type: str, *pieces: bytes, **options: Any) -> Scripted:
    return Scripted(200, pieces, ((b"content-type", content_type.encode()),), **options)


def told(body: Any) -> Scripted:
    return Scripted(200, [json.dumps(body).encode()], JSON)


def event(data: Any, name: str | None = None) -> bytes:
    return (f"event: {name}\n" if name else "").encode() + b"data: " + json.dumps(data).encode() + b"\n\n"


async def ask(here: Any, path: str, body: Any, content_type: str = "application/json", **options: Any) -> Any:
    return await here.ask(path, body, content_type=content_type, **options)


JSON_OPERATIONS = [
    ("/v1/moderations", "judge", {"input": ["fine", "not fine"]}),
    ("/v1/images/generations", "draw", {"prompt": "a house", "size": "1024x1024"}),
    ("/v1/images/edits", "draw", {"prompt": "a roof", "images": [{"image_url": "data:image/png;base64,AA=="}]}),
    ("/v1/audio/speech", "say", {"input": "Grüß Gott", "voice": "alloy"}),
]
SPEECH = ("/v1/audio/speech", {"model": "say", "input": "Grüß Gott!", "voice": "alloy"})
OFFER: dict[str, Any] = {
    "providers": {
        "one": Provider(name="one", type="openai", api_key="sealed:sk-one"),
        "two": Provider(name="two", base_url="http://two/v1"),
    },
    "models": {
        name: Model(name=name, provider=("one", "two")["too" in name], upstream_name=f"up-{name}", operation=each)
        for name, each in OPERATIONS.items()
    },
    "prices": {},
    "access": (Access(True, frozenset(), frozenset(), frozenset({*OPERATIONS, "listen"})),),
    "routes": {
        "listen": Route(
            name="listen", targets=(Target(model="hear"),), fallback=("hear-too",)
        )
    },
    "assistants": {},
    "collections": {},
}  # fmt: skip
"""Changes of the usual snapshot. Each model has another name upstream: its own with `up-` before it."""
