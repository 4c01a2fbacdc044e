"""A unit's table of nominations (requirement F09) to values of core, with every fault in its cell.

A fault here is about a real person: the number that does not fit its owner, the unit that may not nominate, the
name that lost a character on its way. Messages name the cell and never repeat a number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

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
from generator.errors import Faults
from generator.sources.cells import quoted
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
    "category": Column(("类别代码", "类别", "分类代码", "类别编码"), required=True),
    "kind": Column(("主体类型", "主体类别", "对象类型")),
    "name": NAME,
    "document_type": DOCUMENT_TYPE,
    "number": NUMBER,
    "affiliation": Column(("所在单位/乡镇", "所在单位", "工作单位", "所在乡镇", "所在单位或乡镇")),
    "honour": Column(("荣誉名称", "荣誉称号", "获得荣誉", "获得荣誉名称", "荣誉"), required=True),
    "awarder": Column(("授予机关", "授予单位", "表彰机关", "认定机关", "授奖单位"), required=True),
    "document": Column(("认定文号", "表彰文号", "文件号", "文号")),
    "awarded": Column(("认定日期", "认定时间", "授予日期", "授予时间", "表彰日期", "表彰时间"), Kind.DAY),
    "honour_ends": Column(("荣誉到期日", "到期日", "到期日期", "有效期至"), Kind.DAY),
    "unit": Column(("报送单位", "上报单位", "填报单位", "推荐单位")),
    "publication": Column(("公开方式及理由", "公开方式", "公示方式")),
    "remark": Column(("备注", "说明")),
}
"""The columns of the template, less those nothing is computed from: 序号, 法定代表人, 联系人/电话."""

_KINDS = {
    SubjectKind.PERSON: ("个人", "自然人", "公民"),
    SubjectKind.ENTERPRISE: ("企业", "国企", "国有企业", "民营企业", "个体工商户", "农民专业合作社", "合作社"),
    SubjectKind.SOCIAL_ORGANISATION: ("社会组织", "社会团体", "民办非企业单位"),
    SubjectKind.GOVERNMENT: ("政府部门", "机关", "机关单位", "事业单位", "机关事业单位"),
    SubjectKind.TOWNSHIP: ("乡镇", "街道", "乡镇(街道)", "乡镇街道"),
    SubjectKind.VILLAGE: ("村居组织", "村居", "村", "社区", "村(社区)"),
}
_KIND_WORDS = {word: kind for kind, words in _KINDS.items() for word in words}

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


def parse_nominations(
    data: bytes, path: str, submission: Submission, content: Content, faults: Faults
) -> tuple[Nomination, ...]:
    """Return the nominations in one table; rows with a fault are left out, and the fault stops the build."""
    rows = read_table(data, path, COLUMNS, faults)
    found = (_nomination(row, submission, content, faults) for row in rows)
    return tuple(nomination for nomination in found if nomination is not None)


def check_subjects_once(nominations: Iterable[Nomination], faults: Faults) -> None:
    """Note every subject that stands in a batch more than once, and every number under two names."""
    first: dict[str, Nomination] = {}
    for nomination in nominations:
        subject = nomination.subject
        other = first.setdefault(number_of(subject), nomination)
        if other is nomination:
            continue
        if other.subject.key == subject.key:
            faults.add(nomination.place, f"这个主体在本批里已经报过一次：{other.place}", "只留一处")
        else:
            message = f"同一个证件号码用在了两个姓名上，另一处是 {other.place}"
            faults.add(nomination.place, message, AGAINST_ORIGINAL)


def parse_publication(text: str) -> tuple[PublicationMode, str]:
    """Return how an entry may be published, and the grounds; nothing written means masked.

    Raises ``ValueError`` in Chinese where the words are unknown, or where publishing in full, or not at all, has
    no grounds.
    """
    plain = unicodedata.normalize("NFKC", text)
    if not plain:
        return PublicationMode.MASKED, ""
    if not (found := _PUBLICATION.fullmatch(plain)):
        raise ValueError(f"看不懂的公开方式：{quoted(text)}")
    mode, grounds = _MODES[found[1]], found[2]
    if mode is not PublicationMode.MASKED and not grounds:
        raise ValueError(f"{found[1]}要写理由")
    if mode is PublicationMode.FULL and _NO_CONSENT.search(grounds):
        raise ValueError("写的是全名公开，理由却像是没有同意")
    return mode, grounds


# -- one row ---------------------------------------------------------------------------------------------------


def _nomination(row: Row, submission: Submission, content: Content, faults: Faults) -> Nomination | None:
    """Return one row as a nomination, or None with all its faults noted."""
    before = len(faults.found)
    category = _category(row, submission.unit, content, faults)
    subject = _subject(row, category, faults)
    publication = _publication(row, faults)
    for field, message in {"honour": "没有写荣誉名称", "awarder": "没有写授予机关"}.items():
        if not row.given(field):
            faults.add(row.at(field), message, "请补上")
    _check_batch(row, submission.batch, faults)
    _check_unit(row, submission.unit, content.units, faults)
    _check_days(row, submission.received, faults)
    if category is None or subject is None or publication is None or len(faults.found) > before:
        return None
    return Nomination(
        batch=submission.batch,
        place=row.place,
        subject=subject,
        category=category.code,
        honour=row.text("honour"),
        awarder=row.text("awarder"),
        unit=submission.unit.id,
        received=submission.received,
        document=row.given("document"),
        awarded=row.day("awarded"),
        honour_ends=row.day("honour_ends"),
        affiliation=row.given("affiliation"),
        publication=publication[0],
        publication_grounds=publication[1],
        remark=row.given("remark"),
    )


def _category(row: Row, unit: Unit, content: Content, faults: Faults) -> Category | None:
    """Return the row's category; the unit must be one that reports it (requirement F26)."""
    place = row.at("category")
    code = row.text("category").upper()
    category = content.categories.get(CategoryCode(code))
    if category is None:
        message = f"没有 {quoted(code)} 这个类别" if code else "没有写类别代码"
        faults.add(place, message, f"可以用 {'、'.join(content.categories)}")
    elif not category.open and unit.id not in category.units:
        may = "、".join(content.units[id_].name for id_ in category.units)
        message = f"{unit.name}不能报送 {code} 类（{category.name}）"
        faults.add(place, message, f"这一类由{may}报送；请核对类别代码")
    return category


