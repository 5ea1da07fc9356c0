"""Whatever happens to users, groups and documents, nobody is given a passage that they may not read, fresh or cached.

A state machine drives the real intake, ingestion, database, retrieval and cache key. Jobs lag behind, crash between the index
and the database, are cancelled, and rights change while they embed. Rights and removals are carried into the index when their
job is taken, as the worker does, before any question is asked.
"""

import asyncio
import hashlib
import json
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import create_engine

from stoa.adapters.database import Database
from stoa.adapters.database.ledgers import DocumentRecords, JobRecords
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.revision import RevisionTable
from stoa.adapters.database.tables import metadata
from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.parsers.direct import DirectParser
from stoa.adapters.parsers.words import WordSplitter
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.adapters.vocabularies.memory import MemoryTokenizers
from stoa.domain.documents import Outcome, raw_name
from stoa.domain.identity import group_tag, team_tag
from stoa.domain.passages import Passage
from stoa.domain.resources import Assistant, Collection, Model, Provider, Route, Target
from stoa.domain.snapshot import Access, Caller, Snapshot
from stoa.domain.upstream import Facts
from stoa.domain.usage import Kept
from stoa.gateway.ask import read_chat
from stoa.gateway.caching.key import Keys
from stoa.gateway.counting.gauge import Gauges
from stoa.gateway.counting.known import Ledger
from stoa.gateway.guarding.ready import Workshop
from stoa.gateway.plan import Plan, compile_plan
from stoa.gateway.routing.state import TargetStates
from stoa.gateway.surface import CHAT
from stoa.knowledge import intake
from stoa.knowledge.ingest import Cancelled, Ingestion, IngestionPorts
from stoa.knowledge.retrieve import HybridRetriever

COLLECTION = Collection(name="c", team="company", chunk_tokens=32)
BODY = json.dumps(
    {"model": "assistant/a", "temperature": 0, "messages": [{"role": "user", "content": "common words?"}]}
).encode()
USERS, GROUPS, PATHS = ("ann", "ben"), ("hr", "it"), ("a.md", "b.md")

some_groups = st.frozensets(st.sampled_from(GROUPS), max_size=2)
a_path, a_user = st.sampled_from(PATHS), st.sampled_from(USERS)


class Crash(Exception):
    """The process dies between the index and the database."""


class Records(DocumentRecords):
    """The real ledger, which may die once before it writes."""

    dying = False

    async def record(self, job_id: str, collection: str, outcomes: Sequence[Outcome]) -> None:
        if self.dying:
            self.dying = False
            raise Crash
        await super().record(job_id, collection, outcomes)


