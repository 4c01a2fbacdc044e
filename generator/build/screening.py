"""Joint screening from the clerk's side: what goes to each source, what an answer did, and what to look at (F05).

A list that leaves the office holds numbers, so it leaves as a zip under WinZip's AES-256, never under the old
encryption, whose password falls to a known file header. Each source has a password of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from generator.build import private
from generator.build.office import Office, read
from generator.build.upward import document_type
from generator.bundle.archive import encrypt, grouped, new_passphrase
from generator.core import lifecycle, wording
from generator.core.lifecycle import OUT, Reason, Stage, Standing
from generator.core.model import (
    Batch,
    BatchId,
    HitEffect,
    Person,
    Rules,
    ScreeningReturn,
    Source,
    Subject,
    number_of,
)
from generator.core.names import mask
from generator.errors import Fault, RefusedError
from generator.sources.inquiry import in_order, inquiry
from generator.sources.returns import check_destination
from generator.sources.screening import hints, known_rules


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What one source is asked: how many people and organisations, in which file, under which password.

    ``file`` is None where nobody waits for it.
    """

    source: Source
    people: int
    organisations: int
    file: Path | None
    password: str


@dataclass(frozen=True, slots=True)
class Touched:
    """An entry whose number an answer names: whom it is about, masked, and what came of it."""

    who: str
    verdict: str
    stands: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an answer did: the numbers it names that are on no list, the entries, what to look at, who is awaited."""

    strangers: int
    touched: tuple[Touched, ...]
    hints: tuple[Fault, ...]
    awaited: Mapping[str, int]
    """How many entries of the batch wait for each source still."""
    unannounced: bool
    """Whether the batch's notice has yet to be set."""


# -- out -------------------------------------------------------------------------------------------------------


def export(
    root: Path, batch: str, to: Path, as_of: date, source: str = "", *, everyone: bool = False
) -> tuple[Inquiry, ...]:
    """Write for each source, or for one, whom it should look up, into a new folder; return what was written.

    Asked about are the entries that wait for it, or ``everyone`` who is not out. Raises ``RefusedError`` for a batch
    or source that is none, for a folder that must not hold numbers, and where there is nobody to ask about.
    """
    check_destination(root, to, "名单")
    office = read(root, as_of)
    found = office.lists.batches.get(BatchId(batch))
    if found is None:
        known = "、".join(sorted(office.lists.batches))
        raise RefusedError(f"没有批次“{batch}”。已有：{known or '（还没有，先用 xinyi list open 建一个）'}")
    present = office.content.settings.rules
    rules = known_rules(found.rules or present, present)
    made = []
    for asked in _sources(found.rules or present, rules, source):
        subjects = in_order(_asked_about(office, found, asked, rules, everyone=everyone))
        made.append(_inquiry(asked, found, subjects, to))
    if not any(one.file for one, _ in made):
        raise RefusedError(_NOBODY.format(batch=batch, source=source or "各部门"))
    for one, data in made:
        if one.file:
            private.write(one.file, data)
    return tuple(one for one, _ in made)


_NOBODY = "批次{batch}没有在等{source}筛查的，没有写文件。都答复了，就看 xinyi status；要全部复查一遍，请加 --all"


def _sources(own: Rules, known: Rules, wanted: str) -> list[Source]:
    """Return the sources to ask: one that is wanted, or all that are waited for, or all there are."""
    described = {source.name: source for source in known.sources}
    names = dict.fromkeys((*known.screening_sources, *described))
    if wanted and wanted not in names:
        raise RefusedError(f"content/site.toml 里没有“{wanted}”。可以写：{'、'.join(names) or '（一家也没有写）'}")
    if not names:
        raise RefusedError("content/site.toml 的 [rules] 里还没有写筛查问哪几家，请先写上")
    asked = [wanted] if wanted else [*own.screening_sources] or [*described]
    return [described.get(name, Source(name)) for name in asked]


def _asked_about(office: Office, batch: Batch, source: Source, rules: Rules, *, everyone: bool) -> list[Subject]:
    """Return whom a source is asked about; each number once."""
    found = {
        number_of(standing.nomination.subject): standing.nomination.subject
        for standing in office.standings
        if standing.nomination.batch == batch.id
        and standing.stage not in OUT | {Stage.NOT_RECEIVED}
        and source.is_asked(standing.nomination.subject)
        and (everyone or _waits(standing, batch, source.name, rules, office.as_of))
    }
    return list(found.values())


