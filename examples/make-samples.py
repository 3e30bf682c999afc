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


def main() -> None:
    for folder in (AVATARS, DOCUMENTS):
        (folder / "rejected").mkdir(parents=True, exist_ok=True)
    IMPORTS.mkdir(parents=True, exist_ok=True)
    make_avatars()
    make_documents()
    make_imports()


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
    make_pdf(DOCUMENTS / "contract.pdf")
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


def make_pdf(path: Path) -> None:
    page = Canvas(str(path), pagesize=A5, invariant=1)
    page.setTitle("Contract")
    page.drawString(60, 520, "A contract that may pass.")
    page.showPage()
    page.drawString(60, 520, "Its second page.")
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


if __name__ == "__main__":
    main()
