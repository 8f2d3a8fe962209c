"""The page as files: what stands in this folder, the firmware's codecs, and the libraries that npm installed."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from hostsim.phone.page import texts
from hostsim.runtime.interpreter import FIRMWARE

HERE = Path(__file__).resolve().parent
STATIC, PAGE, LIBRARIES = HERE / "static", HERE / "page", HERE / "node_modules"
INSTALL = "npm ci --prefix hostsim/phone"

_FROM_NPM = {
    "lib/micropython.mjs": "@micropython/micropython-webassembly-pyscript/micropython.mjs",
    "lib/micropython.wasm": "@micropython/micropython-webassembly-pyscript/micropython.wasm",
    "lib/uPlot.esm.js": "uplot/dist/uPlot.esm.js",
    "lib/uPlot.min.css": "uplot/dist/uPlot.min.css",
    "lib/jsQR.js": "jsqr/dist/jsQR.js",
    "lib/qrcode.mjs": "qrcode-generator/dist/qrcode.mjs",
}
_CODECS = (
    "__init__.py", "journal/__init__.py", "journal/kinds.py", "journal/records.py",
    "link/__init__.py", "link/frames.py", "link/protocol.py",
)  # fmt: skip
_HANDLER = ("batch.py", "manifest.py", "ranges.py", "veil.py")
"""What the handler's client and the page share."""
_STAND_INS = {
    "__future__.py": "annotations = None\n",
    "typing.py": "TYPE_CHECKING = False\n",
    "hostsim/__init__.py": "",
    "hostsim/phone/__init__.py": "",
    "hostsim/handler/__init__.py": "",
    "hostsim/codecs.py": "from collar.journal import records\nfrom collar.link import protocol\n",
}
"""What the page's Python imports and MicroPython has not."""
_CHECK = b',assert(wasmTable.get(funcPtr)==func,"JavaScript-side Wasm function table mirror is out of date!")'
"""What the official build asks itself at every call within Python; it is a fifth of a phone's time for a sync."""
_TYPES = {
    ".html": "text/html; charset=utf-8", ".css": "text/css", ".js": "text/javascript", ".mjs": "text/javascript",
    ".json": "application/json", ".webmanifest": "application/manifest+json", ".svg": "image/svg+xml",
    ".png": "image/png", ".wasm": "application/wasm",
}  # fmt: skip


class NotInstalled(Exception):
    """The page's libraries are not there; the message says what to do."""


@dataclass(frozen=True)
class File:
    """One file of the site, and the same compressed."""

    type: str
    data: bytes
    packed: bytes


def _texts(source: str) -> str:
    """Fills in $NAME from the page's texts, as JSON and HTML both take them."""
    return re.sub(r"\$([A-Z_]+)", lambda found: getattr(texts, found[1], found[0]), source)


def python_files() -> dict[str, str]:
    """Every Python file that the page loads, by its path in the browser: ours, and the firmware's as they are."""
    files = dict(_STAND_INS)
    for name in _CODECS:
        files[f"collar/{name}"] = (FIRMWARE / "collar" / name).read_text()
    for name in _HANDLER:
        files[f"hostsim/handler/{name}"] = (HERE.parent / "handler" / name).read_text()
    for path in sorted(PAGE.rglob("*.py")):
        files[f"hostsim/phone/page/{path.relative_to(PAGE).as_posix()}"] = path.read_text()
    return files


def _icon(size: int) -> bytes:
    """The icon as PNG: a collar's ring and tag, drawn pixel by pixel."""
    rows = bytearray()
    for y in range(size):
        rows.append(0)
        for x in range(size):
            u, v = (x + 0.5) / size * 512, (y + 0.5) / size * 512
            ring = 118 <= ((u - 256) ** 2 + (v - 236) ** 2) ** 0.5 <= 162
            tag = 206 <= u <= 306 and 340 <= v <= 440
            rows += b"\xf4\xf1\xea" if tag else b"\xf2\xb3\x3d" if ring else b"\x14\x17\x1a"

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows), 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def build() -> dict[str, File]:
    """The whole site by path; "" is the page itself. Raises NotInstalled."""
    raw: dict[str, bytes] = {}
    for path in sorted(STATIC.iterdir()):
        text = path.read_text()
        raw[path.name] = (_texts(text) if path.suffix in (".html", ".webmanifest") else text).encode()
    raw["python.json"] = json.dumps(python_files(), ensure_ascii=False).encode()
    raw["icon-192.png"], raw["icon-512.png"] = _icon(192), _icon(512)
    for name, source in _FROM_NPM.items():
        path = LIBRARIES / source
        if not path.exists():
            raise NotInstalled(f"the page's libraries are not installed: run `{INSTALL}` once")
        raw[name] = path.read_bytes().replace(_CHECK, b"")
    worker = raw.pop("sw.js").decode()
    names = ["./", *sorted(name for name in raw if name != "index.html")]
    digest = hashlib.sha256(worker.encode() + b"".join(raw[name] for name in sorted(raw))).hexdigest()[:16]
    worker = worker.replace("$VERSION", digest).replace("$FILES", json.dumps(names))
    raw["sw.js"] = worker.encode()
    raw[""] = raw["index.html"]
    return {name: file(name, data) for name, data in raw.items()}


def file(name: str, data: bytes) -> File:
    """A file of the site."""
    return File(_TYPES[Path(name or "index.html").suffix], data, gzip.compress(data, 9, mtime=0))


def write(folder: Path) -> int:
    """Writes the site as files, for any server that speaks https. Returns how many bytes. Raises NotInstalled."""
    site = build()
    size = 0
    for name, file in site.items():
        if name:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data)
            size += len(file.data)
    return size
