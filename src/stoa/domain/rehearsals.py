"""What a rehearsal tells: recorded requests under a candidate of desired state, before and after. Nothing is sent anywhere."""

import msgspec


class Side(msgspec.Struct, kw_only=True):
    """Sums of one side. Requests may be parts of one: where a draw is not known, each target gets its share.

    Cost is nano-dollars of those whose cost is known; `unknown_cost` counts the others that were answered.
    """

    requests: float = 0.0
    """Answered by a model or out of the cache."""
    refused: float = 0.0
    cost_nano_usd: float = 0.0
    unknown_cost: float = 0.0


class Row(msgspec.Struct, kw_only=True):
    """One route, model or team; None is the cache among models, and nobody where no model was asked."""

    name: str | None
    before: Side
    after: Side


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """One request that would go another way. `after` is each model with its share; `refused` is why it would be refused."""

    id: str
    requested: str
    team: str
    before: str | None
    after: dict[str, float]
    refused: str | None
    before_nano_usd: int | None
    after_nano_usd: int | None


class GuardSums(msgspec.Struct, kw_only=True):
    """What came of guardrails that differ: of `judged` contents, and of those that could not be judged, and why not."""

    judged: int = 0
    refused: int = 0
    """Requests that would newly be refused."""
    answers_refused: int = 0
    """Answers that would newly be: they are generated, paid for, and not given."""
    masked: int = 0
    not_kept: int = 0
    """Nothing is kept of them, or not all."""
    not_readable: int = 0
    """Whoever asks may not read them."""
    beyond: int = 0
    """More than are judged at once."""
    left_out: list[str] = []
    """Guards that ask others, as guardrail/guard."""


class Rehearsal(msgspec.Struct, kw_only=True):
    """`moved` is how many would be answered by another model, `refusals` how many would newly be refused, by reason, and
    `admitted` how many that were refused would be answered. `assumed` counts those of routes that go by load or latency, where
    the model that answered then is taken to answer again, or shares to be by weight.
    """

    total: Row
    routes: list[Row]
    models: list[Row]
    teams: list[Row]
    moved: float = 0.0
    refusals: dict[str, int] = {}
    admitted: int = 0
    assumed: int = 0
    examples: list[Example] = []
    truncated: bool = False
    """Whether there were more requests than are looked at."""
    guards: GuardSums | None = None
    """None where guardrails hold as they do now."""
