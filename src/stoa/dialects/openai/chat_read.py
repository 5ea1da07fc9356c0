"""OpenAI's chat completions, read from a client: the request without its messages."""

from stoa.dialects.conversation import AnswerFormat, Conversation, Reasoning, Tool, ToolChoice
from stoa.dialects.fields import FieldReader, read_object
from stoa.dialects.openai.chat_messages import read_messages


def read(body: bytes) -> Conversation:
    """Raises InvalidRequest that names the field."""
    reader = read_object(body)
    system, messages = read_messages(reader)
    tools, choice = _tools(reader)
    request = Conversation(
        form="chat",
        functions=reader.get("functions") is not None,
        model=reader.need_text("model"),
        system=system,
        messages=messages,
        max_tokens=_max_tokens(reader),
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=reader.flag("parallel_tool_calls"),
        answer_format=_answer_format(reader),
        reasoning=_reasoning(reader),
        verbosity=reader.text("verbosity"),
        user=reader.text("user"),
        metadata=read_metadata(reader),
        modalities=_modalities(reader),
        audio=reader.fields("audio"),
        prediction=reader.fields("prediction"),
        web_search=reader.fields("web_search_options"),
        top_k=reader.integer("top_k"),
    )
    read_sampling(reader, request)
    request.logprobs = reader.flag("logprobs") or None
    request.top_logprobs = reader.integer("top_logprobs", least=0) or None
    if reader.get("store") is True:
        reader.keep("store")
    reader.close()
    request.rest = reader.rest
    return request


def read_sampling(reader: FieldReader, request: Conversation) -> None:
    """The fields that chat shares with the legacy completions. What is said by saying nothing counts as not said."""
    request.stream = reader.flag("stream") or False
    options = reader.child("stream_options")
    if options is not None:
        request.wants_usage = options.flag("include_usage") or False
        options.skip(["include_obfuscation"])  # padding against who listens to lengths; concerns only how the answer travels
        options.close()
    request.temperature = reader.number("temperature")
    request.top_p = reader.number("top_p")
    request.stop = reader.texts("stop")
    request.seed = reader.integer("seed")
    request.frequency_penalty = reader.number("frequency_penalty") or None
    request.presence_penalty = reader.number("presence_penalty") or None
    number = reader.integer("n", least=1)
    request.n = None if number == 1 else number
    bias = reader.fields("logit_bias")
    if bias and not all(isinstance(value, int | float) for value in bias.values()):
        raise reader.wrong("logit_bias", "an object of numbers")
    request.logit_bias = bias or None
    request.service_tier = read_service_tier(reader)


def read_service_tier(reader: FieldReader) -> str | None:
    tier = reader.text("service_tier")
    return None if tier == "auto" else tier


def read_metadata(reader: FieldReader) -> dict[str, str] | None:
    found = reader.fields("metadata")
    if found and not all(isinstance(value, str) for value in found.values()):
        raise reader.wrong("metadata", "an object of texts")
    return found or None


def read_function(reader: FieldReader) -> Tool:
    """A function as both of OpenAI's newer forms describe it."""
    return Tool(
        name=reader.need_text("name"),
        description=reader.text("description"),
        parameters=reader.fields("parameters"),
        strict=reader.flag("strict"),
    )


def only_allowed(tools: list[Tool], choice: FieldReader) -> tuple[list[Tool], ToolChoice]:
    """`allowed_tools` says of all tools which may be called now: the same as offering no others."""
    mode = choice.need_text("mode")
    if mode not in ("auto", "required"):
        raise choice.wrong("mode", "'auto' or 'required'")
    names: set[str] = set()
    for item in choice.children("tools"):
        named = item.child("function") or item
        names.add(named.need_text("name"))
    return [tool for tool in tools if tool.name in names], ToolChoice(mode="auto" if mode == "auto" else "required")


def _max_tokens(reader: FieldReader) -> int | None:
    newer = reader.integer("max_completion_tokens", least=1)
    older = reader.integer("max_tokens", least=1)
    return older if newer is None else newer


def _modalities(reader: FieldReader) -> list[str] | None:
    found = reader.texts("modalities")
    return None if found in ([], ["text"]) else found


def _tools(reader: FieldReader) -> tuple[list[Tool], ToolChoice | None]:
    tools: list[Tool] = []
    for item in reader.children("tools"):
        function = item.child("function")
        if item.text("type") not in (None, "function"):
            item.keep(value=item.get("type"))
            continue
        if function is None:
            raise item.missing("function")
        tool = read_function(function)
        tool.cache = item.fields("cache_control") or function.fields("cache_control")
        function.close()
        item.close()
        tools.append(tool)
    for function in reader.children("functions"):
        tools.append(read_function(function))
        function.close()
    if reader.get("function_call") is not None:
        return tools, _legacy_choice(reader)
    if reader.is_text("tool_choice"):
        mode = reader.text("tool_choice")
        if mode not in ("auto", "none", "required"):
            raise reader.wrong("tool_choice", "'auto', 'none', 'required' or an object")
        return tools, ToolChoice(mode=mode)
    choice = reader.child("tool_choice")
    if choice is None:
        return tools, None
    match choice.text("type"):
        case "function":
            function = choice.child("function")
            if function is None:
                raise choice.missing("function")
            return tools, ToolChoice(mode="named", name=function.need_text("name"))
        case "allowed_tools":
            allowed = choice.child("allowed_tools")
            if allowed is None:
                raise choice.missing("allowed_tools")
            return only_allowed(tools, allowed)
        case _:
            choice.keep(value=choice.get("type"))
            return tools, None


def _legacy_choice(reader: FieldReader) -> ToolChoice:
    if reader.is_text("function_call"):
        mode = reader.text("function_call")
        if mode not in ("auto", "none"):
            raise reader.wrong("function_call", "'auto', 'none' or an object")
        return ToolChoice(mode=mode)
    choice = reader.child("function_call")
    assert choice is not None
    return ToolChoice(mode="named", name=choice.need_text("name"))


def _answer_format(reader: FieldReader) -> AnswerFormat | None:
    form = reader.child("response_format")
    if form is None:
        return None
    match form.need_text("type"):
        case "text":
            return None
        case "json_object":
            form.close()
            return AnswerFormat()
        case "json_schema":
            schema = form.child("json_schema")
            if schema is None:
                raise form.missing("json_schema")
            form.close()
            return read_json_schema(schema)
        case _:
            form.keep(value=form.get("type"))
            return None


def read_json_schema(reader: FieldReader) -> AnswerFormat:
    """`{name, description, schema, strict}`, as both of OpenAI's newer forms have it."""
    found = AnswerFormat(
        schema=reader.fields("schema") or {},
        name=reader.text("name"),
        description=reader.text("description"),
        strict=reader.flag("strict"),
    )
    reader.close()
    return found


def _reasoning(reader: FieldReader) -> Reasoning | None:
    """`reasoning_effort` is OpenAI's; the object `reasoning` is OpenRouter's, and OpenAI's in its responses."""
    effort = reader.text("reasoning_effort")
    more = reader.child("reasoning")
    if more is None:
        return None if effort is None else reasoning_of(effort)
    found = reasoning_of(effort or more.text("effort"))
    more.skip(["effort"])
    found.budget_tokens = more.integer("max_tokens", least=1)
    found.summary = "omitted" if more.flag("exclude") else more.text("summary")
    if more.flag("enabled") is False:
        found.enabled = False
    more.close()
    return found


def reasoning_of(effort: str | None) -> Reasoning:
    return Reasoning(enabled=False) if effort == "none" else Reasoning(effort=effort)
