"""Whatever is wrong with a recording is said with its line and what to do, and never as a traceback."""

from __future__ import annotations

import numpy as np
import pytest

from hostsim.replay import ReplayError, ReplaySource, read_beats, reader

pytestmark = pytest.mark.bench_only

HEADER = "t_s,ax_g,ay_g,az_g\n"
ROWS = [f"{k / 50},0.1,0.2,{1 + k % 3 / 10}\n" for k in range(400)]


def _play(path) -> None:
    source = ReplaySource(path)
    source.acceleration_g(np.arange(0, source.duration_s, 0.02), 26.0)


def _row(number: int, text: str) -> str:
    return HEADER + "".join([*ROWS[:number], text + "\n", *ROWS[number:]])


CASES = {
    "empty": ("", 0, "empty"),
    "blank": ("\n\n  \n", 0, "empty"),
    "header only": (HEADER, 1, "no sample"),
    "one sample": (HEADER + ROWS[0], 0, "fewer than two"),
    "missing column": ("t_s,ax_g,ay_g\n0,1,2\n1,1,2\n", 1, "az_g is missing"),
    "semicolons": ("t_s;ax_g;ay_g;az_g\n0;1;2;3\n", 1, "missing"),
    "no header": ("".join(ROWS), 1, "missing"),
    "column twice": ("t_s,ax_g,ax_g,ay_g,az_g\n0,0,0,0,0\n", 1, "twice"),
    "text": (_row(200, "4.001,fast,0,1"), 202, "ax_g is 'fast'"),
    "empty cell": (_row(200, "4.001,,0,1"), 202, "ax_g is empty"),
    "comma for point": (_row(200, '4.001,"0,5",0,1'), 202, "columns"),
    "nan": (_row(200, "3.99,nan,0,1"), 202, "ax_g is nan"),
    "infinite": (_row(200, "3.99,0,-inf,1"), 202, "ay_g is -inf"),
    "time nan": (_row(200, "nan,0,0,1"), 202, "t_s is nan"),
    "backwards": (_row(200, "1.5,0,0,1"), 202, "runs backwards, from 3.98 to 1.5"),
    "repeated": (_row(200, "3.98,0,0,1"), 202, "repeats 3.98"),
    "short line": (_row(200, "3.99,0,0"), 202, "3 columns where the header has 4"),
    "long line": (_row(200, "3.99,0,0,1,7"), 202, "5 columns"),
    "bad last line": (HEADER + "".join(ROWS) + "8.0,0.1,0.", 402, "3 columns"),
    "milliseconds": (HEADER + "".join(f"{20 * k},0,0,1\n" for k in range(400)), 2, "goes up by 20"),
    "metres a second squared": (HEADER + "".join(f"{k / 50},0,1,9.7\n" for k in range(400)), 2, "about 1 g"),
    "milli-g": (HEADER + "".join(f"{k / 50},0,100,990\n" for k in range(400)), 2, "about 1 g"),
    "after blank lines": (HEADER + ROWS[0] + "\n\n" + ROWS[1] + "0.03,x,0,1\n", 6, "'x'"),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("block_bytes", [4 << 20, 600])
def test_each_fault_has_its_line_and_its_words(tmp_path, monkeypatch, name, block_bytes):
    monkeypatch.setattr(reader, "BLOCK_BYTES", block_bytes)
    text, line, words = CASES[name]
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(ReplayError) as caught:
        _play(path)
    error = caught.value
    assert error.line == line and words in error.what
    assert str(path) in str(error) and error.remedy and (f"line {line}" in str(error)) == bool(line)


def test_bytes_that_are_not_utf_8(tmp_path):
    head, body = tmp_path / "head.csv", tmp_path / "body.csv"
    head.write_bytes(b"\xff\xfet\x00_\x00s\x00\n")
    body.write_bytes((HEADER + "".join(ROWS[:10])).encode() + b"0.21,\xe9,0,1\n")
    for path, line in ((head, 1), (body, 12)):
        with pytest.raises(ReplayError, match="not UTF-8") as caught:
            _play(path)
        assert caught.value.line == line


def test_a_file_without_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "BLOCK_BYTES", 1000)
    path = tmp_path / "bad.csv"
    path.write_text(HEADER + "1" * 5000)
    with pytest.raises(ReplayError) as caught:
        _play(path)
    assert caught.value.line == 2


def test_what_cannot_be_opened(tmp_path):
    for path in (tmp_path / "absent.csv", tmp_path):
        with pytest.raises(ReplayError) as caught:
            _play(path)
        assert caught.value.line == 0 and "cannot be opened" in caught.value.what


def test_a_fault_far_into_the_file_is_raised_when_it_is_reached(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "BLOCK_BYTES", 2000)
    path = tmp_path / "bad.csv"
    path.write_text(_row(390, "7.79,oops,0,1"))
    source = ReplaySource(path)
    assert np.isfinite(source.acceleration_g(np.arange(0, 1, 0.02), 26.0)).all()
    with pytest.raises(ReplayError) as caught:
        source.acceleration_g(np.arange(7, 8, 0.02), 26.0)
    assert caught.value.line == 392


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, "no beat"),
        ("0.5\nfast\n", 2, "not a number"),
        ("0.5\nnan\n", 2, "nan"),
        ("1\n2\n2\n", 3, "come after"),
    ],
)
def test_beats_are_checked_too(tmp_path, text, line, words):
    path = tmp_path / "beats.txt"
    path.write_text(text)
    with pytest.raises(ReplayError) as caught:
        read_beats(path)
    assert caught.value.line == line and words in caught.value.what


def test_beats_that_cannot_be_read(tmp_path):
    binary = tmp_path / "beats.txt"
    binary.write_bytes(b"\xff\xfe\x00")
    for path in (binary, tmp_path / "absent.txt"):
        with pytest.raises(ReplayError) as caught:
            read_beats(path)
        assert caught.value.line == 0


def test_gravity_has_three_names(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text(HEADER + "".join(ROWS))
    with pytest.raises(ValueError, match="must be x, y or z"):
        ReplaySource(path, "w")
    assert ReplaySource(path, "x").duration_s > 7


def test_a_recording_without_its_mean_is_known_to_lack_gravity(tmp_path):
    path = tmp_path / "flat.csv"
    path.write_text(HEADER + "".join(f"{k / 50},{k % 3 / 10 - 0.1},0.1,-0.1\n" for k in range(400)))
    assert ReplaySource(path).lacks_gravity
    assert not ReplaySource(path, "y").lacks_gravity
