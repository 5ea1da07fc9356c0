"""The built-in tokenizer as a counter alone, loaded when it is first asked: a role that seldom counts does without it."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class LateCounter:
    """Implements `domain.documents.TokenCounter`, in a thread."""

    def __init__(self) -> None:
        self._tokenizer: Tokenizer | None = None
        self._counting = asyncio.Lock()

    async def count(self, texts: Sequence[str]) -> Sequence[int]:
        async with self._counting:
            return await asyncio.to_thread(self._count, texts)

    def _count(self, texts: Sequence[str]) -> Sequence[int]:
        if self._tokenizer is None:
            from stoa.adapters.engines.tokenizer import minilm_tokenizer

            self._tokenizer = minilm_tokenizer()
        tokenizer = self._tokenizer
        return [len(tokenizer.encode(text, add_special_tokens=False)) for text in texts]
