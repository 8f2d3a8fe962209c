"""Fetches a 32-bit MicroPython for the tests: Debian's i386 package, unpacked and not installed.

Small integers have 31 bits there, viper wraps at 32 and `ticks_ms` turns over after 12.4 days, as on the ESP32 and
unlike on the 64-bit unix port. Needs a Debian machine's apt and dpkg-deb, but no root: apt works in a folder of its
own below build/, with the archive that the machine's own sources name. Prints the path of a wrapper that starts it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "micropython32"
SUITE = "trixie"
PACKAGES = ("micropython", "libc6", "libffi8", "libmbedcrypto16", "libmbedtls21", "libmbedx509-7")
DEBIAN_SUITES = {
    "bullseye",
    "bookworm",
    "trixie",
    "forky",
    "duke",
    "sid",
    "oldstable",
    "stable",
    "testing",
    "unstable",
}
KEYRINGS = ("/usr/share/keyrings/debian-archive-keyring.gpg",)
WRAPPER = """#!/bin/sh
# Starts the unpacked i386 MicroPython with its own loader and libraries.
here=$(dirname "$(readlink -f "$0")")/unpacked/usr
exec "$here/lib/i386-linux-gnu/ld-linux.so.2" --library-path "$here/lib/i386-linux-gnu" "$here/bin/micropython" "$@"
"""
# A 32-bit build, with the emitters that the firmware uses.
PROOF = "import sys\n@micropython.viper\ndef f(x: int) -> int:\n    return x + 1\nprint(sys.maxsize, f(41))"


class FetchError(Exception):
    """Why a 32-bit MicroPython cannot be had here, in words for the user."""


def one_line_sources(text: str) -> Iterator[tuple[str, str]]:
    """The (URI, suite) pairs of a sources.list in the one-line form."""
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)", line)
        if match:
            yield match[1], match[2]


def paragraph_sources(text: str) -> Iterator[tuple[str, str]]:
    """The (URI, suite) pairs of a .sources file, paragraphs of fields as in RFC 822."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for paragraph in re.split(r"\n\s*\n", "\n".join(lines)):
        fields = {
            name.lower(): value
            for name, value in re.findall(r"^([A-Za-z-]+):((?:.*)(?:\n[ \t].*)*)", paragraph, re.MULTILINE)
        }
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").strip() == "no":
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield uri, suite


def archives(folder: Path = Path("/etc/apt")) -> list[str]:
    """The URIs of Debian's archive that this machine's apt already uses, in the order of its files."""
    found = list[str]()
    files = [folder / "sources.list", *sorted((folder / "sources.list.d").glob("*"))]
    for file in files:
        if not file.is_file() or file.suffix not in (".list", ".sources"):
            continue
        read = paragraph_sources if file.suffix == ".sources" else one_line_sources
        for uri, suite in read(file.read_text()):
            if suite in DEBIAN_SUITES and uri.rstrip("/").endswith("/debian") and uri not in found:
                found.append(uri)
    return found


def options(apt: Path, archive: str) -> list[str]:
    """The options that keep apt inside `apt`; its own configuration (proxy, certificates) stays in force."""
    for name in ("state/lists/partial", "cache/archives/partial", "etc/sources.list.d", "etc/preferences.d"):
        (apt / name).mkdir(parents=True, exist_ok=True)
    (apt / "state/status").write_text("")
    keys = next((f" signed-by={path}" for path in KEYRINGS if os.path.exists(path)), "")
    (apt / "etc/sources.list").write_text(f"deb [arch=i386{keys}] {archive} {SUITE} main\n")
    settings = {
        "Dir::State": apt / "state",
        "Dir::State::status": apt / "state/status",
        "Dir::Cache": apt / "cache",
        "Dir::Etc::sourcelist": apt / "etc/sources.list",
        "Dir::Etc::sourceparts": apt / "etc/sources.list.d",
        "Dir::Etc::preferences": apt / "etc/preferences",
        "Dir::Etc::preferencesparts": apt / "etc/preferences.d",
        "APT::Architecture": "i386",
        "APT::Architectures": "i386",
        "APT::Sandbox::User": "root",
        "APT::Get::List-Cleanup": "false",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    return [part for name, value in settings.items() for part in ("-o", f"{name}={value}")]


def run(command: list[str], folder: Path) -> str:
    """Runs a command in a folder and returns its output; raises FetchError with what it said when it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise FetchError(f"{command[0]} failed: " + " | ".join(said))
    return done.stdout


def download(folder: Path, archive: str) -> list[Path]:
    """Downloads the packages from one archive into `folder`; returns the files."""
    apt = folder / "apt"
    settings = options(apt, archive)
    run(["apt-get", *settings, "update"], folder)
    run(["apt-get", *settings, "download", *PACKAGES], folder)
    return sorted(folder.glob("*_i386.deb"))


def works(wrapper: Path) -> bool:
    """Whether the unpacked interpreter runs here and is the 32-bit one."""
    if not wrapper.exists():
        return False
    try:
        done = subprocess.run([str(wrapper), "-c", PROOF], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.stdout.split() == [str(2**31 - 1), "42"]


def fetch(folder: Path) -> Path:
    """Fetches and unpacks into `folder` unless a working one is there; returns the wrapper's path."""
    wrapper = folder / "micropython"
    if works(wrapper):
        return wrapper
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise FetchError(f"{tool} is missing: this needs a Debian machine")
    named = os.environ.get("DEBIAN_ARCHIVE")
    sources = [named] if named else archives()
    if not sources:
        raise FetchError("apt's sources name no archive of Debian; set DEBIAN_ARCHIVE to the URI of one")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    failures = list[str]()
    for archive in sources:
        try:
            files = download(folder, archive)
            break
        except FetchError as error:
            failures.append(str(error))
    else:
        raise FetchError("; ".join(failures))
    for file in files:
        run(["dpkg-deb", "-x", str(file), str(folder / "unpacked")], folder)
        file.unlink()
    shutil.rmtree(folder / "apt")
    wrapper.write_text(WRAPPER)
    wrapper.chmod(0o755)
    if not works(wrapper):
        raise FetchError("it was unpacked, but does not run: this machine cannot start i386 programs")
    return wrapper


def main() -> int:
    """Prints the wrapper's path; returns 1 with one line of reason when there is none."""
    try:
        print(fetch(FOLDER))
    except FetchError as error:
        print(f"no 32-bit MicroPython: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
