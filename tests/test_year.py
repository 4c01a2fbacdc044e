"""A whole year of one office, from an empty folder, through the commands a clerk types, day by day by ``--as-of``.

Nothing but commands and Excel is used: tables are filled in as units fill them in, mistakes first. Looked at is what
others see on each of these days: the public site, and the answer of the published ``verify.py`` to a merchant who has
just downloaded the bundle. The year lies in the past, so that no command has to believe in a day that has not come.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import openpyxl
import pytest
import pyzipper
from click.testing import CliRunner

from generator.cli import main
from generator.core.identifiers import credit_code_check_digit, id_check_digit
from generator.core.model import ONE_DAY
from generator.sources.forms import FORM, HEADER_ROW

MERCHANT = "tushuguan"
FIRST, SECOND = "2025-01", "2026-01"
TITLES = {FIRST: "2025年度守信激励名单（第一批）", SECOND: "2026年度守信激励名单（第一批）"}

NOTICE = date(2025, 1, 6)
LAST_OF_NOTICE = date(2025, 1, 15)
"""Seven working days from the day after the first, 11 and 12 January being a week-end."""
RECOGNISED = date(2025, 1, 16)
LAST_OF_YEAR = date(2026, 1, 15)
LATER_ANSWER = date(2025, 1, 22)
"""The day an objection was answered after the notice had ended: that entry's year begins the day after."""
NEXT_NOTICE, NEXT_RECOGNISED = date(2026, 1, 5), date(2026, 1, 15)


ELIGIBLE, NOT_FOUND = {"eligible"}, {"not-found"}

Value = str | int | date
"""What a unit types into a cell."""


@dataclass(frozen=True)
class Subject:
    """An invented person or organisation, as a unit writes it."""

    name: str
    number: str


def person(name: str, serial: int) -> Subject:
    first17 = f"9906211990{1 + serial // 28:02}{1 + serial % 28:02}{serial:03}"
    return Subject(name, first17 + id_check_digit(first17))


def organisation(name: str, serial: int) -> Subject:
    first17 = f"91990621MA0000{serial:03}"
    return Subject(name, first17 + credit_code_check_digit(first17))


ORDINARY = person("张试甲", 1)
CORRECTED = person("王试乙", 2)
UNFOUNDED = person("李试丙", 3)
FOUNDED = person("赵试丁", 4)
APPEALED = person("孙试戊", 5)
WRONGED = person("周试己", 6)
DISHONEST = person("吴试庚", 7)
LATE = person("郑试辛", 8)
WITHHELD = person("冯样甲", 9)
TEACHER = person("陈样乙", 10)
COMPANY = organisation("示例甲农业科技有限公司", 1)
ABNORMAL = organisation("示例乙物流有限公司", 2)


