"""What is shared upward (F11): recognised and withdrawn entries in the fields of the public credit directories.

The files hold names and document numbers: they are for the exchange platform, lie in build/office/upward/ and are
readable by their owner alone. What was sent last is remembered in lists/exports/upward.jsonl by reference and a keyed
digest, never by name or number; that file is written only after the export is whole.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import Cell, WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from generator.build import private
from generator.build.office import Office
from generator.build.sent import PATH, WITHDRAWN, Sent, digest, last_sent, remembered
from generator.core.identifiers import DocumentType
from generator.core.lifecycle import OUT, Reason, Stage, Standing
from generator.core.model import Content, Nomination, Person, PublicationMode, SubjectKind
from generator.core.names import display
from generator.core.wording import REASONS
from generator.letters.changes import PUBLICATIONS
from generator.letters.letter import plain
from generator.sources.cells import csv_cell
from generator.sources.forms import encode

FOLDER = "upward"
COLUMNS = (
    "序号",
    "状态",
    "姓名/名称",
    "主体类型",
    "证件类型",
    "证件号码",
    "统一社会信用代码",
    "荣誉名称",
    "类别代码",
    "类别名称",
    "认定部门",
    "认定部门统一社会信用代码",
    "认定文号",
    "认定日期",
    "有效期起",
    "有效期止",
    "公开方式",
    "数据来源单位",
    "数据来源单位统一社会信用代码",
    "撤销日期",
    "撤销原因",
    "批次",
    "编号",
    "备注",
)
ADDED, CHANGED, SAME = "新增", "变更", "未变"
_KINDS = {
    SubjectKind.PERSON: "自然人",
    SubjectKind.ENTERPRISE: "企业",
    SubjectKind.SOCIAL_ORGANISATION: "社会组织",
    SubjectKind.GOVERNMENT: "政府部门",
    SubjectKind.TOWNSHIP: "乡镇（街道）",
    SubjectKind.VILLAGE: "村居组织",
}
_NOT_PUBLIC = "依法不予公开，只供归集，请勿公示"
_TYPE_UNKNOWN = "证件类型请照报送表填写"
_BACK = "此前撤销，现恢复"
_BOLD = Font(bold=True)
_WIDTHS = {"序号": 6, "状态": 6, "证件号码": 22, "统一社会信用代码": 22, "荣誉名称": 28, "认定部门": 22, "备注": 30}


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it is to be sent; ``fields`` are those whose change is a change, ``news`` whether there was one."""

    reference: str
    status: str
    fields: Mapping[str, str]
    news: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What an export wrote; ``lost`` were sent as listed, still hold, and stand in no table any more."""

    files: tuple[Path, ...]
    counts: Mapping[str, int]
    lost: int


def export(root: Path, office: Office, references: Sequence[str], ref_key: bytes, *, since_last: bool) -> Report:
    """Write the files of one day's export, then remember what was sent.

    ``since_last`` leaves out what is as it was sent last. What was sent on the same day does not count as last, so an
    export repeated on that day has the same bytes. Raises ``RefusedError`` if a later day has been exported.
    """
    path = root / PATH
    log = path.read_bytes() if path.exists() else b""
    earlier, latest = last_sent(log, office.as_of)
    lines = [line for line in _lines(office, references, earlier, latest, ref_key) if line.news or not since_last]
    name = f"{office.as_of}-上报{'变化' if since_last else '全部'}"
    rows = list(_rows(lines))
    files = {f"{name}.xlsx": _workbook(rows, office.as_of), f"{name}.csv": _table(rows)}
    folder = root / "build" / "office" / FOLDER
    for file, data in files.items():
        private.write(folder / file, data)
    fresh = [_remembered(line, latest, office.as_of, ref_key) for line in lines]
    if any(fresh):
        private.write(path, log + b"".join(fresh))
    counts = Counter(line.status for line in lines)
    gone = latest.keys() - set(references)
    return Report(
        files=tuple(folder / file for file in files),
        counts={status: counts[status] for status in (ADDED, CHANGED, WITHDRAWN, SAME)},
        lost=sum(latest[reference].listed and office.as_of <= latest[reference].until for reference in gone),
    )


def _remembered(line: Line, latest: Mapping[str, Sent], as_of: date, ref_key: bytes) -> bytes:
    until = date.fromisoformat(line.fields["有效期止"] or as_of.isoformat())
    sent = Sent(as_of, line.status != WITHDRAWN, until, digest(line.fields, ref_key))
    return remembered(line.reference, line.status, sent, latest)


# -- what is sent ------------------------------------------------------------------------------------------------


def _lines(
    office: Office,
    references: Sequence[str],
    earlier: Mapping[str, Sent],
    latest: Mapping[str, Sent],
    ref_key: bytes,
) -> Iterator[Line]:
    """Yield every entry that stands on the list, or stood on it and was withdrawn, by batch and reference."""
    order = sorted(zip(references, office.standings, strict=True), key=lambda one: (one[1].nomination.batch, one[0]))
    for reference, standing in order:
        sent = earlier.get(reference)
        fields = _fields(standing, office.content)
        if standing.stage is Stage.RECOGNISED:
            if sent is None or not sent.listed:
                yield Line(reference, ADDED, fields, news=True, note=_BACK if sent else "")
            elif sent.digest == digest(fields, ref_key):
                yield Line(reference, SAME, fields, news=False)
            else:
                yield Line(reference, CHANGED, fields, news=True)
            continue
        news = sent.listed if sent else reference in latest
        if standing.reason is not Reason.E3_EXPIRED and (news or _was_listed(standing, office.as_of)):
            why = {"撤销日期": standing.since.isoformat(), "撤销原因": _reason(standing)}
            yield Line(reference, WITHDRAWN, {**fields, **why}, news=news)


def _was_listed(standing: Standing, as_of: date) -> bool:
    """Return whether an entry would still stand on the list if it had not been withdrawn from it."""
    window = standing.window
    return (
        standing.stage is Stage.LEFT and window is not None and window.not_before < standing.since and as_of in window
    )


def _reason(standing: Standing) -> str:
    """Return why an entry is off the list, without the number of the exit."""
    return REASONS[standing.reason].rpartition("：")[2] if standing.stage in OUT else "重新办理，暂不列入"


def _fields(standing: Standing, content: Content) -> dict[str, str]:
    """Return what is said of an entry; codes of units are not known to the lists and stay empty."""
    nomination, window = standing.nomination, standing.window
    return {
        **_identity(nomination),
        "荣誉名称": nomination.honour,
        "类别代码": nomination.category,
        "类别名称": content.categories[nomination.category].name,
        "认定部门": nomination.awarder,
        "认定文号": nomination.document,
        "认定日期": nomination.awarded.isoformat() if nomination.awarded else "",
        "有效期起": window.not_before.isoformat() if window else "",
        "有效期止": window.not_after.isoformat() if window else "",
        "公开方式": _publication(nomination),
        "数据来源单位": content.units[nomination.unit].name,
        "批次": nomination.batch,
        "备注": "；".join(_notes(nomination)),
    }


def _publication(nomination: Nomination) -> str:
    """Return how an entry is published; the names of organisations are never masked."""
    if isinstance(nomination.subject, Person) or nomination.publication is PublicationMode.WITHHELD:
        return PUBLICATIONS[nomination.publication]
    return "公开"


def _identity(nomination: Nomination) -> dict[str, str]:
    subject = nomination.subject
    named = {"姓名/名称": display(subject.name), "主体类型": _KINDS[subject.kind]}
    if isinstance(subject, Person):
        kind = document_type(subject.number)
        return {**named, "证件类型": kind.value if kind else "", "证件号码": subject.number}
    return {**named, "统一社会信用代码": subject.code}


def _notes(nomination: Nomination) -> Iterator[str]:
    if nomination.publication is PublicationMode.WITHHELD:
        yield _NOT_PUBLIC
    if isinstance(nomination.subject, Person) and document_type(nomination.subject.number) is None:
        yield _TYPE_UNKNOWN


def document_type(number: str) -> DocumentType | None:
    """Return the kind of a document where its number alone shows it; passports, permits and officers' cards do not.

    Residence permits begin with 81, 82 or 83; cards of foreign permanent residents with 9 and the code of a
    province, or they have three letters and twelve digits (facts/identifiers.md).
    """
    if len(number) == 15 and number[:3].isalpha():
        return DocumentType.PERMANENT_RESIDENT
    if len(number) != 18:
        return None
    if number.startswith(("81", "82", "83")):
        return DocumentType.RESIDENCE_PERMIT
    abroad = number.startswith("9") and "11" <= number[1:3] <= "65"
    return DocumentType.PERMANENT_RESIDENT if abroad else DocumentType.RESIDENT_ID


# -- the files ---------------------------------------------------------------------------------------------------


def _rows(lines: Iterable[Line]) -> Iterator[list[str]]:
    """Yield the rows below the header, every cell a text on one line."""
    for number, line in enumerate(lines, start=1):
        note = "；".join(part for part in (line.fields["备注"], line.note) if part)
        cells = {**line.fields, "序号": str(number), "状态": line.status, "编号": line.reference, "备注": note}
        yield [plain(cells.get(column, "")) for column in COLUMNS]


def _table(rows: Iterable[list[str]]) -> bytes:
    """Return the export as CSV in UTF-8 with a byte order mark; no cell of it is a formula."""
    out = io.StringIO()
    csv.writer(out).writerows([COLUMNS, *([csv_cell(text) for text in row] for row in rows)])
    return out.getvalue().encode("utf-8-sig")


def _cell(sheet: WriteOnlyWorksheet, text: str, font: Font | None = None) -> Cell:
    cell = WriteOnlyCell(sheet, text)
    cell.data_type, cell.number_format = "s", "@"
    if font:
        cell.font = font
    return cell


def _workbook(rows: Iterable[list[str]], as_of: date) -> bytes:
    """Return the export as .xlsx, every cell a text: no number loses digits, and nothing is a formula.

    The columns are texts too, for whoever fills in what is empty.
    """
    book = Workbook(write_only=True)
    book.properties.creator, book.properties.created = "", datetime.combine(as_of, time(0), UTC).replace(tzinfo=None)
    sheet = book.create_sheet("守信激励对象名单")
    sheet.freeze_panes = "D2"
    for index, column in enumerate(COLUMNS, start=1):
        shape = sheet.column_dimensions[get_column_letter(index)]
        shape.width, shape.number_format = _WIDTHS.get(column, 14), "@"
    sheet.append([_cell(sheet, column, _BOLD) for column in COLUMNS])
    for row in rows:
        sheet.append([_cell(sheet, text) if text else None for text in row])
    return encode(book)
