"""Who may use a scenario, until which day: every condition, on its edge and in every combination (Z06, F01)."""

from __future__ import annotations

from datetime import date
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.core.audience import (
    NO,
    Attribute,
    Entitlement,
    Honoured,
    Profile,
    decide,
    in_force,
    is_bounded,
    profiles,
)
from generator.core.lifecycle import Stage, stand
from generator.core.model import (
    AllOf,
    AnyOf,
    Audience,
    CategoryCode,
    Honour,
    KindIs,
    RatingAtLeast,
    Rules,
    ScoreAtLeast,
    Snapshot,
    SnapshotRow,
    Subject,
    SubjectKind,
    TaxClass,
    Window,
)
from tests.core.builders import lists, nomination, organisation, person, screening

SCALE = ("D", "C", "B", "A", "AA", "AAA")
"""Lowest first; no alphabet would sort them so."""

SUMMER, AUTUMN, WINTER = date(2026, 6, 30), date(2026, 9, 30), date(2026, 12, 31)

ZHAODONG = AnyOf(
    (
        ScoreAtLeast(1050),
        AllOf((TaxClass(("A",)), KindIs((SubjectKind.ENTERPRISE,)))),
        RatingAtLeast("B"),
    )
)
"""Requirement Z06: score, or A级纳税人 enterprise, or rated B and better."""

CITIZEN = person("钱测试", 1)
FACTORY = organisation("试验县甲乙食品厂", 1)


def score(value: str, until: date = AUTUMN) -> Attribute:
    """Return a score in force."""
    return Attribute("score", value, until)


def tax(value: str, until: date = AUTUMN) -> Attribute:
    """Return a tax class in force."""
    return Attribute("tax", value, until)


def rating(value: str, until: date = AUTUMN) -> Attribute:
    """Return a rating in force."""
    return Attribute("rating", value, until)


def honoured(category: str, until: date = AUTUMN) -> Honoured:
    """Return a recognised honour."""
    return Honoured(CategoryCode(category), until)


def honour(*categories: str) -> Honour:
    """Return the condition that asks for one of some categories."""
    return Honour(tuple(map(CategoryCode, categories)))


def citizen(*known: Attribute | Honoured) -> Profile:
    """Return what is known of a person."""
    return profile(CITIZEN, *known)


def factory(*known: Attribute | Honoured) -> Profile:
    """Return what is known of an enterprise."""
    return profile(FACTORY, *known)


def profile(subject: Subject, *known: Attribute | Honoured) -> Profile:
    """Return what is known of a subject."""
    return Profile(
        subject,
        tuple(part for part in known if isinstance(part, Attribute)),
        tuple(part for part in known if isinstance(part, Honoured)),
    )


class TestConditions:
    """Each condition by itself."""

    @pytest.mark.parametrize(
        ("audience", "known", "eligible"),
        [
            (ScoreAtLeast(1050), citizen(score("1050")), True),
            (ScoreAtLeast(1050), citizen(score("1049")), False),
            (ScoreAtLeast(1050), citizen(score("1051")), True),
            (ScoreAtLeast(1050), citizen(score("999")), False),
            (ScoreAtLeast(1050), citizen(), False),
            (ScoreAtLeast(1050), citizen(tax("1050")), False),
            (ScoreAtLeast(1050), factory(score("1050")), True),
            (TaxClass(("A",)), factory(tax("A")), True),
            (TaxClass(("A",)), factory(tax("B")), False),
            (TaxClass(("A",)), factory(tax("M")), False),
            (TaxClass(("A",)), factory(rating("A")), False),
            (TaxClass(("A", "B")), factory(tax("B")), True),
            (TaxClass(("A",)), factory(), False),
            (RatingAtLeast("B"), factory(rating("B")), True),
            (RatingAtLeast("B"), factory(rating("C")), False),
            (RatingAtLeast("B"), factory(rating("AAA")), True),
            (RatingAtLeast("AA"), factory(rating("A")), False),
            (RatingAtLeast("D"), factory(rating("D")), True),
            (RatingAtLeast("B"), factory(tax("A")), False),
            (honour("A2"), citizen(honoured("A2")), True),
            (honour("A2"), citizen(honoured("A3")), False),
            (honour("A1"), citizen(honoured("A12")), False),
            (honour("A12"), citizen(honoured("A1")), False),
            (honour("A"), citizen(honoured("A12")), True),
            (honour("A"), factory(honoured("B5")), False),
            (honour("A", "B5"), factory(honoured("B5")), True),
            (honour("A2"), citizen(score("1200")), False),
            (KindIs((SubjectKind.PERSON,)), citizen(), True),
            (KindIs((SubjectKind.PERSON,)), factory(), False),
            (KindIs((SubjectKind.VILLAGE, SubjectKind.ENTERPRISE)), factory(), True),
        ],
    )
    def test_who_is_in(self, audience: Audience, known: Profile, *, eligible: bool) -> None:
        assert decide(audience, known, SCALE).eligible is eligible

    def test_the_scale_decides_not_the_alphabet(self) -> None:
        upside_down = tuple(reversed(SCALE))
        assert decide(RatingAtLeast("B"), factory(rating("C")), upside_down).eligible
        assert not decide(RatingAtLeast("B"), factory(rating("AAA")), upside_down).eligible

    @given(st.integers(0, 2000), st.integers(0, 2000))
    def test_a_score_is_compared_as_a_number(self, held: int, asked: int) -> None:
        assert decide(ScoreAtLeast(asked), citizen(score(str(held))), SCALE).eligible is (held >= asked)

    def test_the_grounds_are_named(self) -> None:
        assert decide(ScoreAtLeast(1050), citizen(score("1100")), SCALE).grounds == ("score 1100",)
        assert decide(honour("A"), citizen(honoured("A2")), SCALE).grounds == ("honour A2",)
        assert decide(KindIs((SubjectKind.PERSON,)), citizen(), SCALE).grounds == ("kind person",)
        assert decide(ZHAODONG, factory(tax("A"), rating("A")), SCALE).grounds == (
            "tax A",
            "kind enterprise",
            "rating A",
        )


