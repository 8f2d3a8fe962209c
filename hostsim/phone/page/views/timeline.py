"""Timeline."""

from __future__ import annotations

from hostsim.phone.page.views.view import View


class Timeline(View):
    """Timeline."""
