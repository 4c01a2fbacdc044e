"""What is going on and what is due next: pure values from an office, for ``xinyi status`` to tell.

What will change by itself is not foretold by rules of its own: ``lifecycle`` is asked where everyone stands on the next
day that could change anything, until on one of them something does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from generator.build.office import Office
from generator.core import lifecycle
from generator.core.audience import in_force
from generator.core.lifecycle import Facts, Reason, Stage, Standing
from generator.core.model import (
    ONE_DAY,
    Appeal,
    Batch,
    Nomination,
    Objection,
    Resolution,
    Rules,
    Window,
)
from generator.core.workdays import Calendar, UncoveredYearError

EXPIRING_WITHIN = timedelta(days=30)
_ASKED_AHEAD = timedelta(days=400)
"""How far ahead the first day without known holidays is looked for."""


@dataclass(frozen=True, slots=True)
class AtStage:
    """The entries of one batch in one stage: how many for each reason, and the first and the last of their ends."""

    stage: Stage
    reasons: Mapping[Reason, int]
    until: Window | None

    @property
    def count(self) -> int:
        """How many they are."""
        return sum(self.reasons.values())


@dataclass(frozen=True, slots=True)
class Round:
    """A batch on one day."""

    batch: Batch
    notice: Window | None
    stages: tuple[AtStage, ...]
    late: int
    waits_for: Mapping[str, int]
    """How many nominations wait for each source."""
    answer_due: date | None
    """By when the first open objection or appeal must be answered."""

    @property
    def count(self) -> int:
        """How many entries it has."""
        return sum(stage.count for stage in self.stages)

    @property
    def over(self) -> bool:
        """Whether nothing of it is on the way or in force any more."""
        return bool(self.stages) and all(stage.stage in lifecycle.OUT for stage in self.stages)


@dataclass(frozen=True, slots=True)
class Dispute:
    """An entry about which somebody waits for an answer; ``place`` is its place among the standings."""

    place: int
    kinds: tuple[str, ...]
    """``objection``, ``appeal``, or both."""
    since: date
    due: date | None


@dataclass(frozen=True, slots=True)
class Unscreened:
    """A recognised or published entry whose corrected number the sources have yet to look at."""

    place: int
    since: date
    waits_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """The first day on which the site would differ from today's, if nothing else is recorded, and why."""

    day: date
    moves: Mapping[tuple[Stage, Stage, Reason], int]
    """How many entries go from which stage to which, for what reason."""
    snapshots: tuple[str, ...]
    """Snapshots that come into force, or run out, or give way."""
    pages: int
    """How many notices and cases of that day appear."""


@dataclass(frozen=True, slots=True)
class Holidays:
    """The first year whose days off are not known, and the first day on which a period might reach into it."""

    year: int
    needed: date


@dataclass(frozen=True, slots=True)
class Agenda:
    """What is going on in an office on one day, and what is due."""

    rounds: tuple[Round, ...]
    disputes: tuple[Dispute, ...]
    unscreened: tuple[Unscreened, ...]
    expiring: Mapping[date, int]
    """How many entries have which of the next thirty days as their last."""
    change: Change | None
    holidays: Holidays | None


def agenda(office: Office) -> Agenda:
    """Return what is going on in an office, and what is due."""
    soon = office.as_of + EXPIRING_WITHIN
    lasting = (s.until for s in office.standings if s.stage is Stage.RECOGNISED and s.until and s.until <= soon)
    return Agenda(
        rounds=tuple(_rounds(office)),
        disputes=_disputes(office),
        unscreened=tuple(
            Unscreened(place, standing.unscreened, standing.waits_for)
            for place, standing in enumerate(office.standings)
            if standing.unscreened and standing.stage not in lifecycle.OUT
        ),
        expiring=dict(sorted(Counter(lasting).items())),
        change=next_change(office),
        holidays=_holidays(office.lists.calendar, office.content.settings.rules, office.as_of),
    )


def _rounds(office: Office) -> Iterator[Round]:
    standings: dict[str, list[Standing]] = {batch: [] for batch in office.lists.batches}
    for standing in office.standings:
        standings[standing.nomination.batch].append(standing)
    for batch in office.lists.batches.values():
        mine = standings[batch.id]
        yield Round(
            batch=batch,
            notice=office.notices.get(batch.id),
            stages=tuple(_at(stage, [s for s in mine if s.stage is stage]) for stage in _stages_of(mine)),
            late=sum(standing.late for standing in mine),
            answer_due=min((s.due for s in mine if s.due), default=None),
            waits_for=Counter(source for s in mine if s.reason is Reason.AWAITING_SCREENING for source in s.waits_for),
        )


def _stages_of(standings: Iterable[Standing]) -> list[Stage]:
    """Return the stages that occur, in the order of an entry's way."""
    there = {standing.stage for standing in standings}
    return [stage for stage in Stage if stage in there]


