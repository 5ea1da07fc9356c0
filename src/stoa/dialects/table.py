"""Which dialects there are."""

from collections.abc import Mapping

from stoa.dialects.chat import ChatClient, ChatUpstream
from stoa.dialects.forms import Client, Upstream
from stoa.domain.operations import ClientForm
from stoa.domain.upstream import UpstreamForm

CLIENTS: Mapping[ClientForm, Client] = {"chat": ChatClient()}
UPSTREAMS: Mapping[UpstreamForm, Upstream] = {"chat": ChatUpstream()}
