"""What is going on and what is due: counted as the standings say, and foretold as they will turn out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings

from generator.build.agenda import Dispute, Holidays, agenda, next_change, shown
from generator.build.office import Office
from generator.core import lifecycle
from generator.core.lifecycle import Reason, Stage, stand
from generator.core.model import (
    AnyDecision,
    Batch,
    Case,
    Ground,
    Lists,
    Nomination,
    Notice,
    Rules,
    ScreeningReturn,
    Snapshot,
    Window,
)
from tests.core.builders import (
    BATCH,
    CALENDAR,
    announced,
    appeal,
    batch,
    correction,
    lists,
    nomination,
    number,
    objection,
    person,
    resolution,
    screening,
    withdrawal,
)
from tests.core.worlds import ALL_DAYS, World, worlds
from tests.site.builders import content

ON_NOTICE, RECOGNISED = date(2026, 1, 5), date(2026, 2, 2)
"""A day within the notice of the builders' batch (2025-12-25 to 2026-01-06), and one within its year."""
SOURCES = Rules(screening_sources=("法院", "市监局"))


def office(
    as_of: date,
    nominations: tuple[Nomination, ...] = (),
    returns: tuple[ScreeningReturn, ...] = (),
    decisions: tuple[AnyDecision, ...] = (),
    in_batch: Batch | None = None,
    rules: Rules | None = None,
) -> Office:
    """Return an office with one batch."""
    return of(lists(nominations, returns, decisions, in_batch), rules or Rules(), as_of)


def of(facts: Lists, rules: Rules, as_of: date) -> Office:
    known = content()
    known = replace(known, settings=replace(known.settings, rules=rules), notices=(), cases=())
    notices = {
        one.id: lifecycle.notice_period(one.notice_start, rules, facts.calendar)
        for one in facts.batches.values()
        if one.notice_start
    }
    return Office(known, facts, stand(facts, rules, as_of), notices, as_of)


PEOPLE = tuple(nomination(person(f"钱{index}", index), date(2025, 12, 14 + index)) for index in range(4))


class TestRounds:
    def test_what_a_batch_in_its_notice_tells(self) -> None:
        late = nomination(person("孙迟", 9), date(2025, 12, 21))
        found = office(ON_NOTICE, (*PEOPLE, late), decisions=(objection(date(2025, 12, 29), PEOPLE[1].subject),))
        (one,) = agenda(found).rounds
        assert [(stage.stage, stage.count) for stage in one.stages] == [(Stage.IN_NOTICE, 4), (Stage.OBJECTED, 1)]
        assert one.stages[0].until == Window(date(2026, 1, 6), date(2026, 1, 6))
        assert (one.count, one.late, one.notice) == (5, 1, Window(date(2025, 12, 25), date(2026, 1, 6)))
        assert one.answer_due == date(2026, 1, 20)  # fifteen working days on; 4 January, a Sunday, is one
        assert not one.over

    def test_whom_the_nominated_wait_for(self) -> None:
        found = office(date(2025, 12, 23), PEOPLE, (screening(),), in_batch=batch(notice_start=None), rules=SOURCES)
        (one,) = agenda(found).rounds
        assert one.waits_for == {"市监局": 4}
        assert one.stages[0].reasons == {Reason.AWAITING_SCREENING: 4}

    def test_a_batch_of_which_nobody_is_left_is_over(self) -> None:
        (one,) = agenda(office(date(2027, 1, 7), PEOPLE)).rounds
        assert one.over
        assert one.stages[0].reasons == {Reason.E3_EXPIRED: 4}

    def test_a_batch_without_entries_is_not(self) -> None:
        facts = replace(lists(), nominations=())
        (one,) = agenda(of(facts, Rules(), ON_NOTICE)).rounds
        assert (one.over, one.count, one.stages) == (False, 0, ())

    @given(worlds())
    @settings(max_examples=30)
    def test_every_entry_is_counted_once(self, world: World) -> None:
        for day in ALL_DAYS[::9]:
            found = of(world.lists, world.rules, day)
            assert sum(one.count for one in agenda(found).rounds) == len(found.standings)


