"""The form that units report with (requirement F09), as an .xlsx in which the usual faults cannot arise.

Numbers are kept as text from the start, and what can be chosen is chosen from a list: the batches still open, the
categories this unit may report, kinds, documents, ways of publication. The words in the lists are the words that
``nominations`` reads, so a form filled in from them is read without a fault.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from generator.core.identifiers import DocumentType
from generator.core.model import BatchId, Category, Content, SubjectKind, Unit
from generator.sources.nominations import COLUMNS, KINDS

INSTRUCTIONS, FORM, CHOICES = "填写说明", "报送名单", "选项"
HEADER_ROW = 3
LAST_ROW = 20_000
"""To which row the lists and checks reach."""

TEXT, DAY = "@", "yyyy-mm-dd"
FONT = "宋体"
_MADE = datetime(2026, 1, 1)  # noqa: DTZ001 - the format knows no time zone, and the clock is not ours to read

CREDIT_CODE = "统一社会信用代码"
PUBLICATIONS = ("脱敏公开", "全名公开：本人书面同意", "不公开：本人要求", "不公开：岗位涉密")
_UNCHECKED = (
    DocumentType.PASSPORT,
    DocumentType.MILITARY,
    DocumentType.TRAVEL_PERMIT,
    DocumentType.PERMANENT_RESIDENT,
)
"""Documents whose numbers have other lengths than 18."""

LINE = Side(style="thin", color="FF999999")
GRID = Border(left=LINE, right=LINE, top=LINE, bottom=LINE)
HEAD = PatternFill("solid", fgColor="FFDDEBF7")


@dataclass(frozen=True, slots=True)
class _Blank:
    """A column of the form: its title, whether it must be filled in, how, and how wide and in what format it is."""

    title: str
    how: str
    required: bool = False
    width: int = 14
    format: str = TEXT


_TITLE = {field: column.headers[0] for field, column in COLUMNS.items()}
BLANKS = (
    _Blank("序号", "从1往下写，也可以不写", width=6, format="General"),
    _Blank(_TITLE["batch"], "从下拉里选，通知上写的那一批", width=11),
    _Blank(_TITLE["category"], "从下拉里选，每个代码是什么见下面", required=True, width=11),
    _Blank(_TITLE["kind"], "从下拉里选；报单位的必须写", width=12),
    _Blank(_TITLE["name"], "一格只写一个人或一个单位，写全名，不要打星号；家庭写主要成员本人", required=True),
    _Blank(_TITLE["document_type"], "从下拉里选；空着，个人就是居民身份证，单位就是统一社会信用代码", width=18),
    _Blank(_TITLE["number"], "身份证号、信用代码都是18位，照证件录入", required=True, width=26),
    _Blank("法定代表人", "只有单位写"),
    _Blank(_TITLE["affiliation"], "个人写工作单位或所在乡镇", width=20),
    _Blank(_TITLE["honour"], "照证书或文件写全称", required=True, width=24),
    _Blank(_TITLE["awarder"], "照证书或文件写全称", required=True, width=20),
    _Blank(_TITLE["document"], "表彰文件的文号，没有就空着", width=20),
    _Blank(_TITLE["awarded"], "年月日都要有，如 2025-09-05", width=14, format=DAY),
    _Blank(_TITLE["honour_ends"], "年月日都要有；没有期限就空着", width=14, format=DAY),
    _Blank(_TITLE["unit"], "从下拉里选，或者空着", width=16),
    _Blank("联系人/电话", "有疑问时找谁", width=18),
    _Blank(_TITLE["publication"], "空着就是脱敏公开（姓名打星号）；公开全名要本人书面同意；不公开要写理由", width=24),
    _Blank(_TITLE["remark"], "别的话都写在这里", width=20),
)
"""The columns of Annex 4 in their order (requirement F09)."""

STEPS = (
    "1. 名单填在“报送名单”那一张，从第4行开始，一行一个人或一个单位。表头不要改，不要加工作表。",
    "2. 有下拉箭头的格子，从下拉里选。",
    "3. 证件号码那一列已经设成“文本”，直接输入就行。从别的表里复制时，请用“选择性粘贴”里的“数值”，"
    "不然会把号码变成数字，后几位丢掉，补不回来。",
    "4. 日期写成 2025-09-05 这样，年、月、日都要有。",
    "5. 同一个人、同一个单位，在一批里只报一次；别的单位报过的也不要再报。",
    "6. 填好后存成 .xlsx，连同公文报信用办。里面有证件号码，请加密码压缩后再发，密码另行告知，不要发到微信群里。",
)


def template(content: Content, unit: Unit | None, batches: Sequence[BatchId]) -> bytes:
    """Return the form as an .xlsx, for one unit or for any.

    ``batches`` are those still open; equal arguments give equal bytes.
    """
    categories = [c for c in content.categories.values() if unit is None or c.open or unit.id in c.units]
    book = Workbook()
    book.properties.creator, book.properties.created = content.settings.office, _MADE
    book.remove(book.worksheets[0])
    instructions, form, choices = (book.create_sheet(name) for name in (INSTRUCTIONS, FORM, CHOICES))
    _write_form(form, unit)
    _write_choices(choices, form, _choices(categories, unit, batches))
    _check_what_is_typed(form)
    _write_instructions(instructions, categories, content)
    choices.sheet_state = "hidden"
    book.active = 0
    return encode(book)


def encode(book: Workbook) -> bytes:
    """Return a workbook as an .xlsx without a trace of when it was made."""
    made, whole = io.BytesIO(), io.BytesIO()
    book.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                part = re.sub(rb"<dcterms:modified.*?</dcterms:modified>", b"", part)
            new.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), part, zipfile.ZIP_DEFLATED)
    return whole.getvalue()


def _choices(
    categories: Sequence[Category], unit: Unit | None, batches: Sequence[BatchId]
) -> dict[str, tuple[Sequence[str], bool]]:
    """Return by field what may be chosen, and whether nothing else may be written."""
    honoured = {category.subject for category in categories}
    kinds = [
        words[0]
        for kind, words in KINDS.items()
        if ("person" if kind is SubjectKind.PERSON else "organisation") in honoured
    ]
    documents = [*(kind.value for kind in DocumentType if "person" in honoured)]
    documents += [CREDIT_CODE] if "organisation" in honoured else []
    return {
        "batch": (batches, True),
        "category": ([category.code for category in categories], True),
        "kind": (kinds, True),
        "document_type": (documents, True),
        "unit": ([unit.name] if unit else (), True),
        "publication": (PUBLICATIONS, False),
    }


# -- the sheets ------------------------------------------------------------------------------------------------


def _write_form(sheet: Worksheet, unit: Unit | None) -> None:
    """Write the title, the header, and the format of every column down to the last row there can be."""
    last = get_column_letter(len(BLANKS))
    title = sheet.cell(1, 1, "守信激励对象名单报送表" + (f"（{unit.name}）" if unit else ""))
    title.font, title.alignment = Font(FONT, 18, bold=True), Alignment("center", "center")
    hint = sheet.cell(2, 1, "填写前请先看“填写说明”。带 * 的必须填。从别处复制，请用“选择性粘贴”里的“数值”。")
    hint.font = Font(FONT, 11, color="FFC00000")
    for row in (1, 2):
        sheet.merge_cells(f"A{row}:{last}{row}")
    for index, blank in enumerate(BLANKS, start=1):
        column = sheet.column_dimensions[get_column_letter(index)]
        column.width, column.number_format, column.border = blank.width, blank.format, GRID
        column.font, column.alignment = Font(FONT, 11), Alignment(vertical="center", wrap_text=True)
        head = sheet.cell(HEADER_ROW, index, blank.title + "*" * blank.required)
        head.font, head.fill, head.border = Font(FONT, 11, bold=True), HEAD, GRID
        head.alignment = Alignment("center", "center", wrap_text=True)
    sheet.row_dimensions[1].height, sheet.row_dimensions[HEADER_ROW].height = 32, 36
    sheet.freeze_panes = f"{get_column_letter(_index('name') + 1)}{HEADER_ROW + 1}"
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 8
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    if sheet.sheet_properties.pageSetUpPr:
        sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _write_choices(sheet: Worksheet, form: Worksheet, choices: dict[str, tuple[Sequence[str], bool]]) -> None:
    """Write what may be chosen, a column a field and no header, and tie the form's columns to it."""
    for column, (field, (words, only)) in enumerate(choices.items(), start=1):
        if not words:
            continue
        for row, word in enumerate(words, start=1):
            sheet.cell(row, column, word).number_format = TEXT
        letter = get_column_letter(column)
        rule = DataValidation("list", f"'{CHOICES}'!${letter}$1:${letter}${len(words)}", allow_blank=True)
        rule.errorStyle = "stop" if only else "warning"
        rule.error = "请从下拉里选一个。" if only else "要写成“全名公开：理由”或“不公开：理由”。写法对就点“是”。"
        _add(form, field, rule)


