"""What the suites in this folder share: against what they run, and what they ask. Run by the suites' own pytest."""

import base64
import os

STOA_URL = os.environ["CONFORMANCE_URL"]
"""Without /v1."""
KEY = os.environ["CONFORMANCE_KEY"]
MODEL = os.environ["CONFORMANCE_MODEL"]
OF_ANTHROPIC = MODEL.startswith("claude")
"""Whether the upstream behind the model speaks Anthropic's form, which has no place for some of OpenAI's fields."""

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100c9fe92ef"
    "0000000049454e44ae426082"
)
"""One pixel."""
PNG_BASE64 = base64.b64encode(PNG).decode()

PLACE = {"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"], "additionalProperties": False}
