"""A batch from the clerk's side: opened, tables taken in, answers of sources filed, its notice set.

What came from outside is copied as it is; batch.toml stays a person's own file, comments and all. Whatever is written
is read back by the readers of the build first, and what they find is told; nothing is left half-done.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path

import tomlkit

from generator.build.locking import alone
from generator.build.office import check_project, read
from generator.core import lifecycle
from generator.core.lifecycle import Reason
from generator.core.model import BatchId, Content, Rules, ScreeningReturn, Window
from generator.core.workdays import Calendar, UncoveredYearError
from generator.errors import Fault, Faults, Place, RefusedError
from generator.sources.content import read_content
from generator.sources.lists import unit_meant
from generator.sources.nominations import Submission, check_subjects_once, parse_nominations
from generator.sources.screening import known_rules, parse_returns
from generator.sources.settings import parse_value
from generator.trust.saving import save

BATCH_ID = re.compile(r"[0-9]{4}-[0-9]{2}")
NOTICES = "content/notices"


@dataclass(frozen=True, slots=True)
class Received:
    """A table taken in: the name it got, how many entries it has, and what the unit will have to put right."""

    name: str
    entries: int
    faults: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Filed:
    """An answer filed: the name of its toml, and what it says."""

    name: str
    answer: ScreeningReturn


@dataclass(frozen=True, slots=True)
class NoticeSet:
    """What setting a notice did: the period, how many entries will be published, how many wait for an answer."""

    period: Window
    ready: int
    waiting: int
    page: str
    new_page: bool


def open_batch(root: Path, batch: str, title: str, deadline: date) -> Path:
    """Make the folder of a batch and return its batch.toml; refuse one that is there, or is no batch's name."""
    check_project(root)
    if not BATCH_ID.fullmatch(batch):
        raise RefusedError(f"批次编号应写成 2027-01 这样，不能是“{batch}”")
    path = _batch_file(root, batch)
    with alone(root):
        if path.exists():
            raise RefusedError(f"批次{batch}已经有了，没有动它")
        (path.parent / "nominations").mkdir(parents=True, exist_ok=True)
        (path.parent / "screening").mkdir(exist_ok=True)
        save(path, tomlkit.dumps({"title": title, "deadline": deadline}).encode())
    return path


def receive(
    root: Path, batch: str, table: Path, unit: str, received: date, password: str = "", instead_of: str = ""
) -> Received:
    """Copy a unit's table into a batch, as it is, and write it down in batch.toml; say what is wrong with it.

    It is taken in faulty or not: it is what came, and it came in time. A table that is there already, byte for byte,
    is refused; one of the same name gets a number. ``unit`` is an id, a name or an alias. ``instead_of`` names the
    table that was sent back and now comes put right: it is dropped, unless the notice has begun by then.
    """
    with alone(root):
        document, content = _document(root, batch), _content(root)
        faults = Faults()
        sender = unit_meant(unit, Place("--unit"), content, faults)
        faults.stop_if_any()
        assert sender  # noqa: S101 - a unit that is none is a fault
        if instead_of:
            _drop(document, batch, instead_of, {unit, sender.id, sender.name, *sender.aliases}, received)
        folder = _batch_file(root, batch).parent / "nominations"
        name, data = _new(table, folder, instead_of)
        path = (folder / name).relative_to(root).as_posix()
        entries = parse_nominations(data, path, Submission(BatchId(batch), sender, received, password), content, faults)
        check_subjects_once(entries, faults)
        submission = tomlkit.table()
        plain = unit_meant(sender.name, Place("--unit"), content, Faults()) is sender  # a name people can read
        submission.update({"file": name, "unit": sender.name if plain else sender.id, "received": received})
        if password:
            submission["password"] = password
        document.setdefault("submission", tomlkit.aot()).append(submission)
        folder.mkdir(parents=True, exist_ok=True)
        save(folder / name, data)
        _save(root, batch, document)
        if instead_of:
            (folder / instead_of).unlink(missing_ok=True)
    return Received(name, len(entries), tuple(sorted(set(faults.found))))