class TestLastDay:
    """Of several grounds the one that lasts longest counts; where all are needed, the one that ends first."""

    @pytest.mark.parametrize(
        ("audience", "known", "last"),
        [
            (ScoreAtLeast(1050), citizen(score("1050", SUMMER)), SUMMER),
            (honour("A2"), citizen(honoured("A2", SUMMER), honoured("A2", WINTER)), WINTER),
            (honour("A2"), citizen(honoured("A2", SUMMER), honoured("A3", WINTER)), SUMMER),
            (AnyOf((ScoreAtLeast(1), honour("A"))), citizen(score("5", SUMMER), honoured("A2", WINTER)), WINTER),
            (AnyOf((ScoreAtLeast(9), honour("A"))), citizen(score("5", WINTER), honoured("A2", SUMMER)), SUMMER),
            (AllOf((ScoreAtLeast(1), honour("A"))), citizen(score("5", SUMMER), honoured("A2", WINTER)), SUMMER),
            (AllOf((KindIs((SubjectKind.PERSON,)), honour("A"))), citizen(honoured("A2", WINTER)), WINTER),
            (AnyOf((KindIs((SubjectKind.PERSON,)), honour("A"))), citizen(honoured("A2", WINTER)), None),
            (AllOf((KindIs((SubjectKind.PERSON,)),)), citizen(), None),
        ],
    )
    def test_examples(self, audience: Audience, known: Profile, last: date | None) -> None:
        decision = decide(audience, known, SCALE)
        assert decision.eligible
        assert decision.not_after == last


class TestNesting:
    """any and all hold any condition, themselves included; an empty one admits nobody."""

    @pytest.mark.parametrize("audience", [AnyOf(()), AllOf(()), AnyOf((AllOf(()), AnyOf(())))])
    def test_an_empty_condition_admits_nobody(self, audience: Audience) -> None:
        assert decide(audience, citizen(score("1200")), SCALE) == NO

    def test_all_needs_every_part(self) -> None:
        both = AllOf((ScoreAtLeast(1050), honour("A")))
        assert decide(both, citizen(score("1050")), SCALE) == NO
        assert decide(both, citizen(honoured("A2")), SCALE) == NO
        assert decide(both, citizen(score("1050"), honoured("A2")), SCALE).eligible

    @pytest.mark.parametrize(
        ("known", "eligible"),
        [
            (citizen(score("1050")), True),
            (citizen(score("1049")), False),
            (citizen(tax("A")), False),
            (factory(tax("A")), True),
            (factory(tax("B"), rating("C")), False),
            (factory(tax("B"), rating("B")), True),
            (citizen(rating("B")), True),
        ],
    )
    def test_the_audience_of_zhaodong(self, known: Profile, *, eligible: bool) -> None:
        """Z06: an A级纳税人 must be an enterprise, a market entity rated B may be anyone."""
        assert decide(ZHAODONG, known, SCALE).eligible is eligible

    @given(st.lists(st.sampled_from([ScoreAtLeast(1050), honour("A"), KindIs((SubjectKind.PERSON,))]), max_size=3))
    def test_any_and_all_mean_what_they_say(self, parts: list[Audience]) -> None:
        for known in (citizen(), citizen(score("1050")), citizen(score("1050"), honoured("A2")), factory()):
            each = [decide(part, known, SCALE).eligible for part in parts]
            assert decide(AnyOf(tuple(parts)), known, SCALE).eligible is any(each)
            assert decide(AllOf(tuple(parts)), known, SCALE).eligible is (bool(each) and all(each))

    def test_who_is_not_in_has_no_last_day_and_no_grounds(self) -> None:
        assert Entitlement(eligible=False) == NO


