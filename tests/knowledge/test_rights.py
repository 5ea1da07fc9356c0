"""Whatever happens to users, groups and documents, nobody is given a passage that they may not read, fresh or cached.

A state machine drives the real intake, ingestion, database, retrieval and cache key. Jobs lag behind, crash between the index
and the database, and rights change while they embed. Rights and removals are carried into the index when their job is taken, as
the worker does, before any question is asked. The model is plain sets.
"""

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import create_engine
from tests.adapters.vectors.milvus_server import lite_server
from tests.contracts.cached import CachedRetrieval, plan_of

from stoa.adapters.database import Database
from stoa.adapters.database.ledgers import DocumentRecords, JobRecords
from stoa.adapters.database.library import DatabaseLibrary
from stoa.adapters.database.revision import RevisionTable
from stoa.adapters.database.tables import metadata
from stoa.adapters.embedders.hashing import HashingEmbedder
from stoa.adapters.graph.folder import FolderGraph
from stoa.adapters.objects.store import ObjectFolder
from stoa.adapters.parsers.direct import DirectParser
from stoa.adapters.parsers.words import WordSplitter
from stoa.adapters.vectors.memory import MemoryIndex
from stoa.domain.documents import Outcome, raw_name
from stoa.domain.identity import Rights
from stoa.domain.keys import Key
from stoa.domain.nesting import nesting_of, require_nesting
from stoa.domain.passages import Spent
from stoa.domain.resources import Collection
from stoa.domain.teams import Group
from stoa.domain.users import User
from stoa.errors import InvalidRequest
from stoa.gateway.plan import Plan
from stoa.knowledge import intake
from stoa.knowledge.ingest import Cancelled, Ingestion, IngestionPorts
from stoa.knowledge.linked import LinkedIndex
from stoa.knowledge.process import Pipeline
from stoa.knowledge.retrieve import HybridRetriever

USERS, GROUPS, PATHS = ("ann", "ben"), ("hr", "it", "staff"), ("a.md", "b.md")
TAGS = ("public", "team:company", *(f"group:{name}" for name in GROUPS), *(f"user:{name}" for name in USERS))

some_groups = st.frozensets(st.sampled_from(GROUPS), max_size=2)
some_rights = st.builds(
    Rights,
    st.frozensets(st.sampled_from(TAGS), min_size=1, max_size=2),
    st.frozensets(st.sampled_from(TAGS[1:]), max_size=1),
)
a_path, a_user, a_group = st.sampled_from(PATHS), st.sampled_from(USERS), st.sampled_from(GROUPS)


class Crash(Exception):
    """The process dies between the index and the database."""


class Records(DocumentRecords):
    """The real ledger, which may die once before it writes."""

    dying = False

    async def record(self, job_id: str, collection: str, outcomes: Sequence[Outcome], *, spent: Spent | None = None) -> None:
        if self.dying:
            self.dying = False
            raise Crash
        await super().record(job_id, collection, outcomes, spent=spent)


