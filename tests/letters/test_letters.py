"""Letters: their wording against golden texts, and what no letter ever says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.core.lifecycle import OUT
from generator.core.model import AnyDecision, Ground, Hit, PublicationMode, ScreeningReturn
from generator.errors import Fault, Place
from generator.letters import changes, disputes
from generator.letters.letter import Grid, lines, plain
from generator.letters.returned import MOST_ROWS, Round, Submission, returned
from tests.core.builders import (
    appeal,
    appeal_answered,
    correction,
    document_of,
    lists,
    nomination,
    objection,
    person,
    screening,
    where,
)
from tests.letters.samples import ANSWERED, OBJECTED, OFFICE, REFERENCE, SAMPLES, SUBJECT, TODAY, answered, matter

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", SAMPLES)
def test_the_wording(name: str) -> None:
    """``python -m tests.letters`` writes these texts again."""
    assert "\n".join(lines(SAMPLES[name])) + "\n" == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_every_golden_text_has_its_letter() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(SAMPLES)


@pytest.mark.parametrize("name", SAMPLES)
def test_no_letter_holds_a_document_number(name: str) -> None:
    """At most four digits of a number could stand there by chance: a year, a reference."""
    text = re.sub(r"\s", "", "".join(lines(SAMPLES[name])))
    whole = document_of(SUBJECT)
    assert not any(whole[start : start + 6] in text for start in range(len(whole) - 5))


TO_ANYBODY = [name for name in SAMPLES if name.startswith("reporter") or name == "correction-asker"]


@pytest.mark.parametrize("name", TO_ANYBODY)
def test_who_reported_hears_nothing_private(name: str) -> None:
    text = "\n".join(lines(SAMPLES[name]))
    for secret in (SUBJECT.name, "伪造", "试验机械厂", "档案", "原件", "录入有误"):
        assert secret not in text


def test_who_reported_is_told_the_masked_name_and_the_reference() -> None:
    text = "\n".join(lines(SAMPLES["reporter-upheld"]))
    assert "钱*试" in text
    assert REFERENCE in text


def test_of_a_withheld_entry_not_even_the_reference_is_told() -> None:
    text = "\n".join(lines(SAMPLES["reporter-withheld"]))
    assert REFERENCE not in text
    assert "钱" not in text
    assert "诚信之星" not in text


def test_of_an_entry_that_was_never_published_nothing_is_told() -> None:
    decision = correction(date(2025, 12, 18), {"honour": "道德模范"})
    text = "\n".join(lines(changes.correction_to_asker(matter(decision.day, [decision]), decision)))
    assert REFERENCE not in text
    assert "钱" not in text


def test_a_correction_to_withheld_is_answered_without_the_entry() -> None:
    decision = correction(date(2026, 3, 2), {"publication": PublicationMode.WITHHELD.value})
    text = "\n".join(lines(changes.correction_to_asker(matter(decision.day, [decision]), decision)))
    assert REFERENCE not in text


def test_an_objection_rejected_within_the_notice_lets_it_go_on() -> None:
    decision = answered(upheld=False, day=date(2025, 12, 31))
    found = matter(decision.day, [objection(OBJECTED), decision])
    assert "该条目继续公示，公示到2026年1月6日止。" in "\n".join(lines(disputes.to_reporter(found, decision)))


@pytest.mark.parametrize("recorded", [date(2025, 12, 10), date(2026, 2, 2)])
def test_an_appeal_against_a_record_is_not_told_that_something_was_undone(recorded: date) -> None:
    """What a source found is no decision of the unit's: granting the appeal takes nothing back."""
    decision = appeal_answered(date(2026, 3, 20), upheld=True)
    decided: list[AnyDecision] = [appeal(date(2026, 3, 10)), decision]
    facts = lists([nomination(SUBJECT)], _told_of(recorded), decided)
    found = replace(matter(decision.day, decided), standing=where(facts, decision.day))
    assert found.standing.stage in OUT
    text = "".join(lines(disputes.to_appellant(found, decision, date(2026, 3, 10))))
    assert "申诉成立" in text
    assert "撤销原来的决定" not in text
    assert "公示期" not in text
    assert "向列入该记录的部门申请更正或者移出" in text


