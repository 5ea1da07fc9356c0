"""How many tokens a request will have, before anybody has counted them: by the characters of its text, by kind of script."""

ASCII_PER_TOKEN = 4.0
OTHER_PER_TOKEN = 1.0


def tokens_in(body: bytes) -> int:
    """Of a body as the client sent it."""
    return int(len(body) / ASCII_PER_TOKEN) + 1
