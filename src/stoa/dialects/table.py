"""Which dialects there are: for clients, and for upstreams."""

from collections.abc import Mapping

from stoa.dialects.anthropic.form import MessagesClient, MessagesUpstream
from stoa.dialects.bedrock.form import Bedrock
from stoa.dialects.cohere.form import Cohere
from stoa.dialects.forms import Client, Upstream
from stoa.dialects.gemini.form import Gemini
from stoa.dialects.openai.chat import ChatClient, ChatUpstream
from stoa.dialects.openai.completions import CompletionsClient
from stoa.dialects.openai.responses import ResponsesClient
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
