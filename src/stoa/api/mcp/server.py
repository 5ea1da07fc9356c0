"""The protocol's messages, answered from a catalog.

What goes wrong in a tool is an answer of the tool, for the model to read; what goes wrong elsewhere is an error of the
protocol. Only sessions keep anything between requests.
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

import mcp_types as types
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from stoa import __version__
from stoa.api.access import Caller
from stoa.api.mcp.catalog import Asked, Catalog, Client, Held
from stoa.api.mcp.changes import Changes
from stoa.api.mcp.client import InputNeeded, ReturningClient, SessionClient
from stoa.api.mcp.exchange import CallLimit, Context, refused, request_of, session_of
from stoa.api.mcp.places import Places
from stoa.api.mcp.scope import CALLER, GONE, ORIGIN, STREAM
from stoa.errors import InternalError, StoaError

LONGEST_S = 60.0
"""One call of a tool, without what the client takes to answer."""

_INSTRUCTIONS = (
    "Stoa holds the documents of an organisation, in collections. Search them with `search`, read one with `fetch`. You see "
    "what the user whose key this is may read. Name the documents that an answer stands on, with their links."
)
_REMEMBERED = 1000

log = logging.getLogger("stoa.mcp")


class Messages:
    """The protocol's requests, as methods of a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.resources = catalog.resources
        self._levels: OrderedDict[str, types.LoggingLevel] = OrderedDict()  # by principal
        self.waiting = Places("questions to clients", most=200, of_one=16)
        self.changes = Changes(catalog.resources)

    async def set_level(self, context: Context, params: types.SetLevelRequestParams) -> types.EmptyResult:
        """Remembered in this process for a while; another one tells everything, which is little."""
        principal = self._asked(context).caller.principal.id
        self._levels[principal] = params.level
        self._levels.move_to_end(principal)
        if len(self._levels) > _REMEMBERED:
            self._levels.popitem(last=False)
        return types.EmptyResult()

    async def list_tools(self, context: Context, params: object) -> types.ListToolsResult:
        client = self._asked(context).client
        return types.ListToolsResult(tools=[each.about for each in self._catalog.tools if each.offered_to(client)])

    async def call_tool(
        self, context: Context, params: types.CallToolRequestParams
    ) -> types.CallToolResult | types.InputRequiredResult:
        began, limit = time.perf_counter(), CallLimit()
        try:
            asked = self._asked(context, params, limit)
        except StoaError as error:
            raise refused(error) from None
        tool = self._catalog.tool_named.get(params.name)
        if tool is None or not tool.offered_to(asked.client):
            known = ", ".join(name for name, each in self._catalog.tool_named.items() if each.offered_to(asked.client))
            why = "" if tool is None else f" for a client that does not announce {tool.needs!r}, in a session"
            raise MCPError(types.INVALID_PARAMS, f"There is no tool {params.name[:100]!r}{why}; there are {known}.")
        try:
            async with limit.running(LONGEST_S):
                answer = await tool.call(asked, params.arguments or {})
        except InputNeeded as needed:
            _told(asked, params.name, None, began)  # the question may hold what was read
            return needed.result
        except TimeoutError:
            error = InternalError(f"It took longer than {LONGEST_S:.0f} seconds and was given up.", code="timeout")
        except StoaError as told:
            error = told
        except Exception:
            log.exception("tool failed", extra={"fields": {"tool": params.name}})
            error = InternalError("Stoa itself failed; the log of the control role says why.")
        else:
            _told(asked, params.name, None, began)
            return answer
        _told(asked, params.name, error, began)
        return types.CallToolResult(content=[types.TextContent(type="text", text=error.message)], is_error=True)

    async def list_resources(self, context: Context, params: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        asked = self._asked(context)
        try:
            found, more = await self._catalog.resources.page(asked, params.cursor if params is not None else None)
        except StoaError as error:
            raise refused(error) from None
        await self.changes.watch_list(context)
        return types.ListResourcesResult(resources=list(found), next_cursor=more)

    async def list_templates(self, context: Context, params: object) -> types.ListResourceTemplatesResult:
        return types.ListResourceTemplatesResult(resource_templates=list(self._catalog.resources.templates))

    async def read_resource(self, context: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        asked, began = self._asked(context), time.perf_counter()
        try:
            contents = await self._catalog.resources.read(asked, params.uri)
        except StoaError as error:
            _told(asked, "resource", error, began)
            raise refused(error) from None
        _told(asked, "resource", None, began)
        return types.ReadResourceResult(contents=list(contents))

    async def list_prompts(self, context: Context, params: object) -> types.ListPromptsResult:
        return types.ListPromptsResult(prompts=[each.about for each in self._catalog.prompts])

    async def get_prompt(self, context: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        prompt = self._catalog.prompt_named.get(params.name)
        if prompt is None:
            known = ", ".join(self._catalog.prompt_named)
            raise MCPError(types.INVALID_PARAMS, f"There is no prompt {params.name[:100]!r}; there are {known}.")
        try:
            return await prompt.write(self._asked(context), params.arguments or {})
        except StoaError as error:
            raise refused(error) from None

    def _asked(
        self, context: Context, params: types.CallToolRequestParams | None = None, limit: CallLimit | None = None
    ) -> Asked:
        """Raises InvalidRequest for answers that cannot be read."""
        request = request_of(context)
        caller: Caller = request.scope[CALLER]
        level, held = self._levels.get(caller.principal.id, "info"), Held()
        if context.protocol_version in HANDSHAKE_PROTOCOL_VERSIONS:
            session = session_of(context)
            if session is not None and context.request_id is not None:
                stream = request.scope[STREAM] = session.events.holding(context.request_id, request.scope[GONE])
                held = stream.held
            client: Client = SessionClient(
                context.session, context.request_id, gone=request.scope[GONE], limit=limit or CallLimit(),
                waiting=self.waiting, principal=caller.principal.id,
                remembered=session.remembered if session is not None else {},
            )  # fmt: skip
        else:
            responses, state = (params.input_responses, params.request_state) if params is not None else (None, None)
            client = ReturningClient(context.session.client_capabilities, responses, state)
        return Asked(caller, request.app.state.parts, request.scope[ORIGIN], _ToClient(context, level), client, held)

    async def complete(self, context: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
        known: Mapping[str, str] = (params.context.arguments if params.context is not None else None) or {}
        argument = params.argument
        values: Sequence[str] = await self._catalog.resources.complete(
            self._asked(context), argument.name, argument.value, known
        )
        return types.CompleteResult(completion=types.Completion(values=list(values), total=len(values), has_more=False))


def make_server(answers: Messages) -> Server[Any]:  # Any: as above
    """A server for any transport whose requests carry a caller."""
    server: Server[Any] = Server(
        "stoa",
        version=__version__,
        title="Stoa",
        instructions=_INSTRUCTIONS,
        on_list_tools=answers.list_tools,
        on_call_tool=answers.call_tool,
        on_list_resources=answers.list_resources,
        on_list_resource_templates=answers.list_templates,
        on_read_resource=answers.read_resource,
        on_subscribe_resource=answers.changes.subscribe,
        on_unsubscribe_resource=answers.changes.unsubscribe,
        on_subscriptions_listen=answers.changes.listen,
        on_list_prompts=answers.list_prompts,
        on_get_prompt=answers.get_prompt,
        on_completion=answers.complete,
    )
    # Not as an argument, since newer clients say in each request what they want to be told: they are told nothing else.
    server.add_request_handler("logging/setLevel", types.SetLevelRequestParams, answers.set_level)
    return server


class _ToClient:
    """Implements `catalog.Report` with messages on the stream of the request's own answer."""

    def __init__(self, context: Context, level: types.LoggingLevel) -> None:
        self._context, self._level = context, level

    async def progress(self, done: float, total: float, message: str) -> None:
        await self._context.session.report_progress(done, total, message)

    async def log(self, message: str) -> None:
        if self._level not in ("debug", "info") or self._context.protocol_version not in HANDSHAKE_PROTOCOL_VERSIONS:
            return
        params = types.LoggingMessageNotificationParams(level="info", logger="stoa", data=message)
        await self._context.session.send_notification(
            types.LoggingMessageNotification(params=params), related_request_id=self._context.request_id
        )


def _told(asked: Asked, what: str, error: StoaError | None, began: float) -> None:
    """A line of who read what; nothing of what was asked or found."""
    who = asked.caller.principal
    fields = {
        "principal": who.id, "kind": who.kind, "name": who.name, "team": who.team, "what": what,
        "error": error.code if error is not None else None, "ms": round((time.perf_counter() - began) * 1000, 1),
    }  # fmt: skip
    log.info("mcp", extra={"fields": {name: value for name, value in fields.items() if value is not None}})
