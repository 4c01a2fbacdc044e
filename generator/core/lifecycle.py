"""Where a nomination stands on a day, and why: computed from the facts, never stored.

Nominated → screened out | in notice → objected → recognised → left (E1–E4). Source: requirements F02–F08, F16.
A fact counts from its day on; so a fact dated later never changes the answer for an earlier day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from generator.core.identifiers import canonical_number
from generator.core.model import (
    ONE_DAY,
    AnyDecision,
    Batch,
    Correction,
    Ground,
    Hit,
    HitEffect,
    Lists,
    Nomination,
    Objection,
    Person,
    ReferenceDay,
    Resolution,
    Rules,
    ScreeningReturn,
    Window,
    Withdrawal,
    number_of,
)
from generator.core.names import canonical
from generator.core.workdays import Calendar, UncoveredYearError, same_day_years_later


class Stage(StrEnum):
    """Every nomination is in exactly one stage on every day."""

    NOT_RECEIVED = "not-received"
    NOMINATED = "nominated"
    SCREENED_OUT = "screened-out"
    IN_NOTICE = "in-notice"
    OBJECTED = "objected"
    RECOGNISED = "recognised"
    LEFT = "left"


class Reason(StrEnum):
    """Why a nomination is in its stage; the four exits carry the numbers of requirement F16."""

    NOT_YET = "not-yet"
    AWAITING_SCREENING = "awaiting-screening"
    AWAITING_NOTICE = "awaiting-notice"
    HIT_AT_SCREENING = "hit-at-screening"
    HIT_BEFORE_RECOGNITION = "hit-before-recognition"
    NOTICE_RUNNING = "notice-running"
    OBJECTION_OPEN = "objection-open"
    NO_OBJECTION = "no-objection"
    OBJECTION_REJECTED = "objection-rejected"
    E1_OBJECTION_UPHELD = "E1-objection-upheld"
    E2_DISHONEST = "E2-dishonest"
    E2_ABUSE = "E2-abuse"
    E3_EXPIRED = "E3-expired"
    E3_NOT_RENEWED = "E3-not-renewed"
    E4_STANDARD_CHANGED = "E4-standard-changed"


_WITHDRAWN = {
    Ground.DISHONEST: Reason.E2_DISHONEST,
    Ground.ABUSE: Reason.E2_ABUSE,
    Ground.NOT_RENEWED: Reason.E3_NOT_RENEWED,
    Ground.STANDARD_CHANGED: Reason.E4_STANDARD_CHANGED,
}


@dataclass(frozen=True, slots=True)
class Standing:
    """The answer for one nomination on one day.

    ``nomination`` has its corrections applied; ``since`` is the first day of this stage; ``until`` the last day it
    will last if nothing happens (None where that is open); ``notice`` and ``window`` are the notice period and
    the year of validity once they are known; ``due`` the day by which open objections must be answered.
    """

    nomination: Nomination
    stage: Stage
    reason: Reason
    since: date
    until: date | None = None
    notice: Window | None = None
    window: Window | None = None
    due: date | None = None
    late: bool = False
    reported: date | None = None
    """Since when a report made after the notice waits for its answer; the entry stays recognised meanwhile."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about one nomination on one day; later facts have been left out."""

    nomination: Nomination
    batch: Batch
    returns: tuple[ScreeningReturn, ...]
    decisions: tuple[AnyDecision, ...]
    elsewhere: tuple[ScreeningReturn, ...] = ()
    """Returns on serious dishonesty filed under other batches that name this number: they speak of the subject."""


def notice_period(start: date, rules: Rules, calendar: Calendar) -> Window:
    """Return the notice period that starts on ``start`` (requirement F06)."""
    last = calendar.last_working_day(start, rules.notice_working_days, count_start=rules.count_first_day)
    return Window(start, last)


def validity(notice_end: date, rules: Rules) -> Window:
    """Return the year of validity: from the day after the notice to the day before that day's anniversary (F08).

    The anniversary of 29 February is 28 February, so a year that starts on it ends on the 28th, as F08 says.
    """
    first = notice_end + ONE_DAY
    anniversary = same_day_years_later(first, rules.validity_years)
    return Window(first, anniversary if anniversary.day != first.day else anniversary - ONE_DAY)