def _check_what_is_typed(form: Worksheet) -> None:
    """Hold numbers to the length of their document, and days to days that can be."""
    row = HEADER_ROW + 1
    kind, number = (f"${get_column_letter(_index(field))}{row}" for field in ("document_type", "number"))
    other = ",".join(f'{kind}="{document.value}"' for document in _UNCHECKED)
    length = f"IF(OR({other}),AND(LEN({number})>=5,LEN({number})<=18),LEN({number})=18)"
    rule = DataValidation("custom", length, allow_blank=True)
    rule.error = "位数不对。身份证号、统一社会信用代码都是18位；别的证件先在前面选证件类型。"
    _add(form, "number", rule)
    for field in ("awarded", "honour_ends"):
        rule = DataValidation("date", "DATE(1950,1,1)", "DATE(2099,12,31)", allow_blank=True, operator="between")
        rule.error = "请写成 2025-09-05 这样的日期，年、月、日都要有。"
        _add(form, field, rule)


def _add(form: Worksheet, field: str, rule: DataValidation) -> None:
    """Put a rule on a column of the form, with a hint that shows when a cell is entered."""
    index = _index(field)
    rule.errorTitle, rule.promptTitle, rule.prompt = "请核对", BLANKS[index - 1].title, BLANKS[index - 1].how
    rule.showErrorMessage = rule.showInputMessage = True
    letter = get_column_letter(index)
    rule.add(f"{letter}{HEADER_ROW + 1}:{letter}{LAST_ROW}")
    form.add_data_validation(rule)


