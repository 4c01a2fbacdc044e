"""The form for the units: what it offers is what the reader takes, and what is typed wrongly is still found."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from generator.core.identifiers import DocumentType
from generator.core.model import BatchId, Content, Nomination, Organisation, Person, PublicationMode, UnitId
from generator.errors import Faults
from generator.sources.content import read_content
from generator.sources.forms import BLANKS, CHOICES, FORM, HEADER_ROW, INSTRUCTIONS, PUBLICATIONS, template
from generator.sources.nominations import KIND_WORDS, Submission, parse_nominations, parse_publication
from generator.sources.subjects import plain

ROOT = Path(__file__).parents[2]
BATCH, SCHOOLS, TOWN = BatchId("2026-01"), UnitId("fs-jiaoyuju"), UnitId("sl-shilizhen")
ANNEX_4 = [
    *("序号", "批次", "类别代码", "主体类型", "姓名/名称", "证件类型", "证件号码/统一社会信用代码", "法定代表人"),
    *("所在单位/乡镇", "荣誉名称", "授予机关", "认定文号", "认定日期", "荣誉到期日", "报送单位", "联系人/电话"),
    *("公开方式及理由", "备注"),
]
FILLED: Mapping[str, Any] = {
    "序号": 1,
    "批次": "2026-01",
    "类别代码": "A8",
    "主体类型": "个人",
    "姓名/名称": "张三",
    "证件类型": "居民身份证",
    "证件号码/统一社会信用代码": "990621199001011233",
    "所在单位/乡镇": "示例学校",
    "荣誉名称": "优秀教师",
    "授予机关": "示例县人民政府",
    "认定文号": "示例发〔2025〕1号",
    "认定日期": datetime(2025, 9, 5),  # noqa: DTZ001 - what Excel keeps when a day is typed
    "报送单位": "教育局",
    "联系人/电话": "示例 000",
    "公开方式及理由": "全名公开：本人书面同意",
}
FIRM = {
    "类别代码": "B6",
    "主体类型": "企业",
    "姓名/名称": "示例公司",
    "证件类型": "统一社会信用代码",
    "证件号码/统一社会信用代码": "91350100M000100Y43",
    "公开方式及理由": None,
}


@cache
def content() -> Content:
    faults = Faults()
    found = read_content(ROOT, faults)
    assert found is not None
    return found


def form(unit: UnitId | None = SCHOOLS, *batches: str) -> bytes:
    return template(content(), content().units[unit] if unit else None, list(map(BatchId, batches or (BATCH,))))


def filled(*rows: Mapping[str, Any]) -> bytes:
    """Return the schools' form with rows typed into it; what a row does not say is as in ``FILLED``."""
    book = openpyxl.load_workbook(io.BytesIO(form()))
    for number, row in enumerate(rows, start=HEADER_ROW + 1):
        for title, value in {**FILLED, **row}.items():
            book[FORM].cell(number, ANNEX_4.index(title) + 1, value)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def read(data: bytes) -> tuple[list[Nomination], list[str]]:
    faults = Faults()
    unit = content().units[SCHOOLS]
    entries = parse_nominations(data, "a.xlsx", Submission(BATCH, unit, date(2026, 1, 1)), content(), faults)
    return [entry.nomination for entry in entries if entry.nomination], [str(fault) for fault in faults.found]


def sheet(name: str = FORM, unit: UnitId | None = SCHOOLS, *batches: str) -> Worksheet:
    return openpyxl.load_workbook(io.BytesIO(form(unit, *batches)))[name]


def rules(page: Worksheet) -> dict[str, DataValidation]:
    """Return the rules of the form by the title of their column."""
    by_column = {str(rule.sqref).split(str(HEADER_ROW + 1))[0]: rule for rule in page.data_validations.dataValidation}
    titles = {get_column_letter(n): str(cell.value).strip("*") for n, cell in enumerate(page[HEADER_ROW], start=1)}
    return {titles[column]: rule for column, rule in by_column.items()}


def choices(title: str, unit: UnitId | None = SCHOOLS, *batches: str) -> list[str]:
    """Return what may be chosen in a column."""
    book = openpyxl.load_workbook(io.BytesIO(form(unit, *batches)))
    name, _, cells = str(rules(book[FORM])[title].formula1).partition("!")
    assert name == f"'{CHOICES}'"
    return [row[0].value for row in book[CHOICES][cells.replace("$", "")]]


def test_the_columns_are_those_of_annex_4() -> None:
    assert [blank.title for blank in BLANKS] == ANNEX_4
    assert [str(cell.value).strip("*") for cell in sheet()[HEADER_ROW]] == ANNEX_4


def test_an_empty_form_is_read_without_a_fault() -> None:
    assert read(form()) == ([], [])
    assert read(form(None)) == ([], [])


def test_equal_forms_are_equal_bytes() -> None:
    assert form() == form()


