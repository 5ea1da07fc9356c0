"""From the documents of a company to a cited answer: by the openai client, by the command line, within each one's rights."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from tests.journeys.conftest import RunningStoa, wait_until

pytestmark = pytest.mark.slow

QUESTION = "How long may an Insuvara pen be kept after its first use?"
SALARY = "What is the middle of the pay range for a senior scientist?"


@pytest.fixture(scope="module")
def key(handbook_stoa: RunningStoa) -> str:
    return handbook_stoa.key("journey", "--requests-per-minute", "none")


@pytest.fixture
def client(handbook_stoa: RunningStoa, key: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{handbook_stoa.url}/v1", api_key=key, max_retries=0) as made:
        yield made


def asked(question: str) -> dict[str, Any]:
    return {"model": "assistant/handbook", "messages": [{"role": "user", "content": question}]}


def test_an_application_gets_an_answer_in_the_documents_words_with_its_source(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(**asked(QUESTION))
    text = answer.choices[0].message.content
    assert text
    assert "30 days" in text
    assert "[1]" in text
    citation = (answer.model_extra or {})["stoa"]["citations"][0]
    assert citation["path"] == "products/insuvara.pdf"
    assert citation["page"] is not None
    assert "may be kept for 30 days" in " ".join(citation["passage"].split())
    assert answer.usage
    assert answer.usage.completion_tokens > 0


def test_a_stream_carries_the_same_answer_and_its_citations_last(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(**asked(QUESTION))
    chunks = list(client.chat.completions.create(**asked(QUESTION), stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    told = [chunk.model_extra["stoa"] for chunk in chunks if chunk.model_extra and "stoa" in chunk.model_extra]
    assert len(told) == 1
    assert told[0]["citations"] == (whole.model_extra or {})["stoa"]["citations"]


def test_what_the_documents_do_not_say_is_not_answered(client: openai.OpenAI) -> None:
    answer = client.chat.completions.create(**asked("Can I bring my dog along to the office?"))
    assert (answer.model_extra or {})["stoa"]["citations"] == []


def test_a_later_turn_is_understood_from_the_earlier_ones(client: openai.OpenAI) -> None:
    later = "And at what temperature?"
    alone = client.chat.completions.create(**asked(later)).choices[0].message.content
    text = client.chat.completions.create(**asked(QUESTION)).choices[0].message.content
    turns = [
        {"role": "user", "content": QUESTION},
        {"role": "assistant", "content": text},
        {"role": "user", "content": later},
    ]
    answer = client.chat.completions.create(model="assistant/handbook", messages=turns).choices[0].message.content
    assert "Insuvara" not in (alone or "")
    assert "Insuvara" in (answer or "")
    assert "°C" in (answer or "")


def test_texts_are_embedded(client: openai.OpenAI) -> None:
    made = client.embeddings.create(model="stoa-embed", input=["one", "two"])
    assert [len(each.embedding) for each in made.data] == [384, 384]


def test_the_models_one_may_use_are_listed(client: openai.OpenAI) -> None:
    assert {"assistant/handbook", "stoa-reader", "stoa-embed"} <= {model.id for model in client.models.list()}


def test_a_wrong_key_is_401(handbook_stoa: RunningStoa) -> None:
    with (
        openai.OpenAI(base_url=f"{handbook_stoa.url}/v1", api_key="sk-stoa-wrong", max_retries=0) as stranger,
        pytest.raises(openai.AuthenticationError) as refused,
    ):
        stranger.chat.completions.create(**asked(QUESTION))
    assert refused.value.code == "invalid_api_key"


def test_an_unknown_model_is_404_and_names_those_there_are(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as refused:
        client.chat.completions.create(model="assistant/handbok", messages=[{"role": "user", "content": "?"}])
    assert "assistant/handbook" in refused.value.message


def test_a_key_of_administration_calls_no_model(handbook_stoa: RunningStoa) -> None:
    management = (handbook_stoa.home / "secrets" / "cli.key").read_text().strip()
    with (
        openai.OpenAI(base_url=f"{handbook_stoa.url}/v1", api_key=management, max_retries=0) as administrator,
        pytest.raises((openai.AuthenticationError, openai.PermissionDeniedError)),
    ):
        administrator.chat.completions.create(**asked(QUESTION))


def test_a_key_of_an_application_administers_nothing(handbook_stoa: RunningStoa, key: str) -> None:
    refused = handbook_stoa.stoa("key", "create", "another", STOA_TOKEN=key)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "Traceback" not in refused.stderr


def test_a_revoked_key_is_refused(handbook_stoa: RunningStoa) -> None:
    """Within how long, `bench/reload.py` measures."""
    short = handbook_stoa.key("short-lived")
    assert handbook_stoa.stoa("key", "revoke", "short-lived").returncode == 0
    with openai.OpenAI(base_url=f"{handbook_stoa.url}/v1", api_key=short, max_retries=0) as late:

        def refused() -> bool:
            try:
                late.models.list()
            except openai.AuthenticationError:
                return True
            return False

        wait_until(refused, "the key is refused")


def test_the_command_line_answers_with_citations(handbook_stoa: RunningStoa) -> None:
    told = handbook_stoa.stoa("ask", QUESTION, "--assistant", "handbook", "--json")
    assert told.returncode == 0, told.stderr
    answer = json.loads(told.stdout)
    assert "30 days" in answer["answer"]
    assert answer["citations"][0]["path"] == "products/insuvara.pdf"
    shown = handbook_stoa.stoa("ask", QUESTION, "--collection", "handbook")
    assert "30 days" in shown.stdout
    assert "(products/insuvara.pdf, page" in shown.stdout


def test_documents_of_a_group_answer_only_its_members(handbook_stoa: RunningStoa) -> None:
    member = handbook_stoa.key("of-hr", "--groups", "hr")
    stranger = handbook_stoa.key("of-finance", "--groups", "finance")
    ours = json.loads(handbook_stoa.stoa("ask", SALARY, "--assistant", "handbook", "--json", STOA_KEY=member).stdout)
    theirs = json.loads(handbook_stoa.stoa("ask", SALARY, "--assistant", "handbook", "--json", STOA_KEY=stranger).stdout)
    assert "salary-bands-2025.csv" in {citation["path"] for citation in ours["citations"]}
    assert "salary-bands-2025.csv" not in {citation["path"] for citation in theirs["citations"]}
    assert theirs["answer"] != ours["answer"]


def test_a_folder_is_kept_in_step(handbook_stoa: RunningStoa, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    (folder / "canteen.md").write_text(
        "# Canteen\n\nThe canteen of Lindholm serves waffles on the first Monday of each month.\n"
    )
    (folder / "parking.md").write_text("# Parking\n\nThe gate of the Lindholm garage opens with the code 4711.\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 and then nothing")

    def ingest() -> tuple[int, str]:
        done = handbook_stoa.stoa("ingest", str(folder), "--collection", "lindholm")
        return done.returncode, done.stderr

    def answer(question: str) -> str:
        return handbook_stoa.stoa("ask", question, "--collection", "lindholm").stdout

    code, told = ingest()
    assert code == 1
    assert "Made the collection 'lindholm'" in told
    assert "failed: broken.pdf: " in told
    assert "2 indexed" in told
    assert "waffles on the first Monday" in answer("When does the canteen in Lindholm serve waffles?")

    (folder / "broken.pdf").unlink()
    code, told = ingest()
    assert code == 0
    assert "0 indexed (0 pages, 0 chunks), 2 unchanged, 1 removed, 0 failed." in told

    (folder / "canteen.md").write_text(
        "# Canteen\n\nThe canteen of Lindholm serves waffles on the last Friday of each month.\n"
    )
    (folder / "parking.md").unlink()
    code, told = ingest()
    assert "1 indexed" in told
    assert "0 unchanged, 1 removed" in told
    changed = answer("When does the canteen in Lindholm serve waffles?")
    assert "last Friday" in changed
    assert "first Monday" not in changed
    assert "4711" not in answer("Which code opens the gate of the Lindholm garage?")
