"""Signing in by link, and out."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow


def test_a_link_signs_in_and_its_token_leaves_the_address(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/sign-in?token=good")
    expect(page).to_have_url(re.compile("/conversations$"))
    expect(page.get_by_text("Signed in as Ada Sandoval")).to_be_attached()
    page.go_back()
    assert "token" not in page.url


def test_a_used_link_is_explained_with_what_to_do(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/sign-in?token=used")
    expect(page.get_by_role("alert")).to_contain_text("used already")
    expect(page.get_by_text("stoa login", exact=True)).to_be_visible()
    assert "token" not in page.url


def test_a_pasted_link_signs_in(open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/usage")
    link = page.get_by_label("Or paste the link here")
    link.fill("something else")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not a sign-in link")
    link.fill("http://127.0.0.1:1/sign-in?token=good")
    link.press("Enter")
    expect(page.get_by_role("heading", name="Usage")).to_be_visible()


def test_signing_out_shows_the_door_and_stays_so(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_session_that_ends_shows_the_door(page: Page) -> None:
    page.context.clear_cookies()
    page.get_by_role("button", name="Who may fly").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