@dataclass
class Office:
    """A clerk at the terminal, a merchant at the counter, and whoever reads the site."""

    root: Path
    counter: Path
    day: date = date(2024, 11, 20)
    passphrase: str = ""
    references: dict[str, str] = field(default_factory=dict)

    def xinyi(self, *words: str | Path, typed: str = "", fails: bool = False) -> str:
        """Type a command and return all that the clerk reads."""
        done = CliRunner().invoke(main, ["--root", str(self.root), *map(str, words)], input=typed)
        assert done.exit_code == (1 if fails else 0), (done.output, done.exception)
        assert "Traceback" not in done.output
        return done.output

    def as_of(self, *words: str | Path, fails: bool = False) -> str:
        return self.xinyi(*words, "--as-of", f"{self.day}", fails=fails)

    def record(self, kind: str, subject: Subject, batch: str = FIRST, *words: str, grounds: str = "经核实") -> str:
        """Record a decision of the day about somebody, by name and number, which the command asks for; confirm it."""
        given = ["--batch", batch, "--unit", "妇联", "--grounds", grounds, "--operator", "王某", "--day", f"{self.day}"]
        correction = f"{words[-1]}\n" if kind == "correct" else ""
        options = words[:-1] if kind == "correct" else words
        typed = f"{subject.name}\n{subject.number}\n{correction}y\n"
        return self.xinyi("record", kind, *options, *given, typed=typed)

    def by_reference(self, kind: str, subject: Subject, *words: str, grounds: str) -> str:
        """Record a decision of the day about the entry with a reference, which is all that whoever objects knows."""
        given = ["--unit", "妇联", "--grounds", grounds, "--operator", "王某", "--day", f"{self.day}"]
        reference = self.references[subject.name + FIRST]
        return self.xinyi("record", kind, *words, *given, "--ref", reference, typed="y\n")

    def build(self, day: date) -> str:
        """Build on a day; the merchant downloads what there is then."""
        self.day = day
        said = self.as_of("build")
        for row in csv.DictReader(io.StringIO((self.root / "build/office/standings.csv").read_text("utf-8-sig"))):
            self.references[row["姓名/名称"] + row["批次"]] = row["编号"]
        if (bundle := self.root / f"build/site/bundles/{MERCHANT}.zip").exists():
            shutil.copy(bundle, self.counter)
            shutil.copy(self.root / "build/site/verify/verify.py", self.counter)
        return said

    def letters(self, kind: str, subject: Subject | None = None) -> list[str]:
        """Return the letters of a kind that the last build wrote: all, or those about somebody."""
        names = [path.name for path in (self.root / "build/office/letters").glob("*.html")]
        reference = self.references[subject.name + FIRST] if subject else ""
        return [name for name in names if kind in name and reference in name]

    # -- what others see ---------------------------------------------------------------------------------------

    def page(self, path: str) -> str:
        return (self.root / "build/site" / path / "index.html").read_text("utf-8")

    def is_online(self, subject: Subject, batch: str = FIRST) -> bool:
        """Return whether anything of the site shows an entry's reference."""
        reference = self.references[subject.name + batch]
        texts = (p.read_text("utf-8") for p in (self.root / "build/site").rglob("*.html"))
        return any(reference in text.replace("<wbr>", "") for text in texts)

    def at_the_counter(self, *subjects: Subject, day: date | None = None) -> set[str]:
        """Return what the merchant's own program says of customers: the answers, or the code of a refusal."""
        rows = "".join(
            f"{subject.name},,{subject.number}\n"
            if subject.number.startswith("91")
            else f"{subject.name},{subject.number},\n"
            for subject in subjects
        )
        (self.counter / "顾客.csv").write_text(f"姓名,证件号码,统一社会信用代码\n{rows}", "utf-8")
        words = [f"{MERCHANT}.zip", "--json", "--as-of", f"{day or self.day}", "--csv", "顾客.csv"]
        environment = {**os.environ, "XINYI_PASSPHRASE": self.passphrase, "PYTHONIOENCODING": "utf-8"}
        done = subprocess.run(
            [sys.executable, "verify.py", *words],
            cwd=self.counter,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        answer = json.loads(done.stdout)
        if answer["answer"] == "cannot-judge":
            return {answer["code"]}
        assert len(answer["results"]) == len(subjects)
        return {result["answer"] for result in answer["results"]}


# -- tables, as units and departments fill them in --------------------------------------------------------------


def fill(form: Path, rows: list[dict[str, Value]], sheet: str = FORM) -> Path:
    """Write rows into the form below its header, by the titles of the columns, and save it as Excel would."""
    book = openpyxl.load_workbook(form)
    page = book[sheet]
    titles = {str(cell.value).rstrip("*"): place for place, cell in enumerate(page[HEADER_ROW], start=1)}
    for number, row in enumerate(rows, start=HEADER_ROW + 1):
        for title, value in row.items():
            page.cell(number, titles[title], value)
    book.save(form)
    return form


NUMBER = "证件号码/统一社会信用代码"


def row(subject: Subject, category: str = "A7", honour: str = "三八红旗手") -> dict[str, Value]:
    """Return what a unit writes about somebody."""
    kind = "企业" if category.startswith("B") else "个人"
    given: dict[str, Value] = {
        "类别代码": category,
        "主体类型": kind,
        "姓名/名称": subject.name,
        NUMBER: subject.number,
    }
    return {**given, "荣誉名称": honour, "授予机关": "县人民政府", "认定日期": date(2024, 9, 5)}


def put_right(copy: Path, cells: dict[str, Value]) -> Path:
    """Write into marked cells, as the unit does, and save; everything else stays as it came back."""
    book = openpyxl.load_workbook(copy)
    for cell, value in cells.items():
        assert book[FORM][cell].comment, f"{cell} is not marked"
        book[FORM][cell] = value
    assert sum(cell.comment is not None for line in book[FORM].iter_rows() for cell in line) == len(cells)
    book.save(copy)
    return copy


# -- the year ---------------------------------------------------------------------------------------------------


def test_a_year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "counter").mkdir()
    office = Office(tmp_path / "信用办", tmp_path / "counter")
    monkeypatch.chdir(tmp_path)
    an_office_is_started(office)
    units_report_with_mistakes_and_put_them_right(office)
    the_others_report(office)
    departments_look(office)
    the_notice_runs(office)
    they_are_recognised(office)
    one_is_corrected(office)
    one_is_found_dishonest_by_mistake(office)
    one_is_withdrawn_and_appeals(office)
    an_appeal_too_late_for_the_notice(office)
    the_next_batch(office)
    the_year_is_over(office)


