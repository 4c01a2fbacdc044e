"""``python -m tests.pictures``: the handbook's pictures of the forms and of the terminal.

Nothing is drawn by hand: an office is started, a form written and filled in, faults marked and commands run, all by
the program itself; what it wrote is laid out cell by cell, what it said line by line, and Chromium takes the picture.
"""

from __future__ import annotations

import contextlib
import html
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import openpyxl
from click.testing import CliRunner
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from playwright.sync_api import Browser, sync_playwright

from generator.cli import main as xinyi
from generator.core.identifiers import id_check_digit
from generator.sources.annotate import SUMMARY
from generator.sources.forms import CHOICES, FORM, HEADER_ROW, INSTRUCTIONS
from tests.browser import CHROMIUM, FLAGS

IMAGES = Path(__file__).parent.parent / "docs" / "handbook" / "images"
NAMES = ("form", "form-help", "check", "returned", "returned-summary", "status")
BATCH = ("2027-01", "2027年度守信激励名单（第一批）")
SHOWN = [
    "类别代码",
    "主体类型",
    "姓名/名称",
    "证件类型",
    "证件号码/统一社会信用代码",
    "荣誉名称",
    "授予机关",
    "认定日期",
    "公开方式及理由",
]
"""The columns that fit on a picture."""

STYLE = """
body { margin: 0; padding: 16px; width: max-content; background: #fff; font: 15px/1.5 "Noto Sans CJK SC", sans-serif }
h1 { font-size: 15px; margin: 0; padding: 6px 14px; display: inline-block; background: #fff; border: 1px solid #999;
     border-top: 3px solid #217346 }
table { border-collapse: collapse; table-layout: fixed }
td, th { border: 1px solid #ccc; padding: 3px 6px; overflow: hidden; vertical-align: middle; height: 22px }
th { background: #eee; font-weight: normal; color: #555; text-align: center }
.note { position: relative; overflow: visible }
.note::after { content: ""; position: absolute; top: 0; right: 0; border: 5px solid transparent;
               border-top-color: #c00; border-right-color: #c00 }
.bubble { position: absolute; z-index: 1; left: 100%; top: -8px; margin-left: 10px; width: 300px; padding: 8px 10px;
          background: #ffffe1; border: 1px solid #777; box-shadow: 2px 2px 5px #999; white-space: pre-wrap }
.menu { position: relative; overflow: visible }
.menu ul { position: absolute; z-index: 1; left: 0; top: 100%; min-width: 100%; margin: 0; padding: 2px 0;
           list-style: none; background: #fff; border: 1px solid #777; box-shadow: 2px 2px 5px #999 }
.menu li { padding: 1px 8px } .menu li:first-child { background: #cde8ff }
.arrow { position: absolute; right: -19px; top: 2px; width: 16px; border: 1px solid #999; background: #eee;
         font-size: 10px; text-align: center }
pre { margin: 0; padding: 14px 18px; background: #1d1f21; color: #e6e6e6; border-radius: 6px; max-width: 1100px;
      white-space: pre-wrap; overflow-wrap: anywhere;
      font: 15px/1.6 "Noto Sans Mono CJK SC", monospace }
pre b { color: #9fe09f; font-weight: normal }
"""


@dataclass(frozen=True)
class View:
    """What of a sheet is on a picture: its columns, down to which row, and which bubble or menu is open."""

    columns: Sequence[int]
    last: int
    bubble: str = ""
    menu: tuple[str, Sequence[str]] = ("", ())


def sheet_page(sheet: Worksheet, view: View) -> str:
    """Return a sheet as a page that looks as it does in Excel, its cells' own colours, widths and words."""
    widths = [sheet.column_dimensions[get_column_letter(c)].width * 9 for c in view.columns]
    heads = "".join(f"<th>{get_column_letter(c)}</th>" for c in view.columns)
    columns = "".join(f'<col style="width:{width:.0f}px">' for width in widths)
    rows = "".join(
        f"<tr><th>{row}</th>{''.join(_cells(sheet, row, view))}</tr>"
        for row in range(1, view.last + 1)
        if not sheet.row_dimensions[row].hidden
    )
    total = sum(widths) + 36
    return (
        f'<h1>{html.escape(sheet.title)}</h1><table style="width:{total:.0f}px"><col style="width:36px">{columns}'
        f"<tr><th></th>{heads}</tr>{rows}</table>"
    )


