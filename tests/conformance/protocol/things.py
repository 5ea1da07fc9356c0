"""The tools, resources and prompts that the suite of the Model Context Protocol asks for by name, in the place of documents."""

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal

import mcp_types as types

from stoa.api.access import Caller
from stoa.api.mcp.catalog import Arguments, Asked, Catalog, Held, Prompt, Tool
from stoa.errors import InvalidRequest, NotFound
from stoa.wiring import Control

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=="
WAV = base64.b64encode(
    b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\0\0\0\0"
).decode()
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {"address": {"type": "object", "properties": {"street": {"type": "string"}, "city": {"type": "string"}}}},
    "properties": {"name": {"type": "string"}, "address": {"$ref": "#/$defs/address"}},
    "additionalProperties": False,
}
USER = {
    "properties": {
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    },
    "required": ["username", "email"],
}
DEFAULTS = {
    "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
        "verified": {"type": "boolean", "default": True},
    }
}
_TITLED = [{"const": "value1", "title": "First Option"}, {"const": "value2", "title": "Second Option"}]
ENUMS = {
    "properties": {
        "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
        "titledSingle": {"type": "string", "oneOf": _TITLED},
        "legacyEnum": {"type": "string", "enum": ["opt1", "opt2"], "enumNames": ["Option One", "Option Two"]},
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["option1", "option2", "option3"]}},
        "titledMulti": {"type": "array", "items": {"anyOf": _TITLED}},
    }
}
_TEMPLATE = "test://template/{id}/data"


def text(said: str) -> types.TextContent:
    return types.TextContent(type="text", text=said)


def image() -> types.ImageContent:
    return types.ImageContent(type="image", data=PNG, mime_type="image/png")


def resource(uri: str, said: str, kind: str = "text/plain") -> types.EmbeddedResource:
    return types.EmbeddedResource(type="resource", resource=types.TextResourceContents(uri=uri, mime_type=kind, text=said))


async def _logs(asked: Asked) -> None:
    for said in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await asked.report.log(said)
        await asyncio.sleep(0.05)


async def _progresses(asked: Asked) -> None:
    for done in (0, 50, 100):
        await asked.report.progress(done, 100, f"Completed step {done} of 100")
        await asyncio.sleep(0.05)


async def _fails(asked: Asked) -> None:
    raise InvalidRequest("This tool intentionally returns an error for testing")


async def _samples(asked: Asked, given: Arguments) -> types.CallToolResult:
    message = types.SamplingMessage(role="user", content=text(str(given["prompt"])))
    answer = await asked.client.sample("it", types.CreateMessageRequestParams(messages=[message], max_tokens=100))
    said = answer.content.text if isinstance(answer.content, types.TextContent) else answer.content.type
    return types.CallToolResult(content=[text(f"LLM response: {said}")])


def _elicits(schema: Mapping[str, Any], said: str) -> Callable[[Asked, Arguments], Awaitable[types.CallToolResult]]:
    async def call(asked: Asked, given: Arguments) -> types.CallToolResult:
        form = types.ElicitRequestFormParams(
            message=str(given.get("message", "Fill this in.")), requested_schema={"type": "object", **schema}
        )
        answer = await asked.client.elicit("it", form)
        return types.CallToolResult(content=[text(f"{said} action={answer.action}, content={answer.content}")])

    return call


def _asking(
    name: str,
    call: Callable[[Asked, Arguments], Awaitable[types.CallToolResult]],
    *arguments: str,
    needs: Literal["sampling", "elicitation"],
) -> Tool:
    schema = {"type": "object", "properties": {each: {"type": "string"} for each in arguments}, "required": list(arguments)}
    return Tool(types.Tool(name=name, description=f"Does what {name} is to do.", input_schema=schema), call, needs)


async def _nothing(asked: Asked) -> None:
    """Say what is to be said, and no more."""


def _tool(
    name: str,
    *content: types.ContentBlock,
    first: Callable[[Asked], Awaitable[None]] = _nothing,
    schema: Mapping[str, Any] | None = None,
) -> Tool:
    async def call(asked: Asked, given: Arguments) -> types.CallToolResult:
        await first(asked)
        return types.CallToolResult(content=list(content))

    about = types.Tool(name=name, description=f"Does what {name} is to do.", input_schema=dict(schema or {"type": "object"}))
    return Tool(about, call)


