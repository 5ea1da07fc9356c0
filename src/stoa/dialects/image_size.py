"""Width and height of an image, from the first bytes of a PNG, GIF, WebP or JPEG, and how many tokens providers take for them.

By tiles as https://platform.openai.com/docs/guides/images-vision tells it of gpt-4o, by pixels as
https://docs.anthropic.com/en/docs/build-with-claude/vision does. Limits: OpenAI's small models take more tokens for a tile.
"""

import struct

_PIXELS_PER_TOKEN = 750
_LONGEST_EDGE = 1568
MOST_BY_PIXELS = 1600
"""What an image takes that Anthropic scales down, and one whose size nobody knows."""
SMALL_IMAGE, _TILE, _TILE_EDGE = 85, 170, 512
MOST_BY_TILES = SMALL_IMAGE + 8 * _TILE

_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a frame's header."""


def image_size(data: bytes) -> tuple[int, int] | None:
    """None when it is none of these, or too short."""
    try:
        if data.startswith(b"\x89PNG\r\n\x1a\n"):
            return struct.unpack_from(">II", data, 16)
        if data[:6] in (b"GIF87a", b"GIF89a"):
            return struct.unpack_from("<HH", data, 6)
        if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
            return _webp(data)
        if data.startswith(b"\xff\xd8"):
            return _jpeg(data)
    except struct.error:
        pass
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    match data[12:16]:
        case b"VP8 ":
            width, height = struct.unpack_from("<HH", data, 26)
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", data, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            low_w, high_w, low_h, high_h = struct.unpack_from("<HBHB", data, 24)
            return (low_w | high_w << 16) + 1, (low_h | high_h << 16) + 1
        case _:
            return None


def _jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while True:
        start, marker = struct.unpack_from(">BB", data, at)
        if start != 0xFF:
            return None
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker in _JPEG_SIZES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return width, height
        if marker == 0x01 or 0xD0 <= marker <= 0xD9:
            at += 2
            continue
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]


def tokens_by_pixels(width: int, height: int) -> int:
    """Width times height by 750, once the longer edge is no longer than 1568 pixels."""
    scale = min(1.0, _LONGEST_EDGE / max(1, width, height))
    return max(1, min(MOST_BY_PIXELS, round(width * scale * height * scale / _PIXELS_PER_TOKEN)))


def tokens_by_tiles(width: int, height: int) -> int:
    """85, and 170 for each tile of 512 pixels, once it fits into 2048 and its shorter edge is no longer than 768."""
    scale = min(1.0, 2048 / max(1, width, height))
    scale *= min(1.0, 768 / max(1.0, min(width, height) * scale))
    across, down = (max(1, -(-round(edge * scale) // _TILE_EDGE)) for edge in (width, height))
    return min(MOST_BY_TILES, SMALL_IMAGE + _TILE * across * down)
