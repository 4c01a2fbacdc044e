"""Where a nomination stands on a day, and why: computed from the facts, never stored.

Nominated → screened out | in notice → objected → recognised → left (E1–E4). Source: requirements F02–F08, F16.
A fact counts from its day on; so a fact dated later never changes the answer for an earlier day.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise

from generator.core.addressing import corrected, decisions_by_nomination, relisted
from generator.core.identifiers import canonical_number
from generator.core.model import (
    ONE_DAY,
    AnyDecision,
    Appeal,
    Batch,
    BatchId,
    Correction,
    Ground,
    Hit,
    HitEffect,
    Lists,
    Nomination,
    Objection,
    Rehabilitation,
    Resolution,
    Rules,
    ScreeningReturn,
    Window,
    Withdrawal,
    number_of,
)
from generator.core.screening import Moment, Period, findings, required, screened_on, unanswered
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


OUT = frozenset({Stage.SCREENED_OUT, Stage.LEFT})
"""The stages in which an entry's way has ended, unless a decision opens it again."""

_FOUND = {
    Moment.AT_SCREENING: (Stage.SCREENED_OUT, Reason.HIT_AT_SCREENING),
    Moment.BEFORE_RECOGNITION: (Stage.SCREENED_OUT, Reason.HIT_BEFORE_RECOGNITION),
    Moment.AFTER_RECOGNITION: (Stage.LEFT, Reason.E2_DISHONEST),
}
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
    """Since when a report made after the notice, or an appeal, waits for its answer; the entry stays as it is."""
    unscreened: date | None = None
    """Since when a corrected number waits for every source to look at it; the entry stays as it is meanwhile."""
    waits_for: tuple[str, ...] = ()
    """The required sources that have yet to look at it."""


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


def stand(lists: Lists, rules: Rules, as_of: date) -> tuple[Standing, ...]:
    """Return where every nomination stands on ``as_of``: those that came in as they were read, then the relisted.

    A batch whose notice was set is judged by the rules kept with it, the others by ``rules``.
    Raises ``UncoveredYearError`` where a notice or an answer falls due in a year whose holidays are unknown.
    """
    alike: dict[tuple[object, ...], Standing] = {}
    found = []
    for facts in gather(lists, as_of):
        key = _alike(facts)
        answer = alike.get(key) if key else None
        if answer is None:
            answer = standing(facts, facts.batch.rules or rules, lists.calendar, as_of)
            if key:
                alike[key] = answer
        else:
            answer = replace(answer, nomination=facts.nomination)
        found.append(answer)
    return tuple(found)


def _alike(facts: Facts) -> tuple[object, ...] | None:
    """Return what entries of one standing have in common, or None where something is known of this one alone.

    Nearly all of a large list stand alike: nobody decided anything about them, and no source found them.
    """
    if facts.decisions or facts.elsewhere or any(answer.hits for answer in facts.returns):
        return None
    nomination = facts.nomination
    return facts.batch.id, nomination.received, nomination.honour_ends, nomination.subject.kind


def gather(lists: Lists, as_of: date) -> tuple[Facts, ...]:
    """Return what is known on ``as_of`` about every nomination, the relisted ones last.

    Of the hits of an answer only those on a number that the entry has, or once had, are its facts.
    """
    decisions = [decision for decision in lists.decisions if decision.day <= as_of]
    nominations = (*lists.nominations, *relisted(lists, decisions))
    answers = _Answers([answer for answer in lists.returns if answer.day <= as_of])
    found = []
    for nomination, decided in zip(nominations, decisions_by_nomination(nominations, decisions), strict=True):
        batch, number = nomination.batch, number_of(nomination.subject)
        numbers = {number, *_new_numbers(decided)} if decided else (number,)
        number = number_of(corrected(nomination, decided).subject)
        found.append(
            Facts(
                nomination,
                lists.batches[batch],
                answers.within(batch, numbers),
                decided,
                answers.on_dishonesty_elsewhere(batch, number),
            )
        )
    return tuple(found)


def _new_numbers(decisions: Sequence[AnyDecision]) -> Iterator[str]:
    """Yield every number that a correction gave."""
    for decision in decisions:
        if isinstance(decision, Correction) and "number" in decision.fields:
            yield canonical_number(decision.fields["number"])


