"""Makes the virtual environment that the Makefile works in; runs on any Python 3 so that it can say what is wrong."""

import os
import shutil
import subprocess
import sys

OLDEST, NEWEST = (3, 10), (3, 13)
ASK = "import sys; print(sys.version_info[0], sys.version_info[1])"


def version(python):
    """The (major, minor) of an interpreter, or None when it does not run."""
    try:
        answer = subprocess.check_output([python, "-c", ASK], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return None
    major, minor = answer.split()
    return int(major), int(minor)


def suitable():
    """This interpreter if it is of a supported version, else the newest supported one on the path, else None."""
    names = [sys.executable] + ["python3.%d" % minor for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    for name in names:
        found = version(name)
        if found is not None and OLDEST <= found <= NEWEST:
            return name
    return None


def main():
    """Makes the environment anew in the folder given; returns the exit code."""
    folder = sys.argv[1]
    python = suitable()
    if python is None:
        print("no Python from 3.10 to 3.13 found; name one: make PYTHON=/path/to/python ...", file=sys.stderr)
        return 1
    if os.path.isdir(folder):
        shutil.rmtree(folder)
    if subprocess.call([python, "-m", "venv", folder]) != 0:
        print(
            "%s cannot make a virtual environment; on Debian install python3-venv" % python, file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