def _waits(standing: Standing, batch: Batch, source: str, rules: Rules, as_of: date) -> bool:
    """Return whether an answer of a source would still bring an entry further.

    One that is screened after its batch's notice has begun cannot get into it any more, so its number stays here.
    A source nobody has to wait for looks at all that wait for anyone.
    """
    start = batch.notice_start
    in_time = start is None or (as_of <= start and standing.nomination.received <= start)
    waiting = standing.unscreened or (standing.reason is Reason.AWAITING_SCREENING and in_time)
    return bool(waiting) and (source in standing.waits_for or source not in rules.screening_sources)


def _inquiry(source: Source, batch: Batch, subjects: Sequence[Subject], to: Path) -> tuple[Inquiry, bytes]:
    """Return what a source is asked, and the zip that asks it."""
    people = sum(isinstance(subject, Person) for subject in subjects)
    if not subjects:
        return Inquiry(source, 0, 0, None, ""), b""
    kinds = [_kind(subject) for subject in subjects]
    table = inquiry(f"守信激励名单联合筛查（{source.name}，{batch.id}）", subjects, kinds)
    password = grouped(new_passphrase())
    name = f"{batch.id}-{source.name}"
    data = encrypt({f"{name}-筛查名单.xlsx": table}, password)
    return Inquiry(source, people, len(subjects) - people, to / f"{name}.zip", password), data


def _kind(subject: Subject) -> str:
    kind = document_type(subject.number) if isinstance(subject, Person) else None
    return kind.value if kind else ""


# -- back ------------------------------------------------------------------------------------------------------


def hints_of(office: Office, returns: Sequence[ScreeningReturn] | None = None) -> tuple[Fault, ...]:
    """Return what somebody should look at in the answers of sources, all of them or some."""
    corrected = [standing.nomination for standing in office.standings]
    return hints(office.lists.returns if returns is None else returns, [*office.lists.nominations, *corrected])


def outcome(root: Path, answer: ScreeningReturn, as_of: date) -> Outcome:
    """Return what an answer that has been filed did, by comparing where everyone stands with and without it.

    Raises ``InputFaultsError`` while the lists have faults: then nobody knows where anyone stands.
    """
    office = read(root, max(as_of, answer.day))
    rules = office.content.settings.rules
    others = list(office.lists.returns)
    filed = others.pop(others.index(answer))
    before = lifecycle.stand(replace(office.lists, returns=tuple(others)), rules, office.as_of)
    numbers = {hit.number for hit in answer.hits}
    touched, on_lists = [], set()
    for earlier, standing in zip(before, office.standings, strict=True):
        number = number_of(standing.nomination.subject)
        if number in numbers and standing.stage is not Stage.NOT_RECEIVED:
            on_lists.add(number)
            if standing.nomination.batch == answer.batch or _falls(earlier, standing):
                verdict = _verdict(earlier, standing, answer.effect)
                touched.append(Touched(_described(office, standing), verdict, wording.explain(standing)))
    batch = office.lists.batches[answer.batch]
    mine = (standing for standing in office.standings if standing.nomination.batch == answer.batch)
    awaited = Counter(source for standing in mine if standing.stage not in OUT for source in standing.waits_for)
    return Outcome(
        strangers=len(numbers - on_lists),
        touched=tuple(touched),
        hints=hints_of(office, [filed]),
        awaited=awaited,
        unannounced=batch.notice_start is None,
    )


def _falls(earlier: Standing, standing: Standing) -> bool:
    return standing.stage in OUT and earlier.stage not in OUT


def _verdict(earlier: Standing, standing: Standing, effect: HitEffect) -> str:
    """Return in a few words what an answer did to an entry whose number it names."""
    if _falls(earlier, standing):
        return "从名单上退出" if standing.stage is Stage.LEFT else "不再列入"
    if standing.stage in OUT:
        return "本来就不在名单上"
    return "只提示，不影响" if effect is HitEffect.NOTE else "这条记录不影响列入"


def _described(office: Office, standing: Standing) -> str:
    nomination = standing.nomination
    name = mask(nomination.subject.name) if isinstance(nomination.subject, Person) else nomination.subject.name
    unit = office.content.units[nomination.unit].name
    return f"{name}，{nomination.honour}，{unit}报送，{office.lists.batches[nomination.batch].title}"
