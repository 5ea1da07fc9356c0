"""The scripted upstream's moderations, images, audio and rerank, in OpenAI's and Jina's wire form.

What it answers tells what came in: of a file the SHA-256, of a text its words. So a client sees whether anything was lost.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from tests.conformance.upstream.exchange import Json, Refused

_CREATED = 1_764_000_000
_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "pcm": "audio/pcm", "opus": "audio/ogg"}


def moderations(body: Json) -> Json:
    given = body.get("input")
    if not given:
        raise Refused("'input' is required.", param="input")
    texts = [given] if isinstance(given, str) else given
    results = []
    for text in texts:
        violent = "kill" in str(text)
        scores = {"violence": 0.9 if violent else 0.001, "hate": 0.001}
        flags = {"violence": violent, "hate": False}
        results.append({"flagged": violent, "categories": flags, "category_scores": scores})
    return {"id": "modr-scripted", "model": body["model"], "results": results}


def images(prompt: str, many: int, *, seen: str = "") -> Json:
    """`seen` is the digest of the image that was sent."""
    usage = {"input_tokens": 50, "output_tokens": 10 * many, "total_tokens": 50 + 10 * many}
    details = {"input_tokens_details": {"text_tokens": 10, "image_tokens": 40}}
    drawn = [{"b64_json": base64.b64encode(f"{prompt} {number} {seen}".encode()).decode()} for number in range(many)]
    return {"created": _CREATED, "data": drawn, "usage": usage | details}


def images_streamed(prompt: str, partial: int) -> Iterator[str]:
    head = {"created_at": _CREATED, "size": "1024x1024", "quality": "high", "background": "opaque", "output_format": "png"}
    for number in range(partial):
        picture = base64.b64encode(f"{prompt} part {number}".encode()).decode()
        yield _event("image_generation.partial_image", {**head, "b64_json": picture, "partial_image_index": number})
    whole = images(prompt, 1)
    yield _event("image_generation.completed", {**head, "b64_json": whole["data"][0]["b64_json"], "usage": whole["usage"]})


def speech(body: Json) -> tuple[list[bytes], str]:
    """Sound, which says what it speaks, and its type."""
    text, voice = body.get("input"), body.get("voice")
    if not text or not voice:
        raise Refused("'input' and 'voice' are required.", param="voice" if text else "input")
    form = body.get("response_format") or "mp3"
    return [b"ID3\x04\x00", *(f"{word} ".encode() for word in text.split()), bytes(range(256))], _TYPES[form]


def speech_streamed(body: Json) -> Iterator[str]:
    pieces, _ = speech(body)
    for piece in pieces:
        yield _event("speech.audio.delta", {"audio": base64.b64encode(piece).decode()})
    yield _event("speech.audio.done", {"usage": {"input_tokens": 5, "output_tokens": 9, "total_tokens": 14}})


def heard(sound: bytes, name: str | None) -> str:
    return f"I heard {name}, {len(sound)} bytes, {hashlib.sha256(sound).hexdigest()[:12]}."


def transcript(text: str, form: str) -> Json | str:
    match form:
        case "text":
            return text + "\n"
        case "srt":
            return f"1\n00:00:00,000 --> 00:00:02,500\n{text}\n"
        case "vtt":
            return f"WEBVTT\n\n00:00.000 --> 00:02.500\n{text}\n"
        case "verbose_json":
            return {"task": "transcribe", "language": "english", "duration": 2.5, "text": text, "segments": [], "words": []}
        case _:
            return {"text": text, "usage": _HEARD}


def transcript_streamed(text: str) -> Iterator[str]:
    for word in text.split(" "):
        yield _event("transcript.text.delta", {"delta": word + " "}, named=False)
    yield _event("transcript.text.done", {"text": text, "usage": _HEARD}, named=False)


def rerank(body: Json) -> Json:
    """Documents that share the most words with the query come first."""
    wanted = set(body["query"].lower().split())
    texts = [each if isinstance(each, str) else each["text"] for each in body["documents"]]
    scores = [len(wanted & set(text.lower().split())) / len(wanted) for text in texts]
    order = sorted(range(len(texts)), key=lambda place: -scores[place])[: body.get("top_n") or len(texts)]
    results = [{"index": place, "document": {"text": texts[place]}, "relevance_score": scores[place]} for place in order]
    used = sum(len(text.split()) for text in texts)
    return {
        "id": "rerank-1",
        "model": body["model"],
        "usage": {"prompt_tokens": used, "total_tokens": used},
        "results": results,
    }


_HEARD: Json = {
    "type": "tokens", "input_tokens": 14, "output_tokens": 9, "total_tokens": 23,
    "input_token_details": {"text_tokens": 2, "audio_tokens": 12},
}  # fmt: skip


def _event(kind: str, fields: dict[str, Any], *, named: bool = True) -> str:
    return (f"event: {kind}\n" if named else "") + f"data: {json.dumps({'type': kind, **fields})}\n\n"