def an_office_is_started(office: Office) -> None:
    """November: an empty folder, demo keys, a merchant, the first batch and the forms."""
    done = CliRunner().invoke(
        main,
        ["init", str(office.root), "--office", "抚松县信用办", "--area", "抚松县", "--domain", "xinyi.mouxian.gov.cn"],
        input="\n\n",
    )
    assert done.exit_code == 0, done.output
    assert "没有发现问题" in office.as_of("check")
    office.xinyi("keys", "init", "--demo")
    office.xinyi("merchants", "add", "--id", MERCHANT, "--name", "图书馆", "--scenario", "jieyue-yajin")
    said = office.build(date(2024, 11, 20))
    assert MERCHANT in said
    office.passphrase = office.xinyi("merchants", "passphrase", MERCHANT).strip()
    assert office.at_the_counter(ORDINARY) == NOT_FOUND
    office.xinyi("list", "open", FIRST, "--title", TITLES[FIRST], "--deadline", "2024-12-20")
    for unit in ("妇联", "教育局", "消防救援大队"):
        office.xinyi("list", "template", "--unit", unit, f"{unit}.xlsx")


def units_report_with_mistakes_and_put_them_right(office: Office) -> None:
    """December: four mistakes in one table come back marked, and the same table put right is taken in."""
    wrong = UNFOUNDED.number[:-1] + ("1" if UNFOUNDED.number[-1] != "1" else "2")
    rows = [
        row(ORDINARY),
        {**row(CORRECTED), NUMBER: int(CORRECTED.number)},
        {**row(UNFOUNDED), NUMBER: wrong},
        {**row(FOUNDED), "姓名/名称": "赵*丁"},
        row(APPEALED, "A8"),
        row(WRONGED),
        {**row(DISHONEST), "认定日期": "2024-02-30"},
    ]
    receive = ["list", "receive", "--batch", FIRST]
    office.day = date(2024, 12, 16)
    said = office.xinyi(*receive, fill(Path("妇联.xlsx"), rows), "--unit", "妇联", "--day", "2024-12-16")
    assert "有5处问题" in said
    said = office.as_of("check", "--annotate", "退回", fails=True)
    assert "发现5处问题" in said
    (copy,) = Path("退回").iterdir()
    right: dict[str, Value] = {
        "G5": CORRECTED.number,
        "G6": UNFOUNDED.number,
        "E7": FOUNDED.name,
        "C8": "A7",
        "M10": date(2024, 9, 5),
    }
    put_right(copy, right)
    office.day = date(2024, 12, 18)
    again = ["--unit", "妇联", "--day", "2024-12-18", "--instead-of", "妇联.xlsx"]
    assert "读到7条。" in office.xinyi(*receive, copy, *again)
    assert "没有发现问题" in office.as_of("check")