class TestDisputes:
    def test_in_the_order_in_which_they_are_due(self) -> None:
        decisions = (
            objection(date(2025, 12, 30), PEOPLE[0].subject),
            objection(date(2025, 12, 26), PEOPLE[1].subject),
            objection(date(2025, 12, 26), PEOPLE[2].subject),
            resolution(date(2025, 12, 29), upheld=False, subject=PEOPLE[2].subject),
        )
        found = agenda(office(ON_NOTICE, PEOPLE, decisions=decisions)).disputes
        assert [(one.place, one.kinds, one.since) for one in found] == [
            (1, ("objection",), date(2025, 12, 26)),
            (0, ("objection",), date(2025, 12, 30)),
        ]

    def test_a_report_after_the_notice(self) -> None:
        reported = objection(date(2026, 1, 20), PEOPLE[3].subject)
        (found,) = agenda(office(RECOGNISED, PEOPLE, decisions=(reported,))).disputes
        due = CALENDAR.last_working_day(reported.day, 15, count_start=False)
        assert found == Dispute(3, ("objection",), reported.day, due)

    def test_an_appeal_of_who_left(self) -> None:
        decisions = (
            withdrawal(date(2026, 1, 19), Ground.NOT_RENEWED, PEOPLE[0].subject),
            appeal(date(2026, 1, 20), PEOPLE[0].subject),
        )
        (found,) = agenda(office(RECOGNISED, PEOPLE, decisions=decisions)).disputes
        assert (found.place, found.kinds) == (0, ("appeal",))

    def test_both_at_once(self) -> None:
        decisions = (objection(date(2026, 1, 19), PEOPLE[0].subject), appeal(date(2026, 1, 20), PEOPLE[0].subject))
        (found,) = agenda(office(RECOGNISED, PEOPLE, decisions=decisions)).disputes
        assert (found.kinds, found.since) == (("objection", "appeal"), date(2026, 1, 19))


class TestUnscreened:
    CORRECTED = correction(date(2026, 1, 20), {"number": number(5)}, PEOPLE[0].subject)

    def test_a_corrected_number_waits_for_every_source(self) -> None:
        both = (screening(), screening(source="市监局"))
        again = screening(date(2026, 1, 26))
        found = agenda(office(RECOGNISED, PEOPLE, (*both, again), (self.CORRECTED,), rules=SOURCES))
        (one,) = found.unscreened
        assert (one.place, one.since, one.waits_for) == (0, date(2026, 1, 20), ("市监局",))

    def test_who_has_left_is_not_waited_for(self) -> None:
        left = withdrawal(date(2026, 1, 21), Ground.ABUSE, person("钱0", 5))
        found = office(
            RECOGNISED, PEOPLE, (screening(), screening(source="市监局")), (self.CORRECTED, left), rules=SOURCES
        )
        assert found.standings[0].stage is Stage.LEFT
        assert agenda(found).unscreened == ()


class TestExpiring:
    @pytest.mark.parametrize(
        ("as_of", "expected"),
        [
            (date(2026, 12, 6), {}),
            (date(2026, 12, 7), {date(2027, 1, 6): 4}),
            (date(2027, 1, 6), {date(2027, 1, 6): 4}),
            (date(2027, 1, 7), {}),
        ],
    )
    def test_of_the_next_thirty_days(self, as_of: date, expected: dict[date, int]) -> None:
        assert agenda(office(as_of, PEOPLE)).expiring == expected


class TestHolidays:
    """From which day on the State Council's next notice is needed: the first whose periods reach into its year."""

    def test_the_day_before_all_is_known(self) -> None:
        facts = replace(lists(), calendar=announced(2019, 2026))
        found = agenda(of(facts, Rules(), date(2026, 11, 20))).holidays
        assert found
        assert found.year == 2027
        before = found.needed - timedelta(days=1)
        assert facts.calendar.last_working_day(before, 15, count_start=False).year == 2026
        with pytest.raises(LookupError):
            facts.calendar.last_working_day(found.needed, 15, count_start=False)

    def test_in_a_year_nobody_knows_it_is_today(self) -> None:
        facts = replace(lists(), calendar=announced(2019, 2025))
        facts = replace(facts, batches={BATCH: batch(notice_start=None)})
        as_of = date(2026, 3, 1)
        assert agenda(of(facts, Rules(), as_of)).holidays == Holidays(2026, as_of)

    def test_a_long_notice_needs_it_sooner(self) -> None:
        facts = replace(lists(), calendar=announced(2019, 2026))
        usual, longer = (
            agenda(of(facts, Rules(notice_working_days=length), date(2026, 9, 1))).holidays for length in (7, 30)
        )
        assert usual
        assert longer
        assert longer.needed < usual.needed


