"""The part of a three-axis signal that lies along a direction."""

import micropython

from collar.dsp.isqrt import isqrt


def direction(vector, target, at):
    """Writes the direction of `vector` (three ints within +-2^30) as a unit vector in Q11 to target[at:at+3].

    Three zeros for the null vector.
    """
    x = vector[0]
    y = vector[1]
    z = vector[2]
    while x > 8191 or x < -8191 or y > 8191 or y < -8191 or z > 8191 or z < -8191:
        x >>= 1
        y >>= 1
        z >>= 1
    size = max(1, isqrt(x * x + y * y + z * z))
    target[at] = (x << 11) // size
    target[at + 1] = (y << 11) // size
    target[at + 2] = (z << 11) // size


@micropython.viper
def project(x: ptr16, y: ptr16, z: ptr16, sizes: ptr32, out: ptr16):
    """out[i] = (x ux + y uy + z uz) / 2^11 for n samples from `start` on, into array('h') `out` from 0 on.

    `sizes`: array('i') [start, n, ux, uy, uz], the direction a unit vector in Q11. Saturates at int16.
    """
    wide = 1
    wide = wide << 16 << 16
    start = int(sizes[0])
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
    i = 0
    while i < n:
        a = int(x[start + i])
        if a > 32767:
            a -= 65536
        b = int(y[start + i])
        if b > 32767:
            b -= 65536
        c = int(z[start + i])
        if c > 32767:
            c -= 65536
        v = (a * ux + b * uy + c * uz + 1024) >> 11
        if v > 32767:
            v = 32767
        elif v < -32768:
            v = -32768
        out[i] = v
        i += 1
