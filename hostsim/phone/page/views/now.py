"""Now: one word and one colour, why, since when; live heart and breath; the collar itself."""

from __future__ import annotations

from hostsim.codecs import protocol
from hostsim.phone.page import texts
from hostsim.phone.page.html import bullets, button, card, escape, heading, para
from hostsim.phone.page.state import Found
from hostsim.phone.page.views.view import View
from hostsim.phone.page.wall import civil, from_iso

SHAPES = {"green": "●", "amber": "▲", "red": "■", "unknown": "○"}
"""Colour alone tells nothing to a colour-blind eye."""
BLOW_SIGN = "✱"
DAYS_FROM_H = 72
"""An uncertainty from here on is told in days."""


def moment(ms: int | None, zone_ms: int) -> str:
    """A day and time by the phone's zone."""
    if ms is None:
        return texts.NOT_KNOWN
    _, month, day, hour, minute, _, _ = civil(ms + zone_ms)
    return f"{day} {texts.MONTHS[month - 1]} {hour:02d}:{minute:02d}"


def blow(fields: dict) -> str:
    """A blow in words."""
    if fields["peak_g"] is None:
        return texts.BLOW_UNKNOWN
    return (texts.BLOW_CLIPPED if fields["clipped"] else texts.BLOW).format(f"{fields['peak_g']:.0f}")


def onset(one: Found, zone_ms: int) -> str:
    """When a sign began, in words."""
    at_s, hours, signal = one.fields["at"], one.fields["plus_minus_h"], one.fields["signal"]
    at = texts.NOT_KNOWN if at_s is None else moment(at_s * 1000, zone_ms)
    text = texts.ONSET.format(sign=texts.sign(signal) if signal else texts.ONSET_ALL, at=at)
    if hours is None:
        return text + "."
    span = texts.HOURS.format(hours) if hours < DAYS_FROM_H else texts.DAYS.format(round(hours / 24))
    return text + texts.PLUS_MINUS.format(span)


