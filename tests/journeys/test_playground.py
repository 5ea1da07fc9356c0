"""The playground before a whole Stoa: what it shows is what happened, and the code that it gives runs."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from tests.journeys.conftest import RunningStoa, clean_environment
from tests.page.browsing import chromium, need, opened

pytestmark = pytest.mark.slow

BUILD = Path(__file__).parents[2] / ".build"
ANSWER = "It's “so”, said the scripted model."
APPLIED = """
kind: Provider
name: scripted
base_url: http://127.0.0.1:{port}/v1
---
kind: Model
name: scripted
provider: scripted
price:
  input_per_million: "1"
  output_per_million: "2"
---
kind: Model
name: others
provider: scripted
teams: [others]
"""


class Upstream(ThreadingHTTPServer):
    """Answers a chat, as a stream or whole; a question with `forever` is answered until the client hangs up."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[dict[str, Any]] = []
        self.hung_up = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has left."""


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        assert isinstance(self.server, Upstream)
        self.server.asked.append(body)
        usage = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
        if not body.get("stream"):
            message = {"role": "assistant", "content": ANSWER}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self._send(json.dumps(_completion("chat.completion", [choice], usage=usage)).encode())
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        if "forever" in json.dumps(body):
            self._go_on()
            return
        for word in ANSWER.split(" "):
            self._event(_completion("chat.completion.chunk", [{"index": 0, "delta": {"content": f"{word} "}}]))
        self._event(_completion("chat.completion.chunk", [{"index": 0, "delta": {}, "finish_reason": "stop"}]))
        self._event(_completion("chat.completion.chunk", [], usage=usage))
        self.wfile.write(b"data: [DONE]\n\n")

    def _go_on(self) -> None:
        assert isinstance(self.server, Upstream)
        try:
            while True:
                self._event(_completion("chat.completion.chunk", [{"index": 0, "delta": {"content": "on and "}}]))
                time.sleep(0.02)
        except OSError:
            self.server.hung_up.set()

    def _event(self, data: object) -> None:
        self.wfile.write(b"data: " + json.dumps(data).encode() + b"\n\n")
        self.wfile.flush()

    def _send(self, data: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - the base class's name


def _completion(kind: str, choices: list[dict[str, Any]], **more: object) -> dict[str, Any]:
    return {"id": "c", "object": kind, "created": 1, "model": "scripted", "choices": choices} | more


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def stoa(plain_stoa: RunningStoa, upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> RunningStoa:
    assert plain_stoa.stoa("team", "create", "others").returncode == 0
    manifest = tmp_path_factory.mktemp("applied") / "scripted.yaml"
    manifest.write_text(APPLIED.format(port=upstream.server_address[1]))
    applied = plain_stoa.stoa("apply", "-f", str(manifest))
    assert applied.returncode == 0, applied.stderr
    return plain_stoa


@pytest.fixture(scope="module")
def key(stoa: RunningStoa) -> str:
    return stoa.key("copied-code")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def session(browser: Browser, stoa: RunningStoa) -> Any:
    """What a browser keeps of having signed in, for all tests here."""
    with opened(browser, stoa.url) as page:
        page.goto(stoa.sign_in_link())
        page.get_by_role("link", name="Playground").wait_for()
        return page.context.storage_state()


@pytest.fixture
def page(browser: Browser, stoa: RunningStoa, session: Any) -> Iterator[Page]:
    """The playground, with the scripted model as the one target."""
    with opened(browser, stoa.url, permissions=["clipboard-read", "clipboard-write"], storage_state=session) as page:
        page.goto("/")
        page.get_by_role("link", name="Playground").click()
        page.get_by_role("button", name="Take target 2 away").click()
        choose(page, "scripted")
        yield page


def choose(page: Page, model: str) -> None:
    target(page).get_by_role("button", name="Ask: ").click()
    page.get_by_role("menuitemradio", name=model).click()


def target(page: Page) -> Locator:
    return page.get_by_role("article", name="Target 1")


def figure(page: Page, name: str) -> Locator:
    return target(page).locator("dl > div", has=page.get_by_text(name, exact=True)).locator("dd")


def ask(page: Page, question: str) -> None:
    page.get_by_label("Message 1", exact=True).fill(question)
    page.keyboard.press("Control+Enter")


def raw(page: Page, tab: str) -> str:
    target(page).get_by_role("tab", name=tab).click()
    return target(page).get_by_role("tabpanel", name=tab).inner_text()


def choose_form(page: Page, form: str, *, stream: bool) -> None:
    page.get_by_role("radio", name=form).check(force=True)
    page.get_by_role("checkbox", name="Stream").set_checked(stream)


@pytest.mark.parametrize("form", ["Chat", "Messages", "Responses"])
@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_its_cost_and_its_target_are_told(page: Page, form: str, stream: bool) -> None:
    choose_form(page, form, stream=stream)
    page.get_by_role("checkbox", name="Pass the cache by").check()
    ask(page, "How is it?")
    expect(target(page).get_by_role("tabpanel")).to_contain_text("said the scripted model.")
    expect(target(page)).to_contain_text("200 Done")
    expect(figure(page, "In")).to_have_text("7")
    expect(figure(page, "Out")).to_have_text("5")
    expect(figure(page, "Cost")).to_have_text("$0.000017")
    assert "cache-control: no-cache" in raw(page, "Raw request")
    response = raw(page, "Raw response")
    assert "x-stoa-model: scripted" in response
    request_id = response.partition("x-request-id: ")[2].split("\n")[0]
    told = page.request.get(f"/api/usage/requests/{request_id}").json()
    assert (told["form"], told["streamed"], told["cost_nano_usd"]) == (form.lower(), stream, 17_000)


def test_an_answer_from_the_cache_costs_nothing_and_says_so(page: Page) -> None:
    for _ in range(2):
        ask(page, "What is kept?")
        expect(target(page)).to_contain_text("200 Done")
        expect(figure(page, "Out")).to_have_text("5")
    expect(target(page)).to_contain_text("from the cache")
    expect(figure(page, "Cost")).to_have_text("$0.00")


def test_stop_reaches_the_target_and_what_came_is_billed(page: Page, upstream: Upstream) -> None:
    ask(page, "Go on forever")
    expect(target(page).get_by_role("tabpanel")).to_contain_text("on and on and")
    assert not upstream.hung_up.is_set()
    page.get_by_role("button", name="Stop scripted").click()
    assert upstream.hung_up.wait(60)
    expect(target(page)).to_contain_text("Stopped here.")
    expect(figure(page, "Cost")).to_contain_text("$0.0")


def test_the_built_in_model_takes_part(page: Page) -> None:
    choose(page, "stoa-reader")
    ask(page, "Who are you?")
    expect(target(page).get_by_role("tabpanel")).to_contain_text("I am stoa-reader")
    expect(figure(page, "Cost")).to_have_text("$0.00")


def test_a_model_of_another_team_is_refused_as_anywhere(page: Page) -> None:
    csrf = page.request.get("/api/session").json()["csrf_token"]
    body = {"model": "others", "messages": [{"role": "user", "content": "Hello"}]}
    told = page.request.post("/api/playground/chat", data=body, headers={"x-csrf-token": csrf}).text()
    assert '"status":403' in told
    assert '"billed":false' in told


def test_bad_requests_are_refused_in_the_form_s_own_words(page: Page) -> None:
    choose_form(page, "Messages", stream=False)
    page.get_by_role("radio", name="JSON").check(force=True)
    page.get_by_label("The request as JSON").fill('{"max_tokens": "many", "messages": [{"role": "user", "content": "Hello"}]}')
    page.keyboard.press("Control+Enter")
    expect(target(page)).to_contain_text("400 Failed")
    expect(target(page).get_by_role("alert")).to_contain_text("max_tokens")
    assert '"type":"error"' in raw(page, "Raw response")


LANGUAGES = {
    "curl": lambda form: ["bash"],
    "Python": lambda form: [str(BUILD / "suites/bin/python") if form == "Messages" else sys.executable],
    "JavaScript": lambda form: [str(Path((BUILD / "node").read_text().strip()) / "node"), "--input-type=module", "-"],
}
"""What runs the copied code from stdin."""


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(
    ("language", "form"),
    [
        *(("curl", form) for form in ("Chat", "Messages", "Responses")),
        *(("Python", form) for form in ("Chat", "Messages", "Responses")),
        ("JavaScript", "Messages"),
    ],
)
def test_copied_code_runs(page: Page, key: str, upstream: Upstream, language: str, form: str, stream: bool) -> None:
    need(BUILD / "suites" / "bin" / "python", "make test")
    choose_form(page, form, stream=stream)
    page.get_by_role("textbox", name="System").fill('Answer in "quotes", it\'s $HOME.')
    page.get_by_label("Temperature").fill("0.9")
    question = f"{language} {form} {stream} €?"
    page.get_by_label("Message 1", exact=True).fill(question)
    ran = _run(LANGUAGES[language](form), copied(page, language), key)
    assert ran.returncode == 0, ran.stderr
    text = ran.stdout if not stream or language == "Python" else _joined(ran.stdout)
    assert "said the scripted model." in text, ran.stdout
    messages = upstream.asked[-1]["messages"]
    assert [message["content"] for message in messages] == ['Answer in "quotes", it\'s $HOME.', question]
    assert upstream.asked[-1]["temperature"] == 0.9


@pytest.mark.parametrize("form", ["Chat", "Responses"])
def test_copied_javascript_is_javascript(page: Page, form: str, tmp_path: Path) -> None:
    choose_form(page, form, stream=True)
    page.get_by_label("Message 1", exact=True).fill("It's `so` ${here}")
    script = tmp_path / "ask.mjs"
    script.write_text(copied(page, "JavaScript"))
    node = Path((BUILD / "node").read_text().strip()) / "node"
    subprocess.run([node, "--check", script], check=True)


def copied(page: Page, language: str) -> str:
    target(page).get_by_role("button", name="Copy as").click()
    page.get_by_role("menuitem", name=language).click()
    page.get_by_text(f"Copied as {language}").wait_for(state="attached")
    return page.evaluate("navigator.clipboard.readText()")


def _run(command: list[str], code: str, key: str) -> subprocess.CompletedProcess[str]:
    environment = clean_environment(STOA_KEY=key) | {"PATH": os.environ["PATH"]}
    return subprocess.run(command, input=code, capture_output=True, text=True, check=False, env=environment, timeout=60)


def _joined(events: str) -> str:
    """The text of a stream, whatever its form: its pieces stand under `content`, `text` or `delta`."""
    data = [json.loads(line[5:]) for line in events.splitlines() if line.startswith("data:") and "[DONE]" not in line]
    return "".join(_pieces(data))


def _pieces(found: Any) -> Iterator[str]:
    if isinstance(found, list):
        for each in found:
            yield from _pieces(each)
    if isinstance(found, dict):
        for name, each in found.items():
            if isinstance(each, str) and name in ("content", "text", "delta"):
                yield each
            yield from _pieces(each)
