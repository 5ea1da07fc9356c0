"""A tokenizer in the form of the package `tokenizers`: the `tokenizer.json` that lies beside most open models' weights."""

from pathlib import Path

from tokenizers import Tokenizer

from stoa.errors import OperatorError

LARGEST = 256 * 1024 * 1024


class FileTokenizer:
    """Implements `domain.tokenizers.Tokenizer`. Around messages stands what ChatML writes, as many models' templates do."""

    characters = 2048
    tiles = False

    def __init__(self, tokenizer: Tokenizer, *, around_message: int = 4, around_all: int = 3) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self.around_message = around_message
        self.around_all = around_all

    def count(self, text: str) -> int:
        return len(self._tokenizer.encode_batch_fast([text], add_special_tokens=False)[0])


def read_tokenizer(folder: Path, name: str) -> FileTokenizer:
    """Raises OperatorError."""
    path = folder / name
    if not path.is_file():
        raise OperatorError(f"The tokenizer {name!r} is not there: put the model's tokenizer.json at {str(path)!r}.")
    if path.stat().st_size > LARGEST:
        raise OperatorError(
            f"The tokenizer {name!r} has {path.stat().st_size} bytes; a tokenizer.json of at most {LARGEST} is read."
        )
    try:
        return FileTokenizer(Tokenizer.from_file(str(path)))
    except Exception as error:  # noqa: BLE001 - the package raises nothing narrower
        raise OperatorError(f"The tokenizer {name!r} cannot be read: {error}. It has to be a tokenizer.json.") from None
