"""Stash's page with PlexSync in it, as a person uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from tests.ui.fake_stash import FakeStash
from tests.ui.host_build import HERE

if TYPE_CHECKING:
    from typing_extensions import Self

ROUTE = "plugins/plexsync"
TABS = ("status", "waiting", "failed", "activity", "outages", "compare", "setup")
AXE = HERE / "node_modules/axe-core/axe.min.js"


class Addressed(Protocol):
    """A Stash: `address` is that of its first page, with a slash at the end."""

    @property
    def address(self) -> str: ...


AnyStash = TypeVar("AnyStash", bound=Addressed)


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

    def violations(self) -> list[str]:
        """What axe-core finds: the rule and the elements. Toasts have Stash's own colours."""
        self.page.add_script_tag(path=AXE)
        # A colour on its way from one to the other is neither.
        self.page.evaluate(
            "async () => { const passing = document.getAnimations()"
            ".filter((each) => each.effect.getComputedTiming().iterations !== Infinity);"
            " await Promise.allSettled(passing.map((each) => each.finished)); }"
        )
        found: list[dict[str, Any]] = self.page.evaluate(
            "async () => (await axe.run({exclude: [['.toast']]})).violations"
        )
        return [f"{each['id']}: {[node['html'][:200] for node in each['nodes']]}" for each in found]

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        return width


Site = Window[FakeStash]
"""A window on canned answers."""
