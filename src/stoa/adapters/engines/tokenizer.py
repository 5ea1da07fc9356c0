"""The built-in embedder's tokenizer, which counts and cuts text as the model sees it."""

from tokenizers import Tokenizer

from stoa.adapters.engines.weights import tokenizer_path


def minilm_tokenizer() -> Tokenizer:
    """Without truncation and padding, which the packaged file asks for at 128 tokens. Raises MissingExtra."""
    tokenizer = Tokenizer.from_file(str(tokenizer_path()))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
