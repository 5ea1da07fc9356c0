"""Which dialects there are: for clients, and for upstreams."""

from collections.abc import Mapping

from stoa.dialects.bedrock import Bedrock
from stoa.dialects.chat import ChatClient, ChatUpstream
from stoa.dialects.cohere import Cohere
from stoa.dialects.completions import CompletionsClient
from stoa.dialects.forms import Client, Upstream
from stoa.dialects.gemini import Gemini
from stoa.dialects.messages import MessagesClient, MessagesUpstream
from stoa.dialects.responses import ResponsesClient
from stoa.domain.operations import ClientForm
from stoa.domain.upstream import UpstreamForm

CLIENTS: Mapping[ClientForm, Client] = {
    "chat": ChatClient(),
    "completions": CompletionsClient(),
    "messages": MessagesClient(),
    "responses": ResponsesClient(),
}

UPSTREAMS: Mapping[UpstreamForm, Upstream] = {
    "chat": ChatUpstream(),
    "messages": MessagesUpstream(),
    "gemini": Gemini(),
    "bedrock": Bedrock(),
    "cohere": Cohere(),
}
