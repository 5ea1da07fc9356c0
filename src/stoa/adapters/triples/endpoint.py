"""The knowledge graph at a SPARQL 1.1 endpoint: each view is a named graph there, and a query is told to see that graph alone.

The ledger of what documents say stays in the home folder. Any endpoint that takes the protocol's `default-graph-uri` will do,
such as Neptune, GraphDB, Fuseki or an Oxigraph server; by the protocol it stands above whatever graphs a query names.
"""

import asyncio
import fcntl
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx
import msgspec

from stoa.adapters.triples.answers import in_form
from stoa.adapters.triples.checks import check
from stoa.adapters.triples.folder import counted, lines_of_ledger
from stoa.adapters.triples.following import AT_ONCE, NOTES, follow, forget, reached
from stoa.adapters.triples.frames import Ask
from stoa.adapters.triples.ledger import Kind, Ledger
from stoa.adapters.triples.readiness import Readiness, now
from stoa.adapters.triples.workshop import Workshop
from stoa.domain.identity import AccessTag
from stoa.domain.triples import GRAPH_FORMS, Answered, AnswerForm, GraphCounts, Iri, Limits
from stoa.errors import InvalidRequest, Overtime, ProviderError, TooLarge

_JSON, _LINES = "application/sparql-results+json", "application/n-triples"
_UPDATE_S = 120.0
_REFUSAL = 300
"""Characters of an endpoint's own words that are passed on."""


class EndpointQueries:
    """GraphQueries over what FolderLedgers wrote below a root, answered by an endpoint."""

    def __init__(
        self,
        root: Path,
        client: httpx.AsyncClient,
        *,
        query_url: str,
        update_url: str,
        prefixes: Mapping[str, str],
        views: int = 32,
        patience_s: float = 8.0,
    ) -> None:
        """The client has the credentials. As for FolderQueries, else."""
        self._root, self._client, self._query_url, self._update_url = root, client, query_url, update_url
        self._prefixes, self._kept = dict(prefixes), views
        self._workshop = Workshop()
        self._readiness = Readiness(self._newest, self._forward, patience_s=patience_s)

    async def query(
        self, collection: str, text: str, *, acl: frozenset[AccessTag], forms: Sequence[AnswerForm], limits: Limits
    ) -> Answered:
        check(text)
        folder = self._root / collection
        kind, change = await now(folder, acl)
        # Over nothing, here: mistakes are told alike whatever the endpoint is, and what it must answer with is known before.
        form = (await self._workshop.answer(self._ask(text, forms, limits))).form
        if kind.opening:
            await self._readiness.wait(folder, kind, change)
        graph = form in GRAPH_FORMS
        view = await _view(folder, kind)
        body = await self._asked(self._with_prefixes(text), view, _LINES if graph else _JSON, limits)
        try:
            return await asyncio.to_thread(
                in_form, body, form, rows=limits.rows, answer_bytes=limits.answer_bytes, prefixes=self._prefixes
            )
        except (msgspec.DecodeError, SyntaxError, ValueError) as error:
            raise ProviderError(f"The SPARQL endpoint's answer cannot be read: {error}.") from None

    async def counts(self, collection: str, *, acl: frozenset[AccessTag]) -> GraphCounts:
        return await counted(self._root / collection, acl)

    def lines(self, collection: str, *, acl: frozenset[AccessTag]) -> Iterator[bytes]:
        return lines_of_ledger(self._root / collection, acl)

    async def close(self) -> None:
        await self._readiness.close()
        await self._workshop.close()

    def _ask(self, text: str, forms: Sequence[AnswerForm], limits: Limits) -> Ask:
        return Ask(folder=None, kind=None, change=0, text=text, forms=tuple(forms), limits=limits, prefixes=self._prefixes)

    def _with_prefixes(self, text: str) -> str:
        """The query with the prefixes that are known without being declared, but for those that it declares itself."""
        own = {name.lower() for name in re.findall(r"\bprefix\s+([\w.-]*)\s*:", text, re.IGNORECASE)}
        declared = [f"PREFIX {name}: <{iri}>" for name, iri in self._prefixes.items() if name.lower() not in own]
        return "\n".join([*declared, text])

    async def _newest(self, folder: Path, kind: Kind) -> int | None:
        body = await self._asked(reached(await _view(folder, kind)), None, _JSON, Limits(seconds=10))
        try:
            rows = msgspec.json.decode(body)["results"]["bindings"]
            return int(rows[0]["n"]["value"]) if rows else None
        except (msgspec.DecodeError, LookupError, TypeError, ValueError) as error:
            raise ProviderError(f"The SPARQL endpoint's answer cannot be read: {error}.") from None

    async def _forward(self, folder: Path, kind: Kind) -> int:
        """One process at a time, by a lock beside the ledger."""
        ledger, view, locks = Ledger(folder), await _view(folder, kind), folder / "endpoint"
        locks.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (locks / kind.name).open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return 0
            os.utime(lock.fileno())
            await self._drop_others(folder, kind)
            change = await self._newest(folder, kind) or 0
            if change > await asyncio.to_thread(ledger.latest):  # the ledger is an older one, put back from a copy
                await self._update(forget(view))
                change = 0
            while changes := await asyncio.to_thread(ledger.changes, change, most=AT_ONCE):
                await self._update(await asyncio.to_thread(follow, view, changes, kind))
                change = changes[-1].number
            return change

    async def _drop_others(self, folder: Path, kind: Kind) -> None:
        """Let go of the views that were brought forward longest ago."""
        others = sorted((path.stat().st_mtime, path) for path in (folder / "endpoint").iterdir() if path.name != kind.name)
        for _, path in others[: max(0, len(others) - self._kept + 1)]:
            await self._update(forget(view_named(Ledger(folder).identity(), path.name)))
            path.unlink(missing_ok=True)

    async def _asked(self, text: str, view: Iri | None, accept: str, limits: Limits) -> bytes:
        """An answer of at most so many bytes. Without a view it is over the notes on views."""
        graphs = {"default-graph-uri": view.iri} if view else {"named-graph-uri": NOTES.iri}
        taken = bytearray()
        try:
            async with (
                asyncio.timeout(limits.seconds),
                self._client.stream(
                    "POST", self._query_url, data={"query": text, **graphs}, headers={"accept": accept}
                ) as answer,
            ):
                async for piece in answer.aiter_bytes():
                    taken += piece
                    if len(taken) > limits.answer_bytes:
                        raise TooLarge(
                            f"The answer has more than {limits.answer_bytes:,} bytes (graph.answer_bytes); ask for less, or "
                            "add LIMIT.",
                            param="query",
                        )
        except TimeoutError:
            raise Overtime(
                f"The query took longer than {limits.seconds:g} s (graph.timeout_s). Ask for less.", param="query"
            ) from None
        except httpx.HTTPError as error:
            raise _away(error) from None
        _check(answer.status_code, bytes(taken))
        return bytes(taken)

    async def _update(self, text: str) -> None:
        try:
            answer = await self._client.post(self._update_url, data={"update": text}, timeout=_UPDATE_S)
        except httpx.HTTPError as error:
            raise _away(error) from None
        _check(answer.status_code, answer.content)