def the_others_report(office: Office) -> None:
    """Two more units, one with somebody who is not to be published; a table that comes after the deadline."""
    hidden = {**row(WITHHELD, "A8", "模范教师"), "公开方式及理由": "不公开：岗位涉密", "所在单位/乡镇": "某校"}
    tables = {
        "教育局": ([row(TEACHER, "A8", "模范教师"), hidden], "2024-12-19"),
        "消防救援大队": (
            [row(COMPANY, "B4", "热心消防公益事业先进集体"), row(ABNORMAL, "B4", "热心消防公益事业先进集体")],
            "2024-12-20",
        ),
    }
    for unit, (rows, day) in tables.items():
        table = fill(Path(f"{unit}.xlsx"), rows)
        office.xinyi("list", "receive", table, "--batch", FIRST, "--unit", unit, "--day", day)
    office.xinyi("list", "template", "--unit", "妇联", "妇联补报.xlsx")
    late = fill(Path("妇联补报.xlsx"), [row(LATE)])
    office.xinyi("list", "receive", late, "--batch", FIRST, "--unit", "妇联", "--day", "2024-12-23")
    office.day = date(2024, 12, 23)
    assert "没有发现问题" in office.as_of("check")
    assert "等待各部门筛查结果" in office.as_of("status")


def departments_look(office: Office) -> None:
    """Send each source a locked zip; it comes back filled in, and whoever it names is out."""
    office.day = date(2024, 12, 24)
    passwords = dict(re.findall(r"(\S+)的密码：(\S+)", office.as_of("screen", "export", "送查", "--batch", FIRST)))
    assert {path.name for path in Path("送查").iterdir()} == {f"{FIRST}-{source}.zip" for source in passwords}
    hits = {"法院": {DISHONEST: "2023-05-06"}, "市监局": {ABNORMAL: "2024-03-01"}}
    office.day = date(2024, 12, 27)
    for source, password in passwords.items():
        answer = ["screen", "return", "--batch", FIRST, "--source", source, "--operator", "王某", "--day", "2024-12-27"]
        if source in hits:
            back = answered(Path("送查") / f"{FIRST}-{source}.zip", password, hits[source])
            said = office.xinyi(*answer, back, "--as-of", "2024-12-27", typed=f"{password}\n")
            assert "查到1条记录" in said
            assert "不再列入" in said
        else:
            said = office.as_of(*answer)
    assert "各家都答复了" in said
    said = office.as_of("status")
    assert re.search(r"筛查未通过\s+2", said)
    assert re.search(r"已报送\s+10 .*等待公示", said)


def answered(file: Path, password: str, hits: dict[Subject, str]) -> Path:
    """Fill in what a source was sent, as it asks to be filled in, and lock it again under the same password."""
    with pyzipper.AESZipFile(file) as sent:
        (name,) = sent.namelist()
        book = openpyxl.load_workbook(io.BytesIO(sent.read(name, pwd=password.encode())))
    (sheet,) = book.worksheets
    titles = {str(cell.value): place for place, cell in enumerate(sheet[HEADER_ROW])}
    by_number = {subject.number: day for subject, day in hits.items()}
    for cells in sheet.iter_rows(min_row=HEADER_ROW + 1):
        number = cells[titles["证件号码"]].value or cells[titles["统一社会信用代码"]].value
        day = by_number.pop(str(number), None)
        cells[titles["是否有记录"]].value = "有" if day else "无"
        cells[titles["列入日期"]].value = date.fromisoformat(day) if day else None
    assert not by_number, "somebody was not asked about"
    filled = io.BytesIO()
    book.save(filled)
    back = file.with_name(f"答复-{file.name}")
    with pyzipper.AESZipFile(back, "w", encryption=pyzipper.WZ_AES) as locked:
        locked.setpassword(password.encode())
        locked.writestr(name, filled.getvalue())
    return back


