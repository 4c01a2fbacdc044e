"""The export for the platforms above: its fields, what changed since the last one, and what is remembered of it."""

from __future__ import annotations

import csv
import io
import json
import stat
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from generator.build.office import Office
from generator.build.sent import PATH
from generator.build.upward import COLUMNS, Report, document_type, export
from generator.cli import main
from generator.core.identifiers import DocumentType, Number
from generator.core.lifecycle import stand
from generator.core.model import (
    AnyDecision,
    Content,
    Ground,
    Nomination,
    Person,
    PublicationMode,
    ScreeningReturn,
    Unit,
    UnitId,
)
from generator.errors import Faults, InputFaultsError, RefusedError
from generator.sources.content import read_content
from tests.conftest import REPOSITORY
from tests.core.builders import (
    appeal,
    appeal_answered,
    code,
    correction,
    lists,
    nomination,
    number,
    objection,
    organisation,
    person,
    resolution,
    screening,
    withdrawal,
)
from tests.fictional import DEMO_DAY

REF_KEY = b"k" * 32
FIRST, SECOND, THIRD = date(2026, 2, 2), date(2026, 3, 2), date(2026, 4, 1)
PERSON, FIRM = person("钱测试", 1), organisation("试验县甲乙食品厂", 1)
ENTRIES = (
    replace(nomination(PERSON), document="试文〔2025〕7号", awarded=date(2025, 5, 4)),
    nomination(FIRM, category="B5", honour="诚信企业"),
    replace(nomination(person("孙小异", 2)), publication=PublicationMode.WITHHELD, publication_grounds="岗位涉密"),
)
REFERENCES = ("AAAAAAAAAA", "BBBBBBBBBB", "CCCCCCCCCC")


@pytest.fixture(scope="module")
def content() -> Content:
    found = read_content(REPOSITORY, Faults())
    assert found
    rules = replace(found.settings.rules, screening_sources=())
    return replace(
        found,
        settings=replace(found.settings, rules=rules),
        units={UnitId("wenming"): Unit(UnitId("wenming"), "试验县文明办")},
    )


class Desk:
    """An office with its own folder; ``export`` and read back what was written."""

    def __init__(self, root: Path, content: Content) -> None:
        self.root = root
        self._content = content

    def export(
        self,
        as_of: date,
        decisions: Iterable[AnyDecision] = (),
        *,
        since_last: bool = True,
        entries: Iterable[Nomination] = ENTRIES,
        references: tuple[str, ...] = REFERENCES,
        returns: Iterable[ScreeningReturn] = (),
    ) -> Report:
        facts = lists(entries, returns, decisions)
        office = Office(self._content, facts, stand(facts, self._content.settings.rules, as_of), {}, as_of)
        return export(self.root, office, references, REF_KEY, since_last=since_last)

    def rows(self, report: Report) -> list[dict[str, str]]:
        (table,) = (path for path in report.files if path.suffix == ".csv")
        data = table.read_bytes()
        assert data.startswith(b"\xef\xbb\xbf")
        return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))

    def told(self, report: Report) -> Mapping[str, str]:
        return {row["编号"]: row["状态"] for row in self.rows(report)}


@pytest.fixture
def desk(tmp_path: Path, content: Content) -> Desk:
    return Desk(tmp_path, content)


