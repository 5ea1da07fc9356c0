"""OpenAI's responses, read from a client: the request without its items."""

from collections.abc import Callable

from stoa.dialects.conversation import AnswerFormat, Conversation, Fields, FileSearch, Message, Reasoning, Tool, ToolChoice
from stoa.dialects.fields import FieldReader, read_object
from stoa.dialects.openai.chat_read import (
    only_allowed,
    read_function,
    read_json_schema,
    read_metadata,
    read_service_tier,
    reasoning_of,
)
from stoa.dialects.openai.file_search import RESULTS, TOOL, read_tool
from stoa.dialects.openai.responses_echo import echo_of
from stoa.dialects.openai.responses_items import read_input
from stoa.errors import InvalidRequest

Earlier = Callable[[str], list[Message]]
"""The messages up to and with an answer that was kept, by its id. Raises NotFound."""

_WITHOUT_MEANING = ("include", "max_tool_calls", "store", "stream_options")
"""Read elsewhere, or about OpenAI's own tools and its copies of answers, which there are none of: see `store` of the answer."""


def read(body: bytes, earlier: Earlier | None = None) -> Conversation:
    """Raises InvalidRequest that names the field. Without `earlier` there is no going on from an answer's id."""
    reader = read_object(body)
    before = _before(reader, earlier)
    tools, files, choice = _tools(reader)
    system, messages = read_input(reader)
    answer_format, verbosity = _text(reader)
    request = Conversation(
        form="responses",
        model=reader.need_text("model"),
        system=system,
        messages=[*before, *messages],
        stream=reader.flag("stream") or False,
        wants_usage=True,
        max_tokens=reader.integer("max_output_tokens", least=1),
        temperature=reader.number("temperature"),
        top_p=reader.number("top_p"),
        frequency_penalty=reader.number("frequency_penalty") or None,
        presence_penalty=reader.number("presence_penalty") or None,
        top_logprobs=reader.integer("top_logprobs", least=0) or None,
        tools=tools,
        file_search=files,
        tool_choice=choice,
        parallel_tool_calls=reader.flag("parallel_tool_calls"),
        answer_format=answer_format,
        verbosity=verbosity,
        reasoning=_reasoning(reader),
        user=reader.text("user"),
        metadata=read_metadata(reader),
        service_tier=read_service_tier(reader),
    )
    if request.top_logprobs is not None or "message.output_text.logprobs" in reader.texts("include"):
        request.logprobs = True
    if reader.flag("background"):
        reader.keep("background")
    if reader.text("truncation") != "disabled":
        reader.keep("truncation")
    reader.skip(_WITHOUT_MEANING)
    request.echo = echo_of(reader)
    reader.close()
    request.rest = reader.rest
    return request


def _before(reader: FieldReader, earlier: Earlier | None) -> list[Message]:
    for field in ("previous_response_id", "conversation"):
        found = reader.get(field)
        if found is None:
            continue
        if earlier is None or not isinstance(found, str):
            raise InvalidRequest(
                f"Field {field!r} asks to go on from what was kept, but no answers are kept here: "
                "send the earlier items again in 'input'.",
                param=field,
                code="unsupported_parameter",
            )
        return earlier(found)
    return []


def _tools(reader: FieldReader) -> tuple[list[Tool], FileSearch | None, ToolChoice | None]:
    tools: list[Tool] = []
    files: FileSearch | None = None
    for item in reader.children("tools"):
        kind = item.need_text("type")
        if kind == TOOL and files is None:
            files = read_tool(item, results=RESULTS in reader.texts("include"))
            continue
        if kind != "function":
            item.keep(value=kind)  # a tool of OpenAI's own
            continue
        tools.append(read_function(item))
        if item.get("allowed_callers") != ["direct"]:
            item.keep("allowed_callers")
        if item.get("defer_loading") is not False:
            item.keep("defer_loading")
        item.close()
    if reader.is_text("tool_choice"):
        mode = reader.text("tool_choice")
        if mode not in ("auto", "none", "required"):
            raise reader.wrong("tool_choice", "'auto', 'none', 'required' or an object")
        return tools, files, ToolChoice(mode=mode)
    choice = reader.child("tool_choice")
    if choice is None:
        return tools, files, None
    match choice.need_text("type"):
        case "function":
            return tools, files, ToolChoice(mode="named", name=choice.need_text("name"))
        case "allowed_tools":
            allowed, mode = only_allowed(tools, choice)
            return allowed, files, mode
        case _:
            choice.keep(value=choice.get("type"))
            return tools, files, None


def _text(reader: FieldReader) -> tuple[AnswerFormat | None, str | None]:
    text = reader.child("text")
    if text is None:
        return None, None
    verbosity = text.text("verbosity")
    answer_format = _format(text.child("format"))
    text.close()
    return answer_format, verbosity


def _format(form: FieldReader | None) -> AnswerFormat | None:
    if form is None:
        return None
    match form.need_text("type"):
        case "text":
            return None
        case "json_object":
            return AnswerFormat()
        case "json_schema":
            return read_json_schema(form)
        case _:
            form.keep(value=form.get("type"))
            return None


def _reasoning(reader: FieldReader) -> Reasoning | None:
    wanted = reader.child("reasoning")
    if wanted is None:
        return None
    effort = wanted.text("effort")
    summary = wanted.text("summary") or wanted.text("generate_summary")
    wanted.skip(["generate_summary"])
    for field, usual in _USUAL.items():
        if wanted.get(field) != usual:
            wanted.keep(field)
    wanted.close()
    if effort is None and summary is None:
        return None
    found = reasoning_of(effort)
    found.summary = summary
    return found


_USUAL: Fields = {"context": "auto", "mode": "standard"}
"""Of reasoning: what is so when nothing is said."""