class _Answers:
    """Finds answers by batch and by number: a long list of hits is not searched once for each entry."""

    def __init__(self, returns: Sequence[ScreeningReturn]) -> None:
        self._silent = tuple(replace(answer, hits=()) for answer in returns)
        self._places: dict[BatchId, list[int]] = {}
        self._hits: dict[str, list[tuple[int, int, Hit]]] = {}
        for place, answer in enumerate(returns):
            self._places.setdefault(answer.batch, []).append(place)
            for index, hit in enumerate(answer.hits):
                self._hits.setdefault(hit.number, []).append((place, index, hit))
        self._all_silent = {
            batch: tuple(self._silent[place] for place in places) for batch, places in self._places.items()
        }

    def within(self, batch: BatchId, numbers: Collection[str]) -> tuple[ScreeningReturn, ...]:
        """Return the answers for a batch, with their hits on some numbers."""
        hits = self._on(numbers)
        if not hits:
            return self._all_silent.get(batch, ())
        return tuple(self._with(place, hits.get(place, ())) for place in self._places.get(batch, ()))

    def on_dishonesty_elsewhere(self, batch: BatchId, number: str) -> tuple[ScreeningReturn, ...]:
        """Return the answers for other batches that found serious dishonesty under a number, with these hits."""
        found = (self._with(place, hits) for place, hits in self._on((number,)).items())
        return tuple(answer for answer in found if answer.batch != batch and answer.effect is HitEffect.EXCLUDES)

    def _on(self, numbers: Collection[str]) -> dict[int, list[Hit]]:
        """Return the hits on some numbers by the place of their answer, in the order in which they came in."""
        found: dict[int, list[Hit]] = {}
        known = [hit for number in numbers if number in self._hits for hit in self._hits[number]]
        for place, _, hit in sorted(known, key=lambda item: item[:2]):
            found.setdefault(place, []).append(hit)
        return found

    def _with(self, place: int, hits: Sequence[Hit]) -> ScreeningReturn:
        silent = self._silent[place]
        return replace(silent, hits=tuple(hits)) if hits else silent


def known(facts: Facts, day: date) -> Facts:
    """Return what was known of these facts on an earlier day."""
    return replace(
        facts,
        returns=tuple(answer for answer in facts.returns if answer.day <= day),
        decisions=tuple(decision for decision in facts.decisions if decision.day <= day),
        elsewhere=tuple(answer for answer in facts.elsewhere if answer.day <= day),
    )


def history(facts: Facts, rules: Rules, calendar: Calendar, as_of: date) -> tuple[tuple[date, Standing], ...]:
    """Return every day up to ``as_of`` on which an entry's stage or reason changed, and where it stood from then on.

    The first is the day on which it came in.
    """
    rules = facts.batch.rules or rules
    asked: dict[date, Standing] = {}
    waiting = {facts.nomination.received, *_days(facts)}
    while waiting:
        day = waiting.pop()
        if facts.nomination.received <= day <= as_of and day not in asked:
            asked[day] = standing(known(facts, day), rules, calendar, day)
            waiting.update(turning_points(asked[day]))
    course = sorted(asked.items())
    first = course[:1]
    changed = (later for earlier, later in pairwise(course) if _turn(earlier[1]) != _turn(later[1]))
    return (*first, *changed)


def _days(facts: Facts) -> Iterator[date]:
    """Yield every day on which a fact happened or began to count."""
    for answer in (*facts.returns, *facts.elsewhere):
        yield answer.day
        for hit in answer.hits:
            yield from (day for day in (hit.recorded, hit.removed) if day)
    for decision in facts.decisions:
        yield from (decision.day, decision.day + ONE_DAY)
    yield from (day for day in (facts.batch.notice_start,) if day)
    if facts.nomination.honour_ends:
        yield facts.nomination.honour_ends + ONE_DAY


def turning_points(answer: Standing) -> Iterator[date]:
    """Yield the days on which time alone may change a standing."""
    for window in (answer.notice, answer.window):
        if window:
            yield from (window.not_before, window.not_after + ONE_DAY)


def _turn(answer: Standing) -> tuple[object, ...]:
    return answer.stage, answer.reason, answer.reported, answer.unscreened


def standing(facts: Facts, rules: Rules, calendar: Calendar, as_of: date) -> Standing:
    """Return where one nomination stands on ``as_of``; facts dated later must have been left out.

    Whoever was out on any day of the notice has not been published for its length: what opens the way again later
    (a wrong record, a number put right, an appeal) cannot make up for that, and takes a re-listing.
    """
    answer = _standing(facts, rules, calendar, as_of)
    if answer.notice:
        for day in sorted({decision.day for decision in facts.decisions if _reopens(decision)}):
            if day > answer.notice.not_before:
                asked = min(day - ONE_DAY, answer.notice.not_after)
                before = _standing(known(facts, asked), rules, calendar, asked)
                if before.stage in OUT:
                    return replace(before, nomination=answer.nomination, reported=answer.reported, due=answer.due)
    return answer