def excludes(hit: Hit, effect: HitEffect, day: date, rules: Rules) -> bool:
    """Return whether a hit keeps its subject off the list when looked at from ``day`` (requirements F02, F05).

    A record of serious dishonesty excludes for ``dishonesty_years`` from the day it was made; a mere abnormality
    excludes until it is removed.
    """
    if hit.recorded > day:
        return False
    if effect is HitEffect.EXCLUDES:
        return day < same_day_years_later(hit.recorded, rules.dishonesty_years)
    if effect is HitEffect.UNTIL_REMOVED:
        return hit.removed is None or day < hit.removed
    return False


def stand(lists: Lists, rules: Rules, as_of: date) -> tuple[Standing, ...]:
    """Return where every nomination stands on ``as_of``, in the order in which they were read.

    Raises ``UncoveredYearError`` where a notice or an answer falls due in a year whose holidays are unknown.
    """
    returns: dict[str, list[ScreeningReturn]] = {}
    dishonest: dict[str, list[ScreeningReturn]] = {}
    for answer in lists.returns:
        if answer.day <= as_of:
            returns.setdefault(answer.batch, []).append(answer)
            if answer.effect is HitEffect.EXCLUDES:
                for number in {hit.number for hit in answer.hits}:
                    dishonest.setdefault(number, []).append(answer)
    decisions = decisions_by_nomination(lists.nominations, [d for d in lists.decisions if d.day <= as_of])
    return tuple(
        standing(
            Facts(
                nomination,
                lists.batches[nomination.batch],
                tuple(returns.get(nomination.batch, ())),
                decided,
                tuple(a for a in dishonest.get(number_of(nomination.subject), ()) if a.batch != nomination.batch),
            ),
            rules,
            lists.calendar,
            as_of,
        )
        for nomination, decided in zip(lists.nominations, decisions, strict=True)
    )


def decisions_by_nomination(
    nominations: Sequence[Nomination], decisions: Iterable[AnyDecision]
) -> tuple[tuple[AnyDecision, ...], ...]:
    """Return, for each nomination, the decisions that address it, in order of their days.

    A decision addresses a person's by batch, number and name: the name first nominated or one corrected to; an
    organisation's by batch and code, since names of organisations vary in spelling. Who is withdrawn as dishonest or
    for abuse leaves with every entry received by then, in whatever batch (F16): it is the subject that has fallen.
    """
    of: list[list[AnyDecision]] = [[] for _ in nominations]
    names = [{canonical(nomination.subject.name)} for nomination in nominations]
    by_number: dict[tuple[str, str], list[int]] = {}
    for index, nomination in enumerate(nominations):
        by_number.setdefault((nomination.batch, number_of(nomination.subject)), []).append(index)
    everywhere: dict[str, list[int]] = {}
    for index, nomination in enumerate(nominations):
        everywhere.setdefault(number_of(nomination.subject), []).append(index)
    for decision in sorted(decisions, key=lambda d: d.day):
        if isinstance(decision, Withdrawal) and decision.ground in (Ground.DISHONEST, Ground.ABUSE):
            for index in everywhere.get(canonical_number(decision.number), ()):
                other = nominations[index].batch != decision.batch
                if other and nominations[index].received <= decision.day:
                    of[index].append(decision)
        for index in by_number.get((decision.batch, canonical_number(decision.number)), ()):
            person = isinstance(nominations[index].subject, Person)
            if not person or canonical(decision.name) in names[index]:
                of[index].append(decision)
                if isinstance(decision, Correction) and "name" in decision.fields:
                    names[index].add(canonical(decision.fields["name"]))
    return tuple(map(tuple, of))


