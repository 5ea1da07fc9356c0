"""Anthropic's messages, read from a client: the request without its messages."""

from stoa.dialects.anthropic.blocks import read_messages, read_system
from stoa.dialects.conversation import AnswerFormat, Conversation, Reasoning, Tool, ToolChoice
from stoa.dialects.fields import FieldReader, read_object

_COST_ONLY = ("cache_control",)
"""Marks for a cache change the cost, not the answer; those on blocks are carried to who knows them."""


def read(body: bytes) -> Conversation:
    """Raises InvalidRequest that names the field."""
    reader = read_object(body)
    max_tokens = reader.integer("max_tokens", least=1)
    if max_tokens is None:
        raise reader.missing("max_tokens")
    tools = _tools(reader)
    choice, parallel = _tool_choice(reader)
    reasoning, answer_format = _output(reader)
    request = Conversation(
        form="messages",
        model=reader.need_text("model"),
        system=read_system(reader),
        messages=read_messages(reader),
        max_tokens=max_tokens,
        stream=reader.flag("stream") or False,
        wants_usage=True,
        temperature=reader.number("temperature"),
        top_p=reader.number("top_p"),
        top_k=reader.integer("top_k"),
        stop=reader.texts("stop_sequences"),
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=parallel,
        answer_format=answer_format,
        reasoning=reasoning,
        user=_user(reader),
        service_tier=_service_tier(reader),
    )
    if reader.get("speed") != "standard":
        reader.keep("speed")
    _context_management(reader)
    reader.skip(_COST_ONLY)
    reader.close()
    request.rest = reader.rest
    return request


def _user(reader: FieldReader) -> str | None:
    metadata = reader.child("metadata")
    if metadata is None:
        return None
    user = metadata.text("user_id")
    metadata.close()
    return user


def _service_tier(reader: FieldReader) -> str | None:
    """Which tiers may be taken: `auto`, any, is the default; `standard_only` is what OpenAI calls default."""
    match reader.text("service_tier"):
        case None | "auto":
            return None
        case "standard_only":
            return "default"
        case _:
            raise reader.wrong("service_tier", "'auto' or 'standard_only'")


def _tools(reader: FieldReader) -> list[Tool]:
    tools: list[Tool] = []
    for item in reader.children("tools"):
        if item.text("type") not in (None, "custom"):
            item.keep(value=item.get("type"))  # a tool of Anthropic's own
            continue
        tools.append(
            Tool(
                name=item.need_text("name"),
                description=item.text("description"),
                parameters=item.fields("input_schema"),
                strict=item.flag("strict"),
                cache=item.fields("cache_control"),
            )
        )
        item.skip(["eager_input_streaming"])  # how finely the arguments come in pieces
        if item.get("allowed_callers") != ["direct"]:
            item.keep("allowed_callers")
        if item.get("defer_loading") is not False:
            item.keep("defer_loading")
        item.close()
    return tools


def _tool_choice(reader: FieldReader) -> tuple[ToolChoice | None, bool | None]:
    choice = reader.child("tool_choice")
    if choice is None:
        return None, None
    parallel = False if choice.flag("disable_parallel_tool_use") else None
    match choice.need_text("type"):
        case "auto":
            read = ToolChoice(mode="auto")
        case "any":
            read = ToolChoice(mode="required")
        case "none":
            read = ToolChoice(mode="none")
        case "tool":
            read = ToolChoice(mode="named", name=choice.need_text("name"))
        case _:
            raise choice.wrong("type", "'auto', 'any', 'tool' or 'none'")
    choice.close()
    return read, parallel


def _output(reader: FieldReader) -> tuple[Reasoning | None, AnswerFormat | None]:
    """`thinking`, `output_config` and its forerunner `output_format`."""
    reasoning = _thinking(reader)
    answer_format = _format(reader.child("output_format"))
    config = reader.child("output_config")
    if config is not None:
        effort = config.text("effort")
        if effort is not None:
            reasoning = reasoning or Reasoning()
            reasoning.effort = effort
        answer_format = _format(config.child("format")) or answer_format
        config.close()
    return reasoning, answer_format


def _thinking(reader: FieldReader) -> Reasoning | None:
    thinking = reader.child("thinking")
    if thinking is None:
        return None
    match thinking.need_text("type"):
        case "enabled":
            budget = thinking.integer("budget_tokens", least=1)
            if budget is None:
                raise thinking.missing("budget_tokens")
            read = Reasoning(budget_tokens=budget)
        case "adaptive":
            read = Reasoning(adaptive=True)
        case "disabled":
            read = Reasoning(enabled=False)
        case _:
            thinking.keep(value=thinking.get("type"))
            return None
    match thinking.text("display"):
        case None:
            pass
        case "summarized":
            read.summary = "auto"
        case "omitted":
            read.summary = "omitted"
        case _:
            raise thinking.wrong("display", "'summarized' or 'omitted'")
    thinking.close()
    return read


def _format(form: FieldReader | None) -> AnswerFormat | None:
    if form is None:
        return None
    if form.need_text("type") != "json_schema":
        raise form.wrong("type", "'json_schema'")
    schema = form.fields("schema")
    if schema is None:
        raise form.missing("schema")
    form.close()
    return AnswerFormat(schema=schema)


def _context_management(reader: FieldReader) -> None:
    """What to leave out of a long conversation. Thinking that is to be cleared is nothing to whoever cannot take it back."""
    management = reader.child("context_management")
    if management is None:
        return
    names = [edit.need_text("type") for edit in management.children("edits")]
    if not all(name.startswith("clear_thinking_") for name in names):
        reader.keep("context_management")
