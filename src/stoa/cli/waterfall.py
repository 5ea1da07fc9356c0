"""One request as a waterfall in the terminal: when it was where, who was asked, and why."""

from collections.abc import Iterator
from typing import Any  # JSON as the API documents it

import typer

from stoa.cli import output
from stoa.kit.money import format_usd

_WIDTH = 40
_FULL, _THIN = "█", "▏"


def show(trace: Any) -> None:
    """What the API says of a request, in lines."""
    for line in lines(trace):
        output.result(line)


def lines(trace: Any) -> Iterator[str]:
    request, decision = trace["request"], trace["decision"]
    yield from _head(request)
    if decision is None:
        yield ""
        yield "No decision record: none was made, or it is past its retention."
    else:
        if decision["why"]:
            yield f"why        {decision['why']}"
        yield from _rules(decision)
        yield ""
        yield from _bars(request, decision)
    if trace["caused"]:
        yield ""
        yield "It caused"
        for each in trace["caused"]:
            yield f"  {each['id']}  {each['operation']}  {each['requested']}  {_ms(each['latency_ms'])}  {_cost(each)}"


def _head(request: Any) -> Iterator[str]:
    outcome = str(request["status"]) + (f" {request['error']}" if request["error"] else "")
    if request["refused"]:
        outcome += ", refused before a model was asked"
    colour = "red" if request["error"] else "green"
    yield f"request    {request['id']}" + (f"  ({request['request_id']})" if request["request_id"] != request["id"] else "")
    yield f"at         {output.when(request['at'])}, {_ms(request['latency_ms'])}"
    yield f"outcome    {typer.style(outcome, fg=colour)}"
    asked = f"{request['operation']} of {request['requested'] or 'nothing it could read'}"
    if request["model"]:
        asked += f" → {request['model']} at {request['provider']}" + (f", arm {request['arm']}" if request["arm"] else "")
    yield f"asked      {asked}"
    who = [f"team {request['team']}"]
    who += [f"{noun} {request[f'{noun}_id']}" for noun in ("key", "user") if request[f"{noun}_id"]]
    if request["project"]:
        who.append(f"project {request['project']}")
    yield f"by         {', '.join(who)}"
    if not request["refused"]:
        yield f"tokens     {_tokens(request)}"
        estimate = f", {format_usd(request['estimate_nano_usd'])} set aside" if request["estimate_nano_usd"] else ""
        yield f"cost       {_cost(request)}{estimate}"
        yield f"cache      {_cache(request)}"
    corpus = f", documents {request['corpus_version']}" if request["corpus_version"] else ""
    yield f"decided by snapshot {request['snapshot_version']}, prices {request['price_version']}{corpus}"


def _rules(decision: Any) -> Iterator[str]:
    if decision["estimated_by"]:
        yield f"counted by {decision['estimated_by']}"
    for each in decision["passed_over"]:
        yield f"passed     {each['model']}: {each['why']}"
    for each in decision["claims"]:
        yield f"rule       {_claim(each)}"
    for each in decision["verdicts"]:
        found = f" ({', '.join(each['found'])})" if each["found"] else ""
        yield f"guard      {each['guard']} {each['stage']}: {each['outcome']}{found}, {each['us'] / 1000:.2f} ms"
    for each in decision["reranked"]:
        yield f"rerank     {each['model'] or 'none'}: {each['state']}, {each['ms']:.1f} ms{each['why'] and '. ' + each['why']}"
    for each in decision["retrieved"]:
        yield f"passage    {each['collection']} {each['document_id']}, score {each['score']:.3f}"


def _claim(each: Any) -> str:
    def amount(count: int) -> str:
        return format_usd(count) if each["unit"] == "nano_usd" else f"{count:,}"

    unit = {"nano_usd": "", "parallel": " at once"}.get(each["unit"], f" {each['unit']}")
    whose = each["name"] if each["subject"] in each["name"] else f"{each['name']} of {each['subject']}"
    used = f", {amount(each['used'])} used before" if each["used"] is not None else ""
    return f"{whose}: {amount(each['amount'])} of {amount(each['most'])}{unit}{used}"


def _bars(request: Any, decision: Any) -> Iterator[str]:
    rows = [(each["stage"], each["start_us"], each["end_us"], "") for each in decision["stages"]]
    at = next((number for number, row in enumerate(rows) if row[0] == "upstream"), len(rows))
    rows[at + 1 : at + 1] = [_tried(each) for each in decision["tries"]]
    whole = max((end for _, _, end, _ in rows), default=0) or 1
    names = max((len(name) for name, *_ in rows), default=0)
    for name, start, end, what in rows:
        yield f"{name.ljust(names)}  {_bar(start, end, whole)}  {_us(end - start).rjust(9)}  {what}".rstrip()


def _tried(each: Any) -> tuple[str, int, int, str]:
    what = "answered" if each["answered"] and not each["error"] else each["error"] or ""
    if each["status"] and not each["answered"]:
        what = f"{each['status']} {what}"
    if each["content_us"] is not None:
        what += f", first content after {_us(each['content_us'] - each['asked_us'])}"
    return f"  {each['kind']} {each['model']}", each["asked_us"], each["ended_us"], what


def _bar(start: int, end: int, whole: int) -> str:
    first = min(_WIDTH - 1, start * _WIDTH // whole)
    length = max(1, -(-end * _WIDTH // whole) - first)
    return (" " * first + (_FULL * length if end > start else _THIN)).ljust(_WIDTH)[:_WIDTH]


def _tokens(request: Any) -> str:
    if request["prompt_tokens"] is None:
        return "not known"
    parts = [f"{request['prompt_tokens']:,} in"]
    for name, what in (("cache_read_tokens", "from the provider's cache"), ("cache_write_tokens", "into it")):
        if request[name]:
            parts.append(f"{request[name]:,} {what}")
    parts.append(f"{request['completion_tokens'] or 0:,} out")
    if request["reasoning_tokens"]:
        parts.append(f"{request['reasoning_tokens']:,} of them reasoning")
    return ", ".join(parts) + (" (estimated)" if request["tokens_from"] == "estimate" else "")


def _cache(request: Any) -> str:
    found = request["cache"]
    if request["cache_tier"]:
        found += f", {request['cache_tier']}"
    if request["cache_of"]:
        found += f", the answer of {request['cache_of']}"
    if request["saved_nano_usd"]:
        found += f", saved {format_usd(request['saved_nano_usd'])}"
    return found


def _cost(request: Any) -> str:
    return format_usd(request["cost_nano_usd"])


def _ms(ms: float) -> str:
    return f"{ms:.3g} ms" if ms < 1000 else f"{ms / 1000:.3g} s"


def _us(us: int) -> str:
    return f"{us} µs" if us < 1000 else _ms(us / 1000)
