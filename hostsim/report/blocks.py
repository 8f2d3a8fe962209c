"""What a report is made of, whatever it is printed on."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Heading:
    """A heading; `page`: it begins a page."""

    text: str
    page: bool = False


@dataclass(frozen=True)
class Text:
    """A paragraph; `small`: a note."""

    text: str
    small: bool = False


@dataclass(frozen=True)
class Box:
    """The answer in a frame; `level` is green, amber, red or unknown, which is also said in words."""

    level: str
    title: str
    lines: list[str]


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: list[str]


@dataclass(frozen=True)
class Table:
    """A table; `widths` are shares of the page's width."""

    header: list[str]
    rows: list[list[str]]
    widths: list[float]


@dataclass(frozen=True)
class Figure:
    """A picture as PNG with a caption that says what is to be seen, for those who cannot see it too."""

    name: str
    png: bytes
    caption: str
    width_in: float
    height_in: float


Block = Heading | Text | Box | Bullets | Table | Figure


@dataclass
class Document:
    """A report's title and blocks. `printed` is the only thing in it that does not come from the archive."""

    title: str
    subtitle: str
    printed: str
    blocks: list[Block] = field(default_factory=list)