class TestFields:
    def test_a_person(self, desk: Desk) -> None:
        row = desk.rows(desk.export(FIRST))[0]
        assert tuple(row) == COLUMNS
        assert {name: text for name, text in row.items() if text} == {
            "序号": "1",
            "状态": "新增",
            "姓名/名称": "钱测试",
            "主体类型": "自然人",
            "证件类型": "居民身份证",
            "证件号码": number(1),
            "荣誉名称": "诚信之星",
            "类别代码": "A2",
            "类别名称": row["类别名称"],
            "认定部门": "试验县文明办",
            "认定文号": "试文〔2025〕7号",
            "认定日期": "2025-05-04",
            "有效期起": "2026-01-07",
            "有效期止": "2027-01-06",
            "公开方式": "脱敏公开",
            "数据来源单位": "试验县文明办",
            "批次": "2026-01",
            "编号": "AAAAAAAAAA",
        }

    def test_an_organisation_by_its_code(self, desk: Desk) -> None:
        row = desk.rows(desk.export(FIRST))[1]
        assert (row["主体类型"], row["统一社会信用代码"], row["证件号码"], row["公开方式"]) == (
            "企业",
            code(1),
            "",
            "公开",
        )

    def test_a_withheld_entry_is_sent_and_marked(self, desk: Desk) -> None:
        row = desk.rows(desk.export(FIRST))[2]
        assert (row["姓名/名称"], row["公开方式"]) == ("孙小异", "不公开")
        assert "请勿公示" in row["备注"]

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            (number(1), DocumentType.RESIDENT_ID),
            ("11010519491231002X", DocumentType.RESIDENT_ID),
            ("810000199408230021", DocumentType.RESIDENCE_PERMIT),
            ("830000199201300022", DocumentType.RESIDENCE_PERMIT),
            ("911124198108030024", DocumentType.PERMANENT_RESIDENT),
            ("ABC123456789012", DocumentType.PERMANENT_RESIDENT),
            ("E12345678", None),
            ("H12345678", None),
            ("0123456", None),
        ],
    )
    def test_a_document_is_named_where_its_number_shows_it(self, text: str, kind: DocumentType | None) -> None:
        assert document_type(text) is kind

    def test_where_it_does_not_somebody_has_to_look(self, desk: Desk) -> None:
        entry = nomination(Person("Alice Test", Number("E12345678")))
        row = desk.rows(desk.export(FIRST, entries=[entry], references=("R",)))[0]
        assert (row["证件类型"], row["备注"]) == ("", "证件类型请照报送表填写")

    def test_the_workbook_has_the_same_cells_all_of_them_text(self, desk: Desk) -> None:
        formula = replace(ENTRIES[0], honour="=1+1")
        report = desk.export(FIRST, entries=[formula, *ENTRIES[1:]])
        (book,) = (path for path in report.files if path.suffix == ".xlsx")
        sheet = load_workbook(book).worksheets[0]
        cells = [[cell.value or "" for cell in row] for row in sheet.iter_rows()]
        rows = desk.rows(report)
        assert rows[0]["荣誉名称"] == "'=1+1"  # a CSV file has no types: opened in a spreadsheet it would be computed
        rows[0]["荣誉名称"] = "=1+1"
        assert cells == [list(COLUMNS), *([row[name] for name in COLUMNS] for row in rows)]
        filled = [cell for row in sheet.iter_rows() for cell in row if cell.value]
        assert {(cell.data_type, cell.number_format) for cell in filled} == {("s", "@")}

    def test_what_is_left_to_fill_in_is_text_too(self, desk: Desk) -> None:
        (book,) = (path for path in desk.export(FIRST).files if path.suffix == ".xlsx")
        columns = load_workbook(book).worksheets[0].column_dimensions
        assert {columns[get_column_letter(index)].number_format for index in range(1, len(COLUMNS) + 1)} == {"@"}


