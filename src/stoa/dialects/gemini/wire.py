"""Google's answers as they stand on the wire; of what they hold, only what is read."""

import msgspec


class Camel(msgspec.Struct, rename="camel"):
    """Fields in Google's spelling."""


class FunctionCall(Camel):
    name: str = ""
    id: str | None = None
    args: msgspec.Raw = msgspec.Raw(b"{}")
    will_continue: bool = False


class Blob(Camel):
    mime_type: str = ""
    data: str = ""


class Piece(Camel):
    text: str | None = None
    thought: bool = False
    thought_signature: str | None = None
    function_call: FunctionCall | None = None
    inline_data: Blob | None = None


class Content(Camel):
    parts: list[Piece] = []


class Token(Camel):
    token: str = ""
    log_probability: float = 0.0


class Top(Camel):
    candidates: list[Token] = []


class Logprobs(Camel):
    chosen_candidates: list[Token] = []
    top_candidates: list[Top] = []


class Candidate(Camel):
    content: Content = msgspec.field(default_factory=Content)
    finish_reason: str | None = None
    finish_message: str | None = None
    index: int = 0
    logprobs_result: Logprobs | None = None


class Count(Camel):
    modality: str = ""
    token_count: int = 0


class UsageCounts(Camel):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    prompt_tokens_details: list[Count] = []
    candidates_tokens_details: list[Count] = []


class Feedback(Camel):
    block_reason: str | None = None
    block_reason_message: str | None = None


class Response(Camel):
    candidates: list[Candidate] = []
    prompt_feedback: Feedback | None = None
    usage_metadata: UsageCounts | None = None
    model_version: str | None = None
    response_id: str = ""
    error: msgspec.Raw = msgspec.Raw()
