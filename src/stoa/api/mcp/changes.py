"""The protocol's messages about changes: subscribing in a session, and the streams of newer clients."""

from dataclasses import replace

import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY, ResourcesListChanged, ResourceUpdated, event_to_notification

from stoa.api.access import Caller
from stoa.api.mcp.catalog import Resources
from stoa.api.mcp.exchange import Context, refused, request_of, session_of
from stoa.api.mcp.places import Places
from stoa.api.mcp.scope import CALLER
from stoa.api.mcp.sessions import Session
from stoa.api.mcp.watching import CHANGING, MOST_WATCHED, Change, Watch, follow
from stoa.errors import LimitReached, StoaError
from stoa.wiring import Control


class Changes:
    """Of resources; each is watched with the rights of whoever reads documents."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self.streams = Places("streams of changes", most=400, of_one=50)

    async def watch_list(self, context: Context) -> None:
        """A session that holds the list is told when it has changed."""
        session = session_of(context)
        if session is not None:
            session.speaker = context.session
            await session.watch.add_list(self._resources, *_who(context))

    async def subscribe(self, context: Context, params: types.SubscribeRequestParams) -> types.EmptyResult:
        (parts, caller), session = _who(context), session_of(context)
        if session is None:
            raise MCPError(types.INVALID_REQUEST, "Only a session can subscribe: begin one with 'initialize'.")
        session.speaker = context.session
        try:
            await session.watch.add(self._resources, parts, caller, params.uri)
        except StoaError as error:
            raise refused(error) from None
        return types.EmptyResult()

    async def unsubscribe(self, context: Context, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
        if (session := session_of(context)) is not None:
            session.watch.drop(params.uri)
        return types.EmptyResult()

    async def listen(self, context: Context, params: types.SubscriptionsListenRequestParams) -> types.SubscriptionsListenResult:
        """A stream of changes for newer clients, which have no session. What is not there for the caller is not watched."""
        (parts, caller), wanted, watch = _who(context), params.notifications, Watch()
        uris = list(dict.fromkeys(wanted.resource_subscriptions or ()))
        if len(uris) > MOST_WATCHED:
            raise refused(LimitReached(f"A stream watches {MOST_WATCHED} resources at most; {len(uris)} were named."))
        seen = await self._resources.seen(parts, caller, uris)
        watch.seen |= {uri: now for uri in uris if (now := seen.get(uri, CHANGING)) is not None}
        if wanted.resources_list_changed:
            await watch.add_list(self._resources, parts, caller)
        meta = {SUBSCRIPTION_ID_META_KEY: context.request_id}
        honoured = types.SubscriptionFilter(
            resources_list_changed=True if wanted.resources_list_changed else None,
            resource_subscriptions=list(watch.seen) or None,
        )
        about = types.SubscriptionsAcknowledgedNotificationParams(notifications=honoured, _meta=meta)

        async def tell(change: Change) -> None:
            notification = event_to_notification(change, meta)
            await context.session.send_notification(notification, related_request_id=context.request_id)

        try:
            with self.streams.one(caller.principal.id):
                await context.session.send_notification(
                    types.SubscriptionsAcknowledgedNotification(params=about), related_request_id=context.request_id
                )
                await follow(watch, self._resources, parts, caller, tell, watches=lambda: self.streams.held)
        except StoaError as error:
            raise refused(error) from None
        return types.SubscriptionsListenResult(_meta=meta)

    async def follow(self, session: Session, parts: Control, caller: Caller) -> None:
        """Tell a session what changes among what it watches, on the stream that it listens on. Raises what `follow` does."""

        async def tell(change: Change) -> None:
            match change, session.speaker:
                case _, None:
                    pass  # it watches nothing yet
                case ResourceUpdated(uri=uri), speaker:
                    await speaker.send_resource_updated(uri)
                case ResourcesListChanged(), speaker:
                    await speaker.send_resource_list_changed()

        await follow(session.watch, self._resources, parts, caller, tell, watches=lambda: self.streams.held)


def _who(context: Context) -> tuple[Control, Caller]:
    request = request_of(context)
    caller: Caller = request.scope[CALLER]
    return request.app.state.parts, replace(caller, action="document:read")
