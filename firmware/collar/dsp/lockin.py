"""Amplitude and phase of a movement's first two harmonics, stride by stride, as seen from a phase that is carried on."""

from array import array

import micropython
from micropython import const

from collar.dsp.angle import cosine

# Places in the state of `lockin`.
PHASE = const(0)
STEP = const(1)
FIRST_I = const(2)
FIRST_Q = const(3)
SECOND_I = const(4)
SECOND_Q = const(5)
COUNT = const(6)
MODEL = const(7)
WRAPPED = const(8)
STATE_SIZE = const(9)

# One turn of phase is 2^24.
TURN_BITS = const(24)

# Cosine over a turn in 256 steps, Q11. A step is 1.4 degrees: the error of an amplitude is below 1 in 3000.
COSINE = array("h", bytes(512))
for _i in range(256):
    COSINE[_i] = (cosine(_i << 8) + 8) >> 4


@micropython.viper
def lockin(vectors: ptr32, sizes: ptr32, state: ptr32, table: ptr16) -> int:
    """Adds samples to the sums of the running stride; stops after the sample that completes it.

    `vectors`: interleaved x y z, words within +-1515. `sizes`: [first vector, how many, ux, uy, uz, shift], u the
    direction (Q11) along which the vectors are taken, `shift` such that the sum >> shift is in half counts, which
    are held to +-8191. `state`: see the constants; `model` is the amplitude of the second harmonic that is taken
    out of the signal (in phase) before the first is measured, so that a stride of no whole number of samples does not
    leak it. Sums stay below 2^30 for strides up to 64 samples. Returns how many samples were taken.
    """
    wide = 1
    wide = wide << 16 << 16
    first = int(sizes[0])
    n = int(sizes[1])
    ux = int(sizes[2])
    if (ux >> 31) > 0:
        ux -= wide
    uy = int(sizes[3])
    if (uy >> 31) > 0:
        uy -= wide
    uz = int(sizes[4])
    if (uz >> 31) > 0:
        uz -= wide
    shift = int(sizes[5])
    phase = int(state[0])
    step = int(state[1])
    model = int(state[7])
    i1 = 0
    q1 = 0
    i2 = 0
    q2 = 0
    done = 0
    wrapped = 0
    at = 3 * first
    while done < n and wrapped == 0:
        a = int(vectors[at])
        if (a >> 31) > 0:
            a -= wide
        b = int(vectors[at + 1])
        if (b >> 31) > 0:
            b -= wide
        c = int(vectors[at + 2])
        if (c >> 31) > 0:
            c -= wide
        v = (a * ux + b * uy + c * uz) >> shift
        if v > 8191:
            v = 8191
        elif v < -8191:
            v = -8191
        index = phase >> 16
        twice = (phase >> 15) & 255
        c2 = int(table[twice])
        if c2 > 32767:
            c2 -= 65536
        s2 = int(table[(twice + 192) & 255])
        if s2 > 32767:
            s2 -= 65536
        i2 += v * c2
        q2 += v * s2
        v -= (model * c2) >> 11
        c1 = int(table[index])
        if c1 > 32767:
            c1 -= 65536
        s1 = int(table[(index + 192) & 255])
        if s1 > 32767:
            s1 -= 65536
        i1 += v * c1
        q1 += v * s1
        phase += step
        if phase >= 0x1000000:
            phase -= 0x1000000
            wrapped = 1
        at += 3
        done += 1
    state[0] = phase
    # Sums wrap at 32 bits in memory and so come out right with their sign whatever was there before.
    state[2] = int(state[2]) + i1
    state[3] = int(state[3]) + q1
    state[4] = int(state[4]) + i2
    state[5] = int(state[5]) + q2
    state[6] = int(state[6]) + done
    state[8] = wrapped
    return done
