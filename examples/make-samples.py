# /// script
# requires-python = ">=3.10"
# dependencies = ["pillow==13.0.0", "openpyxl==3.1.5", "python-docx==1.2.0", "python-pptx==1.0.2", "reportlab==5.1.0"]
# ///
"""Makes the sample files of the example flows again, with the libraries that people really use.

Files beside ``rejected/`` must be accepted; each file in ``rejected/`` differs from one of them in one way, which its
name says. Run by hand, and only when a sample changes: ``uv run examples/make-samples.py``, or in an environment with
the packages named above.
"""

import csv
import random
from pathlib import Path
from zipfile import ZipFile

import docx
import openpyxl
import pptx
from PIL import Image, ImageDraw
from reportlab.lib.pagesizes import A5
from reportlab.pdfgen.canvas import Canvas

FLOWS = Path(__file__).parent / "flows"
AVATARS = FLOWS / "avatars" / "samples"
DOCUMENTS = FLOWS / "documents" / "samples"
IMPORTS = FLOWS / "imports" / "samples"
STATEMENTS = FLOWS / "statements" / "samples"
REPORTS = FLOWS / "reports" / "samples"
ATTACHMENTS = FLOWS / "attachments" / "samples"
NOTES = FLOWS / "notes" / "samples"


def main() -> None:
    for folder in (AVATARS, DOCUMENTS, STATEMENTS, REPORTS, ATTACHMENTS, NOTES):
        (folder / "rejected").mkdir(parents=True, exist_ok=True)
    IMPORTS.mkdir(parents=True, exist_ok=True)
    make_avatars()
    make_documents()
    make_imports()
    make_statements()
    make_reports()
    make_attachments()
    make_notes()


def make_avatars() -> None:
    picture = Image.radial_gradient("L").resize((192, 192)).convert("RGB")
    draw = ImageDraw.Draw(picture)
    draw.ellipse((66, 40, 126, 100), fill=(222, 173, 130))
    draw.chord((36, 106, 156, 246), 180, 360, fill=(52, 92, 148))
    picture.save(AVATARS / "photo.jpg", quality=82)
    picture.save(AVATARS / "photo-progressive.jpeg", quality=70, progressive=True)
    picture.quantize(64).save(AVATARS / "photo.png", optimize=True)
    picture.save(AVATARS / "photo.webp", quality=75)
    jpeg = (AVATARS / "photo.jpg").read_bytes()
    png = (AVATARS / "photo.png").read_bytes()
    rejected = AVATARS / "rejected"
    (rejected / "script-named-jpg.jpg").write_bytes(b"<script>alert(document.domain)</script>\n")
    (rejected / "png-named-jpg.jpg").write_bytes(png)
    (rejected / "cut-in-the-middle.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (rejected / "bytes-after-the-end.png").write_bytes(png + b"<?php echo 'after the end'; ?>\n")
    picture.quantize(16).save(rejected / "type-not-listed.gif")
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>\n'
    (rejected / "type-not-listed.svg").write_text(drawing)


def make_documents() -> None:
    make_pdf(DOCUMENTS / "contract.pdf", "Contract", ("A contract that may pass.", "Its second page."))
    letter = docx.Document()
    letter.add_heading("Letter", 1)
    letter.add_paragraph("Dear reader, this is a document that may pass.")
    letter.save(str(DOCUMENTS / "letter.docx"))
    make_workbook(DOCUMENTS / "costs.xlsx")
    talk = pptx.Presentation()
    slide = talk.slides.add_slide(talk.slide_layouts[5])
    slide.shapes.title.text = "A talk that may pass"
    talk.save(str(DOCUMENTS / "talk.pptx"))
    pdf = (DOCUMENTS / "contract.pdf").read_bytes()
    rejected = DOCUMENTS / "rejected"
    (rejected / "cut-in-the-middle.pdf").write_bytes(pdf[: len(pdf) // 2])
    (rejected / "bytes-before-the-beginning.pdf").write_bytes(b"MZ" + bytes(510) + pdf)
    (rejected / "page-named-pdf.pdf").write_bytes(b"<!doctype html><title>Not a document</title>\n")
    (rejected / "workbook-named-docx.docx").write_bytes((DOCUMENTS / "costs.xlsx").read_bytes())
    with ZipFile(rejected / "archive-named-xlsx.xlsx", "w") as archive:
        archive.writestr("readme.txt", "An archive is not a workbook.\n")


def make_pdf(path: Path, title: str, pages: tuple[str, ...]) -> None:
    page = Canvas(str(path), pagesize=A5, invariant=1)
    page.setTitle(title)
    for text in pages:
        page.drawString(60, 520, text)
        page.showPage()
    page.save()


def make_workbook(path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in (("item", "cost"), ("paper", 12.5), ("ink", 30), ("total", "=SUM(B2:B3)")):
        sheet.append(row)
    workbook.save(path)


def make_imports() -> None:
    measured = random.Random(7)
    with (IMPORTS / "measurements.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("hour", "station", "celsius"))
        for hour in range(24):
            writer.writerow((f"2026-11-21T{hour:02}:00Z", "Zürich", f"{measured.gauss(4, 2):.1f}"))
    (IMPORTS / "opaque.bin").write_bytes(measured.randbytes(2048))


def make_statements() -> None:
    booked = random.Random(11)
    lines = [f"2026-11-{day:02},DE{day:020},{booked.uniform(-900, 900):.2f},EUR" for day in range(1, 31)]
    table = "date,account,amount,currency\n" + "\n".join(lines) + "\n"
    (STATEMENTS / "november.csv").write_text(table)
    rejected = STATEMENTS / "rejected"
    (rejected / "workbook-named-csv.csv").write_bytes((DOCUMENTS / "costs.xlsx").read_bytes())
    (rejected / "quote-never-closed.csv").write_text(table + '2026-11-30,"DE')
    (rejected / "not-text.csv").write_bytes(table.encode() + b"\x00\x01\xff\n")


def make_reports() -> None:
    make_pdf(REPORTS / "report.pdf", "Report", ("What was done in November.",))
    pdf = (REPORTS / "report.pdf").read_bytes()
    rejected = REPORTS / "rejected"
    (rejected / "cut-in-the-middle.pdf").write_bytes(pdf[: len(pdf) // 2])
    (rejected / "picture-named-pdf.pdf").write_bytes((AVATARS / "photo.png").read_bytes())


def make_attachments() -> None:
    plan = Image.new("RGB", (240, 160), "white")
    ImageDraw.Draw(plan).rectangle((40, 30, 200, 130), outline="black", width=3)
    plan.save(ATTACHMENTS / "plan.png", optimize=True)
    make_pdf(ATTACHMENTS / "offer.pdf", "Offer", ("An offer that may pass.",))
    png = (ATTACHMENTS / "plan.png").read_bytes()
    rejected = ATTACHMENTS / "rejected"
    (rejected / "bytes-after-the-end.png").write_bytes(png + b"PK\x03\x04 and more\n")
    (rejected / "page-named-png.png").write_bytes(b"<!doctype html><title>Not a picture</title>\n")


def make_notes() -> None:
    (NOTES / "note.txt").write_text("Remember the milk. Grüße aus Zürich.\n", encoding="utf-8")
    rejected = NOTES / "rejected"
    (rejected / "picture-named-txt.txt").write_bytes((AVATARS / "photo.png").read_bytes())
    (rejected / "script-named-txt.txt").write_text("#!/bin/sh\necho a script\n")


if __name__ == "__main__":
    main()
