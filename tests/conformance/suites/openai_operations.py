"""The `openai` client on everything besides text: images, audio, moderations, embeddings, files, batches; and Cohere's rerank.

The scripted upstream tells of a file its SHA-256, so that what was lost on the way would show.
"""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from asked import KEY, MODEL, PNG, STOA_URL

SOUND = bytes(range(256)) * 4000
"""A megabyte that is no text, with everything in it that could be taken for the end of a part."""


@pytest.fixture(scope="module")
def client() -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{STOA_URL}/v1", api_key=KEY, max_retries=0) as made:
        yield made


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def drawn(images: Any) -> list[str]:
    return [base64.b64decode(image.b64_json or "").decode() for image in images.data or []]


# --- images


def test_images_are_drawn(client: openai.OpenAI) -> None:
    images = client.images.generate(model="draw-script", prompt="a house", n=2)
    assert drawn(images) == ["a house 0 ", "a house 1 "]
    assert images.usage is not None
    assert (images.usage.input_tokens, images.usage.output_tokens) == (50, 20)


def test_an_image_comes_in_parts(client: openai.OpenAI) -> None:
    events = list(client.images.generate(model="draw-script", prompt="a house", stream=True, partial_images=2))
    assert [event.type for event in events] == ["image_generation.partial_image"] * 2 + ["image_generation.completed"]
    assert base64.b64decode(events[-1].b64_json) == b"a house 0 "


def test_an_image_is_changed_and_its_bytes_are_whole(client: openai.OpenAI) -> None:
    edited = client.images.edit(model="draw-script", image=("house.png", PNG, "image/png"), prompt="a roof")
    assert drawn(edited) == [f"a roof 0 {digest(PNG)}"]
    varied = client.images.create_variation(model="draw-script", image=("house.png", PNG, "image/png"), n=2)
    assert drawn(varied) == [f"again {number} {digest(PNG)}" for number in range(2)]


# --- audio


@pytest.mark.parametrize(("form", "kind"), [("mp3", "audio/mpeg"), ("wav", "audio/wav")])
def test_text_is_spoken(client: openai.OpenAI, form: Any, kind: str) -> None:
    said = client.audio.speech.create(model="say-script", voice="alloy", input="Grüß Gott", response_format=form)
    assert said.response.headers["content-type"] == kind
    assert said.read() == b"ID3\x04\x00" + "Grüß Gott ".encode() + bytes(range(256))


def test_speech_is_streamed_as_sound_and_as_events(client: openai.OpenAI) -> None:
    speaking = client.audio.speech.with_streaming_response
    with speaking.create(model="say-script", voice="alloy", input="One two three") as response:
        assert b"".join(response.iter_bytes()).endswith(bytes(range(256)))
    with speaking.create(model="say-script", voice="alloy", input="One", stream_format="sse") as response:
        events = [json.loads(line[6:]) for line in response.iter_lines() if line.startswith("data: ")]
    assert events[-1]["type"] == "speech.audio.done"


def test_sound_is_written_down_with_its_bytes_whole(client: openai.OpenAI) -> None:
    heard = client.audio.transcriptions.create(model="hear-script", file=("talk.wav", SOUND), language="en")
    assert heard.text == f"I heard talk.wav, {len(SOUND)} bytes, {digest(SOUND)}."
    assert heard.usage is not None
    assert heard.usage.type == "tokens"


@pytest.mark.parametrize(("form", "begins"), [("text", "I heard"), ("srt", "1\n00:00:00,000"), ("vtt", "WEBVTT")])
def test_transcripts_come_in_the_form_that_was_asked_for(client: openai.OpenAI, form: Any, begins: str) -> None:
    heard: Any = client.audio.transcriptions.create(model="hear-script", file=("talk.wav", SOUND), response_format=form)
    assert heard.startswith(begins)
    assert digest(SOUND) in heard


def test_a_verbose_transcript_tells_how_long_it_was(client: openai.OpenAI) -> None:
    heard = client.audio.transcriptions.create(model="hear-script", file=("a.wav", b"RIFF"), response_format="verbose_json")
    assert heard.duration == 2.5