def standing(facts: Facts, rules: Rules, calendar: Calendar, as_of: date) -> Standing:
    """Return where one nomination stands on ``as_of``; facts dated later must have been left out."""
    batch = facts.batch
    nomination = _corrected(facts.nomination, facts.decisions)
    start = batch.notice_start if batch.notice_start and nomination.received <= batch.notice_start else None
    screened = _screened_on(nomination, facts.returns, rules)
    ready = start is not None and screened is not None and screened <= start
    notice = notice_period(start, rules, calendar) if start and ready and start <= as_of else None
    dispute = _dispute(facts.decisions, notice)
    window = (
        validity(max(notice.not_after, dispute.settled or notice.not_after), rules)
        if notice and not dispute.open
        else None
    )
    answer = Standing(
        nomination,
        Stage.NOT_RECEIVED,
        Reason.NOT_YET,
        nomination.received,
        notice=notice,
        window=window,
        late=nomination.received > batch.deadline,
    )
    if as_of < nomination.received:
        return answer
    events = [
        *_exits(facts.decisions, window),
        *_hits(nomination, facts.returns + facts.elsewhere, start, notice, window, rules, as_of),
    ]
    if past := [event for event in events if event.day <= as_of]:
        first = min(past, key=lambda event: event.day)
        return replace(answer, stage=first.stage, reason=first.reason, since=max(first.day, nomination.received))
    if notice is None:
        reason = Reason.AWAITING_NOTICE if screened else Reason.AWAITING_SCREENING
        return replace(answer, stage=Stage.NOMINATED, reason=reason)
    if dispute.open:
        due = calendar.last_working_day(dispute.open, rules.objection_working_days, count_start=False)
        since = max(dispute.open, notice.not_before)
        return replace(answer, stage=Stage.OBJECTED, reason=Reason.OBJECTION_OPEN, since=since, due=due)
    if window is None or as_of < window.not_before:
        return _waiting(answer, notice, dispute, as_of)
    reason = Reason.OBJECTION_REJECTED if dispute.settled else Reason.NO_OBJECTION
    reported = _reported(facts.decisions, notice)
    return replace(
        answer,
        stage=Stage.RECOGNISED,
        reason=reason,
        since=window.not_before,
        until=window.not_after,
        reported=reported,
        due=_answer_due(reported, rules, calendar) if reported else None,
    )


def _reported(decisions: Sequence[AnyDecision], notice: Window) -> date | None:
    """Return since when a report made after the notice waits for its answer (F17); it does not stop the clock."""
    since: date | None = None
    for decision in decisions:
        if isinstance(decision, Objection) and decision.day > notice.not_after:
            since = since or decision.day
        elif isinstance(decision, Resolution):
            since = None
    return since


def _answer_due(reported: date, rules: Rules, calendar: Calendar) -> date | None:
    """Return when a report should be answered; None in a year whose holidays are unknown: no list waits for it."""
    try:
        return calendar.last_working_day(reported, rules.objection_working_days, count_start=False)
    except UncoveredYearError:
        return None


def _waiting(answer: Standing, notice: Window, dispute: _Dispute, as_of: date) -> Standing:
    """Return the answer for an entry without open objections before its first day of validity.

    On the day of an answer given after the notice it still counts as objected to; the next day it is recognised.
    """
    if as_of > notice.not_after:
        return replace(
            answer,
            stage=Stage.OBJECTED,
            reason=Reason.OBJECTION_REJECTED,
            since=max(dispute.since or as_of, notice.not_before),
            until=dispute.settled,
        )
    since = max(notice.not_before, dispute.settled or notice.not_before)
    return replace(answer, stage=Stage.IN_NOTICE, reason=Reason.NOTICE_RUNNING, since=since, until=notice.not_after)


@dataclass(frozen=True, slots=True)
class _Event:
    """Something that ends a nomination's way, on its first day."""

    day: date
    stage: Stage
    reason: Reason


@dataclass(frozen=True, slots=True)
class _Dispute:
    """Objections made by the last day of the notice: since when one is open, when the last was rejected.

    ``since`` is the day on which the last dispute, open or not, began.
    """

    open: date | None = None
    settled: date | None = None
    since: date | None = None


def _dispute(decisions: Sequence[AnyDecision], notice: Window | None) -> _Dispute:
    """Follow objections and answers. A report after the notice has ended does not stop the clock (F17)."""
    state = _Dispute()
    for decision in decisions:
        if isinstance(decision, Objection) and notice and decision.day <= notice.not_after:
            state = _Dispute(state.open or decision.day, state.settled, state.open or decision.day)
        elif isinstance(decision, Resolution) and state.open and not decision.upheld:
            state = _Dispute(None, decision.day, state.since)
    return state


def _exits(decisions: Sequence[AnyDecision], window: Window | None) -> Iterator[_Event]:
    """Yield the ends that decisions and time bring (E1–E4)."""
    for decision in decisions:
        if isinstance(decision, Resolution) and decision.upheld:
            yield _Event(decision.day, Stage.LEFT, Reason.E1_OBJECTION_UPHELD)
        elif isinstance(decision, Withdrawal):
            yield _Event(decision.day, Stage.LEFT, _WITHDRAWN[decision.ground])
    if window:
        yield _Event(window.not_after + ONE_DAY, Stage.LEFT, Reason.E3_EXPIRED)