def _at(stage: Stage, standings: list[Standing]) -> AtStage:
    reasons = Counter(standing.reason for standing in standings)
    ends = {standing.until for standing in standings if standing.until}
    ordered = {reason: reasons[reason] for reason in Reason if reasons[reason]}
    return AtStage(stage, ordered, Window(min(ends), max(ends)) if ends else None)


# -- what waits for somebody -----------------------------------------------------------------------------------


def _disputes(office: Office) -> tuple[Dispute, ...]:
    """Return who waits for an answer, the first due first."""
    waiting = [place for place, standing in enumerate(office.standings) if _waits_for_answer(standing)]
    facts = lifecycle.gather(office.lists, office.as_of) if waiting else ()
    found = []
    for place in waiting:
        standing = office.standings[place]
        since = standing.reported or standing.since
        found.append(Dispute(place, _unanswered(facts[place]), since, standing.due))
    return tuple(sorted(found, key=lambda dispute: (dispute.due or date.max, dispute.since, dispute.place)))


def _waits_for_answer(standing: Standing) -> bool:
    return standing.reported is not None or standing.reason is Reason.OBJECTION_OPEN


def _unanswered(facts: Facts) -> tuple[str, ...]:
    """Return whether an objection, an appeal or both have no answer yet."""
    waiting: set[str] = set()
    for decision in facts.decisions:
        if isinstance(decision, Objection | Appeal):
            waiting.add(decision.kind)
        elif isinstance(decision, Resolution) and decision.batch == facts.batch.id:
            waiting.discard(decision.answers)
    return tuple(kind for kind in ("objection", "appeal") if kind in waiting)


def _holidays(calendar: Calendar, rules: Rules, as_of: date) -> Holidays | None:
    """Return from which day on a notice or an answer might fall due in a year whose days off are not known."""
    for offset in range(_ASKED_AHEAD.days):
        day = as_of + timedelta(days=offset)
        try:
            lifecycle.notice_period(day, rules, calendar)
            calendar.last_working_day(day, rules.objection_working_days, count_start=False)
        except UncoveredYearError as error:
            return Holidays(error.year, day)
    return None


# -- what changes by itself ------------------------------------------------------------------------------------


def next_change(office: Office) -> Change | None:
    """Return what changes next on the site if nothing else is recorded; None if nothing ever does."""
    dated = Counter(publishing_days(office))
    today = in_force(office.lists.snapshots, office.as_of)
    standing_days, other_days = _days_of_standings(office), _days_of_content(office)
    for day in sorted(standing_days | other_days):
        moves = _moves(office, day) if day in standing_days else {}
        differing = {one.id for one in today} ^ {one.id for one in in_force(office.lists.snapshots, day)}
        if moves or differing or dated[day]:
            return Change(day, moves, tuple(sorted(differing)), dated[day])
    return None


def _moves(office: Office, day: date) -> Mapping[tuple[Stage, Stage, Reason], int]:
    """Return how many entries will have gone from which stage to which by a day."""
    try:
        later = lifecycle.stand(office.lists, office.content.settings.rules, day)
    except UncoveredYearError:  # an objection of a later day, to be answered in a year whose days off are not known
        return {}
    return Counter(
        (before.stage, after.stage, after.reason)
        for before, after in zip(office.standings, later, strict=False)
        if shown(before, office.as_of) != shown(after, day)
    )


def shown(standing: Standing, day: date) -> str:
    """Return on which page an entry stands on a day, if it may be published at all."""
    if standing.stage in (Stage.IN_NOTICE, Stage.OBJECTED):
        return "notice" if standing.notice and day in standing.notice else ""
    return "list" if standing.stage is Stage.RECOGNISED else ""


def _days_of_standings(office: Office) -> set[date]:
    """Return the days to come on which time, or a fact already written down for a later day, may move an entry."""
    lists = office.lists
    days = {batch.notice_start for batch in lists.batches.values() if batch.notice_start}
    for ahead in {_ahead(standing) for standing in office.standings}:
        days.update(day for day in ahead if day)
    for answer in lists.returns:
        days.add(answer.day)
        for hit in answer.hits:
            days.update(day for day in (hit.recorded, hit.removed) if day)
    for decision in lists.decisions:
        days.update((decision.day, decision.day + ONE_DAY))
    return {day for day in days if day > office.as_of}


def _ahead(standing: Standing) -> tuple[date | None, ...]:
    """Return the days on which time alone may move an entry."""
    nomination: Nomination = standing.nomination
    ends = nomination.honour_ends + ONE_DAY if nomination.honour_ends else None
    return (nomination.received, ends, *lifecycle.turning_points(standing))


def _days_of_content(office: Office) -> set[date]:
    """Return the days to come on which snapshots or pages change."""
    days = set(publishing_days(office))
    for snapshot in office.lists.snapshots:
        days.update((snapshot.taken, snapshot.window.not_before, snapshot.window.not_after + ONE_DAY))
    return {day for day in days if day > office.as_of}


def publishing_days(office: Office) -> Iterator[date]:
    """Yield the day of every notice and case: none is shown before its own."""
    yield from (notice.published for notice in office.content.notices)
    yield from (case.published for case in office.content.cases)
