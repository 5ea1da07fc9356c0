"""Which dialects there are: for clients, for upstreams, and for streams that pass untouched."""

from collections.abc import Mapping

from stoa.dialects.anthropic.form import MessagesClient, MessagesUpstream
from stoa.dialects.anthropic.passing import MessagesPassing
from stoa.dialects.bedrock.form import Bedrock
from stoa.dialects.cohere.form import Cohere
from stoa.dialects.forms import Client, Upstream
from stoa.dialects.gemini.form import Gemini
from stoa.dialects.openai.chat import ChatClient, ChatUpstream
from stoa.dialects.openai.completions import CompletionsClient
from stoa.dialects.openai.completions_passing import CompletionsPassing
from stoa.dialects.openai.responses import ResponsesClient
from stoa.dialects.openai.responses_passing import ResponsesPassing
from stoa.dialects.passing import Passing
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

PASSING: Mapping[ClientForm, Passing] = {
    "completions": CompletionsPassing(),
    "messages": MessagesPassing(),
    "responses": ResponsesPassing(),
}
"""Chat's streams, which most are, are watched by the gateway's own `EventStream`."""