def _reopens(decision: AnyDecision) -> bool:
    """Return whether a decision can bring back who was out."""
    if isinstance(decision, Resolution):
        return decision.answers == "appeal" and decision.upheld
    return isinstance(decision, Rehabilitation) or (isinstance(decision, Correction) and "number" in decision.fields)


def _standing(facts: Facts, rules: Rules, calendar: Calendar, as_of: date) -> Standing:
    batch = facts.batch
    nomination = corrected(facts.nomination, facts.decisions)
    start = batch.notice_start if batch.notice_start and nomination.received <= batch.notice_start else None
    renumbered = _renumbered(facts.decisions)
    since = max((nomination.received, *(day for day in renumbered if start is None or day <= start)))
    sources = required(rules, batch.deadline, nomination.subject)
    screened = screened_on(facts.returns, since, sources)
    ready = start is not None and screened is not None and screened <= start
    notice = notice_period(start, rules, calendar) if start and ready and start <= as_of else None
    dispute = _dispute(facts, notice)
    window = _window(nomination, notice, dispute, rules)
    reported = _reported(facts, notice)
    unscreened = _unscreened(renumbered, start, facts.returns, sources)
    answer = Standing(
        nomination,
        Stage.NOT_RECEIVED,
        Reason.NOT_YET,
        nomination.received,
        notice=notice,
        window=window,
        late=nomination.received > batch.deadline,
        reported=reported,
        due=_answer_due(reported, rules, calendar) if reported else None,
        unscreened=unscreened,
        waits_for=unanswered(facts.returns, unscreened, sources) if unscreened else (),
    )
    if as_of < nomination.received:
        return answer
    ends, reopened = _ends(facts, number_of(nomination.subject))
    events = [*ends, *_expiries(nomination, window), *_kept_off(facts, nomination, start, notice, window, rules, as_of)]
    if past := [event for event in events if event.day <= as_of]:
        first = min(past, key=lambda event: event.day)
        return replace(answer, stage=first.stage, reason=first.reason, since=max(first.day, nomination.received))
    if notice is None:
        if screened:
            return replace(answer, stage=Stage.NOMINATED, reason=Reason.AWAITING_NOTICE)
        waits_for = unanswered(facts.returns, since, sources)
        return replace(answer, stage=Stage.NOMINATED, reason=Reason.AWAITING_SCREENING, waits_for=waits_for)
    if dispute.open:
        due = _answer_due(dispute.open, rules, calendar)
        since = max(dispute.open, notice.not_before)
        return replace(answer, stage=Stage.OBJECTED, reason=Reason.OBJECTION_OPEN, since=since, due=due)
    if window is None or as_of < window.not_before:
        return _waiting(answer, notice, dispute, as_of)
    reason = Reason.OBJECTION_REJECTED if dispute.settled else Reason.NO_OBJECTION
    since = max(window.not_before, reopened or window.not_before)
    return replace(answer, stage=Stage.RECOGNISED, reason=reason, since=since, until=window.not_after)


def _renumbered(decisions: Sequence[AnyDecision]) -> tuple[date, ...]:
    """Return the days on which the number was put right: whoever was screened before then was somebody else."""
    return tuple(d.day for d in decisions if isinstance(d, Correction) and "number" in d.fields)


def _unscreened(
    renumbered: Sequence[date], start: date | None, returns: Sequence[ScreeningReturn], sources: Sequence[str]
) -> date | None:
    """Return since when a number put right after the notice began waits to be screened."""
    since = max((day for day in renumbered if start and day > start), default=None)
    return since if since and screened_on(returns, since, sources) is None else None


def _window(nomination: Nomination, notice: Window | None, dispute: _Dispute, rules: Rules) -> Window | None:
    """Return the year of validity, no longer than the honour itself lasts; None before it is known."""
    if notice is None or dispute.open:
        return None
    year = validity(max(notice.not_after, dispute.settled or notice.not_after), rules)
    ends = nomination.honour_ends
    return Window(year.not_before, ends) if ends and ends in year else year