def _drop(document: tomlkit.TOMLDocument, batch: str, table: str, names: Collection[str], received: date) -> None:
    """Take a table out of batch.toml; refuse another unit's, one that is none, and any once the notice has begun."""
    begun = document.get("notice_start")
    if begun and begun <= received:
        raise RefusedError(f"批次{batch}从{begun}起已经公示，不能再换表。改一条请用 xinyi record correct")
    tables = document.get("submission", [])
    mine = [item["file"] for item in tables if item["unit"] in names]
    if table not in mine:
        raise RefusedError(f"这个单位没有报过“{table}”。报过的有：{'、'.join(mine) or '（一张也没有）'}")
    del tables[[item["file"] for item in tables].index(table)]


def file_answer(root: Path, batch: str, answer: Mapping[str, object], table: Path | None, password: str = "") -> Filed:
    """File what one source answered for one batch: a small toml, and its table, as it is, if it has one.

    ``answer`` holds source, day, operator, and what else screening/*.toml may say. It is read first as the build will
    read it; raises ``InputFaultsError`` with every fault, and files nothing.
    """
    source = str(answer["source"])
    if Path(source).name != source or (table and table.suffix.lower() == ".toml"):
        raise RefusedError("部门的名称里不能有斜杠，表格也不能是 .toml。请核对")
    with alone(root):
        document = _document(root, batch)
        folder = _batch_file(root, batch).parent / "screening"
        values = {key: value for key, value in answer.items() if value}
        files: dict[str, bytes] = {}
        if table:
            file, data = _new(table, folder)
            values["file"], files[file] = file, data
        if password:
            values["password"] = password
        name = _free(folder, f"{source}-{answer['day']}.toml")
        files[name] = tomlkit.dumps(values).encode()
        found = _read_answer(root, batch, document, files)
        folder.mkdir(exist_ok=True)
        for file, data in files.items():  # the toml last: a table nobody names is a fault, a name without a table too
            save(folder / file, data)
    return Filed(name, found)


def _read_answer(root: Path, batch: str, document: tomlkit.TOMLDocument, files: Mapping[str, bytes]) -> ScreeningReturn:
    """Return what the files of one answer say; raise ``InputFaultsError`` with every fault."""
    present = _content(root).settings.rules
    faults = Faults()
    own = document.unwrap().get("rules")
    kept = parse_value(own, Rules, Place(f"{batch}/batch.toml", field="rules"), faults) if own else present
    faults.stop_if_any()
    returns = parse_returns(files, "", BatchId(batch), known_rules(kept or present, present), faults)
    faults.stop_if_any()
    return returns[0]


def set_notice(root: Path, batch: str, start: date, as_of: date) -> NoticeSet:
    """Set the first day of a batch's notice, keep today's rules with it, and write its page if there is none.

    Refused once the notice has begun, for a day past, or while no entry has been screened by every source.
    """
    with alone(root):
        document = _document(root, batch)
        begun = document.get("notice_start")
        if begun and begun <= as_of:
            return _keep_rules(root, batch, document, start, as_of)
        if not begun and start < as_of:
            raise RefusedError(f"公示第一天{start}已经过了。请写今天或以后的日子：那天要生成并发布")
        office = read(root, as_of)
        rules = office.content.settings.rules
        mine = [s for s in office.standings if s.nomination.batch == batch]
        waiting = sum(s.reason is Reason.AWAITING_SCREENING for s in mine)
        ready = sum(s.reason is Reason.AWAITING_NOTICE for s in mine)
        if not ready:
            raise RefusedError(f"批次{batch}还没有一条筛查完成，不能公示。xinyi status 会说在等谁")
        period = _period(start, rules, office.lists.calendar)
        found = next((notice for notice in office.content.notices if notice.batch == batch), None)
        page = found.id if found else f"{batch}-gongshi"
        if found and found.published > start:
            raise RefusedError(f"{NOTICES}/{page}.md 里的 published 比公示第一天晚，请先改成 {start}")
        if found is None:
            save(root / NOTICES / f"{page}.md", _page(page, batch, str(document["title"]), start).encode())
        document["notice_start"] = start
        document["rules"] = _frozen(rules)
        _save(root, batch, document)
    return NoticeSet(period, ready, waiting, f"{NOTICES}/{page}.md", found is None)


