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


def _apt(*packages: str) -> str:
    """Installs Debian's packages; why not, or nothing."""
    wanted = " ".join(packages)
    if shutil.which("apt-get") is None:
        return f"this system has no apt-get: install {wanted} by its own means"
    if os.geteuid() != 0:
        return f"only root may install: `sudo apt-get install {wanted}`"
    if not _run("apt-get", "update", "-qq"):
        return "apt-get cannot reach its packages (no network?)"
    if not _run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages):
        return f"apt-get could not install {wanted}; what it said stands above"
    return ""


def chromium() -> str:
    """Why there is no Chromium now; nothing if there is one."""
    if any(map(shutil.which, BROWSERS)):
        return ""
    why = _apt("chromium", "fonts-dejavu-core")
    return why or ("" if any(map(shutil.which, BROWSERS)) else "the package holds no Chromium")


def libraries() -> str:
    """Why the page's libraries are not there now, in the versions of the lock file; nothing if they are."""
    lock, stamp = PHONE / "package-lock.json", PHONE / "node_modules" / ".package-lock.json"
    if stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime:
        return ""
    why = "" if shutil.which("npm") else _apt("npm")
    if not why and not _run(
        "npm", "ci", "--no-fund", "--no-audit", "--ignore-scripts", "--fetch-retries=1", cwd=PHONE
    ):
        why = "npm could not install them (no network?); what it said stands above"
    return why


def main() -> int:
    """The command line."""
    failed = {
        name: why for name, why in (("Chromium", chromium()), ("the page's libraries", libraries())) if why
    }
    for name, why in failed.items():
        print(f"== browser: no {name.removeprefix('the ')}: {why}; tests in a browser are skipped")
    return int(bool(failed) and "--need" in sys.argv)


if __name__ == "__main__":
    sys.exit(main())
