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


# `vectors`: interleaved x y z, words within +-1515. `sizes`: [first vector, how many, ux, uy, uz, shift], u the direction (Q11)
# along which the vectors are taken, `shift` such that the sum >> shift is in half counts, which are held to +-8191. `state`: see
# the constants; `model`, 0 to 8191, is the amplitude of the second harmonic that is taken out of the signal (in phase) before the first is
# measured, so that a stride of no whole number of samples does not leak it. Sums stay below 2^30 for strides up to 64 samples;
# they wrap at 32 bits in memory, and so come out right with their sign whatever was there before.
@micropython.viper
def lockin(vectors: ptr32, sizes: ptr32, state: ptr32, table: ptr16) -> int:
    """Adds samples to the sums of the running stride; stops after the one that completes it. Returns how many were taken."""
    sign = 1
    sign = sign << 31
    ux = (int(sizes[2]) ^ sign) - sign
    uy = (int(sizes[3]) ^ sign) - sign
    uz = (int(sizes[4]) ^ sign) - sign
    phase, step = int(state[0]), int(state[1])
    i1 = q1 = i2 = q2 = done = wrapped = 0
    at = 3 * int(sizes[0])
    while done < int(sizes[1]) and wrapped == 0:
        v = ((int(vectors[at]) ^ sign) - sign) * ux
        v += ((int(vectors[at + 1]) ^ sign) - sign) * uy
        v += ((int(vectors[at + 2]) ^ sign) - sign) * uz
        v = v >> int(sizes[5])
        if v > 8191:
            v = 8191
        elif v < -8191:
            v = -8191
        index = (phase >> 15) & 255
        c2 = (int(table[index]) ^ 0x8000) - 0x8000
        i2 += v * c2
        q2 += v * ((int(table[(index + 192) & 255]) ^ 0x8000) - 0x8000)
        v -= (int(state[7]) * c2) >> 11
        index = phase >> 16
        i1 += v * ((int(table[index]) ^ 0x8000) - 0x8000)
        q1 += v * ((int(table[(index + 192) & 255]) ^ 0x8000) - 0x8000)
        phase += step
        wrapped = phase >> 24
        phase = phase & 0xFFFFFF
        at += 3
        done += 1
    state[0] = phase
    state[2] = int(state[2]) + i1
    state[3] = int(state[3]) + q1
    state[4] = int(state[4]) + i2
    state[5] = int(state[5]) + q2
    state[6] = int(state[6]) + done
    state[8] = wrapped
    return done
