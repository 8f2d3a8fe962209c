"""What is usual for this dog, by the days before what is shown."""

from __future__ import annotations

from hostsim.phone.page import bins

DAY_MS = 86_400_000
LEAST_DAYS = 7
"""Of fewer nothing is called usual."""


def usual(found: list[tuple[int, dict]], name: str) -> tuple[float, float] | None:
    """The middle eight tenths of hourly means, None for readings of fewer than seven days."""
    means = sorted([value for _, bin in found if (value := bins.mean(bin, name)) is not None])
    days = {at_ms // DAY_MS for at_ms, bin in found if bins.mean(bin, name) is not None}
    if len(days) < LEAST_DAYS:
        return None
    return round(means[len(means) // 10], 1), round(means[(len(means) * 9) // 10], 1)


def share(bin: dict, names: tuple) -> float | None:
    """Minutes an hour of what these sums hold, which is their seconds a minute; None without a minute."""
    if not bin.get("minutes"):
        return None
    return round(sum([bin.get(one, 0) for one in names]) / bin["minutes"], 2)


def habit(found: list[tuple[int, dict]], names: tuple, hours: int) -> list[tuple[float, float, float] | None]:
    """For each `hours` of the day, local time: minutes an hour of what these sums hold, the least of the middle eight tenths
    of the days, the median, and the largest; None where fewer than seven days are known."""
    days: list[dict] = [{} for _ in range(24 // hours)]
    for at_ms, bin in found:
        days[at_ms // 3_600_000 % 24 // hours].setdefault(at_ms // DAY_MS, []).append(bin)
    usual_at: list[tuple[float, float, float] | None] = []
    for each in days:
        minutes = [share(bins.join(some), names) for some in each.values()]
        held = sorted([value for value in minutes if value is not None])
        count = len(held)
        known = count >= LEAST_DAYS
        usual_at.append(
            (held[count // 10], held[count // 2], held[count - 1 - count // 10]) if known else None
        )
    return usual_at
