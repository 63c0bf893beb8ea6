"""`python -m tests.ui.screenshots docs/images`: pictures of the page for README and docs, out of the canned answers."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.ui.fake_stash import FakeStash
from tests.ui.host_build import build_host, find_chromium
from tests.ui.site import Site

PICTURES = {
    "page-status": ("status", 1280, 640),
    "page-failed": ("failed", 1280, 900),
    "page-activity": ("activity", 1280, 780),
    "page-compare": ("compare", 1280, 900),
    "page-setup": ("setup", 1280, 900),
    "page-phone": ("failed", 360, 740),
}
"""By name: the tab, and the window's width and height in pixels."""


def main(folder: str) -> None:
    """Take all of them."""
    build_host()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        for name, (tab, width, height) in PICTURES.items():
            stash = FakeStash()
            context = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB")
            site = Site(context.new_page(), stash).open(tab)
            site.page.wait_for_load_state("networkidle")
            site.page.screenshot(path=Path(folder) / f"{name}.png")
            context.close()
            stash.server_close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