class TestChanges:
    def test_the_first_time_everybody_is_new(self, desk: Desk) -> None:
        report = desk.export(FIRST)
        assert desk.told(report) == dict.fromkeys(REFERENCES, "新增")
        assert report.counts == {"新增": 3, "变更": 0, "撤销": 0, "未变": 0}

    def test_then_only_what_changed(self, desk: Desk) -> None:
        desk.export(FIRST)
        decided: list[AnyDecision] = [
            correction(date(2026, 2, 20), {"honour": "道德模范"}, PERSON),
            withdrawal(date(2026, 2, 21), Ground.NOT_RENEWED, FIRM),
        ]
        report = desk.export(SECOND, decided)
        assert desk.told(report) == {"AAAAAAAAAA": "变更", "BBBBBBBBBB": "撤销"}
        changed, gone = desk.rows(report)
        assert changed["荣誉名称"] == "道德模范"
        assert (gone["撤销日期"], gone["撤销原因"]) == ("2026-02-21", "认定单位不再推荐")
        assert desk.told(desk.export(THIRD, decided)) == {}

    def test_a_whole_export_has_the_rest_as_well(self, desk: Desk) -> None:
        desk.export(FIRST)
        gone = [withdrawal(date(2026, 2, 21), Ground.NOT_RENEWED, FIRM)]
        assert desk.told(desk.export(SECOND, gone, since_last=False)) == {
            "AAAAAAAAAA": "未变",
            "BBBBBBBBBB": "撤销",
            "CCCCCCCCCC": "未变",
        }
        assert desk.told(desk.export(THIRD, gone, since_last=False))["BBBBBBBBBB"] == "撤销"

    def test_who_was_never_sent_need_not_be_withdrawn(self, desk: Desk) -> None:
        gone = [withdrawal(date(2026, 1, 20), Ground.ABUSE, PERSON)]
        assert "AAAAAAAAAA" not in desk.told(desk.export(FIRST, gone))

    def test_unless_everything_is_asked_for(self, desk: Desk) -> None:
        gone = [withdrawal(date(2026, 1, 20), Ground.ABUSE, PERSON)]
        assert desk.told(desk.export(FIRST, gone, since_last=False))["AAAAAAAAAA"] == "撤销"

    @pytest.mark.parametrize("as_of", [date(2026, 1, 6), date(2027, 1, 7)])
    def test_nobody_is_sent_outside_the_year(self, desk: Desk, as_of: date) -> None:
        assert desk.rows(desk.export(as_of, since_last=False)) == []

    def test_an_expiry_needs_no_word(self, desk: Desk) -> None:
        desk.export(FIRST)
        assert desk.told(desk.export(date(2027, 1, 7))) == {}

    def test_a_withdrawal_is_told_even_after_the_year(self, desk: Desk) -> None:
        desk.export(FIRST)
        gone = [withdrawal(date(2027, 1, 5), Ground.DISHONEST, PERSON)]
        assert desk.told(desk.export(date(2027, 1, 20), gone)) == {"AAAAAAAAAA": "撤销"}

    def test_an_objection_upheld_in_the_notice_never_gets_there(self, desk: Desk) -> None:
        said: list[AnyDecision] = [
            objection(date(2025, 12, 30), PERSON),
            resolution(date(2026, 1, 5), upheld=True, subject=PERSON),
        ]
        assert "AAAAAAAAAA" not in desk.told(desk.export(FIRST, said, since_last=False))

    def test_who_comes_back_is_new_again(self, desk: Desk) -> None:
        desk.export(FIRST)
        gone = withdrawal(date(2026, 2, 21), Ground.NOT_RENEWED, PERSON)
        desk.export(SECOND, [gone])
        back: list[AnyDecision] = [
            gone,
            appeal(SECOND, PERSON),
            appeal_answered(date(2026, 3, 10), upheld=True, subject=PERSON),
        ]
        (row,) = desk.rows(desk.export(THIRD, back))
        assert (row["状态"], row["备注"]) == ("新增", "此前撤销，现恢复")

    def test_who_was_sent_and_withdrawn_on_one_day_is_withdrawn(self, desk: Desk) -> None:
        desk.export(FIRST)
        gone = [withdrawal(FIRST, Ground.NOT_RENEWED, PERSON)]
        assert desk.told(desk.export(FIRST, gone))["AAAAAAAAAA"] == "撤销"

    def test_a_batch_whose_notice_is_set_anew_is_withdrawn_meanwhile(self, desk: Desk) -> None:
        desk.export(FIRST)
        late = [screening(date(2026, 3, 1))]
        (first, *_) = desk.rows(desk.export(SECOND, returns=late))
        assert (first["状态"], first["撤销原因"]) == ("撤销", "重新办理，暂不列入")

    def test_who_is_in_no_table_any_more_is_counted(self, desk: Desk) -> None:
        desk.export(FIRST)
        assert desk.export(SECOND, entries=ENTRIES[1:], references=REFERENCES[1:]).lost == 1
        assert desk.export(date(2027, 2, 1), entries=ENTRIES[1:], references=REFERENCES[1:]).lost == 0


