"""measures.csv: the list of measures with what is wrong with each, one row a measure, as spreadsheets save it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO

from generator.core.characters import marks_of_hidden
from generator.core.model import Measure, UnitId
from generator.errors import Faults, Place
from generator.sources.settings import hidden, parse_text, similar

COLUMNS = ("序号", "措施", "开发单位", "实施单位", "领域", "标记", "编者说明")
FIELDS = ("政务服务", "融资信贷", "创新创业", "交通出行", "旅游消费", "公共服务", "监督检查", "评先评优")
"""The eight fields of incentive (requirement F03)."""
FLAGS = frozenset(
    (
        "drafting-note",
        "duplicate",
        "inspection-exemption",
        "legal-check",
        "not-a-benefit",
        "own-condition",
        "placeholder",
        "question",
        "stub",
        "to-be-drafted",
        "typo",
        "wrong-level",
    )
)
"""What can be wrong with a measure (requirement F27)."""


def parse_measures(data: bytes, path: str, faults: Faults) -> tuple[Measure, ...]:
    """Return the measures of measures.csv, less the rows that have faults."""
    text = parse_text(data, path, faults)
    if text is None:
        return ()
    rows = _rows(text, path, faults)
    line, header = next(rows, (1, []))
    if tuple(header) != COLUMNS:
        faults.add(Place(path, line=line), "第一行不是应有的表头", f"表头依次是 {'、'.join(COLUMNS)}")
        return ()
    measures: dict[int, Measure] = {}
    for line, row in rows:
        _check_characters(row, Place(path, line=line), faults)
        measure = _measure(row, Place(path, line=line), faults)
        if measure is None:
            continue
        if measure.number in measures:
            faults.add(Place(path, line=line, field="序号"), f"序号 {measure.number} 用了两次", "改成各不相同")
        measures.setdefault(measure.number, measure)
    return tuple(measures.values())


def _rows(text: str, path: str, faults: Faults) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV that hold anything, each with the line it starts on."""
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    start = 1
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                yield start, cells
            start = reader.line_num + 1
    except csv.Error:
        faults.add(Place(path, line=start), "从这一行起读不下去", "检查这一行的英文引号是否成对")


def _check_characters(row: list[str], place: Place, faults: Faults) -> None:
    """Note characters that nobody sees; a cell may have several lines."""
    for column, cell in zip(COLUMNS, row, strict=False):
        if marks := marks_of_hidden(cell.replace("\n", "")):
            faults.add(replace(place, field=column), *hidden(marks))


def _measure(row: list[str], place: Place, faults: Faults) -> Measure | None:
    """Return the measure of one row, or None with its faults noted."""
    if len(row) != len(COLUMNS):
        faults.add(place, f"有 {len(row)} 格，应当是 {len(COLUMNS)} 格", "含逗号的文字要用英文引号括起来")
        return None
    cells = dict(zip(COLUMNS, row, strict=True))
    before = len(faults.found)
    number = cells["序号"]
    if not (number.isascii() and number.isdecimal() and int(number) > 0):
        faults.add(replace(place, field="序号"), "应当是从 1 起的整数", "只写数字")
    for column in ("措施", "开发单位"):
        if not cells[column]:
            faults.add(replace(place, field=column), "不能空着", "请补上")
    if cells["领域"] and cells["领域"] not in FIELDS:
        advice = similar(cells["领域"], FIELDS) or "说不准就空着"
        faults.add(replace(place, field="领域"), f"只能是 {'、'.join(FIELDS)} 之一", advice)
    flags = tuple(flag.strip() for flag in cells["标记"].split(";") if flag.strip())
    for flag in flags:
        if flag not in FLAGS:
            advice = similar(flag, FLAGS) or f"可以用 {'、'.join(sorted(FLAGS))}，中间用英文分号隔开"
            faults.add(replace(place, field="标记"), f"不认识的标记 {flag}", advice)
    if len(faults.found) > before:
        return None
    return Measure(
        number=int(number),
        text=cells["措施"],
        unit=UnitId(cells["开发单位"]),
        implementer=cells["实施单位"],
        field=cells["领域"],
        flags=flags,
        note=cells["编者说明"],
    )