PUBLISHED = (ORDINARY, CORRECTED, UNFOUNDED, FOUNDED, APPEALED, WRONGED, LATE, TEACHER, COMPANY)
NEVER_SHOWN = (DISHONEST, ABNORMAL, WITHHELD)


def the_notice_runs(office: Office) -> None:
    """January: set for Monday the 6th, seen from that day on; two objections, one found right before its end."""
    office.day = date(2025, 1, 2)
    said = office.as_of("list", "notice", FIRST, "--start", f"{NOTICE}")
    assert "公示从2025年1月6日到2025年1月15日，10条。" in said
    office.build(NOTICE - ONE_DAY)
    assert not any(office.is_online(subject) for subject in (*PUBLISHED, *NEVER_SHOWN))
    office.build(NOTICE)
    assert all(office.is_online(subject) for subject in PUBLISHED)
    assert not any(office.is_online(subject) for subject in NEVER_SHOWN)
    page = office.page(f"notices/{FIRST}-gongshi")
    assert "2025年1月15日" in page
    assert "张*甲" in page
    assert COMPANY.name in page
    assert not any(subject.name in page for subject in (*PUBLISHED[:-1], *NEVER_SHOWN))
    assert office.at_the_counter(ORDINARY) == NOT_FOUND
    office.day = date(2025, 1, 8)
    said = office.by_reference("objection", UNFOUNDED, grounds="反映事迹不实")
    assert "有异议待核实" in said
    assert "应于2025年2月" in said or "应于2025年1月" in said
    office.day = date(2025, 1, 9)
    office.record("objection", FOUNDED, grounds="反映已被开除")
    office.build(date(2025, 1, 10))
    assert all(office.is_online(subject) for subject in (UNFOUNDED, FOUNDED)), "nobody's business until it is decided"
    office.day = date(2025, 1, 13)
    assert "退出一" in office.record("resolve", FOUNDED, FIRST, "--upheld", grounds="经核实反映属实")
    office.build(date(2025, 1, 13))
    assert not office.is_online(FOUNDED)
    assert office.letters("答复反映人", FOUNDED)
    office.build(LAST_OF_NOTICE)
    assert office.is_online(ORDINARY)
    assert office.at_the_counter(ORDINARY) == NOT_FOUND


def they_are_recognised(office: Office) -> None:
    """From the day after the notice on everybody is, but who was objected to: that one a day after the answer."""
    said = office.build(RECOGNISED)
    assert "已认定" in said
    recognised = set(PUBLISHED) - {UNFOUNDED, FOUNDED}
    assert all(office.is_online(subject) for subject in recognised)
    assert office.at_the_counter(*recognised) == ELIGIBLE
    assert not office.is_online(UNFOUNDED)
    assert office.at_the_counter(UNFOUNDED, FOUNDED) == NOT_FOUND
    assert not office.is_online(WITHHELD)
    assert office.at_the_counter(WITHHELD) == ELIGIBLE, "not to be published is not to be left out"
    assert office.letters("通报")
    assert office.at_the_counter(DISHONEST, ABNORMAL) == NOT_FOUND
    assert "待答复的异议" in office.as_of("status")
    assert "新增8" in office.as_of("export", "upward")
    office.day = LATER_ANSWER
    office.by_reference("resolve", UNFOUNDED, "--rejected", grounds="经核实事迹属实")
    office.build(LATER_ANSWER)
    assert office.at_the_counter(UNFOUNDED) == NOT_FOUND
    office.build(LATER_ANSWER + ONE_DAY)
    assert office.is_online(UNFOUNDED)
    assert office.at_the_counter(UNFOUNDED) == ELIGIBLE
    assert "待答复的异议" not in office.as_of("status")