def _reported(facts: Facts, notice: Window | None) -> date | None:
    """Return since when a report made after the notice, or an appeal, waits for its answer (F17).

    Neither stops the clock.
    """
    waiting: dict[str, date] = {}
    for decision in facts.decisions:
        if isinstance(decision, Objection) and notice and decision.day > notice.not_after:
            waiting.setdefault("objection", decision.day)
        elif isinstance(decision, Appeal):
            waiting.setdefault("appeal", decision.day)
        elif isinstance(decision, Resolution) and decision.batch == facts.batch.id:
            waiting.pop(decision.answers, None)
    return min(waiting.values(), default=None)


def _answer_due(reported: date, rules: Rules, calendar: Calendar) -> date | None:
    """Return when an objection or report should be answered; None in a year whose holidays nobody knows yet."""
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


def _dispute(facts: Facts, notice: Window | None) -> _Dispute:
    """Follow objections and answers. A report after the notice has ended does not stop the clock (F17).

    An appeal granted against an objection that was upheld settles it as a rejection does; one nobody has answered
    stays open.
    """
    state = _Dispute()
    upheld = False
    for decision in facts.decisions:
        if isinstance(decision, Objection) and notice and decision.day <= notice.not_after:
            state = _Dispute(state.open or decision.day, state.settled, state.open or decision.day)
        elif isinstance(decision, Resolution) and state.open and decision.batch == facts.batch.id:
            appealed = decision.answers == "appeal"
            if (upheld and appealed and decision.upheld) or not (appealed or decision.upheld):
                state, upheld = _Dispute(None, decision.day, state.since), False
            elif not appealed:
                upheld = True
    return state


def _ends(facts: Facts, number: str) -> tuple[list[_Event], date | None]:
    """Return the ends that decisions bring (E1, E2, E3, E4), less those that later decisions undid, and since when.

    An appeal undoes what was decided in its own batch and, where the subject had fallen everywhere, that. What was
    decided of the subject in another batch counts while the entry bears that number, and from when it does.
    """
    renumbered = max(_renumbered(facts.decisions), default=date.min)
    ends: list[tuple[_Event, BatchId]] = []
    reopened: date | None = None
    for decision in facts.decisions:
        own = decision.batch == facts.batch.id
        if not own and decision.number != number:
            continue
        if isinstance(decision, Withdrawal):
            day = decision.day if own else max(decision.day, renumbered)
            ends = [*ends, (_Event(day, Stage.LEFT, _WITHDRAWN[decision.ground]), decision.batch)]
        elif isinstance(decision, Resolution) and decision.answers == "objection" and decision.upheld:
            ends = [*ends, (_Event(decision.day, Stage.LEFT, Reason.E1_OBJECTION_UPHELD), decision.batch)]
        elif isinstance(decision, Resolution) and decision.answers == "appeal" and decision.upheld:
            ends = [(event, batch) for event, batch in ends if batch != decision.batch]
        elif isinstance(decision, Rehabilitation):
            ends = [(event, batch) for event, batch in ends if event.reason is not Reason.E2_DISHONEST]
        if _reopens(decision):
            reopened = decision.day
    return [event for event, _ in ends], reopened


def _cleared(facts: Facts, number: str) -> list[Rehabilitation]:
    """Return the findings that a record was wrong which speak of this number."""
    found = []
    for place, decision in enumerate(facts.decisions):
        if isinstance(decision, Rehabilitation):
            own = decision.batch == facts.batch.id
            bore = number_of(corrected(facts.nomination, facts.decisions[:place]).subject) if own else decision.number
            if bore == number:
                found.append(decision)
    return found


def _expiries(nomination: Nomination, window: Window | None) -> Iterator[_Event]:
    """Yield the ends that time brings (E3): of the year, and of the honour itself."""
    if window:
        yield _Event(window.not_after + ONE_DAY, Stage.LEFT, Reason.E3_EXPIRED)
    if nomination.honour_ends:
        yield _Event(nomination.honour_ends + ONE_DAY, Stage.LEFT, Reason.E3_EXPIRED)


def _kept_off(
    facts: Facts,
    nomination: Nomination,
    start: date | None,
    notice: Window | None,
    window: Window | None,
    rules: Rules,
    as_of: date,
) -> Iterator[_Event]:
    """Yield the ends that screening brings: out before recognition, E2 after it."""
    number = number_of(nomination.subject)
    returns, period = facts.returns + facts.elsewhere, Period(start, notice, window)
    for finding in findings(number, returns, _cleared(facts, number), period, rules, as_of):
        stage, reason = _FOUND[finding.moment]
        yield _Event(finding.day, stage, reason)
