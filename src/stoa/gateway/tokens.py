"""How many tokens a request took: made for every request, so it is no tuple."""

from typing import Literal

from stoa.gateway.usage import Beyond

ToldBy = Literal["provider", "estimate", "none"]


class Tokens:
    """Not to be changed. `told_by` is who says so. `cached` are those of the prompt that the provider had in its cache,
    `written` those that it put there, `reasoning` those of the answer that nobody sees; `raw` is its own account, JSON.
    """

    __slots__ = ("beyond", "cached", "completion", "prompt", "raw", "reasoning", "told_by", "written")

    def __init__(
        self,
        prompt: int | None,
        completion: int | None,
        told_by: ToldBy,
        cached: int | None = None,
        beyond: Beyond | None = None,
        written: int | None = None,
        reasoning: int | None = None,
        raw: bytes = b"",
    ) -> None:
        self.prompt = prompt
        self.completion = completion
        self.told_by: ToldBy = told_by
        self.cached = cached
        self.beyond = beyond
        self.written = written
        self.reasoning = reasoning
        self.raw = raw

    def __repr__(self) -> str:
        return f"Tokens{self._all()}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokens) and self._all() == other._all()

    def __hash__(self) -> int:
        return hash(self._all())

    def _all(self) -> tuple[object, ...]:
        return (
            self.prompt, self.completion, self.told_by, self.cached, self.beyond, self.written, self.reasoning, self.raw,
        )  # fmt: skip


NO_TOKENS = Tokens(None, None, "none")
FREE_OF_CHARGE = Tokens(0, 0, "none")