def one_is_corrected(office: Office) -> None:
    """March: an honour misspelt. The reference stays, the page says it anew."""
    office.day = date(2025, 3, 3)
    before = office.references[CORRECTED.name + FIRST]
    said = office.record("correct", CORRECTED, FIRST, "--field", "honour", "巾帼建功标兵", grounds="录入有误")
    assert "荣誉名称改为“巾帼建功标兵”" in said
    office.build(office.day)
    assert office.references[CORRECTED.name + FIRST] == before
    assert office.is_online(CORRECTED)
    assert "巾帼建功标兵" in office.page("lists/a7")
    assert office.letters("更正", CORRECTED)


def one_is_found_dishonest_by_mistake(office: Office) -> None:
    """April: a court's answer ends an entry at once. May: it was a mistake, so the entry is back, with an apology."""
    office.day = date(2025, 4, 10)
    fill_hits(Path("复查.xlsx"), {WRONGED: "2025-04-01"})
    said = office.as_of(
        *("screen", "return", "复查.xlsx", "--batch", FIRST, "--source", "法院", "--operator", "王某"),
        *("--day", "2025-04-10"),
    )
    assert "从名单上退出" in said
    assert office.at_the_counter(WRONGED) == ELIGIBLE, "until the merchant downloads the next bundle"
    office.build(office.day)
    assert not office.is_online(WRONGED)
    assert office.at_the_counter(WRONGED) == NOT_FOUND
    office.day = date(2025, 5, 12)
    said = office.record("dishonest-error", WRONGED, FIRST, "--source", "法院", grounds="法院来函：同名录错")
    assert "已认定" in said
    office.build(office.day)
    assert office.is_online(WRONGED)
    assert office.at_the_counter(WRONGED) == ELIGIBLE
    assert office.letters("致歉", WRONGED)


def fill_hits(path: Path, hits: dict[Subject, str]) -> None:
    """Write a table of hits as a court writes it on its own."""
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(["姓名", "证件号码", "列入日期", "事由"])
    for subject, day in hits.items():
        page.append([subject.name, subject.number, day, "失信被执行人"])
    book.save(path)


def one_is_withdrawn_and_appeals(office: Office) -> None:
    """June: withdrawn for abuse, what was enjoyed is paid back; July: the appeal is granted, and the entry is back."""
    office.day = date(2025, 6, 5)
    said = office.record("withdraw", APPEALED, FIRST, "--ground", "abuse", grounds="转借他人使用")
    assert "退出二：不当利用激励" in said
    office.record("benefit-recovery", APPEALED, FIRST, "--benefit", "免交借书押金", "--outcome", "已补交")
    office.build(office.day)
    assert not office.is_online(APPEALED)
    assert office.at_the_counter(APPEALED) == NOT_FOUND
    assert office.letters("退出", APPEALED)
    assert office.letters("收回", APPEALED)
    assert "撤销1" in office.as_of("export", "upward", "--since-last")
    office.day = date(2025, 6, 20)
    office.record("appeal", APPEALED, grounds="本人说明没有转借")
    office.build(office.day)
    assert not office.is_online(APPEALED), "an appeal alone brings nobody back"
    office.day = date(2025, 7, 1)
    said = office.record("resolve", APPEALED, FIRST, "--upheld", "--to", "appeal", grounds="经核实没有转借")
    assert "已认定" in said
    office.build(office.day)
    assert office.is_online(APPEALED)
    assert office.at_the_counter(APPEALED) == ELIGIBLE
    said = office.as_of("explain", office.references[APPEALED.name + FIRST])
    assert "2025年6月5日" in said
    assert "2025年7月1日" in said


