"""What the answers of screening sources do to one number: kept off before recognition, ended after it.

Source: requirements F02 (three years of serious dishonesty), F05 (per source; a mere abnormality until it is removed),
F16 (E2), F19 (a record that was wrong no longer counts).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from generator.core.model import (
    ONE_DAY,
    Hit,
    HitEffect,
    ReferenceDay,
    Rehabilitation,
    Rules,
    ScreeningReturn,
    Subject,
    Window,
)
from generator.core.workdays import same_day_years_later


class Moment(StrEnum):
    """When a hit was found, seen from the entry: by the first day of the notice, before recognition, after it."""

    AT_SCREENING = "at-screening"
    BEFORE_RECOGNITION = "before-recognition"
    AFTER_RECOGNITION = "after-recognition"


@dataclass(frozen=True, slots=True)
class Finding:
    """A hit that keeps its subject off the list, or ends its entry, from a day on."""

    day: date
    moment: Moment


@dataclass(frozen=True, slots=True)
class Period:
    """What is known of an entry's way: the first day set for its notice, the notice it has, its year of validity."""

    start: date | None
    notice: Window | None
    window: Window | None


def excludes(hit: Hit, effect: HitEffect, day: date, rules: Rules) -> bool:
    """Return whether a hit keeps its subject off the list when looked at from ``day`` (requirements F02, F05).

    A record of serious dishonesty excludes for ``dishonesty_years`` from the day it was made and, older, as long as it
    is in force; a mere abnormality until it is removed.
    """
    if hit.recorded > day or effect is HitEffect.NOTE:
        return False
    in_force = hit.removed is None or day < hit.removed
    recent = effect is HitEffect.EXCLUDES and day < same_day_years_later(hit.recorded, rules.dishonesty_years)
    return in_force or recent


def findings(
    number: str,
    returns: Sequence[ScreeningReturn],
    wrong: Collection[Rehabilitation],
    period: Period,
    rules: Rules,
    as_of: date,
) -> Iterator[Finding]:
    """Yield what the answers known on ``as_of`` bring upon one number; ``wrong`` records count for nothing.

    Serious dishonesty is counted back from the day of screening, of recognition, or both (``reference_days``); the
    day of recognition is the one the notice sets, so that an objection cannot bring back who is kept off.
    What was removed no longer counts if it was removed before the notice or, found during the notice, before
    recognition, and the source had said so by then, in the same return or a later one;
    found after recognition an abnormality takes a decision to end the entry.
    """
    for answer in returns:
        for hit in answer.hits:
            if hit.number != number or any(_is_wrong(answer, hit, error) for error in wrong):
                continue
            if period.window is not None and answer.day > period.window.not_before:
                finding = _after_recognition(hit, answer, rules)
            else:
                finding = _recent(hit, answer, period, rules) or _in_force(hit, answer, returns, period, as_of, rules)
            if finding:
                yield finding


def required(rules: Rules, deadline: date, subject: Subject) -> tuple[str, ...]:
    """Return the sources whose answers an entry waits for.

    They are those asked about its kind, and asked already when its batch closed (``Source.since``).
    """
    if not rules.sources:
        return rules.screening_sources
    left_out = {
        source.name
        for source in rules.sources
        if not source.is_asked(subject) or (source.since is not None and source.since > deadline)
    }
    return tuple(name for name in rules.screening_sources if name not in left_out)


def screened_on(returns: Sequence[ScreeningReturn], since: date, sources: Sequence[str]) -> date | None:
    """Return the day on which the last of the required ``sources`` had answered, or None while one has not.

    A source can only have looked at entries that had come in: answers before ``since`` do not count. Where no source
    is required, one answer is enough.
    """
    first: dict[str, date] = {}
    for answer in returns:
        if answer.day >= since:
            first[answer.source] = min(answer.day, first.get(answer.source, answer.day))
    if not sources:
        return min(first.values(), default=None)
    if any(source not in first for source in sources):
        return None
    return max(first[source] for source in sources)


def unanswered(returns: Sequence[ScreeningReturn], since: date, sources: Sequence[str]) -> tuple[str, ...]:
    """Return which of the required ``sources`` have not answered since a day."""
    answered = {answer.source for answer in returns if answer.day >= since}
    return tuple(source for source in sources if source not in answered)


def _is_wrong(answer: ScreeningReturn, hit: Hit, error: Rehabilitation) -> bool:
    """Return whether a hit is the record of dishonesty that was found to be wrong (F19)."""
    same_source = error.source in ("", answer.source)
    same_record = hit.recorded == error.recorded if error.recorded else hit.recorded <= error.day
    return answer.effect is HitEffect.EXCLUDES and same_source and same_record


def _after_recognition(hit: Hit, answer: ScreeningReturn, rules: Rules) -> Finding | None:
    """Judge a hit returned after recognition (E2)."""
    if answer.effect is HitEffect.EXCLUDES and excludes(hit, answer.effect, answer.day, rules):
        return Finding(answer.day, Moment.AFTER_RECOGNITION)
    return None


def _recent(hit: Hit, answer: ScreeningReturn, period: Period, rules: Rules) -> Finding | None:
    """Judge a record of serious dishonesty by its age, from each reference day."""
    if answer.effect is not HitEffect.EXCLUDES:
        return None
    aged = replace(hit, removed=hit.recorded)
    if ReferenceDay.SCREENING in rules.reference_days and excludes(aged, answer.effect, answer.day, rules):
        return Finding(answer.day, _moment(answer, period))
    if not period.notice or ReferenceDay.RECOGNITION not in rules.reference_days:
        return None
    if excludes(aged, answer.effect, max(period.notice.not_after + ONE_DAY, answer.day), rules):
        return Finding(max(answer.day, period.notice.not_before), Moment.BEFORE_RECOGNITION)
    return None


def _in_force(
    hit: Hit, answer: ScreeningReturn, returns: Sequence[ScreeningReturn], period: Period, as_of: date, rules: Rules
) -> Finding | None:
    """Judge a record that is in force, of whatever age; what is said of its removal counts if said in time."""
    if answer.effect is HitEffect.NOTE:
        return None
    before_notice = period.start is None or answer.day <= period.start
    limit = period.start if before_notice else period.window.not_before if period.window else None
    day = min(as_of, limit) if limit else as_of
    removed = min(_removals(hit, answer, returns, day), default=None)
    if not excludes(replace(hit, removed=removed), HitEffect.UNTIL_REMOVED, day, rules):
        return None
    return Finding(answer.day, _moment(answer, period))


def _moment(answer: ScreeningReturn, period: Period) -> Moment:
    early = period.start is None or answer.day <= period.start
    return Moment.AT_SCREENING if early else Moment.BEFORE_RECOGNITION


def _removals(hit: Hit, answer: ScreeningReturn, returns: Sequence[ScreeningReturn], day: date) -> Iterator[date]:
    """Yield the days of removal that the source had reported by ``day`` for the same record of the same number."""
    for report in returns:
        if report.source == answer.source and report.day <= day:
            for other in report.hits:
                if (other.number, other.recorded) == (hit.number, hit.recorded) and other.removed:
                    yield other.removed
