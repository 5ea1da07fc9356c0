"""From a tokenizer's name to what counts with it."""

from pathlib import Path

from stoa.adapters.vocabularies.openai import Encoding, is_installed
from stoa.domain.tokenizers import BUILTIN, ENCODINGS, Tokenizer


class TokenizerTable:
    """Implements `domain.tokenizers.Tokenizers`. Files are looked for in the folder alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def has(self, name: str) -> bool:
        return name not in ENCODINGS or is_installed()

    def load(self, name: str) -> Tokenizer:
        if name in ENCODINGS:
            return Encoding(name)
        from stoa.adapters.vocabularies.file import FileTokenizer, read_tokenizer

        if name == BUILTIN:
            from stoa.adapters.engines.tokenizer import minilm_tokenizer

            return FileTokenizer(minilm_tokenizer(), around_message=0, around_all=0)
        return read_tokenizer(self._folder, name)