def _subject(row: Row, category: Category | None, faults: Faults) -> Subject | None:
    """Return whom the row is about; the kind must be one that the category honours (requirement F01)."""
    word = plain(row.given("kind"))
    personal = category is not None and category.subject == "person"
    kind = SubjectKind.PERSON if personal and not word else _KIND_WORDS.get(word)
    if kind is None:
        message = f"不认识的主体类型：{word[:20]}" if word else "没有写主体类型"
        faults.add(row.at("kind"), message, f"可以用 {'、'.join(words[0] for words in _KINDS.values())}")
        return None
    if category is not None and (kind is SubjectKind.PERSON) != personal:
        honoured = "个人" if personal else "单位"
        message = f"{category.code} 类表彰的是{honoured}，主体类型却是{word}"
        faults.add(row.at("kind"), message, "核对类别代码和主体类型")
    return person_in(row, faults) if kind is SubjectKind.PERSON else organisation_in(row, kind, faults)


def _publication(row: Row, faults: Faults) -> tuple[PublicationMode, str] | None:
    """Return how the row may be published (requirements F13, F15)."""
    try:
        return parse_publication(row.given("publication"))
    except ValueError as error:
        advice = "写“脱敏公开”，或“全名公开：理由”，或“不公开：理由”；空着就脱敏公开"
        faults.add(row.at("publication"), str(error), advice)
        return None


def _check_batch(row: Row, batch: BatchId, faults: Faults) -> None:
    """Note a batch number that is another batch's; words such as 第一批 are not looked into."""
    written = row.text("batch")
    if re.match(r"[0-9]{4}-[0-9]{2}", written) and not written.startswith(batch):
        message = f"表里写的批次是 {quoted(written)}，却放在 {batch} 里"
        faults.add(row.at("batch"), message, "核对是不是放错了批次")


def _check_unit(row: Row, unit: Unit, units: Mapping[UnitId, Unit], faults: Faults) -> None:
    """Note a 报送单位 that is not the unit which sent the table; its area need not be said."""
    written = row.given("unit")
    if written and unit_by_name(units, written, unit.area) != unit.id:
        message = f"表里写的报送单位是{quoted(written)}，batch.toml 里写的是{unit.name}"
        faults.add(row.at("unit"), message, "核对是谁报的；是同一单位的别名，就加进 content/units.toml")


def _check_days(row: Row, received: date, faults: Faults) -> None:
    """Note days that cannot be: an honour given after it was reported, or ending before it was given."""
    awarded, ends = row.day("awarded"), row.day("honour_ends")
    if awarded and awarded > received:
        faults.add(row.at("awarded"), f"认定日期 {awarded} 晚于收到名单的 {received}", "核对认定日期")
    if awarded and ends and ends < awarded:
        faults.add(row.at("honour_ends"), f"荣誉到期日 {ends} 早于认定日期 {awarded}", "核对这两个日期")
