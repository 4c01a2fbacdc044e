"""Writing down a decision: checked against the lists first, then appended as one line, whole or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from generator.build.locking import alone
from generator.build.office import Office, read
from generator.core import wording
from generator.core.identifiers import IdentifierError, canonical_number, parse_credit_code
from generator.core.lifecycle import OUT, Facts, Standing, gather, standing
from generator.core.model import (
    AnyDecision,
    Appeal,
    BenefitRecovery,
    Correction,
    HitEffect,
    Nomination,
    Objection,
    Person,
    PublicationMode,
    Rehabilitation,
    Relisting,
    Resolution,
    UnitId,
    Withdrawal,
    number_of,
)
from generator.core.names import canonical, mask, suspects
from generator.errors import RefusedError
from generator.sources import decisions
from generator.sources.cells import like_a_formula
from generator.sources.subjects import any_number
from generator.sources.units import unit_by_name

_NOT_A_NAME = re.compile(r"[^\w]|[0-9_]")
_LONG_NUMBER = re.compile(r"[0-9]{15,17}[0-9Xx]?")
_NO_CONSENT = re.compile("[不未没拒][^，。；]{0,4}同意|拒绝")
_NO_ENTRY = "这一批里没有这个姓名（名称）和号码的条目。请核对批次、姓名和号码，一个字也不能差"


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry a decision addresses, in words for whoever is about to decide, and where it stood and would stand."""

    text: str
    before: str
    after: str


def preview(root: Path, decision: AnyDecision) -> Entry:
    """Return what a decision would do, or raise as ``record`` does; nothing is written."""
    return _checked(read(root, decision.day), decision)


def record(root: Path, decision: AnyDecision) -> str:
    """Append a decision to lists/decisions.jsonl and return where its entry stands on the decision's day, in words.

    Raises ``RefusedError`` if it addresses no entry, or is dated before the entry was received or before a decision
    already recorded for it; ``InputFaultsError`` if the lists have faults.
    """
    with alone(root):
        entry = _checked(read(root, decision.day), decision)
        existing = (root / decisions.PATH).read_bytes()
        whole = existing + decisions.append(existing, decision)
        _write(root / decisions.PATH, whole)
        _write(root / decisions.HEAD_PATH, decisions.encode_head(whole))
    return entry.after


def _write(path: Path, data: bytes) -> None:
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _checked(office: Office, decision: AnyDecision) -> Entry:
    """Return what a decision would do; refuse one that addresses no entry or makes no sense where it stands."""
    lists, rules = office.lists, office.content.settings.rules
    _check_texts(decision)
    before = gather(lists, decision.day)
    after = gather(replace(lists, decisions=(*lists.decisions, decision)), decision.day)
    batch = decision.batch
    matches = [
        (old, new)
        for old, new in zip(before, after, strict=False)
        if old.nomination.batch == batch and len(new.decisions) > len(old.decisions)
    ]
    if not matches:
        raise RefusedError(_NO_ENTRY)
    old, new = matches[0]
    stood = standing(old, old.batch.rules or rules, lists.calendar, decision.day)
    if refusal := _refusal(office, decision, old, stood):
        raise RefusedError(refusal)
    latest = max((known.day for known in lists.decisions), default=decision.day)
    ever = next(f for f in gather(lists, max(latest, decision.day)) if f.nomination == old.nomination)
    earlier = [known.day for known in ever.decisions if known.batch == batch]
    if decision.day < max([old.nomination.received, *earlier]):
        raise RefusedError("这个日期早于报送日期，或早于已经记录的上一个决定。请核对日期")
    stands = standing(new, new.batch.rules or rules, lists.calendar, decision.day)
    afterwards = wording.explain(stands) + _besides(decision)
    return Entry(_described(office, stood), wording.explain(stood), afterwards)


def _described(office: Office, stood: Standing) -> str:
    nomination = stood.nomination
    name = mask(nomination.subject.name) if isinstance(nomination.subject, Person) else nomination.subject.name
    unit = office.content.units[nomination.unit].name
    return f"{name}，{nomination.honour}，{unit}报送，{office.lists.batches[nomination.batch].title}"


_FIELDS = {
    "name": "姓名（名称）",
    "number": "证件号码",
    "honour": "荣誉名称",
    "awarder": "授予机关",
    "document": "认定文号",
    "affiliation": "所在单位",
    "publication": "公开方式",
}


def _besides(decision: AnyDecision) -> str:
    """Return what a decision does beyond where its entry stands; a number is not said again."""
    match decision:
        case Correction():
            changed = (f"{_FIELDS[field]}改为" + _new_value(field, text) for field, text in decision.fields.items())
            return "；" + "，".join(changed)
        case Relisting():
            return f"。批次{decision.into}里会多出一条，要重新筛查、公示，编号也是新的"
        case BenefitRecovery():
            return f"；追回优惠：{decision.benefit}，{decision.outcome}"
    return ""


def _new_value(field: str, text: str) -> str:
    return "刚才输入的号码" if field == "number" else f"“{text}”"


