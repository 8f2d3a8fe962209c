"""What the tests of the integer kernels share: signals of the whole int16 range, and many examples in one call."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.remote import Remote

SEVERAL = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
)
WORD = st.integers(-32768, 32767)


@st.composite
def signals(draw: st.DrawFn, least: int = 0, most: int = 2000, top: int = 32767) -> list[int]:
    """A row of integers up to `top` (as int16 does, it has one more below 0 if that is 32767): constant, noise of any size, a
    square wave between the rails, alternation of both, or a tone."""
    n = draw(st.integers(least, most))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    low = -32768 if top == 32767 else -top
    kind = draw(st.sampled_from(("constant", "noise", "rails", "alternating", "tone")))
    if kind == "constant":
        return [draw(st.integers(low, top))] * n
    if kind == "rails":
        return np.where(rng.random(n) < 0.5, low, top).tolist()
    if kind == "alternating":
        return [top if i % 2 else low for i in range(n)]
    if kind == "noise":
        size = min(top, draw(st.sampled_from((1, 40, 3000, 32767, 1 << 30))))
        return rng.integers(-size, size + 1, n).tolist()
    tone = draw(st.integers(1, top)) * np.sin(np.arange(n) * draw(st.floats(0.01, 3.1)))
    return np.round(tone).astype(int).tolist()


def batch(remote: Remote, source: str, cases: list[Any]) -> list[Any]:
    """Runs `source` once for each of `cases` (as `case`, leaving `answer`) in one call."""
    body = "\n".join("    " + line for line in source.strip().splitlines())
    return remote.run(
        f"from array import array\nresult = []\nfor case in cases:\n{body}\n    result.append(answer)",
        cases=cases,
    )