class Embedder(HashingEmbedder):
    """An embedder during which something may happen."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def embed(self, texts: Sequence[str], *, team: str) -> Sequence[Sequence[float]]:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None and team != "asker":
            await meanwhile()
        return await super().embed(texts, team=team)


class RightsMachine(RuleBasedStateMachine):
    """The model: who is in which group, which group holds which, and rights and words of each document."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp(prefix="stoa-rights-"))
        shutil.copy(self.template, self.folder / "db.sqlite")
        self.database = Database.open(f"sqlite:///{self.folder / 'db.sqlite'}")
        self.index, self.objects, self.embedder = self.make_index(), ObjectFolder.memory(), Embedder()
        self.graph = FolderGraph(self.folder / "graph")
        self.records = Records(self.database)
        self.collection = Collection(name="c", team="company", chunk_tokens=32)

        async def collection(_: str) -> Collection:
            return self.collection

        self.ingestion = Ingestion(
            IngestionPorts(
                documents=self.records,
                jobs=JobRecords(self.database),
                objects=self.objects,
                processor=Pipeline(objects=self.objects, parser=DirectParser(), splitter=WordSplitter()),
                index=LinkedIndex(self.index, self.graph),
                embedder_of=lambda _: self.embedder,
                collection_of=collection,
            )
        )
        self.cached = CachedRetrieval(HybridRetriever(self.index, lambda _: self.embedder, graph=self.graph))
        self.groups_of = {"ann": frozenset({"hr"}), "ben": frozenset({"it"})}
        self.teams = dict.fromkeys(USERS, "company")
        self.inner = {"hr": frozenset[str](), "it": frozenset[str](), "staff": frozenset({"hr"})}
        self.documents: dict[str, tuple[Rights, str]] = {}
        self.texts: dict[str, Rights] = {}
        self.given: set[tuple[str, str]] = set()
        self.pending: list[str] = []

    def make_index(self) -> Any:  # Any: one of two classes that share a port
        return MemoryIndex()

    def teardown(self) -> None:
        while self.pending:
            self.work()
        self.everybody_finds_what_they_may_read()
        self.runner.run(self.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    async def close(self) -> None:
        await self.graph.close()
        await self.database.close()

    # --- what happens

    @initialize(first=some_rights, second=some_rights)
    def put_the_first_documents(self, first: Rights, second: Rights) -> None:
        for path, rights in zip(PATHS, (first, second), strict=True):
            self.put_a_document(path, rights, 0)
            self.work()

    @rule(user=a_user, groups=some_groups, team=st.sampled_from(("company", "other")))
    def move_a_user(self, user: str, groups: frozenset[str], team: str) -> None:
        self.groups_of[user], self.teams[user] = groups, team

    @rule(group=a_group, inner=some_groups)
    def put_groups_into_a_group(self, group: str, inner: frozenset[str]) -> None:
        try:
            require_nesting(group, sorted(inner), self.groups())
        except InvalidRequest:
            return
        self.inner[group] = inner

    @rule(path=a_path, rights=some_rights, number=st.integers(0, 5))
    def put_a_document(self, path: str, rights: Rights, number: int) -> None:
        """In place of what is there."""
        self.runner.run(self.put(path, rights, f"common words of Upper House, number {number} of {path}"))

    @rule(path=a_path, rights=some_rights, by_sync=st.booleans(), only_denials=st.booleans())
    def change_the_rights(self, path: str, rights: Rights, by_sync: bool, only_denials: bool) -> None:
        if path in self.documents:
            before, words = self.documents[path]
            changed = Rights(before.allow, rights.deny) if only_denials else rights
            self.runner.run(self.put(path, changed, words) if by_sync else self.share(path, changed))

    @rule(path=a_path)
    def remove_a_document(self, path: str) -> None:
        if path in self.documents:
            self.runner.run(self.remove(path))

    @rule()
    def cut_otherwise_and_index_again(self) -> None:
        other = 64 if self.collection.chunk_tokens == 32 else 32
        self.collection = Collection(name="c", team="company", chunk_tokens=other)
        for path, (rights, words) in list(self.documents.items()):
            self.runner.run(self.put(path, rights, words))

    @rule()
    def work(self) -> None:
        if self.pending:
            self.runner.run(self.do(self.pending.pop(0)))

    @rule(path=a_path, rights=some_rights, gone=st.booleans())
    def work_while_rights_change(self, path: str, rights: Rights, gone: bool) -> None:
        async def meanwhile() -> None:
            if path in self.documents:
                await (self.remove(path) if gone else self.share(path, rights))

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

    # --- what always holds

    @invariant()
    def nobody_is_given_what_they_may_not_read(self) -> None:
        plan = self.runner.run(self.plan())
        for caller in self.callers():
            for passage in self.runner.run(self.cached.ask(plan, caller)):
                assert passage.path in self.documents, "a removed document is gone"
                rights, _ = self.documents[passage.path]
                assert self.may_read(caller, self.texts[passage.text]), f"{caller} got an old text that was never theirs"
                assert self.may_read(caller, rights), f"{caller} got {passage.path} of {rights}"
                self.given.add((caller, passage.document_id))

    @invariant()
    def what_was_cited_opens_for_those_alone_who_may_read_it_now(self) -> None:
        async def opened(document_id: str, held: frozenset[str]) -> str | None:
            async with self.database.read() as connection:
                document = await DatabaseLibrary(connection).documents.get(document_id)
                listed = {each.id for each in await DatabaseLibrary(connection).documents.page("c", acl=held)}
            opens = document is not None and document.rights.open_to(held)
            assert opens == (document_id in listed)
            return document.path if document is not None and opens else None

        tags = self.callers()
        for caller, document_id in self.given:
            path = self.runner.run(opened(document_id, tags[caller]))
            assert path is None or self.may_read(caller, self.documents[path][0])

    @invariant()
    def everybody_finds_what_they_may_read(self) -> None:
        if self.pending:
            return
        plan = self.runner.run(self.plan())
        for caller in self.callers():
            found = self.runner.run(self.cached.ask(plan, caller))
            wanted = {path: words for path, (rights, words) in self.documents.items() if self.may_read(caller, rights)}
            assert {passage.path: passage.text for passage in found} == wanted

    def may_read(self, caller: str, rights: Rights) -> bool:
        """By the model: no tags but names, and groups gone through one by one. A key is its maker's, without groups."""
        user = caller.removeprefix("key of ")
        groups = set(self.groups_of[user])
        for _ in GROUPS:
            groups |= {name for name, inner in self.inner.items() if inner & groups}
        person = {"public", f"team:{self.teams[user]}", f"user:{user}", *(f"group:{name}" for name in groups)}
        own = person if caller == user else {"public", "team:company"}
        return bool(own & rights.allow) and not (own | person) & rights.deny

    # --- the real side

    def groups(self) -> list[Group]:
        return [Group(name=name, groups=tuple(sorted(inner)), created_at_ms=0) for name, inner in self.inner.items()]

    def callers(self) -> dict[str, frozenset[str]]:
        """Each user, and a key of the team that each has made."""
        nesting, found = nesting_of(self.groups()), dict[str, frozenset[str]]()
        for name in USERS:
            groups = tuple(sorted(self.groups_of[name]))
            user = User(id=name, name=name, display_name=name, team=self.teams[name], groups=groups, created_at_ms=0)
            key = Key(
                id="k", name="k", kind="inference", digest="", hint="", team="company", created_by=name, created_at_ms=0
            )  # fmt: skip
            found |= {name: user.tags(nesting), f"key of {name}": key.tags(nesting, user)}
        return found

    async def plan(self) -> Plan:
        async with self.database.read() as connection:
            revision = RevisionTable(connection)
            corpus, personal = await revision.corpus(), await revision.personal()
        return plan_of(self.callers(), corpus, personal=personal, collection=self.collection)

    async def put(self, path: str, rights: Rights, words: str) -> None:
        """Sync one file, as the API does: bytes are sent only when they are new."""
        data = words.encode()
        file = intake.File(path, hashlib.sha256(data).hexdigest(), len(data))
        async with self.database.write() as connection:
            library = DatabaseLibrary(connection)
            sync, plan = await intake.begin_sync(
                library, [file], collection=self.collection, source="s", rights=rights, prune=False,
                readable=frozenset(TAGS), most_bytes=1000, by="x", now_ms=1,
            )  # fmt: skip
        if path in plan.upload or path in self.documents:
            await self.objects.put(raw_name(file.digest), data)
        async with self.database.write() as connection:
            library = DatabaseLibrary(connection)
            job, _ = await intake.sync_of(library, sync, by="x")
            await intake.start_sync(library, job, plan, now_ms=2)
        self.said(path, rights, words)
        await self.take(job.id)

    async def share(self, path: str, rights: Rights) -> None:
        async with self.database.write() as connection:
            library = DatabaseLibrary(connection)
            (document,) = [d for d in await library.documents.of_source("c", "s") if d.path == path]
            job = await intake.share(library, document, rights, by="x", now_ms=3)
        self.said(path, rights, self.documents[path][1])
        await self.take(job.id)

    async def remove(self, path: str) -> None:
        async with self.database.write() as connection:
            library = DatabaseLibrary(connection)
            (document,) = [d for d in await library.documents.of_source("c", "s") if d.path == path]
            job = await intake.remove(library, document, by="x", now_ms=3)
        del self.documents[path]
        await self.take(job.id)

    def said(self, path: str, rights: Rights, words: str) -> None:
        self.documents[path] = (rights, words)
        self.texts[words] = rights

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


class LanceRightsMachine(RightsMachine):
    """The same on LanceDB."""

    def make_index(self) -> Any:
        from stoa.adapters.vectors.lance import LanceIndex

        return LanceIndex(str(self.folder / "vectors"))

    async def close(self) -> None:
        await self.index.close()
        await super().close()


class HeldRightsMachine(LanceRightsMachine):
    """The same where every version is read into memory at once."""

    def make_index(self) -> Any:
        from stoa.adapters.vectors.lance import LanceIndex

        return LanceIndex(str(self.folder / "vectors"), settled=timedelta(0))


class MilvusRightsMachine(LanceRightsMachine):
    """The same on Milvus Lite's server."""

    url: str

    def make_index(self) -> Any:
        from stoa.adapters.vectors.milvus import MilvusIndex

        index = MilvusIndex(self.url)
        self.runner.run(index.drop("c"))
        return index


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "db.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    engine.dispose()
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("machine", "examples"),
    [
        pytest.param(RightsMachine, 60, id="memory"),
        pytest.param(LanceRightsMachine, 10, id="lance"),
        pytest.param(HeldRightsMachine, 10, id="lance in memory"),
    ],
)
def test_nobody_is_given_what_they_may_not_read_and_everybody_what_they_may(
    machine: type[RightsMachine], examples: int, template: Path
) -> None:
    bound = type(machine.__name__, (machine,), {"template": template})
    run_state_machine_as_test(bound, settings=settings(max_examples=examples, stateful_step_count=25, deadline=None))


@pytest.mark.slow
def test_nor_by_milvus(template: Path, tmp_path: Path) -> None:
    with lite_server(tmp_path / "milvus") as server:
        bound = type("Machine", (MilvusRightsMachine,), {"template": template, "url": server.url})
        run_state_machine_as_test(bound, settings=settings(max_examples=5, stateful_step_count=20, deadline=None))
