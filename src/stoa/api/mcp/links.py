"""Where people see a document in the page, under their own rights."""

from urllib.parse import quote

from stoa.api.mcp.catalog import Asked


def url_of(asked: Asked, collection: str, document_id: str) -> str:
    return f"{asked.origin}/collections/{quote(collection, safe='')}/documents/{document_id}"
