"""A unit's table of nominations (requirement F09) to values of core, with every fault in its cell.

A fault here is about a real person: the number that does not fit its owner, the unit that may not nominate, the
name that lost a character on its way. Messages name the cell and never repeat a number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from generator.core.model import (
    BatchId,
    Category,
    CategoryCode,
    Content,
    Nomination,
    PublicationMode,
    Subject,
    SubjectKind,
    Unit,
    UnitId,
    number_of,
)
from generator.core.names import PRIVATE_USE_FOLD
from generator.errors import Faults, Place
from generator.sources.cells import like_a_formula, quoted
from generator.sources.subjects import (
    AGAINST_ORIGINAL,
    DOCUMENT_TYPE,
    NAME,
    NUMBER,
    organisation_in,
    person_in,
    plain,
)
from generator.sources.tables import Column, Kind, Row, read_table
from generator.sources.units import unit_by_name

COLUMNS = {
    "batch": Column(("批次", "申报批次")),
    "category": Column(("类别代码", "类别", "分类代码", "类别编码", "类别编号", "荣誉类别代码"), required=True),
    "kind": Column(("主体类型", "主体类别", "对象类型", "主体性质")),
    "name": NAME,
    "document_type": DOCUMENT_TYPE,
    "number": NUMBER,
    "affiliation": Column(
        ("所在单位/乡镇", "所在单位", "工作单位", "所在乡镇", "所在单位或乡镇", "单位/乡镇", "所在单位/乡镇(街道)")
    ),
    "honour": Column(("荣誉名称", "荣誉称号", "获得荣誉", "获得荣誉名称", "表彰名称", "荣誉"), required=True),
    "awarder": Column(
        ("授予机关", "授予单位", "表彰机关", "表彰单位", "认定机关", "授奖单位", "颁发单位"), required=True
    ),
    "document": Column(("认定文号", "认定文件", "表彰文号", "文件文号", "文件号", "文号")),
    "awarded": Column(("认定日期", "认定时间", "授予日期", "授予时间", "表彰日期", "表彰时间"), Kind.DAY),
    "honour_ends": Column(("荣誉到期日", "荣誉到期日期", "到期日", "到期日期", "有效期至", "有效期限至"), Kind.DAY),
    "unit": Column(("报送单位", "上报单位", "填报单位", "推荐单位", "提名单位")),
    "publication": Column(("公开方式及理由", "公开方式", "公示方式", "公开方式和理由")),
    "remark": Column(("备注", "说明")),
}
"""The columns of the template, less those nothing is computed from: 序号, 法定代表人, 联系人/电话."""

KINDS = {
    SubjectKind.PERSON: ("个人", "自然人", "公民"),
    SubjectKind.ENTERPRISE: ("企业", "国企", "国有企业", "民营企业", "个体工商户", "农民专业合作社", "合作社"),
    SubjectKind.SOCIAL_ORGANISATION: ("社会组织", "社会团体", "民办非企业单位"),
    SubjectKind.GOVERNMENT: ("政府部门", "机关", "机关单位", "事业单位", "机关事业单位"),
    SubjectKind.TOWNSHIP: ("乡镇", "街道", "乡镇(街道)", "乡镇街道"),
    SubjectKind.VILLAGE: ("村居组织", "村居", "村", "社区", "村(社区)"),
}
KIND_WORDS = {word: kind for kind, words in KINDS.items() for word in words}

_REQUIRED = {"honour": "没有写荣誉名称", "awarder": "没有写授予机关"}
_PUBLISHED = ("honour", "awarder", "document", "affiliation", "publication")
_WRITTEN = ("name", *_PUBLISHED, "remark")
_DAMAGED = re.compile(r"[\ue000-\uf8ff\ufffd]|[?？]{2}")

_MODES = {
    "不公开": PublicationMode.WITHHELD,
    "不予公开": PublicationMode.WITHHELD,
    "全名公开": PublicationMode.FULL,
    "实名公开": PublicationMode.FULL,
    "脱敏公开": PublicationMode.MASKED,
    "脱敏": PublicationMode.MASKED,
}
_NO_CONSENT = re.compile(r"^(否|不|无|未|待)|未|不同意|待.*确认")
_PUBLICATION = re.compile(rf"({'|'.join(_MODES)})[\s:,;(]*(.*?)[\s)]*")


@dataclass(frozen=True, slots=True)
class Submission:
    """Which unit sent a table, for which batch, and when it arrived."""

    batch: BatchId
    unit: Unit
    received: date
    password: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of a table: whom it is about, if that much could be read, and the nomination if it has no fault."""

    place: Place
    subject: Subject | None
    nomination: Nomination | None


