import asyncio

import msgspec

from stoa.domain.targets import WorkerReport
from stoa.domain.upstream import Fetched
from stoa.errors import ProviderError
from stoa.gateway.reporting import report_forever, without_words


def report(here, worker: int = 1) -> WorkerReport:
    return WorkerReport(gateway="host", worker=worker, targets=tuple(here.gateway.reports()))


async def test_reports_go_on_after_control_was_away_and_count_what_happened(house) -> None:
    here = house()
    answers = [ProviderError("away"), Fetched(500, b"oops"), Fetched(204, b"")]
    told: list[WorkerReport] = []
    done = asyncio.Event()

    async def fetch(method: str, target: str, *, headers: object, body: bytes) -> Fetched:
        assert (method, target) == ("POST", "/internal/targets")
        told.append(msgspec.msgpack.decode(body, type=WorkerReport))
        if not answers:
            done.set()
            return Fetched(204, b"")
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    task = asyncio.create_task(report_forever(fetch, lambda: report(here), every_s=0))
    await here.chat(temperature=1)
    await asyncio.wait_for(done.wait(), 5)
    task.cancel()
    await asyncio.wait([task])
    assert (told[-1].gateway, told[-1].worker) == ("host", 1)
    mock = next(each for each in told[-1].targets if each.model == "mock")
    assert (mock.answered, mock.failed, mock.tokens, sum(mock.latency_counts)) == (1, 0, 30, 1)


async def test_what_a_provider_said_stays_in_the_gateway(house, make) -> None:
    refusal = make.whole("x")
    here = house(type(refusal)(500, [b'{"error": {"message": "you asked about the merger"}}'], []))
    await here.chat()
    seen = report(here)
    assert any("merger" in (each.last_error_message or "") for each in seen.targets)
    kept = without_words(seen)
    assert "merger" not in str(kept)
    assert [each.last_error_class for each in kept.targets if each.model == "mock"] == ["server_error"]
