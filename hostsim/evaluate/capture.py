"""What a fast capture, begun when the chip's wake-up interrupt fires, would still see of a blow.

No firmware takes part: this is the ground on which motion/impact.py's reader can judge whether such a capture is worth
building. Blows are those of `motion_feeds.blows`, sampled at 832 Hz and clipped at 16 g; the interrupt fires when half
the change between two samples passes the threshold on any axis (AN5272, wake-up interrupt).
"""

from __future__ import annotations

import numpy as np

from hostsim.dog.transients import Moment, shock, shock_span

FAST_HZ = 832.0
LEAST_G = 9.0
"""The peak from which motion/impact.py looks at a blow at all."""
_AT_S = 10.0


def seen(count: int, threshold_g: float, delay_ms: float, seed: int = 0) -> list[tuple[float, bool]]:
    """(width in ms, whether LEAST_G is reached among the samples from `delay_ms` after the interrupt on) of each blow."""
    rng = np.random.default_rng((seed, 0xCA9))
    out = []
    first, last = shock_span(_AT_S)
    for _ in range(count):
        way = rng.normal(size=3)
        way /= np.sqrt(way @ way)
        peak, width = 12.0 * (70.0 / 12.0) ** rng.random(), 5.0 * 12.0 ** rng.random()
        t_s = _AT_S - 0.1 + (np.arange(400, dtype=np.float64) + float(rng.random())) / FAST_HZ
        along, _ = shock(Moment(first, last, "impact", float(peak), 0.0, float(width)), t_s, FAST_HZ / 2)
        g = np.clip(along[:, None] * way + (0.0, 0.0, 1.0), -16.0, 16.0)
        steep = np.flatnonzero(np.abs(np.diff(g, axis=0)).max(1) > 2 * threshold_g)
        late = t_s >= t_s[steep[0] + 1] + delay_ms * 1e-3 - 1e-6 if len(steep) else np.zeros(400, bool)
        size = np.sqrt((g[late] ** 2).sum(1)).max(initial=0.0)
        out.append((float(width), bool(size >= LEAST_G)))
    return out