def _check_texts(decision: AnyDecision) -> None:
    publication = decision.fields.get("publication") if isinstance(decision, Correction) else None
    if publication is not None and publication not in set(PublicationMode):
        raise RefusedError(f"公开方式只能是 {'、'.join(PublicationMode)}。请重新输入")
    if publication == PublicationMode.FULL and ("同意" not in decision.grounds or _NO_CONSENT.search(decision.grounds)):
        raise RefusedError("全名公开要本人同意，理由里请写明同意的凭据")
    texts = [decision.grounds, decision.document, decision.operator]
    if isinstance(decision, BenefitRecovery):
        texts += [decision.benefit, decision.outcome]
    if isinstance(decision, Correction):
        texts += [text for field, text in decision.fields.items() if field != "number"]
    if any(_LONG_NUMBER.search(canonical(text)) for text in texts):
        raise RefusedError("理由、文书编号和经办人里不要写证件号码")
    if not (decision.grounds.strip() and decision.operator.strip()):
        raise RefusedError("理由和经办人不能空着：以后答复异议要用")


def _refusal(office: Office, decision: AnyDecision, facts: Facts, stood: Standing) -> str:
    """Return why a decision makes no sense for an entry where it stands, or nothing."""
    out = stood.stage in OUT
    match decision:
        case Correction():
            damage = _damage(decision, facts.nomination) or _taken(office, decision, stood)
            return f"更正后的内容不能用：{damage}。请照证件重新输入" if damage else ""
        case Objection() | Withdrawal():
            return f"这一条已经不在名单上：{wording.explain(stood)}。不用再记录" if out else ""
        case Appeal():
            return "" if out else f"这一条没有被撤下或排除，不用申诉：{wording.explain(stood)}"
        case BenefitRecovery():
            return "" if out else f"这一条还在名单上：{wording.explain(stood)}。请先撤下，再记录追回的优惠"
        case Resolution():
            return _nothing_to_answer(decision, facts.decisions)
        case Rehabilitation():
            return "" if _is_dishonest(facts) else "没有查到这个号码的失信记录，不用更正。请核对姓名和号码"
        case Relisting():
            return _not_relistable(office, decision, facts, stood)


def _nothing_to_answer(decision: Resolution, known: Sequence[AnyDecision]) -> str:
    waiting = {"objection": False, "appeal": False}
    for earlier in known:
        if isinstance(earlier, Objection | Appeal):
            waiting[earlier.kind] = True
        elif isinstance(earlier, Resolution):
            waiting[earlier.answers] = False
    if waiting[decision.answers]:
        return ""
    if waiting["appeal"]:
        return "这一条没有等待答复的异议，有一个申诉在等答复。答复申诉请加 --to appeal"
    if waiting["objection"]:
        return "这一条没有等待答复的申诉，有一个异议在等答复。答复异议请加 --to objection"
    return "这一条没有等待答复的异议或申诉。要从名单上撤下，请用 xinyi record withdraw"


def _is_dishonest(facts: Facts) -> bool:
    """Return whether any record of dishonesty is known of an entry's subject."""
    number = number_of(facts.nomination.subject)
    answers = (*facts.returns, *facts.elsewhere)
    hits = (h for a in answers if a.effect is HitEffect.EXCLUDES for h in a.hits if h.number == number)
    return any(True for _ in hits) or any(isinstance(d, Withdrawal) for d in facts.decisions)


def _not_relistable(office: Office, decision: Relisting, facts: Facts, stood: Standing) -> str:
    batch = office.lists.batches.get(decision.into)
    if batch is None or batch.id == decision.batch:
        known = "、".join(sorted(set(office.lists.batches) - {decision.batch}))
        return f"没有可以重新提名的批次“{decision.into}”。已有：{known or '（还没有，请先建立新的批次）'}"
    if stood.stage not in OUT:
        return f"这一条还在名单上：{wording.explain(stood)}。不用重新提名"
    if batch.notice_start and batch.notice_start < decision.day:
        return f"批次{batch.id}已经开始公示，赶不上了。请列入还没有公示的批次"
    number = number_of(stood.nomination.subject)
    there = (n for n in office.lists.nominations if n.batch == batch.id and number_of(n.subject) == number)
    if any(n.category == facts.nomination.category for n in there):
        return f"批次{batch.id}里已经有这一条，不用重新提名"
    return ""


def _damage(correction: Correction, nomination: Nomination) -> str:
    """Return what is wrong with the texts of a correction, or nothing."""
    person = isinstance(nomination.subject, Person)
    for field, text in correction.fields.items():
        if not canonical(text):
            return "是空的"
        if suspects(text):
            return "里面有认不出的字"
        if like_a_formula(text):
            return "开头的符号会被表格软件当成公式"
        if field == "name" and person and _NOT_A_NAME.search(canonical(text)):
            return "姓名里有数字、括号或标点"
        if field == "number" and (wrong := _wrong_number(text, person=person)):
            return wrong
    return ""


def _taken(office: Office, correction: Correction, stood: Standing) -> str:
    """Return who has the corrected number already, or nothing: two entries of one number would be one person."""
    wanted = canonical_number(correction.fields.get("number", ""))
    for other in office.standings if wanted else ():
        nomination = other.nomination
        numbers = {number_of(nomination.subject), number_of(nomination.origin)}
        if nomination.batch == correction.batch and nomination.place != stood.nomination.place and wanted in numbers:
            return "这个号码是同一批里另一条的"
    return ""


def _wrong_number(text: str, *, person: bool) -> str:
    try:
        if person:
            any_number(text)
        else:
            parse_credit_code(text)
    except IdentifierError as error:
        return str(error)
    return ""


def unit_named(root: Path, text: str, as_of: date) -> UnitId:
    """Return the unit of that name, alias or id; raise ``RefusedError`` if there is none."""
    units = read(root, as_of).content.units
    unit = unit_by_name(units, text) or (UnitId(text) if text in units else None)
    if unit is None:
        raise RefusedError(f"content/units.toml 里没有单位“{text}”。请写单位的名称、别名或 id")
    return unit
