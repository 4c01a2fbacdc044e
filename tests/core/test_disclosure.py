"""What may leave the office about an entry, and that nothing else does (F13–F15)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generator.core.disclosure import BundleRecord, PublicEntry, Shown, disclose, public_name
from generator.core.lifecycle import Stage
from generator.core.model import (
    CategoryCode,
    MerchantId,
    Organisation,
    PublicationMode,
    Subject,
    SubjectKind,
    UnitId,
)
from tests.core.builders import (
    BATCH,
    correction,
    document_of,
    lists,
    nomination,
    organisation,
    person,
    where,
)
from tests.core.worlds import World, worlds

REFERENCE = "KR6QKPKAR6"
IN_NOTICE, RECOGNISED = date(2025, 12, 30), date(2026, 6, 1)


def test_the_whole_public_line_of_a_recognised_person() -> None:
    assert disclose(where(lists(), RECOGNISED), REFERENCE, RECOGNISED) == PublicEntry(
        batch=BATCH,
        reference=REFERENCE,
        name="钱*试",
        kind=SubjectKind.PERSON,
        category=CategoryCode("A2"),
        honour="诚信之星",
        awarder="试验县文明办",
        unit=UnitId("wenming"),
        shown_as=Shown.RECOGNISED,
        since=date(2026, 1, 7),
        until=date(2027, 1, 6),
    )


def test_in_the_notice_the_last_day_is_that_of_the_notice() -> None:
    entry = disclose(where(lists(), IN_NOTICE), REFERENCE, IN_NOTICE)
    assert entry is not None
    assert (entry.shown_as, entry.since, entry.until) == (Shown.IN_NOTICE, date(2025, 12, 25), date(2026, 1, 6))


@pytest.mark.parametrize(
    ("subject", "mode", "shown"),
    [
        (person("钱测试"), PublicationMode.MASKED, "钱*试"),
        (person("钱　测"), PublicationMode.MASKED, "钱*"),
        (person(" 钱 测试 "), PublicationMode.FULL, "钱测试"),
        (organisation(" 试验县甲乙食品厂"), PublicationMode.MASKED, "试验县甲乙食品厂"),
        (organisation("试验县甲乙食品厂"), PublicationMode.FULL, "试验县甲乙食品厂"),
        (person("钱测试"), PublicationMode.WITHHELD, "钱*试"),
    ],
)
def test_names(subject: Subject, mode: PublicationMode, shown: str) -> None:
    """People are masked unless they agreed otherwise, organisations never are."""
    assert public_name(where(lists([nomination(subject, publication=mode)]), RECOGNISED)) == shown


def test_a_corrected_name_replaces_the_wrong_one() -> None:
    facts = lists(decisions=[correction(date(2026, 2, 2), {"name": "孙更正"})])
    entry = disclose(where(facts, RECOGNISED), REFERENCE, RECOGNISED)
    assert entry is not None
    assert entry.name == "孙*正"


@pytest.mark.parametrize("subject", [person(), organisation()])
@pytest.mark.parametrize("as_of", [IN_NOTICE, RECOGNISED])
def test_a_withheld_entry_is_nowhere(subject: Subject, as_of: date) -> None:
    withheld = where(lists([nomination(subject, publication=PublicationMode.WITHHELD)]), as_of)
    assert withheld.stage in (Stage.IN_NOTICE, Stage.RECOGNISED)
    assert disclose(withheld, REFERENCE, as_of) is None


@given(st.integers(1, 4000))
def test_an_answer_of_yesterday_is_not_published_when_its_year_is_over(days_later: int) -> None:
    """F14: publication lasts exactly as long as validity, even if someone hands over an old standing."""
    standing = where(lists(), date(2027, 1, 6))
    assert disclose(standing, REFERENCE, date(2027, 1, 6)) is not None
    assert disclose(standing, REFERENCE, date(2027, 1, 6) + timedelta(days=days_later)) is None


class TestNothingElse:
    """A ``PublicEntry`` has no number in it and no name that must not be shown (disclosure.py)."""

    @settings(max_examples=40)
    @given(worlds())
    def test_only_entries_in_notice_or_recognised(self, world: World) -> None:
        for as_of, standing in world.answers():
            entry = disclose(standing, REFERENCE, as_of)
            if entry is None:
                continue
            assert standing.nomination.publication is not PublicationMode.WITHHELD
            assert entry.since <= as_of <= entry.until
            if entry.shown_as is Shown.RECOGNISED:
                assert standing.stage is Stage.RECOGNISED
            else:
                assert standing.stage in (Stage.IN_NOTICE, Stage.OBJECTED)

    @settings(max_examples=40)
    @given(worlds())
    def test_everybody_who_may_be_shown_is(self, world: World) -> None:
        """A person left out of the notice could not be objected to; one left out of the list would be wronged."""
        for as_of, standing in world.answers():
            if standing.nomination.publication is PublicationMode.WITHHELD:
                continue
            if standing.stage in (Stage.IN_NOTICE, Stage.RECOGNISED):
                assert disclose(standing, REFERENCE, as_of) is not None

    @settings(max_examples=40)
    @given(worlds())
    def test_no_number_and_no_name_that_must_not_be_shown(self, world: World) -> None:
        for as_of, standing in world.answers():
            entry = disclose(standing, REFERENCE, as_of)
            if entry is None or isinstance(standing.nomination.subject, Organisation):
                continue
            told, number = repr(entry), document_of(standing.nomination.subject)
            assert not any(number[start : start + 6] in told for start in range(len(number) - 5))
            full = standing.nomination.publication is PublicationMode.FULL
            assert (standing.nomination.subject.name in told) is full
            assert (standing.nomination.subject.name == entry.name) is full
            assert full or standing.nomination.origin.name not in told


def test_the_record_of_a_bundle_names_no_person() -> None:
    fields = set(BundleRecord.__dataclass_fields__)
    assert fields == {"merchant", "name", "file", "version", "issued", "expires", "size", "sha256"}
    record = BundleRecord(MerchantId("canyin"), "试验饭店", "canyin.zip", 3, RECOGNISED, RECOGNISED, 7, "00")
    assert record.version == 3
