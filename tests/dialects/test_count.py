"""The estimate of Anthropic's count_tokens, beside a tokenizer that is at hand."""

import base64
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from stoa.adapters.engines.tokenizer import minilm_tokenizer
from stoa.dialects.anthropic.count import count, image_tokens
from stoa.errors import InvalidRequest

ROOT = Path(__file__).parents[2]


def counted(content: Any, **fields: Any) -> int:
    return count(json.dumps({"model": "m", "messages": [{"role": "user", "content": content}], **fields}).encode())


@pytest.mark.parametrize("page", ["docs/guide/applications.md", "docs/guide/permissions.md", "src/stoa/gateway/admission.py"])
def test_for_english_and_code_it_is_near_what_a_tokenizer_counts(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    real = len(minilm_tokenizer().encode(text).ids)
    assert 0.6 < counted(text) / real < 1.3


def test_everything_that_the_model_reads_counts() -> None:
    bare = counted("Hi")
    tool = {"name": "weather", "description": "x" * 400, "input_schema": {"type": "object"}}
    assert counted("Hi", system="x" * 400) == bare + 100
    assert counted("Hi", tools=[tool]) > bare + 100
    assert counted([{"type": "tool_result", "tool_use_id": "y" * 400, "content": "x" * 400}]) == 100
    assert counted([{"type": "thinking", "thinking": "x" * 400, "signature": "y" * 4000}]) == 100
    assert counted([{"type": "text", "text": "x" * 400, "cache_control": {"type": "ephemeral"}}]) == 100


def png(width: int, height: int) -> str:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + chunk).decode()


def test_an_image_counts_by_its_pixels_and_not_by_its_bytes() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": png(200, 200)}
    assert counted([{"type": "image", "source": source}]) == 53
    assert image_tokens(1092, 1092) == 1590
    assert counted([{"type": "image", "source": {"type": "url", "url": "https://x/" + "y" * 5000}}]) == 1600


def test_a_document_counts_by_its_pages() -> None:
    pdf = base64.b64encode(b"%PDF-1.4 /Type /Page /Type /Page /Type /Pages").decode()
    source = {"type": "base64", "media_type": "application/pdf", "data": pdf}
    assert counted([{"type": "document", "source": source}]) == 4000
    assert counted([{"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x" * 400}}]) == 100


@pytest.mark.parametrize(("body", "param"), [(b'{"messages":[{}]}', "model"), (b'{"model":"m","messages":[]}', "messages")])
def test_what_is_missing_is_named(body: bytes, param: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        count(body)
    assert refusal.value.param == param