CONDITIONS: list[Audience] = [
    ScoreAtLeast(1050),
    TaxClass(("A",)),
    RatingAtLeast("B"),
    honour("A"),
    KindIs((SubjectKind.PERSON,)),
    KindIs((SubjectKind.PERSON, SubjectKind.ENTERPRISE)),
]
AUDIENCES: st.SearchStrategy[Audience] = st.recursive(
    st.sampled_from(CONDITIONS),
    lambda parts: st.lists(parts, max_size=3).flatmap(
        lambda some: st.sampled_from([AnyOf(tuple(some)), AllOf(tuple(some))])
    ),
    max_leaves=6,
)
KNOWN = st.lists(
    st.sampled_from([score("1050"), score("1049"), tax("A"), rating("B", WINTER), rating("C"), honoured("A2", SUMMER)]),
    max_size=4,
)


class TestBounded:
    """Being in a bounded audience always ends some day, so nobody is promised a benefit for ever."""

    @pytest.mark.parametrize(
        ("audience", "bounded"),
        [
            (ScoreAtLeast(1050), True),
            (TaxClass(("A",)), True),
            (RatingAtLeast("B"), True),
            (honour("A"), True),
            (KindIs((SubjectKind.PERSON,)), False),
            (ZHAODONG, True),
            (AnyOf((honour("A"), KindIs((SubjectKind.PERSON,)))), False),
            (AllOf((honour("A"), KindIs((SubjectKind.PERSON,)))), True),
            (AllOf((KindIs((SubjectKind.PERSON,)), AnyOf((KindIs((SubjectKind.PERSON,)), honour("A"))))), False),
        ],
    )
    def test_examples(self, audience: Audience, *, bounded: bool) -> None:
        assert is_bounded(audience) is bounded

    @given(AUDIENCES, KNOWN)
    def test_who_is_in_a_bounded_one_has_a_last_day(
        self, audience: Audience, known: list[Attribute | Honoured]
    ) -> None:
        for decision in (decide(audience, citizen(*known), SCALE), decide(audience, factory(*known), SCALE)):
            if decision.eligible and is_bounded(audience):
                assert decision.not_after is not None

    @given(AUDIENCES, KNOWN, KNOWN)
    def test_knowing_more_never_costs_anything(
        self, audience: Audience, known: list[Attribute | Honoured], more: list[Attribute | Honoured]
    ) -> None:
        before, after = decide(audience, citizen(*known), SCALE), decide(audience, citizen(*known, *more), SCALE)
        assert after.eligible or not before.eligible
        if before.eligible:
            assert (after.not_after or date.max) >= (before.not_after or date.max)


def snapshot(
    taken: date,
    last: date,
    *rows: tuple[Subject, str],
    kind: Literal["score", "tax", "rating"] = "score",
    first: date | None = None,
    name: str = "",
) -> Snapshot:
    """Return a snapshot good from its first day (the day it was taken) to its last."""
    return Snapshot(
        name or f"{kind}-{taken}",
        kind,
        taken,
        Window(first or taken, last),
        "信用绥化",
        tuple(SnapshotRow(subject, value) for subject, value in rows),
    )


SPRING = snapshot(date(2026, 4, 1), SUMMER, name="spring")
MIDSUMMER = snapshot(date(2026, 6, 1), AUTUMN, name="midsummer")


