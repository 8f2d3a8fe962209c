"""How a dog's plane of symmetry leans against gravity, and a stride's first harmonic along the way up within that plane."""

from array import array

from micropython import const

from collar.dsp.isqrt import isqrt
from collar.dsp.lockin import COSINE, COUNT, FIRST_I, FIRST_Q, PHASE, SECOND_I, SECOND_Q, lockin

# Strides over which the lean is averaged: a single one scatters by 4 degrees (simulated), and a collar slips slowly.
_MEAN_OF = const(16)
# Steps smaller than this (half counts, 30 mg) have no direction.
_LEAST = const(123)
# A lean of more than 3 in 8, 20 degrees, is none.
_MOST_IN_8 = const(3)


class Lean:
    """Tells a sound dog's sway from a limp.

    In a walk and a trot the second half of a stride is the first one's mirror image. So what a sound dog does twice a
    stride stays within its plane of symmetry and what it does once a stride, the sway, goes straight across it; a limp is
    what is once a stride within the plane. A dog that leans, or a collar that is rolled by its own weight while the dog
    moves, brings a part of the sway into the direction of gravity, as large as a limp (5 degrees and 70 mg: 6 mg). So the
    steps say which way the plane stands, and gravity how far the neck is raised within it.
    """

    def __init__(self):
        self._sizes = array("i", (0, 0, 0, 0, 0, 0))
        self._up = 0
        self._across = 0
        self._seen = 0

    def clear(self):
        """Another bout begins."""
        self._up = self._across = self._seen = 0

    def stride(self, vectors, sizes, state, first, count):
        """Measures the stride of `count` vectors from `first` on.

        `sizes` as lockin's, with the direction of gravity; `state` as lockin's, with phase, step and model. Leaves in
        `state` the sums of the first harmonic along the way up within the dog's plane.
        """
        own = self._sizes
        own[2] = 0
        own[5] = sizes[5]
        y = sizes[3]
        z = sizes[4]
        phase = state[PHASE]
        across = self._steps(vectors, state, first, count, z, -y)
        state[PHASE] = phase
        up = self._steps(vectors, state, first, count, y, z)
        state[PHASE] = phase
        self._seen = min(_MEAN_OF, self._seen + 1)
        self._up += (up - self._up) // self._seen
        self._across += (across - self._across) // self._seen
        up = self._up
        across = self._across
        own[2] = sizes[2]
        if up >= _LEAST and abs(across) << 3 <= up * _MOST_IN_8:
            size = isqrt(up * up + across * across)
            self._steps(
                vectors, state, first, count, (y * up + z * across) // size, (z * up - y * across) // size
            )
        else:
            self._steps(vectors, state, first, count, y, z)

    def _steps(self, vectors, state, first, count, y, z):
        # Amplitude in half counts of the second harmonic, in phase, along `y` and `z` (and what own[2] has of x).
        own = self._sizes
        own[3] = y
        own[4] = z
        state[FIRST_I] = state[FIRST_Q] = state[SECOND_I] = state[SECOND_Q] = state[COUNT] = 0
        at = first
        while at < first + count:
            own[0] = at
            own[1] = first + count - at
            at += lockin(vectors, own, state, COSINE)
        return (state[SECOND_I] >> 10) // count
