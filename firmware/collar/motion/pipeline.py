"""Blocks of acceleration in, findings about motion out."""

from array import array

from micropython import const

from collar.motion.bout import Bout
from collar.motion.bursts import Bursts
from collar.motion.classes import BOUT, FLINCH, GALLOP, IMPACT, OTHER, REST, SCRATCH, SHAKE, TREMOR, WALK
from collar.motion.flinch import Flinch
from collar.motion.gait import Gait
from collar.motion.impact import Impact
from collar.motion.limp import Limp
from collar.motion.nose import Nose
from collar.motion.posture import Posture
from collar.motion.rest import Rest
from collar.motion.rhythm import Rhythm
from collar.motion.tremor import Tremor
from collar.motion.window import Window

BLOCK = const(52)  # samples, a second of them
_MG_NUMERATOR = const(125)  # 1000 mg / 2048 counts = 125 / 256
# Period in us that is believed: 1247 Hz to 5 Hz. Anything else is taken for the nearest. At 802 us five
# halvings just reach the 39 Hz that the buffers are made for.
_SHORTEST_US = const(802)
_LONGEST_US = const(200000)
_MOST_HALVINGS = const(5)
_LONGEST_MS = const(60000)


class Motion:
    """The whole motion path. Feed it every block of the accelerometer, in order; call `gap` when samples were lost.

    After `feed`: `second_class` (WALK, TROT, GALLOP, REST, OTHER), `activity_mg` (rms over three axes),
    `pitch_deg`, `still`, `stride_period_samples_q8` (samples as fed, Q8; 0 without a gait). `tally_ms`:
    array('i') of milliseconds by class since `clear_tally`, corrected when a bout or rest turns out to have
    begun earlier. `work`: an array i of 504 to work in, which nobody else uses during `feed`; its own if there is
    none. `halvings`: see Window.
    """

    def __init__(self, work=None, halvings=_MOST_HALVINGS):
        self.second_class = OTHER
        self.activity_mg = 0
        self.pitch_deg = 0
        self.still = False
        self.stride_period_samples_q8 = 0
        self.tally_ms = array("i", (0, 0, 0, 0, 0))
        self.window = Window(halvings)
        self.rhythm = Rhythm(work)
        self._gait = Gait()
        self._bout = Bout()
        self._limp = Limp()
        self._nose = Nose()
        self._rest = Rest()
        self._bursts = Bursts(self.rhythm.vectors)  # before the rhythm of the block is looked for
        self.impact = Impact()
        self.tremor = Tremor()
        self.posture = Posture()
        self.flinch = Flinch()
        self._rest_us = 0
        # For how long, up to the last block, the dog has done what has no name.
        self._other_ms = 0
        self._afoot = False

    def feed(self, x, y, z, n, period_us):
        """Takes `n` samples (0 to 52) of array('h') x, y, z in counts (2048 is 1 g), `period_us` apart.

        Returns the bits of what is new (classes.py). Allocates nothing. ValueError for more than 52 samples.
        """
        if n > BLOCK:
            raise ValueError("more than 52 samples")
        if n == 0:
            return 0
        if period_us > _LONGEST_US:
            period_us = _LONGEST_US
        elif period_us < _SHORTEST_US:
            period_us = _SHORTEST_US
        window = self.window
        window.push(x, y, z, n, period_us)
        passed_us = n * period_us + self._rest_us
        block_ms = passed_us // 1000
        self._rest_us = passed_us - block_ms * 1000
        self.activity_mg = window.rms * _MG_NUMERATOR + 128 >> 8
        rest = self._rest
        rested = rest.step(window)
        self.pitch_deg = pitch_deg = rest.pitch_deg
        still = rest.still
        flags = self._bursts.step(window, x, y, z, n, block_ms)
        foreign = self._bursts.foreign
        nosing = self._nose.step(window, pitch_deg)
        tremor = self.tremor
        trembles = tremor.strong(window, x, y, z, n, period_us, still)
        flags |= self._step_gait(block_ms, foreign or trembles)
        if self.impact.step(x, y, z, n, period_us, foreign):
            flags |= IMPACT
        name = self._count(block_ms, rested, nosing)
        self.still = still = still and name >= REST
        if tremor.step(window, x, y, z, n, period_us, still or (trembles and name >= REST), block_ms):
            flags |= TREMOR
        if self.flinch.step(window, pitch_deg):
            flags |= FLINCH
        if flags & (SHAKE | SCRATCH):
            self.posture.slip()
        return flags | self.posture.step(window, name, pitch_deg, self._bout, block_ms)

    def gap(self):
        """Samples were lost: history is dropped. Returns flags: a bout that was under way ends here."""
        flags = BOUT if self._bout.stop() else 0
        self._limp.close()
        self._limp.stop()
        self.window.gap()
        self.rhythm.clear()
        self._rest.clear()
        self._bursts.clear()
        self._nose.clear()
        self.impact.clear()
        self.tremor.clear()
        self.posture.clear()
        self.flinch.clear()
        self.second_class = OTHER
        self.still = False
        self.stride_period_samples_q8 = 0
        return flags

    def finish(self):
        """The stream ends: gives out what is under way. Returns flags."""
        return self.gap()

    def clear_tally(self):
        """Starts the next minute's count."""
        for i in range(5):
            self.tally_ms[i] = 0

    def bout_values(self, now_ms):
        """The bout just ended as a bout record; `now_ms` is the uptime of the last sample fed."""
        gait, start_ms, end_ms, micro_strides = self._bout.done
        long_ms = start_ms - end_ms
        limp = (None, None, None) if gait == GALLOP else self._limp.values()
        return (
            gait,
            now_ms - start_ms,
            (long_ms + 50) // 100,
            (micro_strides + 500000) // 1000000,
            (micro_strides + (long_ms >> 1)) // long_ms,
        ) + limp

    def shake_values(self):
        """The shake just ended as a shake record."""
        return (self._bursts.shake_hz_centi, self._bursts.shake_ms)

    def scratch_values(self):
        """The scratching just ended as a scratch record."""
        return (self._bursts.scratch_hz_centi, self._bursts.scratch_ms)

    def impact_values(self):
        """The blow just found as an impact record; it happened `impact_ago_ms` before the last sample fed."""
        impact = self.impact
        return (impact.peak_centi_g, impact.duration_ms, impact.clipped, impact.axis, impact.chip)

    def lie_values(self):
        """The lying down or rising just noticed as a lie or rise record; it ended `posture.ago_ms` ago."""
        return self.posture.lie_values()

    def flinch_values(self):
        """The marked touch just scored as a flinch record; what the heart did is not known here."""
        flinch = self.flinch
        return (
            flinch.spot,
            flinch.flinched,
            flinch.jerk_z,
            flinch.withdrawal_z,
            flinch.breath_z,
            None,
        )

    def tremor_values(self):
        """The burst just made sure of as a tremor record; it ended `tremor.ago_ms` before the last sample fed."""
        tremor = self.tremor
        return (tremor.hz_centi, tremor.amplitude_tenth_mg, tremor.duration_tenth_s)

    def _step_gait(self, block_ms, foreign):
        bout = self._bout
        window = self.window
        rhythm = self.rhythm
        gait = self._gait
        was = bout.name
        resting = self._rest.seconds != 0
        if resting and was == OTHER:
            self.stride_period_samples_q8 = 0
            return 0
        if resting or not rhythm.analyse(window, was == OTHER):
            ended = resting and bout.stop()
            self._step_limp(was, ended)
            self.stride_period_samples_q8 = 0
            return BOUT if ended else 0
        gait.judge(rhythm, window.period_us, bout.name, foreign, self._nose)
        rate_mhz = 0
        began_ms = 0
        if gait.name != OTHER:
            stride_us = gait.stride_q8 * (window.period_us >> 3) >> 5
            rate_mhz = (1000000000 + (stride_us >> 1)) // stride_us
            if bout.name != gait.name:
                began_ms = rhythm.began() * window.period_us // 1000
        ended = bout.step(gait.name, rate_mhz, began_ms, block_ms)
        if bout.name != OTHER and bout.name != was:
            self._move(OTHER if was == OTHER else was, bout.name, bout.age_ms - block_ms)
        self.stride_period_samples_q8 = gait.stride_q8 << window.halvings
        self._step_limp(was, ended)
        return BOUT if ended else 0

    def _step_limp(self, was, ended):
        name = self._bout.name
        limp = self._limp
        if ended or name != was:
            limp.close()
        if name != was:
            limp.stop()
        elif name != OTHER and name != GALLOP:
            limp.step(
                self.window,
                self.rhythm,
                self._gait.stride_q8 if self._gait.name == name else 0,
                self.pitch_deg,
                self._bout.age_ms * 1000 // self.window.period_us,
            )

    def _count(self, block_ms, rested, nosing):
        # Names the second; returns its name.
        name = self._bout.name
        if name == OTHER and self._rest.resting:
            name = REST
        elif name == OTHER and self._nose.treads and self._afoot:
            # Tracking has no rhythm to speak of, so it makes no bout; only a dog that has walked since it lay tracks.
            name = WALK
            if nosing:
                self._move(OTHER, WALK, 2 * block_ms)
        self.second_class = name
        self.tally_ms[name] += block_ms
        if rested and name == REST:
            self._move(OTHER, REST, rested * block_ms)
        self._afoot = not self.posture.lying and (self._afoot or self._bout.name != OTHER)
        self._other_ms = min(_LONGEST_MS, self._other_ms + block_ms) if name == OTHER else 0
        return name

    def _move(self, source, target, span_ms):
        if source == OTHER:
            span_ms = min(span_ms, self._other_ms)
        span_ms = max(0, min(span_ms, self.tally_ms[source]))
        self.tally_ms[source] -= span_ms
        self.tally_ms[target] += span_ms