def an_appeal_too_late_for_the_notice(office: Office) -> None:
    """August: whoever was out during the notice does not come back, though the appeal is granted."""
    office.day = date(2025, 7, 15)
    office.record("appeal", FOUNDED, grounds="本人说明没有被开除")
    office.day = date(2025, 8, 1)
    office.record("resolve", FOUNDED, FIRST, "--upheld", "--to", "appeal", grounds="经核实本人没有被开除")
    office.build(office.day)
    assert not office.is_online(FOUNDED)
    assert office.at_the_counter(FOUNDED) == NOT_FOUND
    assert office.at_the_counter(TEACHER, day=date(2025, 9, 9)) == ELIGIBLE
    assert office.at_the_counter(TEACHER, day=date(2025, 9, 10)) == {"expired"}, "nobody built for forty days"


def the_next_batch(office: Office) -> None:
    """Winter again: one nominated again by the unit, one relisted by decision; a new notice, new references."""
    office.build(date(2025, 12, 1))
    office.xinyi("list", "open", SECOND, "--title", TITLES[SECOND], "--deadline", "2025-12-20")
    said = office.record("relist", FOUNDED, FIRST, "--into", SECOND, grounds="申诉成立，重新提名")
    assert f"批次{SECOND}里会多出一条，要重新筛查、公示" in said
    office.xinyi("list", "template", "--unit", "妇联", "妇联-2026.xlsx")
    table = fill(Path("妇联-2026.xlsx"), [row(ORDINARY)])
    office.xinyi("list", "receive", table, "--batch", SECOND, "--unit", "妇联", "--day", "2025-12-15")
    office.day = date(2025, 12, 22)
    passwords = dict(re.findall(r"(\S+)的密码：(\S+)", office.as_of("screen", "export", "送查2", "--batch", SECOND)))
    for source in passwords:
        answer = ["screen", "return", "--batch", SECOND, "--source", source, "--operator", "王某"]
        office.as_of(*answer, "--day", "2025-12-25")
    office.day = date(2025, 12, 26)
    assert "2条" in office.as_of("list", "notice", SECOND, "--start", f"{NEXT_NOTICE}")
    office.build(NEXT_NOTICE)
    assert all(office.is_online(subject, SECOND) for subject in (ORDINARY, FOUNDED))
    assert office.is_online(ORDINARY), "the old entry is good to its last day"
    for subject in (ORDINARY, FOUNDED):
        assert office.references[subject.name + SECOND] != office.references[subject.name + FIRST]
    assert office.at_the_counter(FOUNDED) == NOT_FOUND


def the_year_is_over(office: Office) -> None:
    """Good to the last day and gone the day after, at the counter even where nobody has downloaded anything new."""
    office.build(LAST_OF_YEAR)
    first = (CORRECTED, APPEALED, WRONGED, LATE, TEACHER, COMPANY)
    assert all(office.is_online(subject) for subject in (*first, ORDINARY, UNFOUNDED))
    assert office.at_the_counter(*first, WITHHELD, ORDINARY, FOUNDED) == ELIGIBLE
    over = LAST_OF_YEAR + ONE_DAY
    assert office.at_the_counter(*first, WITHHELD, day=over) == NOT_FOUND
    office.build(over)
    assert not any(office.is_online(subject) for subject in (*first, ORDINARY))
    assert office.at_the_counter(*first) == NOT_FOUND
    assert all(office.is_online(subject, SECOND) for subject in (ORDINARY, FOUNDED))
    assert office.at_the_counter(ORDINARY, FOUNDED, UNFOUNDED) == ELIGIBLE
    assert office.is_online(UNFOUNDED)
    office.build(LATER_ANSWER.replace(year=2026) + ONE_DAY)
    assert not office.is_online(UNFOUNDED)
    assert office.at_the_counter(UNFOUNDED) == NOT_FOUND
    assert "没有发现问题" in office.as_of("check")
