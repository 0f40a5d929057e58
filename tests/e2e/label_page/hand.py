"""A person's hand on the naming page."""

from dataclasses import dataclass
from typing import Literal

from playwright.sync_api import Locator, Page, expect


@dataclass(frozen=True)
class Hand:
    """A person with a mouse at a desk, or with a finger on a phone."""

    page: Page
    tool: Literal["mouse", "touch"]

    def press(self, what: Locator) -> None:
        what.scroll_into_view_if_needed()
        if self.tool == "touch":
            what.tap()
        else:
            what.click()

    def button(self, name: str) -> None:
        self.press(self.page.get_by_role("button", name=name, exact=True))

    def go(self, group: int) -> None:
        if self.tool == "touch":
            self.button("Groups")
        self.press(self.page.locator(f'[data-group="{group}"]'))

    def select(self, place: int, *, up_to: bool = False) -> None:
        """Select a picture or, with `up_to`, all from the last one to this."""
        picture = self.page.locator("#tiles .picture").nth(place)
        if self.tool == "mouse":
            picture.click(modifiers=["Shift" if up_to else "Control"])
            return
        picture.evaluate("picture => picture.scrollIntoView({ block: 'center' })")  # the bar may cover the last ones
        box = picture.bounding_box()
        assert box is not None
        selected = self.page.locator("#tiles li.selected")
        before = selected.count()
        touch = self.page.context.new_cdp_session(self.page)
        point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
        expect(selected).not_to_have_count(before)
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def count(self, text: str) -> None:
        expect(self.page.locator("#act-count")).to_have_text(text)
