"""Tools that are given nonsense: a sentence that says what is wrong, exit code 2, and nothing done."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hostsim.handler.keys import Key
from tests.test_tools import tool

pytestmark = pytest.mark.bench_only
LABEL = Key(bytes(range(16))).label()
PORT = "/nonexistent/port"


def said(
    name: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """What a tool complains of on its way to exit code 2."""
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parent.parent / "tools"))
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
    with pytest.raises(SystemExit) as ended:
        tool(name).main()
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("deploy", ["moon", PORT], "there is no board 'moon': bench_s3, "),
        ("deploy", ["bench_s3", PORT], f"there is no port {PORT}"),
        ("deploy", ["bench_s3", "/dev/null", "--keys", "/nonexistent"], "--keys names a folder"),
        ("deploy", ["bench_s3", "/dev/null"], "failed to access /dev/null"),
        ("label", [PORT], f"there is no port {PORT}"),
        ("label", [PORT, "--keys", "/nonexistent"], "--keys names a folder"),
        ("selftest", [PORT], f"there is no port {PORT}"),
        ("image", ["moon"], "there is no board 'moon'"),
        ("image", ["bench_s3", "--march", "z80"], "does not compile for z80: "),
        ("bench", ["--micropython", "/nonexistent"], "/nonexistent is no MicroPython that runs here"),
        ("bench", ["--micropython", sys.executable], "is no MicroPython that runs here"),
        ("bench", ["--json", "/nonexistent/x.json"], "there is no folder /nonexistent"),
        ("power", ["--out", "/nonexistent/x.png"], "there is no folder /nonexistent"),
        ("soak", ["--days", "0"], "at least 0.03 days"),
    ],
)
def test_a_tool_says_what_is_wrong(
    name: str,
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert words in said(name, arguments, monkeypatch, capsys)


@pytest.mark.parametrize(
    ("printed", "words"),
    [
        ("mpremote.transport.TransportError: could not enter raw repl", "does not answer as a MicroPython"),
        ("ImportError: no module named 'collar'", "has no firmware of a collar"),
        ("python: No module named mpremote", "mpremote is not installed"),
        ("OSError: 28", "OSError: 28"),
    ],
)
def test_what_mpremote_says_is_put_in_words(
    printed: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failed = subprocess.CompletedProcess([], 1, "", f"Traceback (most recent call last):\n{printed}\n")
    monkeypatch.setattr(subprocess, "run", lambda *arguments, **options: failed)
    assert words in said("selftest", ["COM3"], monkeypatch, capsys)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"board": "moon"}, "there is no board 'moon'"),
        ({"image": b"text"}, "is no firmware: micropython.bin of a build is meant"),
        ({"image": b""}, "is no firmware"),
        ({"key": "REX1:AAAA"}, "its check does not fit"),
        ({"key": b"\x80\x81"}, "a label begins with REX1:"),
        ({"version": "new"}, "new is no version like 1.2.3"),
        ({"version": "1.2.256"}, "1.2.256 is no version like 1.2.3"),
        ({"way": ["--port", PORT]}, f"there is no port {PORT}"),
        ({"way": ["--out", "/nonexistent/x"]}, "/nonexistent/x"),
    ],
)
def test_an_update_that_cannot_be_is_not_signed(
    changed: dict[str, object],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    image = tmp_path / "micropython.bin"
    image.write_bytes(changed.get("image", b"\xe9\x05" + bytes(100)))  # pyright: ignore[reportArgumentType]
    key = changed.get("key", LABEL)
    if isinstance(key, bytes):
        (tmp_path / "label").write_bytes(key)
        key = str(tmp_path / "label")
    way = changed.get("way", ["--out", str(tmp_path / "new.rexu")])
    arguments = [str(changed.get("board", "bench_s3")), str(image), "--key", str(key)]
    arguments += ["--version", str(changed.get("version", "9.0.0")), *way]  # pyright: ignore[reportGeneralTypeIssues]
    assert words in said("update", arguments, monkeypatch, capsys)
    assert not (tmp_path / "new.rexu").exists()
