"""Each file of scenarios/ is a story: the facts that came in, then day by day where every entry stands and why.

A row of ``expect`` holds from its day until the day before the next row, and every one of those days is asked; the
last row is asked on its day alone. After day, stage and reason a row may say more: ``since DAY``, ``until DAY``,
``due DAY``, ``reported DAY``, ``unscreened DAY``, ``notice DAY..DAY``, ``window DAY..DAY``, ``name NAME``,
``first-name NAME``, ``honour HONOUR``, and ``shown`` or ``hidden`` on public pages; days and windows may be ``none``.
``nomination.batch`` "next" is the batch ``next``; a ``[[relisted]]`` entry is one that a decision makes. An entry that
has come in is late exactly where its row says ``late``. A row ``DAY uncovered-year YEAR`` expects that nobody can
know. A new story needs no code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from generator.core.disclosure import disclose
from generator.core.identifiers import CreditCode, Number
from generator.core.lifecycle import Stage, Standing, stand
from generator.core.model import (
    Batch,
    BatchId,
    Ground,
    Hit,
    HitEffect,
    Lists,
    Nomination,
    Organisation,
    Person,
    PublicationMode,
    ReferenceDay,
    Rules,
    ScreeningReturn,
    Subject,
    Window,
)
from generator.core.workdays import UncoveredYearError
from tests.core.builders import (
    BATCH,
    CALENDAR,
    appeal,
    appeal_answered,
    correction,
    days,
    document_of,
    nomination,
    number,
    objection,
    organisation,
    person,
    rehabilitation,
    relisting,
    resolution,
    screening,
    withdrawal,
)

SCENARIOS = sorted(Path(__file__).parent.joinpath("scenarios").glob("*.toml"))
WITH_VALUE = {
    "since", "until", "due", "reported", "unscreened", "notice", "window", "name", "first-name", "honour", "publication"
}  # fmt: skip
FLAGS = {"late", "shown", "hidden"}


@dataclass(frozen=True)
class Row:
    """One line of a story: from this day on the entry stands so."""

    day: date
    stage: str
    reason: str
    more: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    """A scenario file as values."""

    lists: Lists
    rules: Rules
    expected: tuple[tuple[Row, ...], ...]


NEXT = BatchId("2027-01")


def read_story(path: Path) -> Story:
    """Read one scenario; a key it does not know is an error, so that no fact is lost to a slip."""
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    assert found.pop("title")
    assert found.pop("source")
    entries = [_entry(row) for row in found.pop("nomination")]
    subjects = {nominated.subject.name: nominated.subject for nominated, _ in entries}
    relisted = [tuple(map(_row, row["expect"].strip().splitlines())) for row in found.pop("relisted", [])]
    own = found.pop("batch")
    batches = {BATCH: Batch(BATCH, "第一批", **(own | {"rules": _rules(own["rules"])} if "rules" in own else own))}
    if "next" in found:
        batches[NEXT] = Batch(NEXT, "第二批", **found.pop("next"))
    facts = Lists(
        batches=batches,
        nominations=tuple(nominated for nominated, _ in entries),
        returns=tuple(_screening(row, subjects) for row in found.pop("screening", [])),
        decisions=tuple(_decision(row, subjects) for row in found.pop("decision", [])),
        snapshots=(),
        calendar=CALENDAR,
    )
    rules = _rules(found.pop("rules", {}))
    assert not found, f"{path.name} has keys nobody reads: {sorted(found)}"
    return Story(facts, rules, (*(rows for _, rows in entries), *relisted))


def _entry(row: dict[str, Any]) -> tuple[Nomination, tuple[Row, ...]]:
    make: Callable[[str, int], Subject] = organisation if row.pop("organisation", False) else person
    subject = make(row.pop("name", "钱测试"), row.pop("person", 1))
    expected = tuple(_row(line) for line in row.pop("expect").strip().splitlines())
    assert [line.day for line in expected] == sorted({line.day for line in expected}), "rows in order of their days"
    publication = PublicationMode(row.pop("publication", "masked"))
    return nomination(subject, **row, publication=publication), expected


def _row(line: str) -> Row:
    day, stage, reason, *words = line.split()
    more: dict[str, str] = {}
    while words:
        word = words.pop(0)
        assert word in WITH_VALUE | FLAGS, f"unknown word {word} in: {line}"
        more[word] = words.pop(0) if word in WITH_VALUE else "yes"
    return Row(date.fromisoformat(day), stage, reason, more)


def _screening(row: dict[str, Any], subjects: Mapping[str, Subject]) -> ScreeningReturn:
    hits = [_hit(hit, subjects) for hit in row.pop("hits", [])]
    effect = HitEffect(row.pop("effect", "excludes"))
    if row.pop("batch", "") == "next":
        return replace(screening(row.pop("day"), *hits, effect=effect, **row), batch=NEXT)
    return screening(row.pop("day"), *hits, effect=effect, **row)


def _hit(row: dict[str, Any], subjects: Mapping[str, Subject]) -> Hit:
    if "person" in row:
        return Hit(number=number(row.pop("person")), **row)
    subject = subjects[row.pop("who")] if "who" in row else next(iter(subjects.values()))
    return Hit(number=document_of(subject), **row)


def _decision(row: dict[str, Any], subjects: Mapping[str, Subject]) -> Any:
    """Return a decision; ``who`` is whose number it bears, ``named`` the name it is written under."""
    subject = subjects[row.pop("who")] if "who" in row else next(iter(subjects.values()))
    subject = replace(subject, name=row.pop("named", subject.name))
    match row.pop("kind"):
        case "objection":
            return objection(**row, subject=subject)
        case "answer":
            return resolution(**row, subject=subject)
        case "withdrawal":
            return withdrawal(row.pop("day"), Ground(row.pop("ground")), **row, subject=subject)
        case "correction":
            if "person" in row["fields"]:
                row["fields"]["number"] = number(row["fields"].pop("person"))
            return correction(**row, subject=subject)
        case "appeal":
            return appeal(**row, subject=subject)
        case "appeal-answer":
            return appeal_answered(**row, subject=subject)
        case "dishonest-error":
            return rehabilitation(**row, subject=subject)
        case "relisting":
            return relisting(**row, into=NEXT, subject=subject)
        case unknown:
            raise AssertionError(f"unknown decision {unknown}")


def _rules(row: dict[str, Any]) -> Rules:
    if "reference_days" in row:
        row["reference_days"] = tuple(ReferenceDay(day) for day in row["reference_days"])
    if "screening_sources" in row:
        row["screening_sources"] = tuple(row["screening_sources"])
    return Rules(**row)


def _day_or_none(text: str) -> date | None:
    return None if text == "none" else date.fromisoformat(text)


def _window_or_none(text: str) -> Window | None:
    return None if text == "none" else Window(*map(date.fromisoformat, text.split("..")))


def _told(standing: Standing, row: Row, as_of: date) -> dict[str, object]:
    """Return the parts of an answer that a row speaks of, as values."""
    answers: dict[str, object] = {
        "since": standing.since,
        "until": standing.until,
        "due": standing.due,
        "reported": standing.reported,
        "unscreened": standing.unscreened,
        "publication": standing.nomination.publication,
        "notice": standing.notice,
        "window": standing.window,
        "name": standing.nomination.subject.name,
        "first-name": standing.nomination.origin.name,
        "honour": standing.nomination.honour,
        "shown": disclose(standing, "0123456789", as_of) is not None,
        "hidden": disclose(standing, "0123456789", as_of) is None,
    }
    late = standing.late and standing.stage is not Stage.NOT_RECEIVED
    return {"late": late} | {word: answers[word] for word in row.more if word != "late"}


def _expected(row: Row) -> dict[str, object]:
    read: dict[str, Callable[[str], object]] = {
        "since": date.fromisoformat,
        "until": _day_or_none,
        "due": _day_or_none,
        "reported": _day_or_none,
        "unscreened": _day_or_none,
        "publication": PublicationMode,
        "notice": _window_or_none,
        "window": _window_or_none,
        **dict.fromkeys(FLAGS, bool),
    }
    return {"late": False} | {word: read.get(word, str)(value) for word, value in row.more.items()}


def _spans(rows: tuple[Row, ...]) -> list[tuple[Row, date]]:
    """Return every row with every day it speaks of."""
    ends = [row.day - timedelta(days=1) for row in rows[1:]] + [rows[-1].day]
    return [(row, day) for row, end in zip(rows, ends, strict=True) for day in days(row.day, end)]


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_story(path: Path) -> None:
    story = read_story(path)
    for index, rows in enumerate(story.expected):
        for row, day in _spans(rows):
            if row.stage == "uncovered-year":
                with pytest.raises(UncoveredYearError, match=row.reason):
                    stand(story.lists, story.rules, day)
                continue
            standing = stand(story.lists, story.rules, day)[index]
            who = f"{standing.nomination.origin.name} on {day}"
            assert (who, standing.stage.value, standing.reason.value) == (who, row.stage, row.reason)
            assert (who, _told(standing, row, day)) == (who, _expected(row))


def test_there_are_stories() -> None:
    """A glob that finds nothing would pass in silence."""
    assert len(SCENARIOS) >= 30


def test_a_story_that_is_wrong_fails() -> None:
    story = read_story(Path(__file__).parent / "scenarios" / "ordinary_year.toml")
    assert _row("2026-01-07 recognised no-objection until 2027-01-05") not in story.expected[0]
    standing = stand(story.lists, story.rules, date(2026, 1, 7))[0]
    wrong = _row("2026-01-07 recognised no-objection until 2027-01-05")
    assert _told(standing, wrong, wrong.day) != _expected(wrong)


def test_the_words_of_a_number_are_those_of_the_lists() -> None:
    """Stories name people; the lists know them by number."""
    someone, factory = person(), organisation()
    assert isinstance(someone, Person)
    assert isinstance(factory, Organisation)
    assert (document_of(someone), document_of(factory)) == (Number(someone.number), CreditCode(factory.code))
