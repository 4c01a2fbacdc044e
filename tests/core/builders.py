"""Invented facts in few words: one batch around the end of 2025, from which every test changes what it is about.

The area code is 990621, which no real person has.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

import chinese_calendar

from generator.core.identifiers import CreditCode, Number, credit_code_check_digit, id_check_digit
from generator.core.lifecycle import Standing, stand
from generator.core.model import (
    AnyDecision,
    Appeal,
    Batch,
    BatchId,
    CategoryCode,
    Correction,
    Ground,
    Hit,
    HitEffect,
    Lists,
    Nomination,
    Objection,
    Organisation,
    Person,
    PublicationMode,
    Rehabilitation,
    Relisting,
    Resolution,
    Rules,
    ScreeningReturn,
    Subject,
    UnitId,
    Withdrawal,
)
from generator.core.workdays import Calendar
from generator.errors import Place

FIRST_YEAR, LAST_YEAR = 2019, 2026


class _DaysOff(dict[int, frozenset[date]]):
    """Days off that do not fill the screen when a test fails."""

    def __repr__(self) -> str:
        return f"days off of {min(self)} to {max(self)}"


def announced(first: int = FIRST_YEAR, last: int = LAST_YEAR) -> Calendar:
    """Return the days off of some years as the State Council announced them, read from chinesecalendar."""
    return Calendar(
        _DaysOff(
            {
                year: frozenset(filter(chinese_calendar.is_holiday, days(date(year, 1, 1), date(year, 12, 31))))
                for year in range(first, last + 1)
            }
        )
    )


def days(first: date, last: date) -> list[date]:
    """Return every day from the first to the last, both included."""
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


CALENDAR = announced()
BATCH = BatchId("2026-01")


def number(serial: int = 1) -> Number:
    """Return the valid number of an invented person."""
    first17 = f"990621198001{serial % 28 + 1:02}{serial:03}"
    return Number(first17 + id_check_digit(first17))


def code(serial: int = 1) -> CreditCode:
    """Return the valid code of an invented organisation."""
    first17 = f"91990621MA{serial:07}"
    return CreditCode(first17 + credit_code_check_digit(first17))


def person(name: str = "钱测试", serial: int = 1) -> Person:
    """Return an invented person."""
    return Person(name, number(serial))


def organisation(name: str = "试验县甲乙食品厂", serial: int = 1) -> Organisation:
    """Return an invented enterprise."""
    return Organisation(name, code(serial))


def document_of(subject: Subject) -> str:
    """Return the number under which the lists know a subject."""
    return subject.number if isinstance(subject, Person) else subject.code


def nomination(
    subject: Subject | None = None,
    received: date = date(2025, 12, 15),
    *,
    category: str = "A2",
    honour: str = "诚信之星",
    publication: PublicationMode = PublicationMode.MASKED,
    honour_ends: date | None = None,
) -> Nomination:
    """Return an entry of the batch, received before its deadline."""
    return Nomination(
        batch=BATCH,
        place=Place("lists/batches/2026-01/nominations/wenming.xlsx", sheet="Sheet1", cell="A3"),
        subject=subject or person(),
        category=CategoryCode(category),
        honour=honour,
        awarder="试验县文明办",
        unit=UnitId("wenming"),
        received=received,
        publication=publication,
        honour_ends=honour_ends,
    )


def batch(deadline: date = date(2025, 12, 20), notice_start: date | None = date(2025, 12, 25)) -> Batch:
    """Return the batch; its notice runs from 2025-12-25 to 2026-01-06 and its year to 2027-01-06."""
    return Batch(BATCH, "二〇二六年第一批", deadline, notice_start)


def screening(
    day: date = date(2025, 12, 22),
    *hits: Hit,
    source: str = "法院",
    effect: HitEffect = HitEffect.EXCLUDES,
) -> ScreeningReturn:
    """Return what one source answered on a day; without hits it found nobody."""
    return ScreeningReturn(BATCH, source, day, "赵经办", effect, hits)


def objection(day: date, subject: Subject | None = None) -> Objection:
    """Return an objection to an entry."""
    name, document = _addressed(subject)
    return Objection(
        kind="objection",
        batch=BATCH,
        name=name,
        number=document,
        day=day,
        unit=UnitId("xinyong"),
        grounds="来信",
        operator="孙",
    )


def resolution(day: date, *, upheld: bool, subject: Subject | None = None) -> Resolution:
    """Return an answer to the open objections."""
    name, document = _addressed(subject)
    return Resolution(
        kind="resolution",
        upheld=upheld,
        batch=BATCH,
        name=name,
        number=document,
        day=day,
        unit=UnitId("wenming"),
        grounds="核实",
        operator="孙",
    )


def withdrawal(day: date, ground: Ground, subject: Subject | None = None) -> Withdrawal:
    """Return a withdrawal of an entry."""
    name, document = _addressed(subject)
    return Withdrawal(
        kind="withdrawal",
        ground=ground,
        batch=BATCH,
        name=name,
        number=document,
        day=day,
        unit=UnitId("wenming"),
        grounds="来函",
        operator="孙",
    )


def correction(day: date, fields: dict[str, str], subject: Subject | None = None) -> Correction:
    """Return a correction of an entry."""
    name, document = _addressed(subject)
    return Correction(
        kind="correction",
        fields=fields,  # type: ignore[arg-type]
        batch=BATCH,
        name=name,
        number=document,
        day=day,
        unit=UnitId("wenming"),
        grounds="来函",
        operator="孙",
    )


def appeal(day: date, subject: Subject | None = None) -> Appeal:
    """Return an appeal by whom the entry is about."""
    return Appeal(kind="appeal", **signed(day, subject))


def appeal_answered(day: date, *, upheld: bool, subject: Subject | None = None) -> Resolution:
    """Return the answer to an appeal."""
    return Resolution(kind="resolution", answers="appeal", upheld=upheld, **signed(day, subject))


def rehabilitation(
    day: date, subject: Subject | None = None, source: str = "", recorded: date | None = None
) -> Rehabilitation:
    """Return the finding that a record of dishonesty was wrong."""
    return Rehabilitation(kind="dishonest-error", source=source, recorded=recorded, **signed(day, subject))


def relisting(day: date, into: str, subject: Subject | None = None) -> Relisting:
    """Return a nomination anew, in another batch."""
    return Relisting(kind="relisting", into=BatchId(into), **signed(day, subject))


def signed(day: date, subject: Subject | None) -> dict[str, Any]:
    """Return the fields that every decision has."""
    name, document = _addressed(subject)
    shared = {"batch": BATCH, "unit": UnitId("wenming"), "grounds": "来函", "operator": "孙"}
    return {**shared, "name": name, "number": document, "day": day}


def lists(
    nominations: Iterable[Nomination] = (),
    returns: Iterable[ScreeningReturn] = (),
    decisions: Iterable[AnyDecision] = (),
    in_batch: Batch | None = None,
    calendar: Calendar = CALENDAR,
) -> Lists:
    """Return all facts of one batch."""
    return Lists(
        {BATCH: in_batch or batch()},
        tuple(nominations) or (nomination(),),
        tuple(returns) or (screening(),),
        tuple(decisions),
        (),
        calendar,
    )


def where(facts: Lists, as_of: date, rules: Rules | None = None) -> Standing:
    """Return where the only nomination stands."""
    (standing,) = stand(facts, rules or Rules(), as_of)
    return standing


def _addressed(subject: Subject | None) -> tuple[str, str]:
    subject = subject or person()
    return subject.name, document_of(subject)
