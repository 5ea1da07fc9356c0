"""One request to several targets, before a double of the API."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Locator, Page, Request, Route, expect
from tests.page.browsing import becomes_true, is_wider_than_window, violations

pytestmark = pytest.mark.slow

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63f8cfc0000003010100"
    "18dd8db00000000049454e44ae426082"
)
IMAGE: FilePayload = {"name": "plan.png", "mimeType": "image/png", "buffer": PIXEL}


@pytest.fixture
def playground(page: Page) -> Page:
    return opened_on(page)


def opened_on(page: Page) -> Page:
    page.get_by_role("link", name="Playground").click()
    page.get_by_role("heading", name="Playground").wait_for()
    expect(target(page, 2)).to_contain_text("gpt-4.1-mini")
    return page


def target(page: Page, place: int) -> Locator:
    return page.get_by_role("article", name=f"Target {place}")


def ask(page: Page, question: str) -> None:
    page.get_by_label("Message 1", exact=True).fill(question)
    page.keyboard.press("Control+Enter")


def shows(page: Page, place: int, tab: str) -> Locator:
    target(page, place).get_by_role("tab", name=tab, exact=True).click()
    return target(page, place).get_by_role("tabpanel", name=tab, exact=True)


def figure(page: Page, place: int, name: str) -> Locator:
    return target(page, place).locator("dl > div", has=page.locator("dt", has_text=re.compile(f"^{name}$"))).locator("dd")


def sent(request: Request) -> object:
    return json.loads(request.post_data or "")


def is_run(request: Request) -> bool:
    return "/api/playground/" in request.url


def test_a_request_goes_to_all_targets_and_each_shows_its_answer_time_and_cost(playground: Page) -> None:
    ask(playground, "How do I try again? think call")
    for place, cost in ((1, "unknown"), (2, "$0.00021")):
        expect(target(playground, place)).to_contain_text("200 Done")
        answer = target(playground, place).get_by_role("tabpanel")
        expect(answer).to_contain_text("Exponential backoff")
        expect(answer.locator("pre").first).to_contain_text("for attempt in range(5)")
        expect(answer).to_contain_text("calls wait")
        expect(figure(playground, place, "First token")).to_have_text(re.compile(r"^[\d.]+ m?s$"))
        expect(figure(playground, place, "Total")).to_have_text(re.compile(r"^[\d.]+ m?s$"))
        expect(figure(playground, place, "Speed")).to_have_text(re.compile(r"^[\d.]+/s$"))
        expect(figure(playground, place, "In")).to_have_text("41")
        expect(figure(playground, place, "Out")).to_have_text("118")
        expect(figure(playground, place, "Cost")).to_have_text(cost)
    expect(target(playground, 2)).to_contain_text("gpt-4.1-mini at openai")


def test_request_and_response_are_shown_raw(playground: Page) -> None:
    ask(playground, "Hello")
    expect(target(playground, 2)).to_contain_text("Done")
    request = shows(playground, 2, "Raw request")
    expect(request).to_contain_text("POST /v1/chat/completions")
    expect(request).to_contain_text("authorization: Bearer $STOA_KEY")
    expect(request).to_contain_text('"model": "gpt-4.1-mini"')
    response = shows(playground, 2, "Raw response")
    expect(response).to_contain_text("HTTP 200")
    expect(response).to_contain_text("x-stoa-cache: miss")
    expect(response).to_contain_text('data: {"choices":[{"index":0,"delta":{"content":"Exponential "}}]}')
    expect(response).to_contain_text("data: [DONE]")


def test_a_target_that_fails_leaves_the_others_alone(playground: Page) -> None:
    ask(playground, "refuse")
    expect(target(playground, 2)).to_contain_text("429 Failed")
    expect(target(playground, 2).get_by_role("alert")).to_contain_text("has spent its budget of $50.00")
    expect(figure(playground, 2, "Cost")).to_have_text("none")
    expect(target(playground, 1)).to_contain_text("200 Done")
    ask(playground, "please die")
    expect(target(playground, 1).get_by_role("alert")).to_contain_text("broke off after 9 words")
    expect(target(playground, 1)).to_contain_text("Exponential backoff")


def test_one_target_is_stopped_and_what_it_cost_is_told(playground: Page) -> None:
    ask(playground, "slow")
    expect(target(playground, 1)).to_contain_text("Exponential")
    playground.get_by_role("button", name="Stop gpt-4.1-mini").click()
    expect(target(playground, 2)).to_contain_text("Stopped here.")
    expect(figure(playground, 2, "Cost")).to_have_text("$0.00021")
    expect(target(playground, 1)).to_have_attribute("aria-busy", "true")
    playground.keyboard.press("Escape")
    expect(target(playground, 1)).to_have_attribute("aria-busy", "false")


@pytest.mark.parametrize(
    ("form", "path"), [("Messages", "/v1/messages"), ("Responses", "/v1/responses"), ("Chat", "/v1/chat/completions")]
)
@pytest.mark.parametrize("stream", [True, False])
def test_each_form_is_asked_and_read(playground: Page, form: str, path: str, stream: bool) -> None:
    playground.get_by_role("radio", name=form).check(force=True)
    playground.get_by_role("checkbox", name="Stream").set_checked(stream)
    with playground.expect_request(is_run) as asked:
        ask(playground, "Hello")
    assert asked.value.url.endswith(f"/api/playground/{form.lower()}")
    expect(target(playground, 1).get_by_role("tabpanel")).to_contain_text("Exponential backoff")
    expect(target(playground, 1)).to_contain_text("Done")
    expect(figure(playground, 1, "First token")).to_have_text(re.compile(r"^[\d.]+ m?s$" if stream else "–"))
    expect(shows(playground, 1, "Raw request")).to_contain_text(f"POST {path}")


def test_fields_become_the_request(playground: Page) -> None:
    playground.get_by_role("textbox", name="System").fill("Be brief.")
    playground.get_by_label("Temperature").fill("0.5")
    playground.get_by_label("Max tokens").fill("64")
    playground.get_by_role("checkbox", name="Pass the cache by").check()
    playground.get_by_text("JSON schema of the answer").click()
    playground.get_by_label("JSON schema", exact=True).fill('{"type": "object"}')
    playground.get_by_text("Tools", exact=True).click()
    playground.get_by_label("Tools as JSON").fill('[{"name": "now", "input_schema": {"type": "object"}}]')
    with playground.expect_request(is_run) as asked:
        ask(playground, "Hello")
    assert asked.value.headers["cache-control"] == "no-cache"
    assert sent(asked.value) == {
        "model": "stoa-reader",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}],
        "temperature": 0.5,
        "max_completion_tokens": 64,
        "response_format": {
            "type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
        },
        "tools": [{"type": "function", "function": {"name": "now", "parameters": {"type": "object"}}}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }  # fmt: skip
    expect(target(playground, 1).get_by_role("group", name="The answer")).to_contain_text('"jitter": true')


def test_what_is_wrong_is_told_and_not_sent(playground: Page) -> None:
    playground.get_by_role("button", name="Run", exact=True).click()
    expect(playground.get_by_role("alert")).to_have_text("Write a message first.")
    playground.get_by_label("Max tokens").fill("many")
    expect(playground.get_by_text("This must be a whole number from 1, but it is “many”.")).to_be_visible()
    playground.get_by_text("Tools", exact=True).click()
    playground.get_by_label("Tools as JSON").fill('[\n  {"name": }\n]')
    expect(playground.get_by_text("Line 2, column 12: a value is missing before “}”.")).to_be_visible()
    expect(target(playground, 1)).to_contain_text("Not run yet")


def test_the_whole_request_is_edited_as_json(playground: Page) -> None:
    playground.get_by_label("Message 1", exact=True).fill("Hello")
    playground.get_by_role("radio", name="JSON").check(force=True)
    editor = playground.get_by_label("The request as JSON")
    assert json.loads(editor.input_value())["messages"] == [{"role": "user", "content": "Hello"}]
    editor.fill('{\n  "messages": [],\n}')
    expect(editor).to_have_attribute("aria-invalid", "true")
    expect(playground.get_by_text("Line 3, column 1: no “,” may stand before “}”.")).to_be_visible()
    editor.fill('{"messages": [], "seed": 12345678901234567890}')
    with playground.expect_request(is_run) as asked:
        playground.keyboard.press("Control+Enter")
    assert asked.value.post_data == '{"model": "stoa-reader", "messages": [], "seed": 12345678901234567890}'
    playground.get_by_role("radio", name="Fields").click(force=True)
    playground.get_by_role("dialog").get_by_role("button", name="Leave it").click()
    expect(playground.get_by_label("Message 1", exact=True)).to_have_value("Hello")


def test_an_image_goes_with_a_message(playground: Page) -> None:
    playground.get_by_label("Attach to message 1").set_input_files(IMAGE)
    expect(playground.get_by_role("img", name="plan.png")).to_be_visible()
    assert playground.get_by_role("img", name="plan.png").evaluate("image => image.naturalWidth") == 1
    with playground.expect_request(is_run) as asked:
        ask(playground, "What is it?")
    assert '"url": "data:image/png;base64,iVBOR' in (asked.value.post_data or "")
    playground.get_by_role("button", name="Take plan.png away").click()
    expect(playground.get_by_role("img", name="plan.png")).to_have_count(0)
    playground.get_by_label("Attach to message 1").set_input_files(
        {"name": "plan.pdf", "mimeType": "application/pdf", "buffer": b"%PDF"}
    )
    expect(playground.get_by_role("alert")).to_contain_text("“plan.pdf” is application/pdf")


def test_the_conversation_goes_on_from_an_answer(playground: Page) -> None:
    ask(playground, "Hello")
    target(playground, 2).get_by_role("button", name="Go on from here").click()
    expect(playground.get_by_label("Message 2", exact=True)).to_have_value(re.compile("^Exponential backoff"))
    playground.get_by_label("Message 3", exact=True).fill("And then?")
    with playground.expect_request(is_run) as asked:
        playground.keyboard.press("Control+Enter")
    body = sent(asked.value)
    assert isinstance(body, dict)
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]


def test_targets_are_added_chosen_and_taken_away(playground: Page) -> None:
    playground.get_by_role("button", name="Add a target").click()
    playground.get_by_role("button", name="Add a target").click()
    expect(playground.get_by_role("article")).to_have_count(4)
    expect(playground.get_by_role("button", name="Add a target")).to_have_count(0)
    target(playground, 4).get_by_role("button", name="Ask: ").click()
    playground.get_by_role("menuitemradio", name="Handbook").click()
    playground.get_by_role("button", name="Take target 1 away").click()
    expect(playground.get_by_role("article")).to_have_count(3)
    expect(target(playground, 3)).to_contain_text("Handbook")
    ask(playground, "Hello")
    expect(target(playground, 3)).to_contain_text("Done")


def test_a_reload_loses_nothing_of_the_request(playground: Page) -> None:
    playground.get_by_role("textbox", name="System").fill("Be brief.")
    playground.get_by_label("Message 1", exact=True).fill("Hello")
    playground.get_by_role("radio", name="Messages").check(force=True)
    playground.get_by_role("button", name="Take target 1 away").click()
    expect(playground.get_by_role("article")).to_have_count(1)
    becomes_true(
        playground,
        "() => Object.values(localStorage).some(kept => kept.includes('Be brief.') && JSON.parse(kept).columns?.length === 1)",
    )
    playground.reload()
    expect(playground.get_by_label("Message 1", exact=True)).to_have_value("Hello")
    expect(playground.get_by_role("textbox", name="System")).to_have_value("Be brief.")
    expect(playground.get_by_role("radio", name="Messages")).to_be_checked()
    expect(playground.get_by_role("article")).to_have_count(1)


def test_a_lost_connection_says_so_in_its_column(playground: Page) -> None:
    def cut(route: Route) -> None:
        if "gpt-4.1-mini" in (route.request.post_data or ""):
            route.abort()
        else:
            route.continue_()

    playground.route("**/api/playground/*", cut)
    ask(playground, "Hello")
    expect(target(playground, 2).get_by_role("alert")).to_contain_text("Stoa did not answer")
    expect(target(playground, 1)).to_contain_text("Done")


@pytest.mark.parametrize("width", [1440, 390])
def test_answers_and_raw_texts_pass_axe(sign_in: Callable[..., Page], width: int) -> None:
    page = opened_on(sign_in(reduced_motion="reduce", viewport={"width": width, "height": 900}))
    ask(page, "refuse think call")
    expect(target(page, 1)).to_contain_text("200 Done")
    for tab in ("Answer", "Raw request", "Raw response"):
        shows(page, 1, tab)
        shows(page, 2, tab)
        assert violations(page) == [], tab
        assert not is_wider_than_window(page), tab
