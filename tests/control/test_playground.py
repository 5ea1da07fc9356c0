"""What is told of one request while it happens."""

from collections.abc import Callable, Mapping

from stoa.adapters.gateway_client.scripted import ScriptedApi
from stoa.control.playground import Accounted, Begun, Finished, Piece, PlaygroundEvent, Sent, play
from stoa.domain.playground import ApiHead, PlaygroundForm
from stoa.domain.usage import UsageFact
from stoa.errors import ProviderError

STREAM = ApiHead(
    200,
    {
        "content-type": "text/event-stream", "x-stoa-model": "small", "x-stoa-cache": "miss", "x-request-id": "01a",
        "date": "today", "transfer-encoding": "chunked",
    },
)  # fmt: skip
FACT = UsageFact(
    id="01a", at_ms=1, request_id="01a", operation="chat", team="red", key_id=None, user_id="ann", requested="fast",
    assistant=None, model="small", provider="local", status=200, cache="miss", streamed=True, prompt_tokens=10,
    completion_tokens=5, tokens_from="provider", cost_nano_usd=None, latency_ms=1.5, first_token_ms=1.0, attempts=1,
    error=None, snapshot_version=1, price_version="1", corpus_version=None,
)  # fmt: skip


def ticking() -> Callable[[], float]:
    """A clock that is ten milliseconds further each time it is read."""
    now = 0.0

    def read() -> float:
        nonlocal now
        now += 10
        return now

    return read


async def played(
    api: ScriptedApi, *, form: PlaygroundForm = "chat", headers: Mapping[str, str] | None = None
) -> list[PlaygroundEvent]:
    async def fact_of(fact_id: str) -> UsageFact | None:
        return FACT if fact_id == FACT.id else None

    told = play(form, b"{}", headers=headers or {}, user_id="ann", api=api, fact_of=fact_of, now_ms=ticking())
    return [event async for event in told]


async def test_a_stream_is_told_from_its_request_to_its_cost() -> None:
    api = ScriptedApi([STREAM, b"data: \xe2\x82", b"\xac\n\n", b"data: [DONE]\n\n"])
    sent, begun, *pieces, finished, accounted = await played(api)
    assert sent == Sent("POST", "/v1/chat/completions", {"content-type": "application/json"})
    shown = {"content-type": "text/event-stream", "x-stoa-model": "small", "x-stoa-cache": "miss", "x-request-id": "01a"}
    assert begun == Begun(200, shown, "01a", 10)
    assert pieces == [Piece("data: "), Piece("€\n\n"), Piece("data: [DONE]\n\n")]
    assert finished == Finished(20, 30, None)
    assert accounted == Accounted(FACT, billed=True)


async def test_each_form_has_its_path_and_headers_and_takes_those_of_the_asker() -> None:
    api = ScriptedApi([STREAM])
    await played(api, form="messages", headers={"anthropic-beta": "thing-1"})
    await played(api, form="responses", headers={"cache-control": "no-cache"})
    (messages, _), (responses, user_id) = api.asked
    assert messages.path == "/v1/messages"
    assert messages.headers == {
        "content-type": "application/json", "anthropic-version": "2023-06-01", "anthropic-beta": "thing-1",
    }  # fmt: skip
    assert (responses.path, user_id) == ("/v1/responses", "ann")
    assert responses.headers["cache-control"] == "no-cache"


async def test_a_whole_answer_has_no_first_token() -> None:
    head = ApiHead(200, {"content-type": "application/json", "x-request-id": "01a", "x-stoa-cost-nano-usd": "unknown"})
    *_, finished, accounted = await played(ScriptedApi([head, b"{}"]))
    assert finished == Finished(None, 20, None)
    assert accounted == Accounted(FACT, billed=True)


async def test_a_refusal_before_a_model_was_asked_is_not_billed() -> None:
    head = ApiHead(429, {"content-type": "application/json", "x-request-id": "01a"})
    *_, piece, finished, accounted = await played(ScriptedApi([head, b'{"error": {}}']))
    assert piece == Piece('{"error": {}}')
    assert finished == Finished(None, 20, None)
    assert accounted == Accounted(None, billed=False)


async def test_targets_that_all_failed_leave_a_fact() -> None:
    head = ApiHead(502, {"x-request-id": "01a", "x-stoa-cost-nano-usd": "0"})
    *_, accounted = await played(ScriptedApi([head, b"{}"]))
    assert accounted == Accounted(FACT, billed=True)


async def test_an_answer_that_breaks_off_keeps_what_came_and_is_billed() -> None:
    cut = ProviderError("The answer broke off before its end.")
    *_, piece, finished, accounted = await played(ScriptedApi([STREAM, b"data: 1", cut]))
    assert piece == Piece("data: 1")
    assert finished == Finished(20, 30, cut)
    assert accounted == Accounted(FACT, billed=True)


async def test_a_gateway_that_is_away_leaves_nothing_to_account() -> None:
    away = ProviderError("The gateway cannot be reached.")
    _, finished = await played(ScriptedApi([away]))
    assert finished == Finished(None, 10, away)