def test_a_form_filled_in_properly() -> None:
    (person, firm), faults = read(filled({}, FIRM))
    assert not faults
    assert isinstance(person.subject, Person)
    assert (person.subject.name, person.category, person.awarded) == ("张三", "A8", date(2025, 9, 5))
    assert person.publication is PublicationMode.FULL
    assert isinstance(firm.subject, Organisation)
    assert str(person.place) == f"a.xlsx › {FORM} › B4"


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"证件号码/统一社会信用代码": 990621199001011233}, "G4：号码被存成了数字"),
        ({"证件号码/统一社会信用代码": "990621199001011234"}, "G4：身份证号校验位不对"),
        ({"证件号码/统一社会信用代码": None}, "G4：身份证号没有填"),
        ({"类别代码": "A1"}, "C4：教育局不能报送 A1 类"),
        ({"类别代码": "Z1"}, "C4：没有 Z1 这个类别"),
        ({"认定日期": "2025年9月"}, "M4：看不懂的日期"),
        ({"认定日期": "2025-02-30"}, "M4：没有2025年2月30日这一天"),
        ({"姓名/名称": "张？"}, "E4：姓名或名称里有坏字"),
        ({"姓名/名称": None}, "E4：没有写姓名或名称"),
        ({"荣誉名称": None}, "J4：没有写荣誉名称"),
        ({"批次": "2025-01"}, "B4：表里写的批次是 2025-01"),
        ({"公开方式及理由": "不公开"}, "Q4：不公开要写理由"),
    ],
)
def test_a_form_filled_in_wrongly(row: dict[str, Any], fault: str) -> None:
    """Pasting goes past the checks of a spreadsheet."""
    nominations, (found,) = read(filled(row))
    assert nominations == []
    assert found.startswith(f"a.xlsx › {FORM} › {fault}")


def test_all_columns_but_days_and_the_first_are_text() -> None:
    page = sheet()
    formats = [page.column_dimensions[get_column_letter(n)].number_format for n in range(1, len(ANNEX_4) + 1)]
    assert formats == ["General", *["@"] * 11, "yyyy-mm-dd", "yyyy-mm-dd", *["@"] * 4]


def test_every_document_and_kind_offered_is_understood() -> None:
    assert choices("证件类型", TOWN) == [*(kind.value for kind in DocumentType), "统一社会信用代码"]
    kinds = choices("主体类型", TOWN)
    assert {KIND_WORDS[plain(word)] for word in kinds} == set(KIND_WORDS.values())


def test_every_way_of_publication_offered_is_understood() -> None:
    modes = [parse_publication(word)[0] for word in PUBLICATIONS]
    assert modes == [PublicationMode.MASKED, PublicationMode.FULL, PublicationMode.WITHHELD, PublicationMode.WITHHELD]
    assert rules(sheet())["公开方式及理由"].errorStyle == "warning"


def test_a_unit_is_offered_what_it_may_report() -> None:
    every = list(content().categories)
    assert choices("类别代码", None) == every
    assert choices("类别代码") == [c for c in every if content().categories[c].open or c == "A8"]
    assert choices("报送单位") == ["教育局"]
    assert "报送单位" not in rules(sheet(unit=None))


def test_a_unit_that_honours_no_organisation_is_offered_people_alone() -> None:
    categories = {code: c for code, c in content().categories.items() if code == "A8"}
    narrow = template(
        Content(**{**{name: getattr(content(), name) for name in Content.__slots__}, "categories": categories}),
        content().units[SCHOOLS],
        [],
    )
    page = openpyxl.load_workbook(io.BytesIO(narrow))[CHOICES]
    values = [cell.value for row in page.iter_rows() for cell in row if cell.value]
    assert "个人" in values
    assert "企业" not in values
    assert "统一社会信用代码" not in values


def test_the_batches_offered_are_those_given() -> None:
    assert choices("批次", SCHOOLS, "2026-01", "2026-02") == ["2026-01", "2026-02"]
    assert "批次" not in rules(openpyxl.load_workbook(io.BytesIO(template(content(), None, [])))[FORM])


def test_numbers_and_days_are_checked_as_they_are_typed() -> None:
    found = rules(sheet())
    assert found["证件号码/统一社会信用代码"].type == "custom"
    assert "LEN($G4)=18" in str(found["证件号码/统一社会信用代码"].formula1)
    assert {found[title].type for title in ("认定日期", "荣誉到期日")} == {"date"}
    assert all(str(rule.sqref).endswith("20000") for rule in found.values())
    assert all(rule.error and rule.prompt for rule in found.values())


def test_the_instructions_name_every_column_and_code() -> None:
    texts = [str(cell.value) for row in sheet(INSTRUCTIONS).iter_rows() for cell in row if cell.value]
    assert set(ANNEX_4) <= set(texts)
    assert set(choices("类别代码")) <= set(texts)


def test_what_the_unit_chooses_from_is_out_of_its_way() -> None:
    book = openpyxl.load_workbook(io.BytesIO(form()))
    assert book.sheetnames == [INSTRUCTIONS, FORM, CHOICES]
    assert book[CHOICES].sheet_state == "hidden"