class Now(View):
    """The first view, and the line on top of all of them."""

    def top(self) -> str:
        """Connection, trouble, alarm: above every view."""
        state = self.state
        name = state.dog["name"] or texts.APP
        words = texts.PHASES[state.phase]
        if state.progress is not None:
            words = texts.SYNCING.format(*state.progress)
        link = ""
        if state.phase == "idle":
            link = button(texts.CONNECT, "connect", kind="main", id="connect")
        elif state.paired:
            link = button(texts.DISCONNECT, "disconnect", id="disconnect")
        line = f'<div class="bar"><div><strong>{escape(name)}</strong><span id="phase">{escape(words)}</span></div>{link}</div>'
        if state.progress is not None:
            done, total = state.progress
            line += f'<progress max="{max(1, total)}" value="{done}" aria-label="{escape(words)}"></progress>'
        return line + self._alarm() + self._trouble()

    def _alarm(self) -> str:
        if self.state.alarm is None:
            return ""
        level = self.state.alarm[0]
        return (
            f'<div class="alarm {level}"><strong>{SHAPES[level]} {escape(texts.ALERT_TITLE[level])}</strong>'
            f"{button(texts.ACKNOWLEDGE, 'seen', id='seen')}</div>"
        )

    def _trouble(self) -> str:
        if self.state.trouble is None:
            return self._again()
        why, detail = self.state.trouble
        text = texts.TROUBLES.get(why) or texts.TROUBLES["page"]
        more = f" ({detail})" if why in ("page", "other_version") and detail else ""
        return (
            f'<div class="trouble" id="trouble" data-why="{escape(why)}"><span>{escape(text + more)}</span>'
            f"{button(texts.CLOSE, 'dismiss')}</div>"
        )

    def _again(self) -> str:
        """Why the page connects anew; nobody has to close that."""
        why = self.state.again
        if not why:
            return ""
        words = texts.TRYING.format(texts.TROUBLES[why])
        return f'<div class="trouble" id="again" data-why="{why}"><span>{escape(words)}</span></div>'

    def render(self) -> str:
        """The whole view."""
        return heading(texts.TITLE, "spoken") + self._verdict() + self._live() + self._collar()

    # The verdict

    def _verdict(self) -> str:
        state = self.state
        level = state.level
        parts = [
            f'<h2 class="word" id="word"><span aria-hidden="true">{SHAPES[level]}</span> {escape(texts.STATES[level])}</h2>',
            para(texts.STATE_MEANS[level]),
        ]
        if not state.count and not state.connected:
            parts.append(para(texts.NO_RECORDS))
        alerts = state.lists["alert"]
        if alerts and alerts[-1].fields["level"] == level and level != "green":
            parts.append(self._why(alerts[-1]))
        if not state.connected and state.count:
            parts.append(self._as_of())
        return card(*parts, kind="verdict " + level)

    def _as_of(self) -> str:
        last = self.state.last_sync
        if last is None or not last.get("ended"):
            return ""
        return para(texts.LAST_SYNC + ": " + self._since_sync(), "dim")

    def _since(self) -> str:
        """Since when it is as bad as it is, whether that was seen, and the blow before it."""
        alerts, zone_ms = self.state.lists["alert"], self.state.zone_ms
        first = len(alerts) - 1
        while first and alerts[first - 1].fields["level"] == alerts[-1].fields["level"]:
            first -= 1
        words = texts.SINCE.format(moment(alerts[first].at_ms, zone_ms))
        if alerts[-1].fields["acknowledged"]:
            words += texts.SEEN_AT.format(moment(alerts[-1].at_ms, zone_ms))
        return words + "."

    def _why(self, alert: Found) -> str:
        state = self.state
        reasons = [texts.sign(word) for word in alert.fields["reasons"] or []]
        text = f'<p class="since" id="since">{escape(self._since())}</p>'
        text += f"<h3>{escape(texts.REASONS)}</h3>" + bullets(reasons)
        onsets = {one.fields["signal"]: one for one in state.lists["onset"]}
        blows = {one.fields["impact_seq"] for one in onsets.values()}
        for one in state.lists["impact"]:
            if one.seq in blows:
                text += para(texts.AFTER_BLOW.format(blow(one.fields), moment(one.at_ms, state.zone_ms)))
        told = [onsets[signal] for signal in [None] + (alert.fields["reasons"] or []) if signal in onsets]
        for one in told[:2]:
            text += para(onset(one, state.zone_ms), "dim")
        patterns = self.state.lists["pattern"]
        if patterns and patterns[-1].fields["name"] in texts.PATTERNS:
            text += para(texts.PATTERNS[patterns[-1].fields["name"]])
            missing = [texts.sign(word) for word in patterns[-1].fields["missing"] or []]
            if missing:
                text += f"<h3>{escape(texts.MISSING)}</h3>" + bullets(missing)
        return text

    def tick(self) -> bool:
        """Readings grow old, and so does the last sync."""
        return True

    # Live

    def _live(self) -> str:
        return (
            '<div class="pair">'
            + self._reading(texts.HEART, "pulse", "hr_bpm")
            + self._reading(texts.BREATH, "breath", "rr_bpm")
            + "</div>"
        )

    def _reading(self, title: str, kind: str, name: str) -> str:
        status, fields = self.state.reading(kind)
        if fields is None or fields[name] is None:
            words = texts.PANTING if fields is not None and fields.get("panting") else texts.NO_READING
            why = texts.WHY_NOT.get(status, "")
            return card(f'<p class="none" id="{kind}">{escape(words)}</p>', para(why, "dim"), title=title)
        figure = f'<p class="figure" id="{kind}">{round(fields[name])}<small> {escape(texts.PER_MINUTE)}</small></p>'
        quality = fields["quality"]
        words = "" if quality is None else texts.QUALITY.format(quality)
        return card(figure, para(words, "dim"), title=title)

    # The collar

    def _collar(self) -> str:
        state = self.state
        battery = texts.NOT_KNOWN if state.battery is None else f"{state.battery} {texts.UNIT_PERCENT}"
        if state.flag(protocol.CHARGING):
            battery += ", " + texts.CHARGING
        worn, duty = state.flag(protocol.WORN), state.flag(protocol.ON_DUTY)
        facts = [
            (texts.BATTERY, battery),
            (texts.WORN, texts.NOT_KNOWN if worn is None else texts.ON_DOG if worn else texts.OFF_DOG),
            (texts.LAST_SYNC, self._since_sync()),
        ]
        if duty is not None:
            facts.append((texts.DUTY, texts.DUTY_ON if duty else texts.DUTY_OFF))
        rows = "".join([f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts])
        parts = [f"<dl>{rows}</dl>"]
        if state.flag(protocol.FAULT):
            parts.append(para(texts.COLLAR_FAULT, "warn"))
        if state.flag(protocol.CLOCK_SET) is False:
            parts.append(para(texts.CLOCK_NOT_SET, "warn"))
        if duty is not None and state.owner and state.can(protocol.CAN_DUTY):
            words = texts.GO_OFF_DUTY if duty else texts.GO_ON_DUTY
            parts.append(button(words, "duty", "" if duty else "on", id="duty"))
        return card(*parts)

    def _since_sync(self) -> str:
        last = self.state.last_sync
        if last is None or not last.get("ended"):
            return texts.NEVER
        return texts.AGO_WORDS.format(texts.ago((self.state.now_ms - from_iso(last["ended"])) / 1000))

    def do_duty(self, on: str):
        """The dog goes to work or comes back."""
        return self.app.visit.ask(protocol.DUTY, 1 if on else 0)