def _told_of(recorded: date) -> list[ScreeningReturn]:
    """Return a clean screening, or one with the record, and a later one that has it in any case."""
    hit = Hit(document_of(SUBJECT), recorded)
    first = screening(date(2025, 12, 22), *([hit] if recorded < date(2025, 12, 22) else []))
    return [first, screening(date(2026, 2, 3), hit)]


def test_an_appeal_granted_after_the_validity_brings_nothing_back() -> None:
    decision = appeal_answered(date(2027, 3, 22), upheld=True)
    decided: list[AnyDecision] = [appeal(date(2027, 3, 10)), decision]
    text = "".join(lines(disputes.to_appellant(matter(decision.day, decided), decision, date(2027, 3, 10))))
    assert "有效期已经届满" in text
    assert "撤销原来的决定" not in text


def test_a_new_number_is_never_printed() -> None:
    (grid,) = (part for part in SAMPLES["correction-subject"].parts if isinstance(part, Grid))
    assert [row[0] for row in grid.rows] == ["姓名/名称", "证件号码", "荣誉名称"]
    assert grid.rows[1][1:] == ("登记有误，本件不写号码", "已照证件更正，本件不写号码")


@pytest.mark.parametrize("ground", Ground)
def test_only_who_fell_leaves_everywhere(ground: Ground) -> None:
    text = "\n".join(lines(changes.left(matter(TODAY), ground, "来函", TODAY)))
    assert ("在其他批次的条目同时退出" in text) == (ground in (Ground.DISHONEST, Ground.ABUSE))


def test_a_person_without_a_unit_is_notified_to_the_one_that_reported() -> None:
    entry = replace(nomination(person()), publication=PublicationMode.WITHHELD)
    assert changes.notification(matter(TODAY, entry=entry, sender=OFFICE), TODAY).addressee == "试验县文明办"


class TestReturned:
    FAULTS = tuple(Fault(Place("表.xlsx", sheet="一", cell=f"B{row}"), "空着", "请补上") for row in range(2, 402))

    def letter(self, *faults: Fault, deadline: date | None = None) -> str:
        round_ = Round("2026年第一批", "守信激励名单报送表", deadline)
        return "\n".join(lines(returned("试验县妇联", round_, [Submission("表.xlsx", faults)], OFFICE, TODAY)))

    def test_what_is_too_much_for_a_letter_is_counted(self) -> None:
        text = self.letter(*self.FAULTS)
        assert "有400处不符合要求" in text
        assert f"另有{400 - MOST_ROWS}处没有逐一列出" in text
        assert f"\n{MOST_ROWS}\t" in text
        assert f"\n{MOST_ROWS + 1}\t" not in text

    def test_a_deadline_to_come_is_named(self) -> None:
        assert "请于2026年3月20日前（含当天）送达" in self.letter(self.FAULTS[0], deadline=date(2026, 3, 20))

    @pytest.mark.parametrize("deadline", [None, date(2026, 3, 1)])
    def test_one_that_is_over_is_not(self, deadline: date | None) -> None:
        assert "请尽快送达" in self.letter(self.FAULTS[0], deadline=deadline)


class TestPlain:
    """What a letter holds is text on one line that HTML and XML can carry."""

    @given(st.text())
    def test_any_text(self, text: str) -> None:
        shown = plain(text)
        assert shown == plain(shown)
        assert not re.search("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u3000]", shown)

    def test_a_rare_character_stays(self) -> None:
        assert plain("李\U00031350\n某") == "李\U00031350 某"


def test_rows_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match="different lengths"):
        Grid(("一", "二"), (("只有一",),), (1, 1))


def test_an_answer_speaks_of_the_day_it_was_given() -> None:
    assert SAMPLES["subject-upheld"].day == ANSWERED