class TestRepeated:
    def test_on_the_same_day_it_has_the_same_bytes(self, desk: Desk) -> None:
        desk.export(FIRST)
        decided: list[AnyDecision] = [correction(date(2026, 2, 20), {"honour": "道德模范"}, PERSON)]
        first = {path: path.read_bytes() for path in desk.export(SECOND, decided).files}
        log = (desk.root / PATH).read_bytes()
        again = {path: path.read_bytes() for path in desk.export(SECOND, decided).files}
        assert again == first
        assert (desk.root / PATH).read_bytes() == log

    def test_an_earlier_day_is_refused(self, desk: Desk) -> None:
        desk.export(SECOND)
        with pytest.raises(RefusedError, match="2026-03-02 已经做过上报"):
            desk.export(SECOND - timedelta(days=1))


class TestMemory:
    def test_it_says_nothing_of_anybody(self, desk: Desk) -> None:
        desk.export(FIRST)
        log = (desk.root / PATH).read_text("utf-8")
        assert [json.loads(line)["ref"] for line in log.splitlines()] == list(REFERENCES)
        assert set(json.loads(log.splitlines()[0])) == {"ref", "status", "day", "until", "digest"}
        for secret in ("钱测试", number(1), "诚信之星", code(1)):
            assert secret not in log

    def test_it_is_only_added_to(self, desk: Desk) -> None:
        desk.export(FIRST)
        before = (desk.root / PATH).read_bytes()
        desk.export(SECOND, [withdrawal(date(2026, 2, 21), Ground.NOT_RENEWED, PERSON)])
        after = (desk.root / PATH).read_bytes()
        assert after.startswith(before)
        assert len(after.splitlines()) == len(before.splitlines()) + 1

    def test_it_is_written_after_the_files(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(*_: object) -> bytes:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("generator.build.upward._table", full)
        with pytest.raises(OSError, match="No space"):
            desk.export(FIRST)
        assert not (desk.root / PATH).exists()

    @pytest.mark.parametrize("line", [b"{", b"[]", b'{"day": "heute", "ref": "A"}', b'{"day": "2026-01-01"}'])
    def test_a_damaged_line_is_told_with_its_number(self, desk: Desk, line: bytes) -> None:
        desk.export(FIRST)
        path = desk.root / PATH
        path.write_bytes(path.read_bytes() + line + b"\n")
        with pytest.raises(InputFaultsError, match=r"upward\.jsonl:4"):
            desk.export(SECOND)

    def test_everything_is_for_its_owner_alone(self, desk: Desk) -> None:
        report = desk.export(FIRST)
        for path in (*report.files, desk.root / PATH):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_command(demo_copy: Path) -> None:
    words = ["--root", str(demo_copy), "export", "upward", "--as-of", DEMO_DAY.isoformat()]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert "新增352，变更0，撤销4，未变0" in result.stdout
    later = CliRunner().invoke(main, [*words[:-1], "2026-11-21", "--since-last"])
    assert "新增0，变更0，撤销0，未变0" in later.stdout
    names = {path.name for path in (demo_copy / "build/office/upward").iterdir()}
    assert names == {
        f"{day}.{kind}" for day in ("2026-11-20-上报全部", "2026-11-21-上报变化") for kind in ("csv", "xlsx")
    }
    assert not list((demo_copy / "build/site").rglob("*上报*"))