def _cells(sheet: Worksheet, row: int, view: View) -> Iterator[str]:
    for place, column in enumerate(view.columns):
        cell = sheet.cell(row, column)
        merged = next((m for m in sheet.merged_cells.ranges if cell.coordinate in m), None)
        covered = [c for c in view.columns if merged and merged.min_col <= c <= merged.max_col]
        whole = sheet.cell(merged.min_row, merged.min_col) if merged else cell
        if not isinstance(whole, MergedCell) and (not covered or covered[0] == view.columns[place]):
            yield _cell(whole, max(1, len(covered)), view)


def _cell(cell: Cell, span: int, view: View) -> str:
    font, color = cell.font, cell.fill.fgColor.rgb
    styles = [
        f"background:#{color[2:]}" if cell.fill.fill_type == "solid" and isinstance(color, str) else "",
        "font-weight:bold" if font.b else "",
        f"font-size:{font.sz * 1.3:.0f}px" if font.sz and font.sz > 11 else "",
        f"color:#{font.color.rgb[2:]}" if font.color and isinstance(font.color.rgb, str) else "",
        f"text-align:{cell.alignment.horizontal}" if cell.alignment.horizontal else "",
        "white-space:pre-wrap" if cell.alignment.wrap_text and span == 1 else "white-space:nowrap;overflow:visible",
    ]
    text, extra, marks = html.escape(_shown(cell.value)), "", []
    if cell.comment:
        marks.append("note")
        if cell.coordinate == view.bubble:
            extra = f'<div class="bubble">{html.escape(cell.comment.text)}</div>'
    if cell.coordinate == view.menu[0]:
        marks.append("menu")
        items = "".join(f"<li>{html.escape(word)}</li>" for word in view.menu[1])
        extra = f'<span class="arrow">▼</span><ul>{items}</ul>'
    style = ";".join(filter(None, styles))
    return f'<td colspan="{span}" class="{" ".join(marks)}" style="{style}">{text}{extra}</td>'


def _shown(value: object) -> str:
    """Return a value as Excel shows it, which keeps fifteen digits of a number."""
    if isinstance(value, int | float) and abs(value) >= 10**15:
        return f"{Decimal(f'{value:.14e}'):f}"
    return "" if value is None else str(value)


