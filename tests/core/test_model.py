"""The values every room shares: windows, keys, the scenarios of a merchant."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.core.model import (
    Content,
    Merchant,
    MerchantId,
    Scenario,
    ScenarioId,
    Settings,
    SubjectKind,
    Window,
)
from tests.core.builders import nomination, organisation, person


class TestWindow:
    """A closed interval of days: both ends are valid days."""

    @given(st.dates(), st.integers(0, 500), st.integers(-500, 1000))
    def test_both_ends_are_inside(self, first: date, length: int, offset: int) -> None:
        try:
            window, day = Window(first, first + timedelta(days=length)), first + timedelta(days=offset)
        except OverflowError:
            return
        assert (day in window) is (0 <= offset <= length)

    def test_one_that_ends_before_it_starts_cannot_be(self) -> None:
        with pytest.raises(ValueError, match="before it starts"):
            Window(date(2026, 1, 2), date(2026, 1, 1))

    def test_values_are_frozen(self) -> None:
        window = Window(date(2026, 1, 1), date(2026, 1, 1))
        with pytest.raises(FrozenInstanceError):
            window.not_after = date(2030, 1, 1)  # type: ignore[misc]


class TestSubjects:
    """Two subjects with one key are one."""

    def test_a_person_is_a_canonical_name_and_a_number(self) -> None:
        assert person("钱 测试", 1).key == person("钱测试", 1).key
        assert person("钱测试", 1).key != person("钱测试", 2).key
        assert person("钱测试", 1).key != person("钱册试", 1).key
        assert person().kind is SubjectKind.PERSON

    def test_an_organisation_is_its_code(self) -> None:
        assert organisation("甲", 1).key == organisation("乙", 1).key
        assert organisation("甲", 1).key != organisation("甲", 2).key
        assert organisation().kind is SubjectKind.ENTERPRISE

    @given(st.text(max_size=6), st.integers(1, 9), st.text(max_size=6), st.integers(1, 9))
    def test_no_person_has_the_key_of_an_organisation(self, name: str, one: int, other: str, two: int) -> None:
        assert person(name, one).key != organisation(other, two).key

    def test_the_origin_of_a_corrected_nomination_is_the_first_subject(self) -> None:
        first = nomination(person("钱侧试"))
        assert first.origin == person("钱侧试")
        corrected = replace(first, subject=person("钱测试"), nominated_as=first.origin)
        assert corrected.origin == person("钱侧试")


def test_a_merchant_offers_its_active_scenarios_in_its_order() -> None:
    written = {
        ScenarioId(name): Scenario(ScenarioId(name), f"信易+{name}", "zhaodong", "active")
        for name in ("canyin", "chongwu")
    }
    announced = Scenario(ScenarioId("du"), "信易+阅", "zhaodong", "planned")
    scenarios = {**written, announced.id: announced}
    content = Content(Settings("试验", "试验办", "example.invalid"), {}, {}, (), (), scenarios, (), (), (), ())
    merchant = Merchant(MerchantId("m"), "试验店", tuple(map(ScenarioId, ("chongwu", "du", "canyin"))))
    assert [scenario.id for scenario in content.scenarios_of(merchant)] == ["chongwu", "canyin"]
