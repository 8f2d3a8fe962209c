"""The five views. Each says what it shows as HTML and as charts, and takes what was touched in `do_` methods."""

from __future__ import annotations

from hostsim.phone.page.views.hand import Hand
from hostsim.phone.page.views.now import Now
from hostsim.phone.page.views.settings import Settings
from hostsim.phone.page.views.timeline import Timeline
from hostsim.phone.page.views.touch import Touch

VIEWS = {"now": Now, "timeline": Timeline, "touch": Touch, "hand": Hand, "settings": Settings}