def test_a_transcript_is_streamed(client: openai.OpenAI) -> None:
    events = list(client.audio.transcriptions.create(model="hear-script", file=("talk.wav", SOUND), stream=True))
    assert events[-1].type == "transcript.text.done"
    text = "".join(event.delta for event in events if event.type == "transcript.text.delta")
    assert text.strip() == events[-1].text


def test_sound_is_translated(client: openai.OpenAI) -> None:
    assert digest(SOUND) in client.audio.translations.create(model="hear-script", file=("rede.wav", SOUND)).text


# --- moderations, embeddings, rerank


def test_content_is_judged(client: openai.OpenAI) -> None:
    found = client.moderations.create(model="judge-script", input=["Good day.", "I will kill you."])
    assert [result.flagged for result in found.results] == [False, True]
    assert found.results[1].categories.violence


def test_tokens_and_many_texts_are_embedded(client: openai.OpenAI) -> None:
    tokens = client.embeddings.create(model="embed-script", input=[[1, 2, 3], [4]])
    assert (len(tokens.data), tokens.usage.prompt_tokens) == (2, 4)
    many = client.embeddings.create(model="embed-script", input=[f"text {number}" for number in range(300)])
    assert [each.index for each in many.data] == list(range(300))


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
def test_documents_are_put_in_order_as_coheres_clients_ask(path: str) -> None:
    asked = {"model": "rank-script", "query": "heavy rain", "documents": ["some sun", "heavy rain", "rain"], "top_n": 2}
    answer = httpx.post(STOA_URL + path, json=asked, headers={"authorization": f"Bearer {KEY}"})
    assert [(each["index"], each["relevance_score"]) for each in answer.json()["results"]] == [(1, 1.0), (2, 0.5)]


# --- refusals


def test_refusals_are_the_clients_own_classes(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as other:
        client.images.generate(model="say-script", prompt="a house")
    assert other.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as voiceless:
        client.audio.speech.create(model="say-script", voice="", input="Hi")
    assert voiceless.value.param == "voice"
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="sk-nobody").audio.transcriptions.create(model="hear-script", file=("a.wav", SOUND))


# --- files and batches


def test_a_file_is_kept_read_and_deleted(client: openai.OpenAI) -> None:
    kept = client.files.create(file=("notes.bin", SOUND), purpose="user_data")
    assert (kept.bytes, kept.filename) == (len(SOUND), "notes.bin")
    assert client.files.retrieve(kept.id).id == kept.id
    assert kept.id in [file.id for file in client.files.list()]
    assert client.files.content(kept.id).read() == SOUND
    assert client.files.delete(kept.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve(kept.id)


@pytest.mark.parametrize(
    ("endpoint", "ask"),
    [
        ("/v1/chat/completions", {"model": MODEL, "messages": [{"role": "user", "content": "Say hello."}]}),
        ("/v1/embeddings", {"model": "embed-script", "input": ["one", "two"]}),
        ("/v1/moderations", {"model": "judge-script", "input": "Good day."}),
        ("/v1/images/generations", {"model": "draw-script", "prompt": "a house"}),
    ],
)
def test_a_batch_is_done_and_answered_in_a_file(client: openai.OpenAI, endpoint: Any, ask: dict[str, Any]) -> None:
    lines = [{"custom_id": f"ask-{number}", "method": "POST", "url": endpoint, "body": ask} for number in range(3)]
    asked = client.files.create(file=("asks.jsonl", "\n".join(map(json.dumps, lines)).encode()), purpose="batch")
    batch = client.batches.create(input_file_id=asked.id, endpoint=endpoint, completion_window="24h")
    deadline = time.monotonic() + 60
    while batch.status not in ("completed", "failed", "expired", "cancelled") and time.monotonic() < deadline:
        time.sleep(0.25)
        batch = client.batches.retrieve(batch.id)
    assert (batch.status, batch.request_counts and batch.request_counts.completed) == ("completed", 3)
    answers = [json.loads(line) for line in client.files.content(batch.output_file_id or "").text.splitlines()]
    assert {answer["custom_id"] for answer in answers} == {"ask-0", "ask-1", "ask-2"}
    assert {answer["response"]["status_code"] for answer in answers} == {200}
    assert batch.id in [each.id for each in client.batches.list()]
