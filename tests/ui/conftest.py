"""The page in a real Chromium, against a small Stash of canned answers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.ui.fake_stash import FakeStash
from tests.ui.host_build import Missing, build_host, find_chromium
from tests.ui.site import PATIENCE, Site

HERE = Path(__file__).resolve().parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE) and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.ui)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A Chromium, with the host page built; without either the tests are skipped, but not in CI."""
    try:
        chromium = find_chromium()
        build_host()
    except Missing as missing:
        if os.environ.get("CI") == "true" or os.environ.get("PLEXSYNC_REQUIRE_CHROMIUM") == "1":
            pytest.fail(f"the page cannot be tested: {missing}")
        pytest.skip(f"the page is not tested: {missing}")
    expect.set_options(timeout=PATIENCE * 1000)
    with sync_playwright() as playwright:
        # A container has no sandbox for root; what is opened here is our own.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def stash() -> Iterator[FakeStash]:
    stash = FakeStash()
    yield stash
    stash.shutdown()
    stash.server_close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window at 1280 px."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="UTC")
    context.set_default_timeout(PATIENCE * 1000)
    yield context.new_page()
    context.close()


@pytest.fixture
def site(page: Page, stash: FakeStash) -> Iterator[Site]:
    """The page. Whatever the console complains of, and no test has forgiven, is a failure."""
    site = Site(page, stash)
    yield site
    assert site.complaints == []
