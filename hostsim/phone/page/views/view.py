"""What every view has."""

from __future__ import annotations


class View:
    """A view of `app`. A subclass overrides what it needs; its `do_NAME(value)` may return a coroutine."""

    def __init__(self, app) -> None:
        self.app = app
        self.state = app.state
        self.browser = app.browser

    async def open(self) -> None:
        """The view is about to be shown, or the archive has grown. May raise Trouble."""

    def tick(self) -> bool:
        """Once a second while it is shown; whether it looks different by that."""
        return False

    def heard(self, kind: str, fields: dict) -> None:
        """A live record; every view hears it."""

    def render(self) -> str:
        """The view as HTML."""
        return ""

    def charts(self) -> dict:
        """Charts as JSON by the id of the element in which they are drawn; asked after `render`."""
        return {}
