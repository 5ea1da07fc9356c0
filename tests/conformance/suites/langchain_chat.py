"""langchain's own integration suite for chat models, on ChatOpenAI with nothing but its base URL changed.

Two of its checks fetch a picture or a document from the web to send it on. Nothing here reaches the web, so the fetch is
answered with a pixel; what is sent to the model is as real as before.
"""

from typing import Any, Literal

import httpx
import pytest
from asked import KEY, MODEL, OF_ANTHROPIC, PNG, STOA_URL
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests, chat_models


@pytest.fixture(autouse=True)
def no_web(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetched(url: str, **_: Any) -> httpx.Response:
        return httpx.Response(200, content=PNG, request=httpx.Request("GET", url))

    monkeypatch.setattr(chat_models.httpx, "get", fetched)
    monkeypatch.setenv("LANGCHAIN_TESTS_USER_AGENT", "stoa-conformance")


class _OfStoa(ChatModelIntegrationTests):
    responses = False

    @property
    def chat_model_class(self) -> type[BaseChatModel]:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {
            "base_url": f"{STOA_URL}/v1",
            "api_key": KEY,
            "model": MODEL,
            "stream_usage": True,
            "use_responses_api": self.responses,
        }

    @property
    def standard_chat_model_params(self) -> dict[str, Any]:
        return {**super().standard_chat_model_params, "max_retries": 0}

    @property
    def model_override_value(self) -> str:
        return "claude-sonnet-4-script" if OF_ANTHROPIC else "gpt-4o-script"

    @property
    def supports_json_mode(self) -> bool:
        return not OF_ANTHROPIC

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_urls(self) -> bool:
        return True

    @property
    def supports_pdf_inputs(self) -> bool:
        return True

    @property
    def supports_audio_inputs(self) -> bool:
        return not OF_ANTHROPIC

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def supported_usage_metadata_details(self) -> dict[Literal["invoke", "stream"], list[Any]]:
        kinds = ["reasoning_output", "cache_read_input"]
        return {"invoke": kinds, "stream": kinds}

    def invoke_with_reasoning_output(self, *, stream: bool = False) -> AIMessage:
        return self._ask("What is 15 * 37?", stream=stream, reasoning_effort="low", max_tokens=4096)

    def invoke_with_cache_read_input(self, *, stream: bool = False) -> AIMessage:
        return self._ask("Say hello.", stream=stream)

    def _ask(self, question: str, *, stream: bool, **more: Any) -> AIMessage:
        model = self.chat_model_class(**self.chat_model_params, **more)
        if not stream:
            return model.invoke(question)  # type: ignore[return-value] - what ChatOpenAI gives
        chunks = iter(model.stream(question))
        whole: Any = next(chunks)
        for chunk in chunks:
            whole += chunk
        return whole


class TestChatCompletions(_OfStoa):
    pass


class TestResponses(_OfStoa):
    responses = True