def parse_nominations(
    data: bytes, path: str, submission: Submission, content: Content, faults: Faults
) -> tuple[Entry, ...]:
    """Return the entries of one table; one with a fault has no nomination, and the fault stops the build."""
    reader = _Reader(submission, content, faults)
    return tuple(map(reader.entry, read_table(data, path, COLUMNS, faults, submission.password)))


def check_subjects_once(entries: Iterable[Entry], faults: Faults) -> None:
    """Note every subject that stands in a batch more than once, and every number under two names.

    An entry with another fault counts as well, so that a unit hears of both at once.
    """
    first: dict[str, Entry] = {}
    for entry in entries:
        if entry.subject is None:
            continue
        other = first.setdefault(number_of(entry.subject), entry)
        if other is entry or other.subject is None:
            continue
        if other.subject.key == entry.subject.key:
            faults.add(entry.place, f"这个主体在本批里已经报过一次：{other.place}", "只留一处")
        else:
            message = f"同一个证件号码用在了两个姓名上，另一处是 {other.place}"
            faults.add(entry.place, message, AGAINST_ORIGINAL)


@lru_cache(maxsize=1024)
def parse_publication(text: str) -> tuple[PublicationMode, str]:
    """Return how an entry may be published, and the grounds; nothing written means masked.

    Raises ``ValueError`` in Chinese where the words are unknown, or where publishing in full, or not at all, has
    no grounds.
    """
    written = unicodedata.normalize("NFKC", text)
    if not written:
        return PublicationMode.MASKED, ""
    if not (found := _PUBLICATION.fullmatch(written)):
        raise ValueError(f"看不懂的公开方式：{quoted(text)}")
    mode, grounds = _MODES[found[1]], found[2]
    if mode is not PublicationMode.MASKED and not grounds:
        raise ValueError(f"{found[1]}要写理由")
    if mode is PublicationMode.FULL and _NO_CONSENT.search(grounds):
        raise ValueError("写的是全名公开，理由却像是没有同意")
    return mode, grounds


# -- one row ---------------------------------------------------------------------------------------------------