class Office:
    """An office of its own, started for the pictures, and what its commands said."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "信用办"
        self._run("init", str(self.root), "--office", "抚松县信用办", "--area", "抚松县", "--domain", "xinyi.fs.gov.cn")
        self.run("keys", "init", "--demo")
        self.run("list", "open", BATCH[0], "--title", BATCH[1], "--deadline", "2026-12-20")

    def run(self, *words: str) -> str:
        """Run a command in the office and return what it said."""
        return self._run("--root", str(self.root), *words)

    def _run(self, *words: str) -> str:
        with contextlib.chdir(self.folder):
            done = CliRunner().invoke(xinyi, list(words), input="")
        return done.output.replace(f"{self.folder}/", "").rstrip("\n")

    def terminal_page(self, *lines: Sequence[str]) -> str:
        """Return what a terminal shows after these commands."""
        shown = (f"<b>$ xinyi {html.escape(' '.join(words))}</b>\n{html.escape(self.run(*words))}" for words in lines)
        return "<pre>" + "\n\n".join(shown) + "</pre>"


def number(first17: str) -> str:
    """Return an invented number with its check digit."""
    return first17 + id_check_digit(first17)


def fill(path: Path, rows: Sequence[Sequence[str | int]]) -> None:
    """Write rows into the form as a unit does, by the titles of its columns."""
    book = openpyxl.load_workbook(path)
    sheet = book[FORM]
    titles = [str(cell.value).rstrip("*") for cell in sheet[HEADER_ROW]]
    for place, values in enumerate(rows, start=HEADER_ROW + 1):
        for title, value in zip(SHOWN, values, strict=False):
            sheet.cell(place, titles.index(title) + 1, value)
    book.save(path)


def shown_columns(sheet: Worksheet, row: int) -> list[int]:
    """Return the columns of the form that fit on a picture."""
    titles = [str(cell.value).rstrip("*") for cell in sheet[row]]
    return [titles.index(title) + 1 for title in SHOWN]


def pages(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the name of each picture and the page it is taken of."""
    office = Office(folder)
    form = folder / "妇联.xlsx"
    office.run("list", "template", "--unit", "妇联", str(form))
    good = ["A7", "个人", "周示例", "", number("99062119900101123"), "三八红旗手", "县妇联", "2026-03-08", ""]
    book = openpyxl.load_workbook(form)
    yield "form-help", sheet_page(book[INSTRUCTIONS], View((1, 2, 3, 4), 17))
    fill(form, [good, ["", "", "", "", "", "", "", "", ""]])
    sheet = openpyxl.load_workbook(form)[FORM]
    words = [str(cell.value) for cell in openpyxl.load_workbook(form)[CHOICES]["F"] if cell.value]
    columns = shown_columns(sheet, HEADER_ROW)
    menu = (f"{get_column_letter(columns[-1])}5", words)
    yield "form", sheet_page(sheet, View(columns, 9, menu=menu))
    digits = number("99062119910101124")
    wrong: list[list[str | int]] = [
        ["A7", "个人", "吴示例", "", int(number("99062119920101125")), "三八红旗手", "县妇联", "2026-03-08", ""],
        ["A7", "个人", "郑*例", "", digits[:-1] + ("1" if digits[-1] != "1" else "2"), "巾帼建功标兵", "县妇联"],
        ["A8", "个人", "王示例", "", number("99062119930101127"), "三八红旗手", "县妇联", "2026-02-30", ""],
    ]
    fill(form, [good, *wrong])
    office.run("list", "receive", str(form), "--batch", BATCH[0], "--unit", "妇联", "--day", "2026-12-15")
    yield "check", office.terminal_page(["check", "--annotate", "退回-1216"])
    back = folder / "marked"
    office.run("check", "--annotate", str(back))
    marked = openpyxl.load_workbook(next(back.iterdir()))
    sheet = marked[FORM]
    bubble = next(cell.coordinate for row in sheet.iter_rows() for cell in row if cell.comment)
    yield "returned", sheet_page(sheet, View(shown_columns(sheet, HEADER_ROW), 8, bubble=bubble))
    summary = marked[SUMMARY]
    yield "returned-summary", sheet_page(summary, View(range(1, summary.max_column + 1), summary.max_row))
    right = folder / "妇联改好.xlsx"
    office.run("list", "template", "--unit", "妇联", str(right))
    fill(right, [good])
    again = ("--batch", BATCH[0], "--unit", "妇联", "--day", "2026-12-18", "--instead-of", "妇联.xlsx")
    office.run("list", "receive", str(right), *again)
    yield "status", office.terminal_page(["status", "--as-of", "2026-12-21"])


def take(browser: Browser, name: str, body: str) -> None:
    """Take a picture of a page, as large as what is on it."""
    page = browser.new_page(viewport={"width": 400, "height": 200})
    page.set_content(f"<!doctype html><meta charset=utf-8><style>{STYLE}</style><body>{body}</body>")
    size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.screenshot(path=IMAGES / f"{name}.png")
    page.close()


def main() -> None:
    """Take all pictures anew."""
    folder = Path(tempfile.mkdtemp())
    IMAGES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        for name, body in pages(folder):
            assert name in NAMES, name
            take(browser, name, body)
        browser.close()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
