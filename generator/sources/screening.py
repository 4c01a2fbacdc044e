"""What the screening sources answered for a batch (requirement F05): one TOML file an answer, and its table.

An answer without a table says that the source looked and found nobody. The table lists hits alone, or is the one we
sent, filled in: a row with a record is a hit, the others are nobody's concern. A hit is matched by its number, so a
number that is damaged or covered up is a fault: a dishonest person would pass unseen. A name never makes a hit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from generator.core.identifiers import IdentifierError
from generator.core.model import (
    About,
    Batch,
    BatchId,
    Hit,
    HitEffect,
    Nomination,
    Rules,
    ScreeningReturn,
    Source,
    Strict,
    number_of,
)
from generator.core.names import canonical
from generator.errors import Fault, Faults, Place
from generator.sources.settings import parse_toml, similar
from generator.sources.subjects import NAME, NUMBER, any_number
from generator.sources.tables import Column, Kind, Row, read_table

COLUMNS = {
    "name": NAME,
    "number": NUMBER,
    "listed": Column(("是否有记录", "有无记录")),
    "recorded": Column(("列入日期", "列入时间", "立案日期", "立案时间"), Kind.DAY, required=True),
    "removed": Column(("移出日期", "移出时间", "退出日期"), Kind.DAY),
    "grounds": Column(("事由", "列入事由", "列入原因", "原因")),
}
LISTED, NOT_LISTED = "有", "无"
EFFECTS = {
    HitEffect.EXCLUDES: "严重失信，不列入",
    HitEffect.UNTIL_REMOVED: "异常，移出前不列入",
    HitEffect.NOTE: "只提示",
}
"""What a hit means, in words for staff, the strictest first."""

_STRICTEST_FIRST = tuple(EFFECTS)
_YES = frozenset((LISTED, "是", "有记录", "√", "Y"))
_NO = frozenset((NOT_LISTED, "否", "没有", "无记录", "N"))
_NOT_IN_FILE_NAMES = frozenset('/\\:*?"<>|\n\t')


@dataclass(frozen=True, slots=True)
class _Answer(Strict):
    """A screening/*.toml file; without ``effect`` the source's own holds.

    ``since`` is the day from which the listing counts in rows that do not say.
    """

    source: str
    day: date
    operator: str
    effect: HitEffect | None = None
    effect_grounds: str = ""
    since: date | None = None
    file: str = ""
    evidence: str = ""
    password: str = ""


def parse_returns(
    files: Mapping[str, bytes], folder: str, batch: BatchId, rules: Rules, faults: Faults
) -> tuple[ScreeningReturn, ...]:
    """Return the answers in a batch's screening folder, by day; a file that no answer names is a fault."""
    named = set()
    returns = []
    for path in sorted(path for path in files if path.startswith(folder) and path.endswith(".toml")):
        named.add(path)
        answer = parse_toml(files[path], path, _Answer, faults)
        if answer is None:
            continue
        named |= {folder + answer.file, folder + answer.evidence}
        known = _check_source(answer.source, Place(path, field="source"), rules, faults)
        if answer.since and answer.since > answer.day:
            message = f"起算的日期 {answer.since} 晚于回复的日期 {answer.day}"
            faults.add(Place(path, field="since"), message, "核对日期")
        effect = _effect(answer, Place(path, field="effect"), rules, faults) if known else answer.effect
        hits = _hits(files, folder, answer, Place(path, field="file"), faults)
        if effect:
            returns.append(
                ScreeningReturn(batch, answer.source, answer.day, answer.operator, effect, hits, answer.evidence)
            )
    for path in sorted(path for path in files if path.startswith(folder) and path not in named):
        faults.add(Place(path), "没有哪个筛查回复提到这个文件", "在 .toml 里写上 file，或者拿走这个文件")
    return tuple(sorted(returns, key=lambda answer: answer.day))


def check_answered(
    batch: Batch,
    returns: tuple[ScreeningReturn, ...],
    rules: Rules,
    path: str,
    faults: Faults,
    nominations: Collection[Nomination] = (),
) -> None:
    """Note every required source that had not answered when the notice started (requirements F05, F10).

    Where it is not said who was nominated, sources that are asked about one kind alone are not missed.
    """
    if batch.notice_start is None:
        return
    subjects = [nomination.subject for nomination in nominations]
    for source in rules.screening_sources:
        described = next((other for other in rules.sources if other.name == source), Source(source))
        asked = any(map(described.is_asked, subjects)) if subjects else described.about is About.BOTH
        later = described.since is not None and described.since > batch.deadline
        days = [answer.day for answer in returns if answer.source == source]
        if asked and not later and (not days or min(days) > batch.notice_start):
            found = f"{min(days)} 才回复" if days else "还没有回复"
            message = f"{batch.notice_start} 开始公示，{source}{found}"
            faults.add(Place(path, field="notice_start"), message, "等各方筛查都回复以后再定公示日期")


def known_rules(kept: Rules, present: Rules) -> Rules:
    """Return the rules kept with a batch and, behind its own, the sources of today: those may be asked again."""
    names = dict.fromkeys((*kept.screening_sources, *present.screening_sources))
    own = {source.name for source in kept.sources}
    sources = (*kept.sources, *(source for source in present.sources if source.name not in own))
    return replace(kept, screening_sources=tuple(names), sources=sources)


def check_sources(rules: Rules, path: str, faults: Faults) -> None:
    """Check that each source is told of once, under a name that a file can have, and that none waited for is amiss."""
    names = [source.name for source in rules.sources]
    for number, name in enumerate(names, start=1):
        place = Place(path, field=f"rules.sources[{number}].name")
        if name in names[: number - 1]:
            faults.add(place, f"{name} 写了两次", "只留一处")
        if strange := _NOT_IN_FILE_NAMES.intersection(name):
            faults.add(place, f"名称里不能有 {'、'.join(sorted(strange))}", "这个名称要用作文件名，请改写")
    for name in rules.screening_sources:
        if names and name not in names:
            place = Place(path, field="rules.screening_sources")
            advice = similar(name, names) or "给它写一段，或者从 screening_sources 里拿走"
            faults.add(place, f"{name} 要等它答复，却没有写一段 [[rules.sources]]", advice)


def _check_source(source: str, place: Place, rules: Rules, faults: Faults) -> bool:
    """Return whether a source is known, and note it if not; where none is configured, any will do."""
    known = tuple(dict.fromkeys((*rules.screening_sources, *(source.name for source in rules.sources))))
    if known and source not in known:
        faults.add(place, f"不认识的筛查来源：{source}", similar(source, known) or f"可以用 {'、'.join(known)}")
        return False
    return True


def _effect(answer: _Answer, place: Place, rules: Rules, faults: Faults) -> HitEffect | None:
    """Return what a hit means: what the answer says, or what the source's hits mean; weaker only on grounds."""
    usual = next((source.effect for source in rules.sources if source.name == answer.source), None)
    if answer.effect is None and usual is None:
        choices = "、".join(f'"{effect}"（{words}）' for effect, words in EFFECTS.items())
        message = f"没有写查到的算什么，content/site.toml 里也没有写{answer.source}的"
        faults.add(place, message, f"写上 effect，可以是 {choices}")
    elif answer.effect and usual and not answer.effect_grounds.strip() and _is_weaker(answer.effect, usual):
        message = f"{answer.source}查到的算“{EFFECTS[usual]}”，这里写的“{EFFECTS[answer.effect]}”比它轻"
        faults.add(place, message, "去掉 effect；确实要放宽，就写上 effect_grounds，说明理由")
    return answer.effect or usual


def _is_weaker(effect: HitEffect, usual: HitEffect) -> bool:
    return _STRICTEST_FIRST.index(effect) > _STRICTEST_FIRST.index(usual)


# -- the table -------------------------------------------------------------------------------------------------


def _hits(files: Mapping[str, bytes], folder: str, answer: _Answer, place: Place, faults: Faults) -> tuple[Hit, ...]:
    """Return the hits in an answer's table."""
    if not answer.file:
        return ()
    path = folder + answer.file
    if path not in files:
        faults.add(place, f"找不到文件 {answer.file}", "把它放进 screening 文件夹，或者改正文件名")
        return ()
    recorded = replace(COLUMNS["recorded"], required=answer.since is None)
    rows = read_table(files[path], path, {**COLUMNS, "recorded": recorded}, faults, answer.password)
    hits, blank, cleared = [], [], False
    for row in rows:
        listed = _listed(row, faults)
        if listed is None:
            blank.append(row)
        elif not listed:
            cleared = True
        elif hit := _hit(row, answer, faults):
            hits.append(hit)
    if blank and (cleared or not hits):
        _add_unfinished(blank, faults)
    return tuple(hits)


def _listed(row: Row, faults: Faults) -> bool | None:
    """Return whether a row is a hit; None where the form asks and nobody answered.

    A table without that column is one of hits alone.
    """
    if "listed" not in row.table.header.columns:
        return True
    written, dated = row.text("listed").upper(), bool(row.given("recorded"))
    if not written:
        return True if dated else None
    if written in _YES:
        return True
    if written in _NO or not row.given("listed"):
        if dated:
            faults.add(row.at("listed"), f"写着“{NOT_LISTED}”，却有列入日期", "请筛查单位核对，有没有记录只能是一样")
        return False
    faults.add(row.at("listed"), "看不出有没有记录", f"请筛查单位写“{LISTED}”或者“{NOT_LISTED}”")
    return False


def _add_unfinished(blank: Sequence[Row], faults: Faults) -> None:
    """Note the rows on which a source said nothing, as if it had not looked."""
    place = blank[0].at("listed")
    message = f"从这里起有{len(blank)}行没有写有没有记录，看不出查过没有"
    advice = f"请筛查单位每行都写“{LISTED}”或“{NOT_LISTED}”；一个也没有查到，就不交表格，只交答复"
    faults.add(place, message, advice)


def _hit(row: Row, answer: _Answer, faults: Faults) -> Hit | None:
    """Return one row as a hit."""
    recorded, removed = row.day("recorded"), row.day("removed")
    if "number" in row.refused:
        return None
    try:
        number = any_number(row.text("number"))
    except IdentifierError as error:
        faults.add(row.at("number"), str(error), "请筛查单位给出完整的号码")
        return None
    if recorded is None and not row.given("recorded"):
        recorded = answer.since
    if recorded is None:
        if not row.text("recorded"):
            faults.add(row.at("recorded"), "没有写列入日期", "请筛查单位补上")
        return None
    if recorded > answer.day:
        faults.add(row.at("recorded"), f"列入日期 {recorded} 晚于回复的日期 {answer.day}", "核对日期")
    if removed and removed < recorded:
        faults.add(row.at("removed"), f"移出日期 {removed} 早于列入日期 {recorded}", "核对日期")
    return Hit(number, recorded, removed, row.given("grounds"), row.text("name"), row.at("number"))


# -- what a person should look at -------------------------------------------------------------------------------


def hints(returns: Iterable[ScreeningReturn], nominations: Collection[Nomination]) -> tuple[Fault, ...]:
    """Return what somebody should look at, by place: a name without its number, a number under another name.

    Neither stops anything, and a name alone is never a hit: names are shared. ``nominations`` are all there are, as
    they came and as they were put right.
    """
    by_number: dict[str, list[Nomination]] = defaultdict(list)
    by_name: dict[tuple[BatchId, str], list[Nomination]] = defaultdict(list)
    for nomination in nominations:
        by_number[number_of(nomination.subject)].append(nomination)
        by_name[nomination.batch, canonical(nomination.subject.name)].append(nomination)
    found = (
        hint
        for answer in returns
        for hit in answer.hits
        if hit.place and hit.name
        for hint in _hints_of(hit, hit.place, by_number[hit.number], by_name[answer.batch, canonical(hit.name)])
    )
    return tuple(sorted(set(found)))


def _hints_of(hit: Hit, place: Place, numbered: Sequence[Nomination], named: Sequence[Nomination]) -> Iterator[Fault]:
    if not numbered and named:
        advice = "没有当成查到。请核对是不是同一个人或单位：是，就请写错号码的一方更正；不是，不用管"
        yield Fault(place, f"名单上没有这个号码，姓名或名称却和 {named[0].place} 的一样", advice)
    whole = not {"*", "×", "某"} & set(hit.name)
    if whole and numbered and all(canonical(other.subject.name) != canonical(hit.name) for other in numbered):
        advice = "已经按号码当成查到。请和筛查单位核对；号码写错了，就请他们重新答复"
        yield Fault(place, f"号码和 {numbered[0].place} 的一样，姓名或名称却不同", advice)