class _Reader:
    """Reads the rows of one table, each to a nomination or to all its faults."""

    def __init__(self, submission: Submission, content: Content, faults: Faults) -> None:
        self._submission = submission
        self._content = content
        self._faults = faults
        self._units: dict[str, UnitId | None] = {}
        """The units that names in the table mean: a table says the same one in every row."""

    def entry(self, row: Row) -> Entry:
        """Return one row as an entry, with all its faults noted."""
        before = len(self._faults.found)
        category = self._category(row)
        subject = self._subject(row, category)
        publication = self._publication(row)
        for field, message in _REQUIRED.items():
            if not row.given(field):
                self._faults.add(row.at(field), message, "请补上")
        self._check_texts(row)
        self._check_batch(row)
        self._check_unit(row)
        self._check_days(row)
        place = row.place
        sound = not row.refused and len(self._faults.found) == before
        if category is None or subject is None or publication is None or not sound:
            return Entry(place, subject, None)
        nomination = Nomination(
            batch=self._submission.batch,
            place=place,
            subject=subject,
            category=category.code,
            honour=row.text("honour"),
            awarder=row.text("awarder"),
            unit=self._submission.unit.id,
            received=self._submission.received,
            document=row.given("document"),
            awarded=row.day("awarded"),
            honour_ends=row.day("honour_ends"),
            affiliation=row.given("affiliation"),
            publication=publication[0],
            publication_grounds=publication[1],
            remark=row.given("remark"),
        )
        return Entry(place, subject, nomination)

    def _category(self, row: Row) -> Category | None:
        """Return the row's category; the unit must be one that reports it (requirement F26)."""
        unit, units = self._submission.unit, self._content.units
        code = plain(row.text("category")).upper()
        category = self._content.categories.get(CategoryCode(code))
        if category is None:
            message = f"没有 {quoted(code)} 这个类别" if code else "没有写类别代码"
            self._faults.add(row.at("category"), message, f"可以用 {'、'.join(self._content.categories)}")
        elif not category.open and unit.id not in category.units:
            may = "、".join(units[id_].name for id_ in category.units)
            message = f"{unit.name}不能报送 {code} 类（{category.name}）"
            self._faults.add(row.at("category"), message, f"这一类由{may}报送；请核对类别代码")
        return category

    def _subject(self, row: Row, category: Category | None) -> Subject | None:
        """Return whom the row is about; the kind must be one that the category honours (requirement F01)."""
        word = plain(row.given("kind"))
        personal = category is not None and category.subject == "person"
        kind = SubjectKind.PERSON if personal and not word else KIND_WORDS.get(word)
        if kind is None:
            self._add_kind_fault(row, word)
            return None
        if category is not None and (kind is SubjectKind.PERSON) != personal:
            honoured = "个人" if personal else "单位"
            message = f"{category.code} 类表彰的是{honoured}，主体类型却是{word}"
            self._faults.add(row.at("kind"), message, "核对类别代码和主体类型")
        if kind is SubjectKind.PERSON:
            return person_in(row, self._faults)
        return organisation_in(row, kind, self._faults)

    def _add_kind_fault(self, row: Row, word: str) -> None:
        """Note a kind that nobody knows, or none; a family is honoured through its principal member (F26)."""
        if "家庭" in word:
            message, advice = "家庭不能单独列入名单，没有写主要成员", "主体类型写“个人”，姓名、证件号码写主要成员本人的"
        else:
            message = f"不认识的主体类型：{quoted(word)}" if word else "没有写主体类型"
            advice = f"可以用 {'、'.join(words[0] for words in KINDS.values())}"
        self._faults.add(row.at("kind"), message, advice)

    def _publication(self, row: Row) -> tuple[PublicationMode, str] | None:
        """Return how the row may be published (requirements F13, F15)."""
        try:
            return parse_publication(row.given("publication"))
        except ValueError as error:
            advice = "写“脱敏公开”，或“全名公开：理由”，或“不公开：理由”；空着就脱敏公开"
            self._faults.add(row.at("publication"), str(error), advice)
            return None

    def _check_texts(self, row: Row) -> None:
        """Note what a spreadsheet would compute, and characters lost on the way; a question mark alone may be meant."""
        for field in _PUBLISHED:
            text = row.text(field)
            if _DAMAGED.search(text) and _DAMAGED.search(text.translate(PRIVATE_USE_FOLD)):
                self._faults.add(row.at(field), "这一格里有坏字", "换一种输入法，照原件重新录入")
        for field in _WRITTEN:
            if like_a_formula(row.given(field)):
                message = "这一格以 =、+、-、@ 开头，表格软件会当成公式"
                self._faults.add(row.at(field), message, "去掉开头的符号，照原件录入文字")

    def _check_batch(self, row: Row) -> None:
        """Note a batch number that is another batch's; words such as 第一批 are not looked into."""
        written, batch = row.text("batch"), self._submission.batch
        if not written.startswith(batch) and re.match(r"[0-9]{4}-[0-9]{2}", written):
            message = f"表里写的批次是 {quoted(written)}，却放在 {batch} 里"
            self._faults.add(row.at("batch"), message, "核对是不是放错了批次")

    def _check_unit(self, row: Row) -> None:
        """Note a 报送单位 that is not the unit which sent the table; its area need not be said."""
        written, unit = row.given("unit"), self._submission.unit
        if not written:
            return
        if written not in self._units:
            self._units[written] = unit_by_name(self._content.units, written, unit.area)
        if self._units[written] != unit.id:
            message = f"表里写的报送单位是{quoted(written)}，收表时登记的是{unit.name}"
            advice = "核对是谁报的；是同一单位的别名，请信用办加进 content/units.toml"
            self._faults.add(row.at("unit"), message, advice)

    def _check_days(self, row: Row) -> None:
        """Note days that cannot be: an honour given after it was reported, or ending before it was given."""
        awarded, ends, received = row.day("awarded"), row.day("honour_ends"), self._submission.received
        if awarded and awarded > received:
            self._faults.add(row.at("awarded"), f"认定日期 {awarded} 晚于收到名单的 {received}", "核对认定日期")
        if awarded and ends and ends < awarded:
            message = f"荣誉到期日 {ends} 早于认定日期 {awarded}"
            self._faults.add(row.at("honour_ends"), message, "核对这两个日期")
