"""Three axes thinned out together, and the line along which they move most."""

from array import array

import micropython

from collar.dsp.isqrt import isqrt


@micropython.viper
def thin(source: ptr16, target: ptr32, state: ptr32, n: int) -> int:
    """Every `state[0]`-th value of n samples of array('h') `source`, low-passed; returns how many were made.

    Two boxes of `state[0]` samples one after the other: -26 dB beyond the new rate's neighbourhood, and what would fold
    down on slow movements is at a double null. Values come out factor^2 times as large, at most 2^22 for a factor of 8.
    state: [factor, samples since the last value, sum that comes out next, sum after that, place in target, begun];
    sums are carried to the next call. With `begun` 0 the past is taken to have been like the first sample.
    """
    one = 1
    sign = one << 31
    factor = int(state[0])
    held = int(state[1])
    total = (state[2] ^ sign) - sign
    after = (state[3] ^ sign) - sign
    place = int(state[4])
    begun = int(state[5])
    made = 0
    i = 0
    while i < n:
        v = int(source[i])
        if v > 32767:
            v -= 65536
        if begun == 0:
            total = v * ((factor * (factor - 1)) >> 1)
            begun = 1
        total += v * (factor - held)
        after += v * held
        held += 1
        if held == factor:
            target[place + made] = total
            made += 1
            held = 0
            total = after
            after = 0
        i += 1
    state[1] = held
    state[2] = total
    state[3] = after
    state[5] = begun
    return made


@micropython.viper
def rise(source: ptr32, target: ptr16, past: ptr32, n: int):
    """Puts by how much each value of source lies above the third before it into array('h') target, held to int16.

    past: [the last three values, how many of them there are, first place in target]; carried on. Without three values
    before it a value has not risen.
    """
    one = 1
    sign = one << 31
    known = int(past[3])
    place = int(past[4])
    i = 0
    while i < n:
        v = (source[i] ^ sign) - sign
        up = 0
        if known < 3:
            known += 1
        else:
            up = v - ((past[0] ^ sign) - sign)
            if up > 32767:
                up = 32767
            elif up < -32767:
                up = -32767
        past[0] = past[1]
        past[1] = past[2]
        past[2] = v
        target[place + i] = up
        i += 1
    past[3] = known


@micropython.viper
def collect(steps: ptr16, total: ptr16, limits: ptr32, n: int):
    """total = the running sum of steps / limits[0], leaning back to 0 by 1 / limits[1] a sample, held to int16."""
    over = int(limits[0])
    lean = int(limits[1])
    sum = 0
    i = 0
    while i < n:
        v = int(steps[i])
        if v > 32767:
            v -= 65536
        sum += (v << 4) // over - sum // lean
        held = sum >> 4
        if held > 32767:
            held = 32767
        elif held < -32767:
            held = -32767
        total[i] = held
        i += 1


@micropython.viper
def hold(source: ptr16, target: ptr16, limit: int, n: int):
    """target = source held to +-limit."""
    i = 0
    while i < n:
        v = int(source[i])
        if v > 32767:
            v -= 65536
        if v > limit:
            v = limit
        elif v < 0 - limit:
            v = 0 - limit
        target[i] = v
        i += 1


@micropython.viper
def product(a: ptr32, b: ptr32, n: int) -> int:
    """Sum of a[i] * b[i]; |a|, |b| <= 1023 and n <= 512 keep it below 2^29."""
    one = 1
    sign = one << 31
    total = 0
    i = 0
    while i < n:
        total += ((a[i] ^ sign) - sign) * ((b[i] ^ sign) - sign)
        i += 1
    return total


@micropython.viper
def add_scaled(a: ptr32, weight: int, out: ptr16, n: int):
    """out[i] += a[i] * weight / 1024, held to int16; |a * weight| below 2^30."""
    one = 1
    sign = one << 31
    i = 0
    while i < n:
        v = int(out[i])
        if v > 32767:
            v -= 65536
        v += (((a[i] ^ sign) - sign) * weight + 512) >> 10
        if v > 32767:
            v = 32767
        elif v < -32768:
            v = -32768
        out[i] = v
        i += 1


