"""Tracing a leak by its canaries: one merchant of 300, parts of a list, merchants who put theirs together.

The lists are drawn with fixed seeds. What the tests demand of every seed, that nobody innocent is named, fails by
chance in fewer than one run in 10,000 for each leak, and the seeds are fixed, so it never fails here.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from math import comb
from random import Random

import pytest

from generator.bundle import canary
from generator.bundle.collapse import Secrets
from generator.core.model import MerchantId
from tests.bundle.test_collapse import REF_KEY, SECRETS, T_KEY, U_SALT

MERCHANTS = [MerchantId(f"shop-{number}") for number in range(300)]
LABELS = [f"canyin=2027-{month:02}-{day}" for month in (1, 3, 4, 6, 7, 9, 10, 12) for day in (14, 28)]
PEOPLE = 400
SEEDS = range(25)


def programme(seed: int) -> Secrets:
    """Return secrets of their own for each seed, so that every draw is of other canaries."""
    return Secrets(U_SALT, T_KEY, Random(seed).randbytes(32), 29)  # noqa: S311 - a fixed seed is the point


def people(seed: int) -> set[int]:
    return set(Random(-seed - 1).sample(range(2**29), PEOPLE))  # noqa: S311


def bundle(merchant: MerchantId, labels: Iterable[str], secrets: Secrets, seed: int) -> set[int]:
    """Return every token of one merchant's bundle."""
    marks = (canary.canaries(merchant, label, secrets) for label in labels)
    return people(seed).union(*marks)


def named(tokens: set[int], secrets: Secrets, labels: Iterable[str] = LABELS) -> set[MerchantId]:
    """Return who is named for a leak, by an office that knows every label of the year."""
    leak = canary.shown(tokens, labels, secrets)
    return {suspect.merchant for suspect in canary.trace(leak, MERCHANTS, secrets) if suspect.named}


class TestMarks:
    """Spec 4.5: 32 candidates, a half of them for each merchant, another half for each class."""

    def test_about_half_and_each_merchants_own(self) -> None:
        marks = [canary.mark(merchant, label, SECRETS) for merchant in MERCHANTS for label in LABELS]
        assert len(set(marks)) == len(marks)
        assert max(marks) < 2**32
        assert abs(sum(mark.bit_count() for mark in marks) / (32 * len(marks)) - 0.5) < 0.01

    def test_canaries_are_the_candidates_marked(self) -> None:
        mark = canary.mark(MERCHANTS[0], "a=1", SECRETS)
        marked = [token for i, token in enumerate(canary.candidates("a=1", SECRETS)) if mark >> (31 - i) & 1]
        assert list(canary.canaries(MERCHANTS[0], "a=1", SECRETS)) == marked

    def test_they_cannot_be_computed_from_what_a_manifest_holds(self) -> None:
        other = Secrets(U_SALT, T_KEY, bytes(32), 29)
        assert not set(canary.candidates("a=1", other)) & set(canary.candidates("a=1", SECRETS))
        assert canary.mark(MERCHANTS[0], "a=1", other) != canary.mark(MERCHANTS[0], "a=1", SECRETS)


