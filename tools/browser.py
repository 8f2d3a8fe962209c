"""Installs what the browser's tests need and this machine has not: Chromium by apt, the page's libraries by npm.

Says what is missing instead of failing where it may not install: the tests are then skipped with the reason. With
--need it fails, for the checks that must not skip.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

PHONE = Path(__file__).resolve().parent.parent / "hostsim" / "phone"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def _run(*command: str, cwd: Path | None = None) -> bool:
    print("== browser:", " ".join(command), flush=True)
    return (
        subprocess.run(
            command, cwd=cwd, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=False
        ).returncode
        == 0
    )


def _apt(*packages: str) -> bool:
    """Debian's packages, where this user may install them."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return False
    return _run("apt-get", "update", "-qq") and _run(
        "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages
    )


def chromium() -> bool:
    """Whether there is a Chromium now."""
    found = any(map(shutil.which, BROWSERS))
    return found or (_apt("chromium", "fonts-dejavu-core") and any(map(shutil.which, BROWSERS)))


def libraries() -> bool:
    """Whether the page's libraries are there now, in the versions of the lock file."""
    lock, stamp = PHONE / "package-lock.json", PHONE / "node_modules" / ".package-lock.json"
    if stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime:
        return True
    if shutil.which("npm") is None and not _apt("npm"):
        return False
    return _run("npm", "ci", "--silent", "--ignore-scripts", cwd=PHONE)


def main() -> int:
    """The command line."""
    missing = [
        name for name, there in (("Chromium", chromium()), ("the page's libraries", libraries())) if not there
    ]
    for name in missing:
        print(f"== browser: {name} cannot be installed here; the browser's tests are skipped")
    return int(bool(missing) and "--need" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