@micropython.viper
def alike(wave: ptr16, n: int, lag: int, step: int) -> int:
    """How alike wave[:n - lag] and wave[lag:n] are, -1000..1000: their product over their mean power.

    Looks at every `step`-th sample. A 0 is a sample that was left out: what would be compared with it is left out too.
    |wave| <= 1800, n <= 640.
    """
    product = 0
    power = 0
    i = 0
    end = n - lag
    while i < end:
        a = int(wave[i])
        b = int(wave[i + lag])
        if a != 0 and b != 0:
            if a > 32767:
                a -= 65536
            if b > 32767:
                b -= 65536
            product += a * b
            power += (a * a + b * b) >> 1
        i += step
    return (product >> 10) * 1000 // ((power >> 10) + 1)


@micropython.viper
def leave_out(speed: ptr16, wave: ptr16, limit: int, n: int) -> int:
    """Zeroes both where speed keeps one sign and is somewhere in that beyond limit, wave two samples further.

    Returns how many samples of wave are left.
    """
    i = 0
    while i < n:
        v = int(speed[i])
        if v > 32767:
            v -= 65536
        if v > limit or v < 0 - limit:
            down = int(v < 0)
            while i > 0 and int(speed[i - 1]) != 0 and int(int(speed[i - 1]) > 32767) == down:
                i -= 1
            at = i - 2
            while i < n and int(speed[i]) != 0 and int(int(speed[i]) > 32767) == down:
                speed[i] = 0
                i += 1
            while at < i + 2:
                if at >= 0 and at < n:
                    wave[at] = 0
                at += 1
        else:
            i += 1
    left = 0
    i = 0
    while i < n:
        if int(wave[i]) != 0:
            left += 1
        i += 1
    return left


@micropython.viper
def zero(wave: ptr16, n: int):
    """n zeros."""
    i = 0
    while i < n:
        wave[i] = 0
        i += 1


@micropython.viper
def smooth(wave: ptr16, n: int) -> int:
    """wave = (before + 2 it + after) / 4 in place, ends left as they are; returns the mean square after, below 2^30.

    |wave| <= 1800.
    """
    total = 0
    before = int(wave[0])
    if before > 32767:
        before -= 65536
    i = 1
    while i < n - 1:
        v = int(wave[i])
        if v > 32767:
            v -= 65536
        after = int(wave[i + 1])
        if after > 32767:
            after -= 65536
        now = (before + 2 * v + after + 2) >> 2
        wave[i] = now
        total += now * now
        before = v
        i += 1
    return total // n


class Line:
    """The direction of most movement of three zero-mean signals, by repeated multiplication with their covariance."""

    def __init__(self):
        self.weights = array("i", (0, 0, 0))
        self._new = array("i", (0, 0, 0))
        self._c = array("i", bytes(36))

    def find(self, axes, n):
        """Sets `weights` (1024 = one) from three arrays i of n samples within +-1023.

        The weights' sum is positive, so that two calls on the same movement agree in sign. All 0 if nothing moves.
        """
        c = self._c
        top = 1
        for i in range(3):
            for k in range(i, 3):
                value = product(axes[i], axes[k], n)
                c[3 * i + k] = c[3 * k + i] = value
                top = max(top, abs(value))
        shift = 0
        while top >> shift > 4095:
            shift += 1
        for i in range(9):
            c[i] = c[i] >> shift
        widest = 0
        for i in (1, 2):
            if c[4 * i] > c[4 * widest]:
                widest = i
        w = self.weights
        for i in range(3):
            w[i] = c[3 * i + widest]
        for _ in range(8):
            if not self._turn():
                return
        length = isqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2])
        turned = w[0] + w[1] + w[2] < 0
        for i in range(3):
            w[i] = w[i] * (-1024 if turned else 1024) // length

    def _turn(self):
        """One multiplication, the largest weight brought back to 1024 or less."""
        c, w, new = self._c, self.weights, self._new
        top = 0
        for i in range(3):
            new[i] = c[3 * i] * w[0] + c[3 * i + 1] * w[1] + c[3 * i + 2] * w[2]
            top = max(top, abs(new[i]))
        if top == 0:
            w[0] = w[1] = w[2] = 0
            return False
        over = (top >> 10) + 1
        for i in range(3):
            w[i] = new[i] // over
        return True
