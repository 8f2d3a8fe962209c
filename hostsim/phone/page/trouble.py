"""What can go wrong between page and collar, by a word for which `texts.TROUBLES` has the handler's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class Trouble(Exception):
    """Something went wrong; `why` is a key of texts.TROUBLES, `detail` goes behind it."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(why, detail)
        self.why = why
        self.detail = detail


async def done(work) -> Any:
    """The value of a call into the browser, which always answers `{"ok": value}` or `{"error": why, "detail": text}`.

    Raises Trouble.
    """
    answer = json.loads(await work)
    if "error" in answer:
        raise Trouble(answer["error"], answer.get("detail", ""))
    return answer.get("ok")
