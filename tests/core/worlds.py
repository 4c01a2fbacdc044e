"""Whole worlds of facts for hypothesis: a batch or none set, screenings, decisions and rules, around the turn of 2026.

Two people share a number and two share a name, so that every match by one of them alone would show.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import strategies as st

from generator.core.lifecycle import Standing, stand
from generator.core.model import (
    AnyDecision,
    Ground,
    Hit,
    HitEffect,
    Lists,
    PublicationMode,
    ReferenceDay,
    Rules,
    ScreeningReturn,
    Subject,
)
from tests.core.builders import (
    appeal,
    appeal_answered,
    batch,
    correction,
    days,
    document_of,
    lists,
    nomination,
    number,
    objection,
    organisation,
    person,
    rehabilitation,
    resolution,
    screening,
    withdrawal,
)

SUBJECTS: tuple[Subject, ...] = (
    person("钱大同", 1),
    person("孙小异", 1),
    person("钱大同", 2),
    organisation("试验县甲乙食品厂", 1),
)
FIRST, LAST = date(2025, 12, 1), date(2026, 2, 15)
"""The weeks in which things happen."""
ALL_DAYS = (
    *days(FIRST - timedelta(days=2), LAST + timedelta(days=2)),
    *days(date(2026, 12, 20), date(2027, 2, 20))[::3],
)
"""Every day on which something can happen, and days on which the years of validity end."""

BUSY = st.dates(FIRST, LAST)
DISPUTED = st.one_of(st.dates(date(2025, 12, 16), date(2026, 1, 8)), BUSY)
"""Decisions come most often while the notice runs."""


@dataclass(frozen=True)
class World:
    """Facts and the rules they are read by."""

    lists: Lists
    rules: Rules

    def answers(self) -> Iterator[tuple[date, Standing]]:
        """Yield where every entry stands on every day."""
        for day in ALL_DAYS:
            for answer in stand(self.lists, self.rules, day):
                yield day, answer

    def courses(self) -> list[list[tuple[date, Standing]]]:
        """Return, for each entry, where it stands day by day."""
        by_day = [stand(self.lists, self.rules, day) for day in ALL_DAYS]
        return [list(zip(ALL_DAYS, course, strict=True)) for course in zip(*by_day, strict=True)]


@st.composite
def returns(draw: st.DrawFn, day: st.SearchStrategy[date] = BUSY) -> ScreeningReturn:
    """Return one answer of a source; the records it reports are fresh, or about three years old."""
    on = draw(day)
    ages = st.one_of(st.integers(0, 30), st.integers(3 * 365 - 40, 3 * 365 + 10))
    hit = st.builds(
        Hit,
        number=st.sampled_from([document_of(subject) for subject in SUBJECTS]),
        recorded=ages.map(lambda age: on - timedelta(days=age)),
        removed=st.none() | BUSY,
    )
    source, effect = draw(st.sampled_from(["法院", "市监局"])), draw(st.sampled_from(HitEffect))
    return screening(on, *draw(st.lists(hit, max_size=2)), source=source, effect=effect)


@st.composite
def decisions(draw: st.DrawFn, day: st.SearchStrategy[date] = DISPUTED) -> AnyDecision:
    """Return one decision about one of the entries, disputes more often than the rest."""
    subject, on = draw(st.sampled_from(SUBJECTS)), draw(day)
    kinds: list[AnyDecision] = [
        objection(on, subject),
        objection(on, subject),
        resolution(on, upheld=False, subject=subject),
        resolution(on, upheld=False, subject=subject),
        resolution(on, upheld=True, subject=subject),
        withdrawal(on, draw(st.sampled_from(Ground)), subject),
        correction(on, {"name": "钱更正"}, subject),
        correction(on, {"honour": "道德模范"}, subject),
        correction(on, {"number": number(draw(st.integers(1, 4)))}, person("钱大同", 1)),
        appeal(on, subject),
        appeal_answered(on, upheld=True, subject=subject),
        appeal_answered(on, upheld=False, subject=subject),
        rehabilitation(on, subject),
    ]
    return draw(st.sampled_from(kinds))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Return facts in any combination, and rules; most entries arrive and are screened in time."""
    soon = st.dates(FIRST, date(2025, 12, 14))
    early, starts = st.one_of(soon, soon, soon, BUSY), st.dates(date(2025, 12, 16), date(2025, 12, 29))
    nominated = [
        nomination(subject, draw(early), publication=draw(st.sampled_from(PublicationMode))) for subject in SUBJECTS
    ]
    rules = Rules(
        count_first_day=draw(st.booleans()),
        reference_days=draw(st.sampled_from([(), *((day,) for day in ReferenceDay), tuple(ReferenceDay)])),
        screening_sources=draw(st.sampled_from([(), ("法院",), ("法院", "市监局")])),
    )
    in_time = [screening(date(2025, 12, 15), source=source) for source in ("法院", "市监局")]
    return World(
        lists(
            nominated,
            [*draw(st.sampled_from([in_time, in_time, in_time[:1]])), *draw(st.lists(returns(), max_size=3))],
            draw(st.lists(decisions(), max_size=8)),
            batch(notice_start=draw(st.one_of(starts, starts, starts, BUSY, st.none()))),
        ),
        rules,
    )
