"""Stash's page with PlexSync in it, as a person uses it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from tests.ui.fake_stash import FakeStash
from tests.ui.host_build import HERE

if TYPE_CHECKING:
    from typing_extensions import Self

ROUTE = "plugins/plexsync"
TABS = ("status", "waiting", "failed", "activity", "outages", "compare", "setup")
AXE = HERE / "node_modules/axe-core/axe.min.js"
PATIENCE = 20.0
"""Seconds within which what a test waits for is there, on a machine that does other things as well."""
STILL = (
    "() => ![...document.querySelectorAll('.fade:not(.show)')].some((each) => each.getClientRects().length)"
    " && document.getAnimations().every((each) => each.effect.getComputedTiming().iterations === Infinity)"
)
"""Whether nothing fades or moves. A dialog waits a moment in its first state before it begins to fade in, and is no
animation until then; what is hidden for good, such as another tab's pane, takes no place."""


class Addressed(Protocol):
    """A Stash: `address` is that of its first page, with a slash at the end."""

    @property
    def address(self) -> str: ...


AnyStash = TypeVar("AnyStash", bound=Addressed)
Seen = TypeVar("Seen")


def last_look(page: Page, look: Callable[[], Seen], wanted: object) -> Seen:
    """Look again and again until `wanted` is seen, with the patience of all tests; what was seen at last."""
    deadline = time.monotonic() + PATIENCE
    while (seen := look()) != wanted and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    return seen


def axe_violations(page: Page) -> list[str]:
    """What axe-core finds, the rule and the elements, on a page that has come to rest; what is still being drawn may
    look wrong for a moment, so it looks again. Toasts have Stash's own colours."""
    return last_look(page, lambda: _look_by_axe(page), [])


def _look_by_axe(page: Page) -> list[str]:
    page.wait_for_function(STILL, timeout=PATIENCE * 1000)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run({exclude: [['.toast']]})).violations")
    return [f"{each['id']}: {[node['html'][:200] for node in each['nodes']]}" for each in found]


class Window(Generic[AnyStash]):
    """One browser window, on a Stash. `complaints` are errors on the console that nobody has forgiven."""

    def __init__(self, page: Page, stash: AnyStash) -> None:
        self.page = page
        self.stash = stash
        self.complaints: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        # A reply that is an error is what some tests are about.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    def open(self, tab: str) -> Self:
        """Go to a tab by its address."""
        self.page.goto(f"{self.stash.address}{ROUTE}?tab={tab}")
        return self

    def go(self, path: str) -> Self:
        """Go to another of Stash's pages."""
        self.page.goto(self.stash.address + path)
        return self

    def button(self, name: str, index: int = 0) -> Locator:
        """The button of this name; the first, or another by its place."""
        return self.page.get_by_role("button", name=name, exact=True).nth(index)

    def press(self, name: str, index: int = 0) -> None:
        self.button(name, index).click()

    def shows(self, text: str) -> None:
        """Wait until the text is seen."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def lacks(self, text: str) -> None:
        """Wait until the text is seen nowhere."""
        expect(self.page.get_by_text(text)).to_have_count(0)

    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def agree(self, name: str) -> None:
        """Press a button of the dialog."""
        self.dialog().get_by_role("button", name=name, exact=True).click()

    def becomes(self, look: Callable[[], object], wanted: object) -> None:
        """Wait until `look` gives what is wanted."""
        assert last_look(self.page, look, wanted) == wanted

    def asks(self: Window[FakeStash], mode: str, *wanted: dict[str, Any]) -> None:
        """Wait until these are all the calls of an operation, each by its arguments."""
        self.becomes(lambda: self.stash.asked(mode), list(wanted))

    def saves(self: Window[FakeStash], wanted: dict[str, Any]) -> None:
        """Wait until these are all the settings that Stash holds."""
        self.becomes(lambda: self.stash.settings, wanted)

    def violations(self) -> list[str]:
        """What axe-core finds, once the page has come to rest."""
        return axe_violations(self.page)

    def fits(self) -> None:
        """Wait until the page is no wider than the window."""
        self.page.wait_for_function("document.documentElement.scrollWidth <= window.innerWidth")


Site = Window[FakeStash]
"""A window on canned answers."""