def _prompt(name: str, arguments: Sequence[str], write: Callable[[Mapping[str, str]], Sequence[Any]]) -> Prompt:
    async def written(asked: Asked, given: Mapping[str, str]) -> types.GetPromptResult:
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=each) for each in write(given)])

    named = [types.PromptArgument(name=each, description=f"The argument {each}.", required=True) for each in arguments]
    return Prompt(types.Prompt(name=name, description=f"Says what {name} is to say.", arguments=named), written)


class Things:
    """Implements `catalog.Resources`."""

    @property
    def templates(self) -> Sequence[types.ResourceTemplate]:
        return [
            types.ResourceTemplate(name="template", uri_template=_TEMPLATE, description="Data.", mime_type="application/json")
        ]

    async def page(self, asked: Asked, cursor: str | None) -> tuple[Sequence[types.Resource], str | None]:
        found = [("test://static-text", "text/plain"), ("test://static-binary", "image/png")]
        return [
            types.Resource(name=uri[7:], uri=uri, description="Always the same.", mime_type=kind) for uri, kind in found
        ], None

    async def read(self, asked: Asked, uri: str) -> Sequence[types.TextResourceContents | types.BlobResourceContents]:
        if uri == "test://static-text":
            said = "This is the content of the static text resource."
            return [types.TextResourceContents(uri=uri, mime_type="text/plain", text=said)]
        if uri == "test://static-binary":
            return [types.BlobResourceContents(uri=uri, mime_type="image/png", blob=PNG)]
        if match := re.fullmatch(r"test://template/([^/]+)/data", uri):
            said = f'{{"id":"{match[1]}","templateTest":true,"data":"Data for ID: {match[1]}"}}'
            return [types.TextResourceContents(uri=uri, mime_type="application/json", text=said)]
        raise NotFound(f"There is no {uri!r}.")

    async def seen(self, parts: Control, caller: Caller, uris: Sequence[str]) -> Mapping[str, str | None]:
        return {uri: "the same" if uri.startswith("test://") else None for uri in uris}

    async def listed(self, parts: Control, caller: Caller) -> str:
        return "the same"

    async def may_read(self, parts: Control, caller: Caller, held: Held) -> bool:
        return True

    async def complete(self, asked: Asked, argument: str, begun: str, known: Mapping[str, str]) -> Sequence[str]:
        return [each for each in ("paris", "park", "party") if each.startswith(begun)]


def things() -> Catalog:
    return Catalog(
        tools=[
            _tool("test_simple_text", text("This is a simple text response for testing.")),
            _tool("test_image_content", image()),
            _tool("test_audio_content", types.AudioContent(type="audio", data=WAV, mime_type="audio/wav")),
            _tool("test_embedded_resource", resource("test://embedded-resource", "This is an embedded resource content.")),
            _tool(
                "test_multiple_content_types", text("Multiple content types test:"), image(),
                resource("test://mixed-content-resource", '{"test":"data","value":123}', "application/json"),
            ),
            _tool("test_tool_with_logging", text("Logged."), first=_logs),
            _tool("test_tool_with_progress", text("Progressed."), first=_progresses),
            _tool("test_error_handling", first=_fails),
            _tool("json_schema_2020_12_tool", text("Kept."), schema=SCHEMA),
            _asking("test_sampling", _samples, "prompt", needs="sampling"),
            _asking("test_elicitation", _elicits(USER, "User response:"), "message", needs="elicitation"),
            _asking("test_elicitation_sep1034_defaults", _elicits(DEFAULTS, "Elicitation completed:"), needs="elicitation"),
            _asking("test_elicitation_sep1330_enums", _elicits(ENUMS, "Elicitation completed:"), needs="elicitation"),
        ],
        resources=Things(),
        prompts=[
            _prompt("test_simple_prompt", (), lambda _: [text("This is a simple prompt for testing.")]),
            _prompt(
                "test_prompt_with_arguments", ("arg1", "arg2"),
                lambda given: [text(f"Prompt with arguments: arg1='{given.get('arg1')}', arg2='{given.get('arg2')}'")],
            ),
            _prompt(
                "test_prompt_with_embedded_resource", ("resourceUri",),
                lambda given: [
                    resource(given.get("resourceUri", ""), "Embedded resource content for testing."),
                    text("Please process the embedded resource above."),
                ],
            ),
            _prompt("test_prompt_with_image", (), lambda _: [image(), text("Please analyze the image above.")]),
        ],
    )  # fmt: skip