def _index(field: str) -> int:
    """Return a field's column on the form, counted from 1."""
    return next(index for index, blank in enumerate(BLANKS, start=1) if blank.title == _TITLE[field])


def _write_instructions(sheet: Worksheet, categories: Sequence[Category], content: Content) -> None:
    """Write how to fill in the form: steps, then what each column wants, then what each code means."""
    for letter, width in zip("ABCD", (24, 14, 60, 40), strict=True):
        sheet.column_dimensions[letter].width = width
    rows = [*_instructions(categories, content)]
    for number, (style, *texts) in enumerate(rows, start=1):
        for column, text in enumerate(texts, start=1):
            cell = sheet.cell(number, column, text)
            cell.font = Font(FONT, 16 if style == "title" else 12, bold=style in ("title", "head"))
            cell.alignment = Alignment(vertical="top", wrap_text=style != "title")
            if style in ("head", "row"):
                cell.border = GRID
            if style == "head":
                cell.fill = HEAD
        if style == "step":
            sheet.merge_cells(start_row=number, start_column=1, end_row=number, end_column=4)
            sheet.row_dimensions[number].height = 36
    sheet.page_setup.orientation = "landscape"


def _instructions(categories: Sequence[Category], content: Content) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the instructions, each with its style first.

    No row may read like the header of a list, or the reader takes this sheet for one.
    """
    yield "title", "守信激励对象名单报送表怎么填"
    yield from (("step", step) for step in STEPS)
    yield ("step", "")
    yield "head", "这一列", "要不要填", "怎么填"
    for blank in BLANKS:
        yield "row", blank.title, "必须填" if blank.required else "", blank.how
    yield ("step", "")
    yield "head", "代码", "报的是谁", "这一类是什么", "由谁报送"
    for category in categories:
        names = (
            "各相关单位、各乡镇（街）" if category.open else "、".join(content.units[u].name for u in category.units)
        )
        honours = f"（{'、'.join(category.honours)}）" if category.honours else ""
        note = f" {category.note}" if category.note else ""
        who = "个人" if category.subject == "person" else "单位"
        yield "row", category.code, who, f"{category.name}{honours}{note}", names