def _hits(
    nomination: Nomination,
    returns: Sequence[ScreeningReturn],
    start: date | None,
    notice: Window | None,
    window: Window | None,
    rules: Rules,
    as_of: date,
) -> Iterator[_Event]:
    """Yield the ends that screening brings: out before recognition, E2 after it.

    Serious dishonesty is counted back from the day of screening, of recognition, or both (``reference_days``); the
    day of recognition is the one the notice sets, so that an objection cannot bring back who is kept off.
    An abnormality no longer counts if it was removed before the notice or, found during the notice, before recognition,
    and the source had said so by then, in the same return or a later one;
    found after recognition it takes a decision to end the entry.
    """
    number = number_of(nomination.subject)
    for answer in returns:
        for hit in answer.hits:
            if hit.number != number:
                continue
            after = window is not None and answer.day > window.not_before
            if after:
                event = _removal(hit, answer, rules)
            elif answer.effect is HitEffect.UNTIL_REMOVED:
                event = _abnormal(hit, answer, returns, start, window, as_of, rules)
            else:
                event = _dishonest(hit, answer, start, notice, rules)
            if event:
                yield event


def _removal(hit: Hit, answer: ScreeningReturn, rules: Rules) -> _Event | None:
    """Judge a hit returned after recognition (E2)."""
    if answer.effect is HitEffect.EXCLUDES and excludes(hit, answer.effect, answer.day, rules):
        return _Event(answer.day, Stage.LEFT, Reason.E2_DISHONEST)
    return None


def _abnormal(
    hit: Hit,
    answer: ScreeningReturn,
    returns: Sequence[ScreeningReturn],
    start: date | None,
    window: Window | None,
    as_of: date,
    rules: Rules,
) -> _Event | None:
    """Judge an abnormality found before recognition; what is said of its removal counts if said in time."""
    before_notice = start is None or answer.day <= start
    limit = start if before_notice else window.not_before if window else None
    day = min(as_of, limit) if limit else as_of
    removed = min(_removals(hit, answer, returns, day), default=None)
    if not excludes(replace(hit, removed=removed), answer.effect, day, rules):
        return None
    return _Event(answer.day, Stage.SCREENED_OUT, _kept_off(answer, start))


def _dishonest(
    hit: Hit, answer: ScreeningReturn, start: date | None, notice: Window | None, rules: Rules
) -> _Event | None:
    """Judge a record of serious dishonesty known before recognition, from each reference day."""
    if ReferenceDay.SCREENING in rules.reference_days and excludes(hit, answer.effect, answer.day, rules):
        return _Event(answer.day, Stage.SCREENED_OUT, _kept_off(answer, start))
    if not notice or ReferenceDay.RECOGNITION not in rules.reference_days:
        return None
    if excludes(hit, answer.effect, max(notice.not_after + ONE_DAY, answer.day), rules):
        return _Event(max(answer.day, notice.not_before), Stage.SCREENED_OUT, Reason.HIT_BEFORE_RECOGNITION)
    return None


def _kept_off(answer: ScreeningReturn, start: date | None) -> Reason:
    return Reason.HIT_AT_SCREENING if start is None or answer.day <= start else Reason.HIT_BEFORE_RECOGNITION


def _removals(hit: Hit, answer: ScreeningReturn, returns: Sequence[ScreeningReturn], day: date) -> Iterator[date]:
    """Yield the days of removal that the source had reported by ``day`` for the same record of the same number."""
    for report in returns:
        if report.source == answer.source and report.day <= day:
            for other in report.hits:
                if (other.number, other.recorded) == (hit.number, hit.recorded) and other.removed:
                    yield other.removed


def _screened_on(nomination: Nomination, returns: Sequence[ScreeningReturn], rules: Rules) -> date | None:
    """Return the day on which the last of the required sources had answered, or None while one has not.

    A source can only have looked at entries that had come in. Where no source is required, one answer is enough.
    """
    first: dict[str, date] = {}
    for answer in returns:
        if answer.day >= nomination.received:
            first[answer.source] = min(answer.day, first.get(answer.source, answer.day))
    if not rules.screening_sources:
        return min(first.values(), default=None)
    if any(source not in first for source in rules.screening_sources):
        return None
    return max(first[source] for source in rules.screening_sources)


def _corrected(nomination: Nomination, decisions: Sequence[AnyDecision]) -> Nomination:
    """Return the nomination with its corrections applied; a corrected name keeps the first one for references."""
    for decision in decisions:
        if isinstance(decision, Correction):
            fields = dict(decision.fields)
            if name := fields.pop("name", None):
                subject = replace(nomination.subject, name=name)
                nomination = replace(nomination, subject=subject, nominated_as=nomination.origin)
            nomination = replace(nomination, **fields)  # type: ignore[arg-type]
    return nomination