class TestOneMerchant:
    @pytest.mark.parametrize("classes", [1, 4])
    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_whole_bundle_names_it_alone(self, seed: int, classes: int) -> None:
        secrets, leaker = programme(seed), MERCHANTS[seed * 7]
        assert named(bundle(leaker, LABELS[:classes], secrets, seed), secrets) == {leaker}

    def test_how_sure_it_is(self) -> None:
        """A single class that fits in all 32 candidates: one innocent merchant in 2³² does, and there are 300."""
        leak = canary.shown(bundle(MERCHANTS[4], LABELS[:1], SECRETS, 0), LABELS, SECRETS)
        first, second, *_ = canary.trace(leak, MERCHANTS, SECRETS)
        assert (first.merchant, first.agreeing, first.candidates) == (MERCHANTS[4], 32, 32)
        assert first.carried == first.shown == len(canary.canaries(MERCHANTS[4], LABELS[0], SECRETS))
        assert first.chance == 3 * 300 / 2**32
        assert second.chance > 0.01

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_fifth_of_a_bundle_of_sixteen_classes_names_it_alone(self, seed: int) -> None:
        """About 51 canaries of 256 are left, and all are the leaker's; 24 are enough."""
        secrets, leaker = programme(seed), MERCHANTS[seed]
        whole = sorted(bundle(leaker, LABELS, secrets, seed))
        part = set(Random(seed).sample(whole, len(whole) // 5))  # noqa: S311
        assert named(part, secrets) == {leaker}

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_fifth_of_a_small_bundle_names_nobody_rather_than_an_innocent(self, seed: int) -> None:
        """Of one class three canaries are left: every eighth merchant has them all."""
        secrets, leaker = programme(seed), MERCHANTS[seed]
        whole = sorted(bundle(leaker, LABELS[:1], secrets, seed))
        part = set(Random(seed).sample(whole, len(whole) // 5))  # noqa: S311
        assert named(part, secrets) <= {leaker}

    @pytest.mark.parametrize("seed", SEEDS)
    def test_a_canary_or_two_that_people_stand_for_do_not_clear_the_leaker(self, seed: int) -> None:
        """A candidate that is somebody's token is in every list; one struck out for that is in none."""
        secrets, leaker = programme(seed), MERCHANTS[seed]
        tokens = bundle(leaker, LABELS[:3], secrets, seed)
        mine = {token for label in LABELS[:3] for token in canary.canaries(leaker, label, secrets)}
        others = {token for label in LABELS[:3] for token in canary.candidates(label, secrets)} - mine
        tokens = tokens - set(sorted(mine)[:2]) | set(sorted(others)[:2])
        assert named(tokens, secrets) == {leaker}


class TestCoalitions:
    """Merchants who compare bundles find the canaries in which they differ, and no other."""

    @pytest.mark.parametrize(("members", "classes"), [(2, 4), (3, 10)])
    @pytest.mark.parametrize("seed", SEEDS)
    def test_what_they_all_carry_stays_and_names_them(self, seed: int, members: int, classes: int) -> None:
        secrets = programme(seed)
        guilty = Random(seed).sample(MERCHANTS, members)  # noqa: S311
        bundles = [bundle(merchant, LABELS[:classes], secrets, seed) for merchant in guilty]
        found = named(set.intersection(*bundles), secrets)
        assert found
        assert found <= set(guilty)

    @pytest.mark.parametrize(("members", "classes"), [(2, 5), (3, 10)])
    @pytest.mark.parametrize("seed", SEEDS)
    def test_bundles_poured_together(self, seed: int, members: int, classes: int) -> None:
        secrets = programme(seed)
        guilty = Random(seed).sample(MERCHANTS, members)  # noqa: S311
        bundles = [bundle(merchant, LABELS[:classes], secrets, seed) for merchant in guilty]
        found = named(set.union(*bundles), secrets)
        assert found
        assert found <= set(guilty)

    @pytest.mark.parametrize("seed", SEEDS)
    def test_where_they_differ_now_the_one_now_the_other(self, seed: int) -> None:
        secrets, random = programme(seed), Random(seed)  # noqa: S311
        one, other = (bundle(merchant, LABELS, secrets, seed) for merchant in MERCHANTS[:2])
        differing = sorted(one ^ other)
        found = named((one & other) | set(random.sample(differing, len(differing) // 2)), secrets)
        assert found
        assert found <= set(MERCHANTS[:2])

    def test_merchants_of_different_offers_share_no_canary(self) -> None:
        """What they have in common are people and dummies alone: then nobody can be named, and nobody is."""
        secrets = programme(1)
        one = bundle(MERCHANTS[0], LABELS[:5], secrets, 1)
        other = bundle(MERCHANTS[1], [f"{label},chongwu=2027-06-30" for label in LABELS[:5]], secrets, 1)
        assert one & other == people(1)
        assert named(one & other, secrets) == set()


class TestNobody:
    """The probability that a list which has nothing to do with canaries names anyone is bounded, and it does not."""

    @pytest.mark.parametrize("seed", SEEDS)
    def test_an_unrelated_list(self, seed: int) -> None:
        assert named(people(seed), programme(seed)) == set()

    def test_a_list_of_a_hundred_thousand_with_chance_hits(self) -> None:
        tokens = set(Random(3).sample(range(2**29), 100_000))  # noqa: S311
        every = [f"canyin=20{year}-01-{day:02}" for year in range(10, 90) for day in range(1, 29)]
        hits = sum(token in tokens for label in every for token in canary.candidates(label, SECRETS))
        assert hits > 3
        assert canary.shown(tokens, every, SECRETS) == {}

    @pytest.mark.parametrize("tokens", [set(), set(range(2**12))], ids=["none", "every"])
    def test_nothing_and_everything(self, tokens: set[int]) -> None:
        secrets = Secrets(U_SALT, T_KEY, REF_KEY, 12)
        assert canary.shown(tokens, LABELS, secrets) == {}
        assert all(suspect.chance == 1 for suspect in canary.trace({}, MERCHANTS, secrets))

    def test_the_bound_is_the_sum_of_what_it_bounds(self) -> None:
        """For a leak of 16 canaries of one class, counted over every mark there is, not drawn."""
        tails = [sum(comb(16, more) for more in range(count, 17)) / 2**16 for count in range(17)]
        leak = {"a=1": 0xFFFF0000}
        for suspect in canary.trace(leak, MERCHANTS, SECRETS):
            assert suspect.chance <= min(1, 3 * 300 * tails[suspect.carried])
            assert suspect.shown == 16

    def test_innocents_fit_like_tossed_coins(self) -> None:
        """Over 300 merchants and 25 programmes, the share of innocents within any chance is no more than that."""
        chances = []
        for seed in SEEDS:
            secrets = programme(seed)
            leak = canary.shown(bundle(MerchantId("gone"), LABELS[:2], secrets, seed), LABELS, secrets)
            chances += [suspect.chance / len(MERCHANTS) for suspect in canary.trace(leak, MERCHANTS, secrets)]
        for bound in (0.003, 0.001):
            share = sum(chance <= bound for chance in chances) / len(chances)
            assert share < bound + 4 * (bound / len(chances)) ** 0.5

    def test_a_merchant_named_twice_counts_once(self) -> None:
        leak = canary.shown(bundle(MERCHANTS[4], LABELS[:1], SECRETS, 0), LABELS, SECRETS)
        assert canary.trace(leak, MERCHANTS * 2, SECRETS) == canary.trace(leak, MERCHANTS, SECRETS)


def test_no_two_merchants_are_taken_for_one_another() -> None:
    """In one class two of 300 merchants differ in 16 candidates of 32, give or take; never in fewer than three."""
    marks = [canary.mark(merchant, LABELS[0], SECRETS) for merchant in MERCHANTS]
    distances = [(one ^ other).bit_count() for one, other in combinations(marks, 2)]
    assert min(distances) >= 3
