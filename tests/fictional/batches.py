"""The fictional batches: who is nominated by which unit, in which batch, in which file."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from tests.fictional import entries
from tests.fictional.entries import HEADERS, Award, Entry, rows, titled
from tests.fictional.forms import Sheet, Value, comma_separated, toml, workbook
from tests.fictional.names import RARE, Company, Someone, Town

COUNTY = "示例县人民政府"
CONTACT = "示例联系人 000-0000000"
CONSENT = "本人书面同意"
RULES = """
[rules]
notice_working_days = 7
count_first_day = false
objection_working_days = 15
validity_years = 1
dishonesty_years = 3
reference_days = ["screening", "recognition"]
screening_sources = ["市监局", "法院", "公安局", "第三方信用服务机构"]
"""
"""What was in force when the notice of a batch was set."""


def award(category: str, honour: str, year: int, month: int, day: int, awarder: str = COUNTY) -> Award:
    """Return an honour of one year, with an invented document number."""
    document = f"示例发〔{year}〕{month}号"
    return Award(category, f"{year}年度{honour}", awarder, document, date(year, month, day))


@dataclass(frozen=True, slots=True)
class Submission:
    """One file that a unit sent in."""

    file: str
    unit: str
    received: date
    data: bytes
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """One batch as it will be written."""

    id: str
    title: str
    deadline: date
    notice_start: date | None
    submissions: tuple[Submission, ...]

    @property
    def people(self) -> list[Someone]:
        """Return the people nominated, in the order of the files."""
        return [e.subject for s in self.submissions for e in s.entries if isinstance(e.subject, Someone)]

    @property
    def companies(self) -> list[Company]:
        """Return the organisations nominated, in the order of the files."""
        return [e.subject for s in self.submissions for e in s.entries if isinstance(e.subject, Company)]

    def of(self, file: str) -> tuple[Entry, ...]:
        """Return the entries of one file."""
        return next(s.entries for s in self.submissions if s.file == file)

    def files(self) -> dict[str, bytes]:
        """Return the files of the batch, by path."""
        folder = f"lists/batches/{self.id}/"
        head = toml(title=self.title, deadline=self.deadline, notice_start=self.notice_start or "")
        tables = ["\n[[submission]]\n" + toml(file=s.file, unit=s.unit, received=s.received) for s in self.submissions]
        kept = RULES if self.notice_start else ""
        return {
            f"{folder}batch.toml": "".join((head, *tables, kept)).encode(),
            **{f"{folder}nominations/{s.file}": s.data for s in self.submissions},
        }


def expired(town: Town) -> Round:
    """Return the batch whose year is over."""
    schools = _entries(town.people(20), town.chance, award("A8", "优秀教师", 2024, 9, 6), "示例县第一中学")
    workers = _entries(town.people(20), town.chance, award("A3", "劳动模范", 2024, 4, 28), "示例机械厂")
    taxed = _entries(town.companies(8), town.chance, award("B1", "A级纳税人", 2024, 4, 20, "示例县税务局"))
    made = (
        _plain("教育局.xlsx", "教育局", date(2024, 12, 10), "2024-01", schools),
        _plain("总工会.xlsx", "总工会", date(2024, 12, 16), "2024-01", workers),
        _plain("税务局.xlsx", "税务局", date(2024, 12, 18), "2024-01", taxed),
    )
    return Round("2024-01", "2024年度守信激励名单", date(2024, 12, 20), date(2025, 1, 6), made)


def recognised(town: Town, before: Round) -> Round:
    """Return the large batch, recognised on the demo day; some people of the batch before it stand again."""
    again = before.people[:5]
    made = (
        _schools(town, again),
        _workers(town),
        _doctors(town),
        _model_citizens(town),
        _youth(town),
        _taxpayers(town),
        _township(town),
    )
    return Round("2025-01", "2025年度守信激励名单", date(2025, 12, 20), date(2026, 1, 5), made)


def in_notice(town: Town, before: Round) -> Round:
    """Return the batch in its notice period on the demo day."""
    women = [*before.people[10:13], *town.people(17)]
    women_entries = _entries(women, town.chance, award("A7", "三八红旗手", 2026, 3, 6), "示例社区")
    police = _entries(town.people(20), town.chance, award("A4", "优秀人民警察", 2026, 1, 8), "示例派出所")
    brave = _entries(
        town.companies(8), town.chance, award("B4", "热心消防公益事业先进集体", 2026, 6, 20, "示例县消防救援大队")
    )
    police[3] = police[3].published("不公开：岗位涉密，单位来函说明")
    made = (
        _plain("妇联.xlsx", "妇联", date(2026, 10, 28), "2026-01", women_entries),
        _plain("公安局.xlsx", "公安局", date(2026, 11, 3), "2026-01", police),
        _plain("消防救援大队.xlsx", "消防救援大队", date(2026, 11, 9), "2026-01", brave),
    )
    return Round("2026-01", "2026年度守信激励名单（第一批）", date(2026, 11, 6), date(2026, 11, 16), made)


def nominated(town: Town) -> Round:
    """Return the batch that has just come in."""
    drivers = _entries(town.people(10), town.chance, award("A5", "交通运输系统先进工作者", 2026, 9, 30), "示例客运站")
    made = (_plain("交运局.xlsx", "交运局", date(2026, 11, 18), "2026-02", drivers),)
    return Round("2026-02", "2026年度守信激励名单（第二批）", date(2026, 12, 20), None, made)


def _entries(
    subjects: Sequence[Someone | Company], chance: random.Random, given: Award, affiliation: str = ""
) -> list[Entry]:
    """Return one entry a subject; most say nothing about publication, some say 脱敏公开."""
    made = [Entry(subject, given, affiliation) for subject in subjects]
    return [entry.published("脱敏公开") if chance.random() < 0.2 else entry for entry in made]


def _plain(file: str, unit: str, received: date, batch: str, made: list[Entry]) -> Submission:
    """Return a file that keeps to the template."""
    sheet = titled(f"{unit}守信激励名单报送表", rows(made, batch, unit, CONTACT))
    return Submission(file, unit, received, workbook(sheet), tuple(made))


# -- the seven files of 2025-01, each untidy in its own way ------------------------------------------------------


def _schools(town: Town, again: list[Someone]) -> Submission:
    """Return a file with two title rows, other headers, blank rows, dates in all forms, wide digits."""
    new = town.people(80)
    namesakes = [town.someone(new[0].name), town.someone(new[1].name)]
    rare = [town.someone(name) for name in RARE[:3]]
    made = _entries(
        [*again, *new, *namesakes, *rare], town.chance, award("A8", "优秀教师", 2025, 9, 5), "示例县第二中学"
    )
    made[7] = made[7].published(f"全名公开：{CONSENT}")
    made[8] = made[8].published(f"全名公开（{CONSENT}）")
    table = rows(made, "2025-01", "教育局", CONTACT)
    entries.dates_in_many_forms(table)
    entries.wide_numbers(table, 10)
    table = [[*row, "群众"] for row in table]
    headers = entries.renamed(
        **{
            "证件号码/统一社会信用代码": "身份证号",
            "荣誉名称": "荣誉称号",
            "授予机关": "授予单位",
            "认定日期": "表彰日期",
        }
    )
    sheet = titled("2025年度守信激励名单", [], (*headers, "政治面貌"), "教师")
    subtitle: list[Value] = ["填报单位：教育局（盖章）", *[None] * len(headers)]
    blank: list[Value] = [None] * (len(headers) + 1)
    body = [row for start in range(0, len(table), 25) for row in (*table[start : start + 25], blank)]
    untidy = Sheet(sheet.name, [sheet.rows[0], subtitle, *sheet.rows[1:], *body], sheet.merged)
    return Submission("教育局.xlsx", "教育局", date(2025, 12, 12), workbook(untidy), tuple(made))


def _workers(town: Town) -> Submission:
    """Return a file with the unit under an alias, its cells merged into one, and a line of totals."""
    made = _entries(town.people(60), town.chance, award("A3", "劳动模范", 2025, 4, 29), "示例机械厂")
    made[5] = made[5].published(f"全名公开：{CONSENT}")
    table = rows(made, "2025-01", "工会", CONTACT)
    total: list[Value] = ["合 计", None, None, None, f"{len(made)}人", *[None] * (len(HEADERS) - 5)]
    sheet = titled("劳动模范、先进工作者报送表", [*table, total])
    column = entries.UNIT_COLUMN
    merged = (*sheet.merged, (2, column, 1 + len(table), column))
    data = workbook(Sheet(sheet.name, sheet.rows, merged))
    return Submission("总工会.xlsx", "总工会", date(2025, 12, 15), data, tuple(made))


def _doctors(town: Town) -> Submission:
    """Return a CSV file in GB18030 with a title above the header; one name has a dot, one is long."""
    made = _entries(
        [*town.people(42), *(town.someone(name) for name in RARE[3:6])],
        town.chance,
        award("A1", "抗击新冠肺炎疫情表现突出的医务人员", 2025, 8, 19),
        "示例县人民医院",
    )
    made[4] = made[4].published("不公开：本人书面要求")
    table = rows(made, "2025-01", "卫健局", CONTACT)
    headers = entries.renamed(**{"姓名/名称": "姓名", "证件号码/统一社会信用代码": "公民身份号码"})
    data = comma_separated([["卫健局守信激励名单"], list(headers), *table], "gb18030")
    return Submission("卫健局.csv", "卫健局", date(2025, 12, 10), data, tuple(made))


def _model_citizens(town: Town) -> Submission:
    """Return a file with a sheet of people, a sheet of organisations, and a sheet of notes."""
    people = _entries(town.people(40), town.chance, award("A2", "诚信之星", 2025, 7, 11), "示例社区")
    people[2] = people[2].published(f"全名公开：{CONSENT}")
    groups = [
        *town.companies(4, "社会组织", "52", "协会"),
        *town.companies(2, "政府部门", "11", "服务中心"),
        *town.companies(2, "乡镇", "11", "乡人民政府"),
        *town.companies(2, "社区", "54", "社区居民委员会"),
    ]
    group_entries = _entries(groups, town.chance, award("B3", "文明集体", 2025, 7, 11))
    notes = Sheet("填表说明", [["一、姓名按身份证填写。"], ["二、证件号码一列请设为文本。"]])
    data = workbook(
        titled("个人", rows(people, "2025-01", "县文明办", CONTACT), name="个人"),
        titled("集体", rows(group_entries, "2025-01", "县文明办", CONTACT), name="集体"),
        notes,
    )
    return Submission("文明办.xlsx", "文明办", date(2025, 12, 18), data, (*people, *group_entries))


def _youth(town: Town) -> Submission:
    """Return a late file: apostrophes before numbers, wide spaces in short names, days as serial numbers."""
    made = _entries(
        [*town.people(27), *(town.someone(name) for name in RARE[6:])],
        town.chance,
        award("A6", "青年岗位能手", 2025, 5, 4, "示例县团委"),
        "示例青年创业园",
    )
    table = rows(made, "2025-01", "团县委", CONTACT)
    entries.apostrophes(table)
    entries.spread_short_names(table)
    entries.serial_days(table)
    return Submission("团县委.xlsx", "团县委", date(2025, 12, 25), workbook(titled("青年荣誉", table)), tuple(made))


def _taxpayers(town: Town) -> Submission:
    """Return a file of organisations under other headers, which are said again half-way."""
    made = _entries(town.companies(35), town.chance, award("B1", "A级纳税人", 2025, 4, 18, "示例县税务局"))
    table = rows(made, "2025-01", "税务局", CONTACT)
    headers = entries.renamed(**{"姓名/名称": "纳税人名称", "证件号码/统一社会信用代码": "统一社会信用代码"})
    sheet = titled("A级纳税人名单", [*table[:20], list(headers), *table[20:]], headers)
    return Submission("税务局.xlsx", "税务局", date(2025, 12, 19), workbook(sheet), tuple(made))


def _township(town: Town) -> Submission:
    """Return a late .xlsx that calls itself .xls: another dot in a name, a line of signatures."""
    villagers = _entries(town.people(20), town.chance, award("A11", "好邻居", 2025, 10, 10), "示例镇示例村")
    helpers = _entries(town.people(15), town.chance, award("A12", "热心公益个人", 2025, 10, 10), "示例镇范例村")
    firms = _entries(
        [*town.companies(9), *town.companies(6, "农民专业合作社", "93", "专业合作社")],
        town.chance,
        award("B6", "守信经营户", 2025, 10, 10),
    )
    helpers[1] = Entry(town.someone("木例•试尔班"), helpers[1].award, helpers[1].affiliation)
    villagers[0] = villagers[0].published(f"全名公开：{CONSENT}")
    villagers[1] = villagers[1].published("不公开：本人书面要求")
    made = [*villagers, *helpers, *firms]
    table = rows(made, "2025-01", "示例镇人民政府", CONTACT)
    signed: list[Value] = ["填表人：示例 ", None, None, None, "联系电话：000-0000000", *[None] * (len(HEADERS) - 5)]
    data = workbook(titled("示例镇报送表", [*table, signed]))
    return Submission("示例镇.xls", "示例镇", date(2025, 12, 29), data, tuple(made))