class Embedder(HashingEmbedder):
    """An embedder during which something may happen."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def embed(self, texts: Sequence[str], *, team: str) -> Sequence[Sequence[float]]:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None and team != "asker":
            await meanwhile()
        return await super().embed(texts, team=team)


class Rights(RuleBasedStateMachine):
    """The model is two dicts: the groups of each user, and rights and words of each document."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="stoa-rights-"))
        shutil.copy(self.template, self.folder / "db.sqlite")
        self.database = Database.open(f"sqlite:///{self.folder / 'db.sqlite'}")
        self.index, self.objects, self.embedder = self.make_index(), ObjectFolder.memory(), Embedder()
        self.records = Records(self.database)

        async def collection(_: str) -> Collection:
            return COLLECTION

        self.ingestion = Ingestion(
            IngestionPorts(
                documents=self.records, jobs=JobRecords(self.database), objects=self.objects, parser=DirectParser(),
                splitter=WordSplitter(), index=self.index, embedder_of=lambda _: self.embedder, collection_of=collection,
            )
        )  # fmt: skip
        self.retriever = HybridRetriever(self.index, lambda _: self.embedder)
        self.users: dict[str, frozenset[str]] = dict.fromkeys(USERS, frozenset({team_tag("company")}))
        self.documents: dict[str, tuple[frozenset[str], str]] = {}
        self.texts: dict[str, frozenset[str]] = {}
        self.pending: list[str] = []
        self.cache: dict[bytes, Sequence[Passage]] = {}

    def make_index(self) -> Any:  # Any: one of two classes that share a port
        return MemoryIndex()

    def teardown(self) -> None:
        while self.pending:
            self.work()
        everything = frozenset({team_tag("company"), *map(group_tag, GROUPS)})
        found = self.runner.run(self.retrieve(everything))
        assert sorted((passage.path, passage.text) for passage in found) == sorted(
            (path, words) for path, (_, words) in self.documents.items()
        )
        self.runner.run(self.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    async def close(self) -> None:
        await self.database.close()

    @rule(user=a_user, groups=some_groups, team=st.booleans())
    def move_a_user(self, user: str, groups: frozenset[str], team: bool) -> None:
        self.users[user] = frozenset(map(group_tag, groups)) | ({team_tag("company")} if team else set())

    @rule(path=a_path, groups=some_groups, number=st.integers(0, 5))
    def put_a_document(self, path: str, groups: frozenset[str], number: int) -> None:
        self.runner.run(self.put(path, groups, f"common words, number {number} of {path}"))

    @rule(path=a_path, groups=some_groups)
    def change_the_rights(self, path: str, groups: frozenset[str]) -> None:
        if path in self.documents:
            self.runner.run(self.put(path, groups, self.documents[path][1]))

    @rule(path=a_path)
    def remove_a_document(self, path: str) -> None:
        if path in self.documents:
            self.runner.run(self.remove(path))

    @rule()
    def work(self) -> None:
        if self.pending:
            self.runner.run(self.do(self.pending.pop(0)))

    @rule(path=a_path, groups=some_groups, gone=st.booleans())
    def work_while_rights_change(self, path: str, groups: frozenset[str], gone: bool) -> None:
        async def meanwhile() -> None:
            if path in self.documents:
                await (self.remove(path) if gone else self.put(path, groups, self.documents[path][1]))

        if self.pending:
            self.embedder.meanwhile = meanwhile
            self.work()
            self.embedder.meanwhile = None

    @rule()
    def crash(self) -> None:
        if self.pending:
            self.records.dying = True
            try:
                self.runner.run(self.do(self.pending[0]))
            except Crash:
                return
            self.records.dying = False
            self.pending.pop(0)

    @invariant()
    def nobody_is_given_what_they_may_not_read(self) -> None:
        for user, tags in self.users.items():
            for passage in self.runner.run(self.ask(user)):
                assert passage.path in self.documents, "a removed document is gone"
                acl, _ = self.documents[passage.path]
                assert self.texts[passage.text] & tags, f"{user} got an old text that was never theirs"
                assert acl & tags, f"{user} with {sorted(tags)} got {passage.path} of {sorted(acl)}"

    async def ask(self, user: str) -> Sequence[Passage]:
        """Through the cache, under the key that the gateway would use now."""
        async with self.database.read() as connection:
            corpus = await RevisionTable(connection).corpus()
        plan = _plan({name: frozenset(tags) for name, tags in self.users.items()}, dict(corpus))
        key = Keys().of(plan.users[user], plan.offerings["chat"]["assistant/a"], CHAT, read_chat(BODY), BODY, {})
        assert key is not None
        if key not in self.cache:
            self.cache[key] = await self.retrieve(self.users[user])
        return self.cache[key]

    async def retrieve(self, acl: frozenset[str]) -> Sequence[Passage]:
        return await self.retriever.retrieve("common words", collections=["c"], acl=acl, limit=50, on_behalf_of="asker")

    async def put(self, path: str, groups: frozenset[str], words: str) -> None:
        """Sync one file, as the API does: bytes are sent only when they are new."""
        acl = frozenset(map(group_tag, groups)) or frozenset({team_tag("company")})
        data = words.encode()
        file = intake.File(path, hashlib.sha256(data).hexdigest(), len(data))
        async with self.database.write() as connection:
            library = DatabaseLibrary(connection)
            sync, plan = await intake.begin_sync(
                library, [file], collection=COLLECTION, source="s", acl=acl, prune=False, readable=acl, most_bytes=1000, by="x",
                now_ms=1,
            )  # fmt: skip
        if path in plan.upload:
            await self.objects.put(raw_name(file.digest), data)
        async with self.database.write() as connection:
            library = DatabaseLibrary(connection)
            job, _ = await intake.sync_of(library, sync, by="x")
            await intake.start_sync(library, job, plan, now_ms=2)
        self.documents[path] = (acl, words)
        self.texts[words] = acl
        await self.take(job.id)

    async def remove(self, path: str) -> None:
        async with self.database.write() as connection:
            library = DatabaseLibrary(connection)
            (document,) = [d for d in await library.documents.of_source("c", "s") if d.path == path]
            job = await intake.remove(library, document, by="x", now_ms=3)
        del self.documents[path]
        await self.take(job.id)

    async def take(self, job_id: str) -> None:
        await self.ingestion.rights(job_id)
        self.pending.append(job_id)

    async def do(self, job_id: str) -> None:
        try:
            for part in await self.ingestion.plan(job_id):
                await self.ingestion.part(job_id, part)
        except Cancelled as error:
            await self.ingestion.finish(job_id, str(error))
        else:
            await self.ingestion.finish(job_id, None)


class LanceRights(Rights):
    """The same on LanceDB."""

    def make_index(self) -> Any:
        from stoa.adapters.vectors.lance import LanceIndex

        return LanceIndex(str(self.folder / "vectors"))

    async def close(self) -> None:
        await self.index.close()
        await super().close()


def _plan(users: dict[str, frozenset[str]], corpus: dict[str, int]) -> Plan:
    """What the gateway would serve from: one model, one assistant over the collection."""
    callers = {name: Caller(id=name, name=name, team="company", acl=acl, access=0) for name, acl in users.items()}
    names = frozenset({"assistant/a"})
    snapshot = Snapshot(
        version=1, made_at_ms=0, price_version="", keys={}, users=callers, services={},
        access=(Access(list_models=True, chat=names, embed=frozenset()),), teams={},
        providers={"p": Provider(name="p", base_url="http://localhost/v1")},
        models={"m": Model(name="m", provider="p")}, prices={},
        routes={"r": Route(name="r", targets=(Target(model="m"),))},
        assistants={"a": Assistant(name="a", route="r", collections=("c",))},
        collections={"c": COLLECTION}, corpus=corpus,
    )  # fmt: skip
    link = SimpleNamespace(form="chat", native=frozenset({"chat"}), facts=lambda model: Facts())
    providers: Any = SimpleNamespace(link=lambda provider, opened: link)  # nothing is called through it
    states = TargetStates(draw=lambda: 0.0, call_later=lambda seconds, call: pytest.fail("nothing waits"))
    workshop = Workshop(vectors=providers, own=None, presidio=None)
    return compile_plan(
        snapshot, providers=providers, unsealer=providers, states=states, workshop=workshop, ledger=Ledger(Kept(), now_ms=1),
        gauges=Gauges(MemoryTokenizers()), now_ms=1,
    )  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "db.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    engine.dispose()
    return path


@pytest.mark.parametrize(
    ("machine", "examples"),
    [
        pytest.param(Rights, 8, id="memory"),
        pytest.param(Rights, 25, marks=pytest.mark.slow, id="memory, at length"),
        pytest.param(LanceRights, 10, marks=pytest.mark.slow, id="lance"),
    ],
)
def test_no_passage_outside_the_callers_rights_is_ever_returned(machine: type[Rights], examples: int, template: Path) -> None:
    bound = type(machine.__name__, (machine,), {"template": template})
    run_state_machine_as_test(bound, settings=settings(max_examples=examples, stateful_step_count=20, deadline=None))
