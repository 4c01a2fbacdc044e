"""A letter as a Word file (.docx), to be changed by whoever signs it; the same text as the printed page.

Equal letters give equal bytes: the parts of the file carry no time of making.
"""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, time

from docx import Document
from docx.document import Document as Word
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from generator.core.wording import day
from generator.letters.letter import Copied, Grid, Heading, Letter, Part, Text, plain

_EPOCH = (1980, 1, 1, 0, 0, 0)
_BODY, _TITLE, _HEAD, _CODE = "仿宋", "宋体", "黑体", "Consolas"
_TEXT_WIDTH_MM = 156
_INDENT = Pt(32)
"""Two characters of the text."""


def word(letter: Letter) -> bytes:
    """Return a letter as a .docx file."""
    document = Document()
    _set_page(document)
    _set_properties(document, letter)
    if letter.marking:
        _run(_paragraph(document), letter.marking, _HEAD)
    title = _paragraph(document, WD_ALIGN_PARAGRAPH.CENTER, line=34, after=28)
    _run(title, letter.title, _TITLE, 22, bold=True)
    _run(_paragraph(document), letter.salutation)
    for number, part in enumerate(letter.parts):
        _add(document, part, after_table=number > 0 and isinstance(letter.parts[number - 1], Grid))
    document.paragraphs[-1].paragraph_format.keep_with_next = True  # no page has a signature and nothing else
    _sign(document, letter)
    if letter.contact:
        _run(_paragraph(document, line=20, before=14), letter.contact, size=12)
    return _packed(document)


def _set_page(document: Word) -> None:
    """Set A4 with the margins of GB/T 9704, and the font of everything that says nothing else."""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = _BODY, Pt(16)
    normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _BODY)
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _add_page_number(footer)


def _add_page_number(paragraph: Paragraph) -> None:
    """Add — 1 —, as a field."""
    _run(paragraph, "", _TITLE, 14)
    for kind, text in (("begin", ""), ("", "PAGE"), ("end", "")):
        run = _run(paragraph, "", _TITLE, 14)
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = text
        run._r.append(mark)
    paragraph.runs[0].add_text("— ")
    _run(paragraph, "", _TITLE, 14).add_text(" —")


def _set_properties(document: Word, letter: Letter) -> None:
    properties = document.core_properties
    made = datetime.combine(letter.day, time(0), UTC)
    properties.title, properties.author, properties.last_modified_by = plain(letter.title), "", ""
    properties.comments, properties.language, properties.revision = "", "zh-CN", 1
    properties.created = properties.modified = made


def _add(document: Word, part: Part, *, after_table: bool) -> None:
    before = 8 if after_table else 0
    match part:
        case Heading(text):
            paragraph = _paragraph(document, indent=True, before=before)
            paragraph.paragraph_format.keep_with_next = True
            _run(paragraph, text, _HEAD)
        case Text(text):
            _run(_paragraph(document, WD_ALIGN_PARAGRAPH.JUSTIFY, indent=True, before=before), text)
        case Grid():
            _add_grid(document, part)
        case Copied(label, copied):
            paragraph = _paragraph(document, WD_ALIGN_PARAGRAPH.CENTER, before=8)
            paragraph.paragraph_format.keep_with_next = True
            _run(paragraph, label, size=14)
            for line in copied:
                _run(_paragraph(document, WD_ALIGN_PARAGRAPH.CENTER), line, _CODE, 15 if len(copied) > 1 else 20)


def _add_grid(document: Word, grid: Grid) -> None:
    table = document.add_table(rows=0, cols=len(grid.header), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    widths = [Mm(_TEXT_WIDTH_MM * share / sum(grid.widths)) for share in grid.widths]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
    for number, cells in enumerate((grid.header, *grid.rows)):
        row = table.add_row()
        for cell, text, width in zip(row.cells, cells, widths, strict=True):
            cell.width = width
            paragraph = cell.paragraphs[0]
            _space(paragraph, line=18, before=2, after=2)
            _run(paragraph, text, _BODY if number else _HEAD, 12)
            if not number:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        row_properties = row._tr.get_or_add_trPr()
        row_properties.append(OxmlElement("w:cantSplit"))
        if not number:
            row_properties.append(OxmlElement("w:tblHeader"))


def _sign(document: Word, letter: Letter) -> None:
    """Add signature and date, one below the other, each centred on the other, four characters from the right."""
    for number, text in enumerate((letter.signature, day(letter.day))):
        paragraph = _paragraph(document, WD_ALIGN_PARAGRAPH.RIGHT, before=0 if number else 42)
        paragraph.paragraph_format.keep_with_next = number == 0 or bool(letter.contact)
        paragraph.paragraph_format.right_indent = Pt(64)
        _run(paragraph, text)


def _paragraph(
    document: Word,
    alignment: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT,
    *,
    indent: bool = False,
    line: float = 28,
    before: float = 0,
    after: float = 0,
) -> Paragraph:
    """Add an empty paragraph; sizes are in points."""
    paragraph = document.add_paragraph()
    paragraph.alignment = alignment
    _space(paragraph, line, before, after)
    if indent:
        paragraph.paragraph_format.first_line_indent = _INDENT
    return paragraph


def _space(paragraph: Paragraph, line: float, before: float = 0, after: float = 0) -> None:
    shape = paragraph.paragraph_format
    shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(line)
    shape.space_before, shape.space_after = Pt(before), Pt(after)


def _run(paragraph: Paragraph, text: str, font: str = _BODY, size: float = 16, *, bold: bool = False) -> Run:
    """Add text in one font, for Chinese characters too."""
    run = paragraph.add_run(plain(text))
    run.font.name, run.font.size, run.font.bold = font, Pt(size), bold
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    return run


def _packed(document: Word) -> bytes:
    """Return the file with its parts in their order and no times."""
    made, whole = io.BytesIO(), io.BytesIO()
    document.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, date_time=_EPOCH)
            info.create_system, info.compress_type = 0, zipfile.ZIP_DEFLATED
            new.writestr(info, old.read(name))
    return whole.getvalue()