async def _view(folder: Path, kind: Kind) -> Iri:
    return view_named(await asyncio.to_thread(Ledger(folder).identity), kind.name)


def view_named(ledger: str, kind: str) -> Iri:
    """By the ledger and not by the collection: several homes may keep their graphs at one endpoint."""
    return Iri(f"stoa:view/{ledger}/{kind}")


def make_client(*, user: str | None, password: str | None, token: str | None) -> httpx.AsyncClient:
    """With the credentials of an endpoint. Whoever makes it closes it."""
    auth = httpx.BasicAuth(user, password or "") if user is not None else None
    headers = {"authorization": f"Bearer {token}"} if token is not None else {}
    return httpx.AsyncClient(auth=auth, headers=headers, timeout=httpx.Timeout(600, connect=5), trust_env=False)


def _away(error: httpx.HTTPError) -> ProviderError:
    return ProviderError(f"The SPARQL endpoint cannot be reached, or broke off: {error or type(error).__name__}.")


def _check(status: int, body: bytes) -> None:
    """Raises InvalidRequest for a query that the endpoint does not take, ProviderError for all else but success."""
    if 200 <= status < 300:
        return
    words = " ".join(body.decode(errors="replace").split())[:_REFUSAL]
    if status == 400:
        raise InvalidRequest(f"The SPARQL endpoint does not take the query: {words}", param="query")
    raise ProviderError(f"The SPARQL endpoint answered {status}: {words}", upstream_status=status)