class TestNextChange:
    """The site must be built again on the first day on which it would differ: not later, and no sooner is of use."""

    @given(worlds())
    @settings(max_examples=40)
    def test_it_is_the_first_day_on_which_anything_differs(self, world: World) -> None:
        as_of = date(2025, 12, 20)
        found = next_change(of(world.lists, world.rules, as_of))
        today = [shown(one, as_of) for one in stand(world.lists, world.rules, as_of)]
        horizon = found.day if found else date(2027, 3, 1)
        day = as_of + timedelta(days=1)
        while day < horizon:
            assert [shown(one, day) for one in stand(world.lists, world.rules, day)] == today
            day += timedelta(days=1)
        if found:
            later = [shown(one, found.day) for one in stand(world.lists, world.rules, found.day)]
            assert sum(found.moves.values()) == sum(a != b for a, b in zip(today, later, strict=True)) > 0

    @pytest.mark.parametrize(
        ("as_of", "day", "move"),
        [
            (date(2025, 12, 23), date(2025, 12, 25), (Stage.NOMINATED, Stage.IN_NOTICE, Reason.NOTICE_RUNNING)),
            (ON_NOTICE, date(2026, 1, 7), (Stage.IN_NOTICE, Stage.RECOGNISED, Reason.NO_OBJECTION)),
            (RECOGNISED, date(2027, 1, 7), (Stage.RECOGNISED, Stage.LEFT, Reason.E3_EXPIRED)),
        ],
    )
    def test_along_the_way(self, as_of: date, day: date, move: tuple[Stage, Stage, Reason]) -> None:
        found = next_change(office(as_of, PEOPLE))
        assert found
        assert (found.day, found.moves) == (day, {move: 4})

    def test_the_notice_of_one_objected_to_ends_too(self) -> None:
        found = next_change(
            office(ON_NOTICE, PEOPLE[:1], decisions=(objection(date(2025, 12, 29), PEOPLE[0].subject),))
        )
        assert found
        assert found.day == date(2026, 1, 7)
        assert found.moves == {(Stage.OBJECTED, Stage.OBJECTED, Reason.OBJECTION_OPEN): 1}

    def test_an_honour_that_ends_within_the_year(self) -> None:
        entry = nomination(PEOPLE[0].subject, honour_ends=date(2026, 3, 1))
        found = next_change(office(RECOGNISED, (entry,)))
        assert found
        assert found.day == date(2026, 3, 2)

    def test_nothing_ever_changes_for_those_who_left(self) -> None:
        assert next_change(office(date(2027, 2, 1), PEOPLE)) is None

    def test_snapshots_begin_and_end(self) -> None:
        scores = Snapshot("s", "score", date(2026, 1, 10), Window(date(2026, 1, 20), date(2026, 2, 20)), "示例", ())
        found = office(date(2026, 1, 12), PEOPLE)
        found = replace(found, lists=replace(found.lists, snapshots=(scores,)))
        begins = next_change(found)
        ends = next_change(replace(found, as_of=date(2026, 1, 20)))
        assert begins
        assert ends
        assert (begins.day, begins.snapshots, begins.moves) == (date(2026, 1, 20), ("s",), {})
        assert (ends.day, ends.snapshots) == (date(2026, 2, 21), ("s",))

    def test_pages_of_a_day_to_come(self) -> None:
        found = office(RECOGNISED, PEOPLE)
        day = date(2026, 2, 9)
        notices = (Notice("a", "示例", day), Notice("b", "示例", RECOGNISED))
        pages = replace(found.content, notices=notices, cases=(Case("c", "示例", day, invented=True),))
        change = next_change(replace(found, content=pages))
        assert change
        assert (change.day, change.pages, change.moves) == (day, 2, {})

    def test_what_was_written_down_for_a_later_day(self) -> None:
        gone = withdrawal(date(2026, 2, 9), Ground.ABUSE, PEOPLE[2].subject)
        found = next_change(office(RECOGNISED, PEOPLE, decisions=(gone,)))
        assert found
        assert (found.day, found.moves) == (gone.day, {(Stage.RECOGNISED, Stage.LEFT, Reason.E2_ABUSE): 1})