class TestInForce:
    """A later snapshot replaces an earlier one of its kind (model.py, Snapshot)."""

    @pytest.mark.parametrize(
        ("as_of", "expected"),
        [
            (date(2026, 3, 31), ()),
            (date(2026, 4, 1), (SPRING,)),
            (date(2026, 5, 31), (SPRING,)),
            (date(2026, 6, 1), (MIDSUMMER,)),
            (SUMMER, (MIDSUMMER,)),
            (AUTUMN, (MIDSUMMER,)),
            (date(2026, 10, 1), ()),
        ],
    )
    def test_only_the_latest_counts(self, as_of: date, expected: tuple[Snapshot, ...]) -> None:
        assert in_force([SPRING, MIDSUMMER], as_of) == expected
        assert in_force([MIDSUMMER, SPRING], as_of) == expected

    def test_an_old_score_does_not_come_back(self) -> None:
        """A year-long snapshot, then a shorter newer one: when the newer one runs out, nothing is in force."""
        year = snapshot(date(2026, 1, 1), WINTER, name="year")
        assert in_force([year, SPRING], date(2026, 5, 1)) == (SPRING,)
        assert in_force([year, SPRING], date(2026, 7, 1)) == ()

    def test_one_that_was_not_taken_yet_does_not_count(self) -> None:
        """A fact counts from its day on, wherever its window begins."""
        backdated = snapshot(date(2026, 5, 10), SUMMER, first=date(2026, 4, 1))
        assert in_force([backdated], date(2026, 5, 9)) == ()
        assert in_force([backdated], date(2026, 5, 10)) == (backdated,)

    def test_one_that_begins_later_leaves_the_earlier_one_in_force(self) -> None:
        ahead = snapshot(date(2026, 6, 1), AUTUMN, first=date(2026, 7, 1))
        assert in_force([SPRING, ahead], date(2026, 6, 15)) == (SPRING,)
        assert in_force([SPRING, ahead], date(2026, 7, 1)) == (ahead,)

    def test_each_kind_for_itself(self) -> None:
        taxes = snapshot(date(2026, 1, 1), WINTER, kind="tax")
        assert set(in_force([SPRING, taxes, MIDSUMMER], date(2026, 6, 1))) == {MIDSUMMER, taxes}

    def test_two_of_one_day_are_settled_by_their_id(self) -> None:
        again = snapshot(date(2026, 4, 1), SUMMER, name="spring-again")
        assert in_force([again, SPRING], date(2026, 4, 1)) == in_force([SPRING, again], date(2026, 4, 1)) == (again,)


class TestProfiles:
    """What is known of one subject is brought together by its key: canonical name and number, or the code."""

    DAY = date(2026, 2, 2)

    def known(self, *snapshots: Snapshot, subjects: tuple[Subject, ...] = ()) -> dict[str, Profile]:
        """Return the profiles of the subjects in the snapshots and of those recognised."""
        facts = lists([nomination(subject) for subject in subjects or (person("孙旁人", 9),)])
        return {
            str(key): value for key, value in profiles(snapshots, stand(facts, Rules(), self.DAY), self.DAY).items()
        }

    def test_a_person_in_two_snapshots_and_on_the_list(self) -> None:
        known = self.known(
            snapshot(date(2026, 1, 1), SUMMER, (CITIZEN, "1060")),
            snapshot(date(2026, 1, 1), WINTER, (person("钱 测试", 1), "A"), kind="rating"),
            subjects=(CITIZEN,),
        )
        found = known[CITIZEN.key]
        assert found.subject.key == CITIZEN.key
        assert set(found.attributes) == {score("1060", SUMMER), rating("A", WINTER)}
        assert found.honours == (honoured("A2", date(2027, 1, 6)),)

    def test_the_value_of_an_older_snapshot_is_forgotten(self) -> None:
        known = self.known(
            snapshot(date(2025, 10, 1), SUMMER, (CITIZEN, "1060"), (FACTORY, "1100")),
            snapshot(date(2026, 1, 1), SUMMER, (CITIZEN, "1040")),
        )
        assert known[CITIZEN.key].attributes == (score("1040", SUMMER),)
        assert FACTORY.key not in known

    def test_the_same_name_with_another_number_is_another_person(self) -> None:
        namesake = person("钱测试", 2)
        known = self.known(snapshot(date(2026, 1, 1), SUMMER, (CITIZEN, "1060")), subjects=(namesake,))
        assert known[CITIZEN.key].honours == ()
        assert known[namesake.key].attributes == ()

    def test_the_same_number_under_another_name_is_another_person(self) -> None:
        """One of the two is a slip; nobody is guessed into an honour."""
        other = person("钱册试", 1)
        known = self.known(snapshot(date(2026, 1, 1), SUMMER, (CITIZEN, "1060")), subjects=(other,))
        assert known[CITIZEN.key].honours == ()
        assert known[other.key].attributes == ()

    def test_an_organisation_is_one_by_its_code(self) -> None:
        known = self.known(
            snapshot(date(2026, 1, 1), SUMMER, (organisation("甲乙食品厂", 1), "A"), kind="tax"), subjects=(FACTORY,)
        )
        assert known[FACTORY.key].attributes == (tax("A", SUMMER),)
        assert known[FACTORY.key].honours == (honoured("A2", date(2027, 1, 6)),)

    @given(st.dates(date(2025, 12, 1), date(2027, 3, 1)))
    def test_only_the_recognised_are_honoured(self, as_of: date) -> None:
        standings = stand(lists(returns=[screening()]), Rules(), as_of)
        honours = [part for found in profiles([], standings, as_of).values() for part in found.honours]
        assert bool(honours) is (standings[0].stage is Stage.RECOGNISED)
        assert all(as_of <= part.not_after for part in honours)
