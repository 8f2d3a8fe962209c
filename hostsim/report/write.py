"""Writes the vet's file of an archive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

from hostsim.report import page, pdf, words
from hostsim.report.blocks import Block, Bullets, Document, Figure, Heading, Text
from hostsim.report.gather import Gathered, gather
from hostsim.report.measures import began
from hostsim.report.plots import pictures
from hostsim.verify import VerifyError, verify_archive

STEPS = 4
"""Read, checked, drawn, written."""
_PAGES = (("The days", ("timeline", "nights")), ("", ("limp", "heart")), ("The day's course, lying and touch",
          ("hours", "lying", "touch")))  # fmt: skip


def write_report(
    archive_path: str | Path,
    out_dir: str | Path,
    key: bytes | None = None,
    printed: date | None = None,
    pictures_in: Path | None = None,
    progress: Callable[[float], None] = lambda done: None,
) -> tuple[Path, Path]:
    """Writes report.pdf and report.html into `out_dir` and returns their paths.

    `key`: the first sealing key, with which the seals are checked; without it only the chain is. `printed`: the date
    on it, today unless told; all other bytes come from the archive. `pictures_in`: a folder that receives the pictures
    as files too. `progress` takes how many of `STEPS` are done. Raises FileNotFoundError, ArchiveError.
    """
    path, folder = Path(archive_path), Path(out_dir)
    data = gather(path)
    progress(1)
    verified = _verified(path, data, key)
    progress(2)
    document = compose(data, verified, (printed or date.today()).isoformat())
    progress(3)
    folder.mkdir(parents=True, exist_ok=True)
    pdf_path, html_path = folder / "report.pdf", folder / "report.html"
    pdf_path.write_bytes(pdf.render(document))
    progress(STEPS)
    html_path.write_text(page.render(document), encoding="utf-8", newline="\n")
    if pictures_in is not None:
        pictures_in.mkdir(parents=True, exist_ok=True)
        for block in document.blocks:
            if isinstance(block, Figure):
                (pictures_in / f"{block.name}.png").write_bytes(block.png)
    return pdf_path, html_path


def _verified(path: Path, data: Gathered, key: bytes | None) -> str:
    """The verifier's statement, beginning with 'not' when it cannot vouch for the record."""
    if not data.records:
        return "nothing to check: the archive holds no record."
    try:
        verdict = verify_archive(path, key)
    except VerifyError as error:
        return f"not checked: {error}."
    count = f"{verdict.records} records, numbers {verdict.first_seq} to {verdict.last_seq}"
    if not verdict.ok:
        first = "; ".join(f"{item.place}: {item.text}" for item in verdict.defects[:6])
        return f"not whole: the verifier names {len(verdict.defects)} defects in {count}. {first}."
    if key is None:
        return (
            f"no defect found in {count}; the seals were not checked, because the sealing key was not given. Check them "
            "with: hostsim verify ARCHIVE --key FILE."
        )
    return f"whole: {count}; seals checked, the last one covers record {verdict.sealed_seq}."


def compose(data: Gathered, verified: str, printed: str) -> Document:
    """The report's contents."""
    times = words.Times(data.clocked, data.zone)
    span = data.span
    serials = ", ".join(data.serials) or "unknown"
    covered = sum(day.coverage for day in data.days.values()) / len(span) if span else 0.0
    period = f"{len(span)} {'day' if len(span) == 1 else 'days'}" if span else "no day"
    if span and data.clocked:
        period += f", {span[0].day} {span[0]:%b %Y} to {span[-1].day} {span[-1]:%b %Y}"
    subtitle = f"Collar {serials}. {period[0].upper()}{period[1:]}"
    subtitle += f"; worn and recorded for {100 * covered:.0f} % of that time." if span else " is recorded."
    blocks: list[Block] = [words.answer(data, times)]
    if data.records:
        title = "What was measured" if began(data) is None else "What changed"
        blocks += [Heading(title), *words.change_table(data, times)]
        blocks += words.evidence(data, times) + words.touched(data, times)
    blocks += [
        Heading("What is missing"),
        Bullets(words.missing(data, verified) or ["nothing that the collar can tell"]),
    ]
    drawn = pictures(data)
    for title, names in _PAGES if drawn else ():
        if title:
            blocks.append(Heading(title, page=True))
        blocks += [drawn[name] for name in names if name in drawn]
    if not drawn and data.records:
        blocks.append(Text("No record has a time, so nothing can be drawn."))
    blocks += words.methods(data, verified)
    return Document("Health report of a working dog", subtitle, printed, blocks)