def _keep_rules(root: Path, batch: str, document: tomlkit.TOMLDocument, start: date, as_of: date) -> NoticeSet:
    """Keep today's rules with a batch whose notice was set by hand and has begun; nothing else of it may change."""
    if document["notice_start"] != start or "rules" in document:
        raise RefusedError(f"批次{batch}的公示已经从{document['notice_start']}开始，不能再改")
    faults = Faults()
    content = read_content(root, faults)
    faults.stop_if_any()
    assert content is not None  # noqa: S101 - the reader has said why, otherwise
    document["rules"] = _frozen(content.settings.rules)
    _save(root, batch, document)
    office = read(root, as_of)
    mine = [s for s in office.standings if s.nomination.batch == batch]
    published = sum(s.notice is not None for s in mine)
    page = next(notice.id for notice in office.content.notices if notice.batch == batch)
    return NoticeSet(office.notices[BatchId(batch)], published, len(mine) - published, f"{NOTICES}/{page}.md", False)


def _period(start: date, rules: Rules, calendar: Calendar) -> Window:
    try:
        return lifecycle.notice_period(start, rules, calendar)
    except UncoveredYearError as error:
        raise RefusedError(
            f"公示期要数到{error.year}年的工作日，还没有这一年的放假安排。请先存成 lists/holidays/{error.year}.json"
        ) from error


def _frozen(rules: Rules) -> tomlkit.items.Table:
    """Return every rule as it stands, so that none is taken from site.toml later."""
    table = tomlkit.table()
    table.comment("公示开始时的规定，以后改 content/site.toml 不影响这一批")
    for name, value in asdict(rules).items():
        if name != "sources":
            table[name] = [str(item) for item in value] if isinstance(value, list | tuple) else value
    if rules.sources:
        table["sources"] = tomlkit.aot()
    for source in rules.sources:
        kept = {name: str(value) if isinstance(value, StrEnum) else value for name, value in asdict(source).items()}
        described = tomlkit.table()
        described.update({name: value for name, value in kept.items() if value})
        table["sources"].append(described)
    return table


def _page(page: str, batch: str, title: str, start: date) -> str:
    return f"""+++
id = "{page}"
title = "{title}公示"
published = {start}
batch = "{batch}"
summary = "名单正在公示。您觉得名单有错，可以在公示期内提出异议。"
+++

现在把{title}向大家公示，听取意见。从哪天到哪天，看本页的起止日期。怎样提异议，看[提异议、要求更正、您的权利](page:objection)。
"""


def _batch_file(root: Path, batch: str) -> Path:
    return root / "lists" / "batches" / batch / "batch.toml"


def _document(root: Path, batch: str) -> tomlkit.TOMLDocument:
    """Return a batch.toml with its comments; refuse where there is none, or it cannot be read."""
    check_project(root)
    path = _batch_file(root, batch)
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        known = "、".join(sorted(other.parent.name for other in (root / "lists/batches").glob("*/batch.toml")))
        raise RefusedError(f"没有批次“{batch}”。已有：{known or '（还没有，先用 xinyi list open 建一个）'}") from error
    except (UnicodeDecodeError, tomlkit.exceptions.ParseError) as error:
        raise RefusedError(f"{path} 读不懂，请先运行 xinyi check，改好再来") from error


def _save(root: Path, batch: str, document: tomlkit.TOMLDocument) -> None:
    save(_batch_file(root, batch), tomlkit.dumps(document).encode())


def _content(root: Path) -> Content:
    """Return what content/ says, whatever is wrong with its pages; refuse where its settings cannot be read."""
    content = read_content(root, Faults())
    if content is None:
        raise RefusedError("content 里的 site.toml、units.toml 或 categories.toml 读不出来。请先运行 xinyi check")
    return content


def _new(table: Path, folder: Path, instead_of: str = "") -> tuple[str, bytes]:
    """Return under which name a file goes into a folder, its own or one with a number, and its bytes.

    Refuses a file that is there already, byte for byte, unless it takes that one's place.
    """
    data = table.read_bytes()
    for other in sorted(folder.glob("*")):
        known = other.is_file() and other.suffix != ".toml" and other.name != instead_of
        if known and other.read_bytes() == data:
            raise RefusedError(f"{table.name} 和已经收下的 {other.name} 一模一样，没有再收")
    return _free(folder, table.name), data


def _free(folder: Path, name: str) -> str:
    """Return a name no file of the folder has: the one given, or one with a number behind it."""
    path, number = folder / name, 1
    while path.exists():
        number += 1
        path = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    return path.name
