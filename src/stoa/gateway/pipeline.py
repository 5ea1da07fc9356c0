"""The gateway: which of its parts answers which path, and the state they share from the first request to the last."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from ipaddress import ip_address
from random import random
from time import perf_counter
from urllib.parse import unquote

import msgspec

from stoa.domain.counting import Counter
from stoa.domain.exchange import Exchange, Intake
from stoa.domain.metrics import Sheet
from stoa.domain.passages import Embedder
from stoa.domain.refusal import refusal_of
from stoa.domain.snapshot import Snapshot
from stoa.domain.targets import TargetReport
from stoa.domain.usage import Told, UsageFact
from stoa.errors import Forbidden, NotFound, OperatorError, StoaError
from stoa.gateway.access import AccessLog
from stoa.gateway.admission import Admission
from stoa.gateway.asides import Aside, Counting, explained
from stoa.gateway.augment import Augmented, Judged, LookedUp, augment
from stoa.gateway.caching.alike import EMBEDDER
from stoa.gateway.caching.shared import SharedTier
from stoa.gateway.caching.tiers import Caching
from stoa.gateway.commit import GroupCommit
from stoa.gateway.counting.gauge import Gauges
from stoa.gateway.counting.known import Ledger
from stoa.gateway.counting.local import LocalCounter
from stoa.gateway.delivery import JSON
from stoa.gateway.drafted import PATH as DRAFTS
from stoa.gateway.entrance import ANSWERED, Known, WrongMethod, form_of, request_id_of, wrong_method
from stoa.gateway.errand import Errand, Work
from stoa.gateway.exposition import render
from stoa.gateway.filesearch import file_searching
from stoa.gateway.guarding.elsewhere import JUDGE, judging
from stoa.gateway.guarding.ready import Workshop
from stoa.gateway.guarding.trying import PATH, trying
from stoa.gateway.inference import Inference
from stoa.gateway.key import identify, is_a_key
from stoa.gateway.listing import list_models, show_model
from stoa.gateway.local import LocalEmbedder
from stoa.gateway.lookups import Looking
from stoa.gateway.measured import show_state
from stoa.gateway.metrics import Metrics, show_targets
from stoa.gateway.onward import goes_onward, pass_on
from stoa.gateway.plan import Client, Offering, Plan
from stoa.gateway.planning import compile_plan
from stoa.gateway.ports import Ports
from stoa.gateway.proxy import Listeners, Proxied, is_internal
from stoa.gateway.recording import Recorder
from stoa.gateway.refused import Refusals
from stoa.gateway.routing.state import TargetStates
from stoa.gateway.searching import LINKS, OF_DOCUMENT, SEARCH, Searching
from stoa.gateway.shadow import shadowing
from stoa.gateway.stages import PARENT, Stages
from stoa.gateway.surface import CHAT, COUNT_TOKENS, SURFACES, Surface
from stoa.gateway.traced import Traced
from stoa.gateway.variants import Drafted
from stoa.settings import GatewaySettings

_TRY = PATH.encode()
_ASIDES: Mapping[bytes, Surface] = {
    b"/v1/explain": CHAT, COUNT_TOKENS.target: COUNT_TOKENS, _TRY: CHAT, JUDGE: CHAT, DRAFTS: CHAT, SEARCH: CHAT,
    OF_DOCUMENT: CHAT, LINKS: CHAT,
}  # fmt: skip
_LOST = {"redis": "Redis does not answer, or cannot write", "file": "another worker does not let go of their file"}
_TEXT = b"content-type: text/plain; version=0.0.4; charset=utf-8\r\n"


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def _later(seconds: float, call: Callable[[], None]) -> asyncio.TimerHandle:
    return asyncio.get_running_loop().call_later(seconds, call)


class Gateway:
    """Implements `domain.exchange.Application`."""

    def __init__(self, ports: Ports, settings: GatewaySettings) -> None:
        self._ports = ports
        self._tracer = ports.tracer
        chosen = ports.log_requests
        self._access = AccessLog(everything=chosen == "all", name_of=self._name_of) if chosen != "none" else None
        self._settings = settings
        self._retriever = ports.retriever(self._embedder_of, self._index_of)
        self._embedders: dict[str, Embedder] = {}
        self._plan: Plan | None = None
        self.states = TargetStates(draw=random, call_later=_later)
        self.ledger = Ledger(ports.log.kept, now_ms=now_ms())
        self.counter: Counter = ports.counter or LocalCounter(now_ms)
        self._metrics = Metrics()
        self._heard_at = time.monotonic()
        self.listeners = Listeners()
        self.connections: Callable[[], int] = lambda: 0
        """How many the server has open."""
        shared_answers = SharedTier(ports.answers) if ports.answers is not None else None
        self.caching = Caching.of(settings.cache_bytes, shared=shared_answers) if settings.cache_bytes else None
        """None where nothing is kept."""
        self._admission = Admission(self.counter, now_ms=now_ms, warned=self._metrics.budget_warned)
        commit = GroupCommit(ports.log, self._written, self._admission.close)
        self._stages = Stages(
            body_limit=settings.body_bytes,
            form_limit=settings.form_bytes,
            admission=self._admission,
            caching=self.caching,
            augment=self._augment,
            commit=commit,
            metrics=self._metrics,
            draw=random,
            refusals=Refusals(commit.note, self._metrics, time.monotonic),
            recorder=Recorder(ports.decisions, random),
            contents=ports.contents,
            content_bytes=settings.content_bytes,
            access=self._access,
            shadow=shadowing(lambda: self._stages, random),
            search_files=file_searching(ports, time.time),
        )
        self._looking = Looking(self._stages, ports.lookups) if ports.lookups is not None else None
        if self.caching is not None:
            self.caching.embedder = LocalEmbedder(self._stages, lambda: self._plan, EMBEDDER)
        self._gauges = Gauges(ports.tokenizers)
        self._workshop = Workshop(vectors=self._vectors, own=ports.guards, presidio=ports.presidio)
        self._views: Mapping[bytes, Callable[[Exchange], None]] = {
            b"/v1/models": self._models,
            b"/healthz": self._alive,
            b"/readyz": self._ready,
            b"/metrics": self._show_metrics,
        }
        self.on_plan: Callable[[Plan], None] = lambda plan: None
        """Told of every plan that is served from now on."""

    def swap(self, snapshot: Snapshot) -> None:
        """Serve from another snapshot, whole; requests under way keep the one they began with."""
        plan = compile_plan(
            snapshot,
            providers=self._ports.providers,
            unsealer=self._ports.unsealer,
            states=self.states,
            workshop=self._workshop,
            ledger=self.ledger,
            gauges=self._gauges,
            now_ms=now_ms(),
        )
        self._plan = plan
        if self.caching is not None:
            self.caching.serve(plan)
        self.on_plan(plan)

    def close(self) -> None:
        """Write what still waits."""
        self._stages.commit.flush()

    @property
    def has_documents(self) -> bool:
        """Whether there are collections to retrieve from."""
        return self._plan is not None and bool(self._plan.indexes)

    def shipped(self, position: int, told: Sequence[Told]) -> None:
        """Control has the usage up to `position`, and told what is spent of every budget."""
        self.ledger.shipped(position, told, now_ms=now_ms())

    def reports(self) -> list[TargetReport]:
        """How each target is doing, as this process sees it."""
        now = perf_counter()
        return [state.report(now) for state in self.states]

    def sheet(self) -> Sheet:
        """Every number of this worker, as it is now."""
        sheet = self._metrics.sheet()
        show_targets(sheet, self.reports())
        show_state(
            sheet,
            worker=self._ports.name,
            plan=self._plan,
            cache=self.caching.entries if self.caching is not None else None,
            backlog_bytes=self._ports.log.backlog_bytes,
            connections=self.connections(),
            control_silent_s=time.monotonic() - self._heard_at,
            tracer=self._tracer,
            contents=self._ports.contents,
        )
        if self._ports.counter is not None:
            self._ports.counter.show(sheet)
        return sheet

    def heard(self) -> None:
        """Control has answered: what is served is the newest there is."""
        self._heard_at = time.monotonic()

    # --- called by the server

    def accept(self, exchange: Exchange) -> Intake:
        known = exchange.known
        if isinstance(known, Known) and known.plan is self._plan and time.time() < known.until_s:
            return Inference(self._stages, known.plan, exchange, known.client, known.surface, None)
        surface = SURFACES.get(exchange.target)
        if surface is not None and exchange.method == b"POST":
            return self._infer(exchange, surface)
        path = exchange.target.partition(b"?")[0]
        view = self._views.get(path)
        if view is None and path.startswith(b"/v1/models/"):
            view = self._model
        surface = SURFACES.get(path) or _ASIDES.get(path)
        try:
            if view is not None:
                if exchange.method not in (b"GET", b"HEAD"):
                    raise wrong_method(exchange, "GET")
                view(exchange)
            elif surface is not None:
                if exchange.method != b"POST":
                    raise wrong_method(exchange, "POST")
                return self._aside(exchange, surface) if path in _ASIDES else self._infer(exchange, surface)
            elif goes_onward(path):
                return self._onward(exchange)
            elif path.startswith(b"/v1/") or path == b"/v1" or is_internal(path):
                raise NotFound(f"There is nothing at {exchange.method.decode()} {path.decode('latin-1')[:200]}.")
            else:
                limit = self._settings.upload_bytes
                request_id = request_id_of(exchange) or self._stages.ids.new()
                return Proxied(exchange, self._ports.control, body_limit=limit, request_id=request_id, listeners=self.listeners)
        except StoaError as error:
            self._refuse(exchange, error, surface)
        return ANSWERED

    def _infer(self, exchange: Exchange, surface: Surface) -> Intake:
        headers = exchange.headers
        try:
            plan = self._plan or self._served()
            client = identify(plan, headers, self._ports.behalf_key, time.time())
        except StoaError as error:
            self._refuse(exchange, error, surface)
            return ANSWERED
        request_id = request_id_of(exchange) if b"x-request-id" in headers else None
        if self._tracer is not None:
            span = self._tracer.begin(headers, surface.path)
            if span is not None:
                return Traced(span, self._stages, plan, exchange, client, surface, request_id)
        elif exchange.known is not None and request_id is None and is_a_key(plan, headers):
            exchange.known = Known(plan, client, surface)
        return Inference(self._stages, plan, exchange, client, surface, request_id)

    def _aside(self, exchange: Exchange, surface: Surface) -> Intake:
        stages, plan = self._stages, self._served()
        client = self._identify(plan, exchange)
        if surface is COUNT_TOKENS:
            return Counting(stages, plan, exchange, client, self._lines(exchange))
        path, request_id = exchange.target.partition(b"?")[0], request_id_of(exchange) or stages.ids.new()
        if path == DRAFTS:
            return Drafted(stages, plan, exchange, client, CHAT, request_id)
        if path == _TRY:
            draft = partial(self._workshop.draft, unsealer=self._ports.unsealer)
            tried = trying(exchange, client, lambda: plan.guardrails, draft, request_id)
            return self._errand(exchange, tried, request_id, "the trial of a guardrail")
        if path == JUDGE:
            return self._errand(exchange, judging(exchange, client, plan, stages, request_id), request_id, "the judgement")
        if path in (SEARCH, OF_DOCUMENT, LINKS):
            searching = Searching(self._served, self._retriever, self._ports.passages, self._ports.links)
            return self._errand(exchange, searching.work(exchange, client), request_id, "the search")
        work = partial(explained, stages, plan, client, exchange)
        return Aside(exchange, surface, self._lines(exchange), stages.body_limit, work)

    def _errand(self, exchange: Exchange, work: Work, request_id: str, what: str) -> Intake:
        return Errand(exchange, work, self._lines(exchange), request_id=request_id, limit=self._settings.body_bytes, what=what)

    def _onward(self, exchange: Exchange) -> Intake:
        client = self._identify(self._served(), exchange)
        return pass_on(
            exchange,
            client,
            self._ports.control,
            behalf_key=self._ports.behalf_key,
            now_s=time.time(),
            body_limit=self._settings.upload_bytes,
            request_id=request_id_of(exchange) or self._stages.ids.new(),
        )

    # --- what is answered here

    def _models(self, exchange: Exchange) -> None:
        plan = self._served()
        exchange.send(200, self._lines(exchange), list_models(plan, self._identify(plan, exchange), form_of(exchange)))

    def _model(self, exchange: Exchange) -> None:
        plan = self._served()
        name = unquote(exchange.target.partition(b"?")[0].removeprefix(b"/v1/models/").decode("latin-1"))
        client = self._identify(plan, exchange)
        exchange.send(200, self._lines(exchange), show_model(plan, client, name, form_of(exchange)))

    def _alive(self, exchange: Exchange) -> None:
        exchange.send(200, JSON, b'{"status":"ok"}')

    def _ready(self, exchange: Exchange) -> None:
        """Ready as soon as there is a snapshot, whether control and whoever counts are there or not."""
        plan, counter = self._plan, self._ports.counter
        reasons = ["no snapshot yet: control has not been reached since the first start"] if plan is None else []
        if counter is not None and counter.lost:
            reasons.append(f"limits and budgets are not counted together: {_LOST[counter.kind]}")
        state: dict[str, object] = {
            "ready": plan is not None,
            "snapshot": plan.version if plan is not None else None,
            "reasons": reasons,
            "usage_log_backlog_bytes": self._ports.log.backlog_bytes,
            "limits": {"counted_in": counter.kind, "lost": counter.lost} if counter is not None else {"counted_in": "process"},
        }
        exchange.send(200 if plan is not None else 503, JSON, msgspec.json.encode(state))

    def _show_metrics(self, exchange: Exchange) -> None:
        try:
            near = ip_address(exchange.peer).is_loopback
        except ValueError:
            near = False
        if not near:
            raise Forbidden("Metrics are given to this machine alone; scrape 127.0.0.1.")
        own, board = self.sheet(), self._ports.board
        exchange.send(200, _TEXT, render(board.whole(own) if board is not None else own))

    # --- what the stages need

    def _served(self) -> Plan:
        if self._plan is None:
            raise OperatorError(
                "Stoa has just started and does not know its models yet. Try again in a moment.", code="starting"
            )
        return self._plan

    def _identify(self, plan: Plan, exchange: Exchange) -> Client:
        return identify(plan, exchange.headers, self._ports.behalf_key, time.time())

    async def _augment(
        self, body: bytes, offering: Offering, client: Client, *, parent_id: str, judged: Judged | None = None
    ) -> Augmented:
        assert offering.assistant is not None
        PARENT.set(parent_id)  # of the request's own task
        caller = client.caller
        return await augment(
            body,
            offering.assistant,
            acl=caller.acl,
            team=caller.team,
            retriever=self._retriever,
            rewrite=self._ports.rewrite,
            decompose=self._ports.decompose,
            judged=judged,
            looked_up=self._looked_up(offering, client, parent_id),
        )

    def _looked_up(self, offering: Offering, client: Client, parent_id: str) -> LookedUp | None:
        """None where nothing is to be looked up."""
        assert offering.assistant is not None
        if self._looking is None or not offering.assistant.tools:
            return None
        return self._looking.gathering(self._served(), offering, client, parent_id)

    def _name_of(self, key_id: str) -> str | None:
        client = self._plan.keys_by_id.get(key_id) if self._plan is not None else None
        return client.caller.name if client is not None else None

    def _embedder_of(self, collection: str) -> Embedder:
        """In this process; the team pays as for any other request."""
        model = self._served().indexes[collection].embedding_model  # an assistant names collections that its snapshot has
        if model not in self._embedders:
            self._embedders[model] = LocalEmbedder(self._stages, lambda: self._plan, model)
        return self._embedders[model]

    def _index_of(self, collection: str) -> str:
        return self._served().indexes[collection].name

    async def _vectors(self, model: str, texts: Sequence[str], team: str) -> Sequence[Sequence[float]]:
        return await LocalEmbedder(self._stages, lambda: self._plan, model).embed(texts, team=team)

    def _written(self, facts: Sequence[UsageFact], position: int) -> None:
        observe, access = self._metrics.observe, self._access
        for fact in facts:
            observe(fact)
            if access is not None and (fact.error is not None or access.everything):
                access.answered(fact)
        self.ledger.spent(facts, position=position, now_ms=facts[-1].at_ms)

    def _refuse(self, exchange: Exchange, error: StoaError, surface: Surface | None = None) -> None:
        self._metrics.refused(error.code)
        if self._access is not None:
            path = surface.path if surface is not None else None
            self._access.refused(error, exchange, path=path, request_id=request_id_of(exchange))
        lines = self._lines(exchange)
        if isinstance(error, WrongMethod):
            lines += b"allow: %b\r\n" % error.allowed.encode()
        body = refusal_of(error) if surface is None else surface.refuse(error.status, error.code, error.message, error.param)
        exchange.send(error.status, lines, body)

    def _lines(self, exchange: Exchange) -> bytes:
        return b"%bx-request-id: %b\r\n" % (JSON, (request_id_of(exchange) or self._stages.ids.new()).encode())
